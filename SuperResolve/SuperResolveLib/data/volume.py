"""A volume: voxels indexed (i, j, k), their affine, and what the file's header says of the acquisition.

The affine maps voxel indices to RAS millimetres (x to the patient's right, y anterior, z superior), as in nibabel: the
centre of voxel (i, j, k) is ``affine @ (i, j, k, 1)``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: The voxel type of intensities that are not whole numbers.
SINGLE = np.dtype(np.float32)


@dataclass(frozen=True)
class AcquisitionHeader:
    """What DICOM tags or a JSON sidecar say of the acquisition; ``None`` for what they do not say.

    Attributes:
        slice_thickness_mm: nominal slice thickness.
        slice_spacing_mm: distance between slice centres.
        acquired_spacing_mm: acquired in-plane resolution along each array axis: field of view over acquisition matrix.
    """

    slice_thickness_mm: float | None = None
    slice_spacing_mm: float | None = None
    acquired_spacing_mm: tuple[float | None, float | None, float | None] = (None, None, None)


@dataclass(frozen=True, eq=False)
class Volume:
    """A scalar 3-D image.

    Attributes:
        data: float32 intensities, shape (ni, nj, nk).
        affine: 4x4 float64, voxel index to RAS mm.
        header: what the file says of the acquisition.
        space: NIfTI code of the coordinate space that the affine maps to: 1 scanner, 2 aligned to another scan,
            3 Talairach, 4 MNI.
        stored_type: voxel type in the file, so that an integer image can be written back as integers.
        warnings: what the user should know about this file, a sentence each.
    """

    data: NDArray[np.float32]
    affine: NDArray[np.float64]
    header: AcquisitionHeader = field(default_factory=AcquisitionHeader)
    space: int = 1
    stored_type: np.dtype[Any] = SINGLE
    warnings: tuple[str, ...] = ()

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Voxel size in mm along i, j and k."""
        i, j, k = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(i), float(j), float(k)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels along i, j and k."""
        ni, nj, nk = self.data.shape
        return ni, nj, nk

    def on_grid(self, data: NDArray[np.float32], affine: NDArray[np.float64]) -> Volume:
        """A copy with other voxels and another affine; all else stays."""
        return replace(self, data=data, affine=affine)
