"""What a reader of one format hands on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.volume import AcquisitionHeader

#: NIfTI's code of the scanner's own space, which other formats mean.
SCANNER = 1


@dataclass(frozen=True)
class StoredImage:
    """An image as the file has it.

    Attributes:
        voxels: intensities with the file's scaling applied, in whatever type that gives, shape (ni, nj, nk).
        affine: voxel index to RAS mm, not yet checked, shape (4, 4).
        header: what the file says of the acquisition.
        space: NIfTI's code of the space that the affine leads to.
        warnings: what the user should know, a sentence each.
    """

    voxels: NDArray[Any]
    affine: NDArray[np.float64]
    header: AcquisitionHeader = field(default_factory=AcquisitionHeader)
    warnings: tuple[str, ...] = ()
    space: int = SCANNER
