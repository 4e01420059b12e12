#!/usr/bin/env python-real
"""Slicer's command line module that brings a volume back to a scan's slices; see BringBackToSlices.xml."""

import sys


def main() -> int:
    """Run the module and return its exit code."""
    from pathlib import Path

    here = Path(__file__).resolve().parent
    # In the source tree the library is beside the script; installed or built, it is where Slicer has Python modules.
    installed = [parent / "qt-scripted-modules" for parent in here.parents[:2]]
    sys.path[:0] = [str(folder) for folder in (here, *installed) if (folder / "SuperResolveLib").is_dir()]

    from SuperResolveLib.slicer_cli import run as cli_module

    return cli_module.run(__file__, "bring_back_to_slices")


if __name__ == "__main__":
    sys.exit(main())
