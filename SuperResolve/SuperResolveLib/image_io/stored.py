"""The result of every reader: an image as it is stored in a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.volume import AcquisitionHeader

#: NIfTI code of scanner coordinates, which all other formats have.
SCANNER = 1
#: x and y change sign between the LPS coordinates of NRRD, MetaImage and DICOM and RAS.
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
#: What is told where a file says nothing of directions.
NO_ORIENTATION = "the header tells no orientation{why}: left and right may be swapped"


@dataclass(frozen=True)
class StoredImage:
    """An image as it is stored in a file.

    Attributes:
        voxels: intensities with the file's scaling applied, of any real type, shape (ni, nj, nk).
        affine: voxel index to RAS mm, not yet checked, shape (4, 4).
        header: what the file says of the acquisition.
        warnings: what the user should know, a sentence each.
        space: NIfTI code of the coordinate space that the affine maps to.
    """

    voxels: NDArray[Any]
    affine: NDArray[np.float64]
    header: AcquisitionHeader = field(default_factory=AcquisitionHeader)
    warnings: tuple[str, ...] = ()
    space: int = SCANNER


def converted(unit: float) -> str:
    """The warning that lengths were converted from a unit of so many mm."""
    return f"the header gives lengths in units of {unit:g} mm; they were converted"
