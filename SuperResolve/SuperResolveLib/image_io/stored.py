"""The result of every reader: an image as it is stored in a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.volume import AcquisitionHeader

#: NIfTI code of scanner coordinates, which all other formats have.
SCANNER = 1


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
