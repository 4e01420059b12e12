"""Decodes 0.dcm, 1.dcm, ... of the working folder into 0.npy, 1.npy, ...; ``N.done`` tells that N is complete.

A script that runs in a process of its own: decoders of compressed images crash on damaged data.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main(count: int) -> None:
    """Decode ``count`` files."""
    import numpy as np
    import SimpleITK as sitk

    for index in range(count):
        reader = sitk.ImageFileReader()
        reader.SetImageIO("GDCMImageIO")
        reader.SetFileName(f"{index}.dcm")
        np.save(f"{index}.npy", sitk.GetArrayFromImage(reader.Execute()), allow_pickle=False)
        Path(f"{index}.done").touch()


if __name__ == "__main__":
    main(int(sys.argv[1]))
