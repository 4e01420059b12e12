"""Decodes 0.dcm, 1.dcm, ... of the working folder into 0.npy, 1.npy, ...; ``N.done`` tells that N is complete.

A script that runs in a process of its own: decoders of compressed images crash on damaged data. Once it has imported
what it needs, it waits for a line that tells how many files there are.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> None:
    """Decode as many files as the standard input tells; none if it is closed before."""
    import numpy as np
    import SimpleITK as sitk

    for index in range(int(sys.stdin.readline() or 0)):
        reader = sitk.ImageFileReader()
        reader.SetImageIO("GDCMImageIO")
        reader.SetFileName(f"{index}.dcm")
        np.save(f"{index}.npy", sitk.GetArrayFromImage(reader.Execute()), allow_pickle=False)
        Path(f"{index}.done").touch()


if __name__ == "__main__":
    main()
