"""Every scan in a folder: its slice profile, its super-resolved volume, and a table of both, without Slicer's window.

Slicer --no-main-window --python-script docs/how-to/slicer_batch.py FOLDER_OF_SCANS FOLDER_OF_RESULTS [METHOD]

METHOD is "tikhonov" unless given; "auto", as the panel has it, needs PyTorch to be installed in Slicer before.
The exit code is 1 where a scan could not be used.
"""

import sys
from pathlib import Path

import slicer

from SliceProfileSRLib.profileTable import profileFacts

ENDINGS = (".nrrd", ".nii", ".nii.gz", ".mha", ".mhd", ".nhdr")


def superResolveFolder(scans: Path, results: Path, method: str) -> int:
    """Super-resolve every scan of a folder; returns how many could not be used."""
    logic = slicer.util.getModuleLogic("SliceProfileSR")
    results.mkdir(parents=True, exist_ok=True)
    failures = 0
    with open(results / "widths.tsv", "w", encoding="utf-8") as table:
        print("scan", "fwhm_mm", "fwhm_low_mm", "fwhm_high_mm", sep="\t", file=table)
        for path in sorted(file for file in scans.iterdir() if file.name.endswith(ENDINGS)):
            slicer.mrmlScene.Clear()
            try:
                scan = slicer.util.loadVolume(str(path))
                profile = logic.estimateProfile(scan)
                result = logic.superResolve(scan, profile, method=method)
                slicer.util.saveNode(profile, str(results / f"{path.name}_profile.tsv"))
                slicer.util.saveNode(result, str(results / f"{path.name}_isotropic.nrrd"))
            except (ValueError, RuntimeError) as error:
                print(f"{path.name}: {error}", file=sys.stderr)
                failures += 1
                continue
            facts = profileFacts(profile)
            print(path.name, facts.fwhm, facts.fwhmLow, facts.fwhmHigh, sep="\t", file=table, flush=True)
            print(f"{path.name}: {facts.text}")
    return failures


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    folders = [Path(argument) for argument in sys.argv[1:3]]
    sys.exit(superResolveFolder(*folders, method=sys.argv[3] if len(sys.argv) == 4 else "tikhonov") > 0)
