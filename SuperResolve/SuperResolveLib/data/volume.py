"""A volume: voxels indexed (i, j, k), where they lie, and what the header says of the acquisition.

The affine takes voxel indices to RAS millimetres (x to the patient's right, y anterior, z superior),
as in nibabel; voxel (i, j, k) is centred on ``affine @ (i, j, k, 1)``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class AcquisitionHeader:
    """What DICOM tags or a JSON sidecar say; ``None`` where they say nothing.

    ``acquired_spacing_mm`` is the acquired in-plane resolution along each array axis (field of view
    over acquisition matrix), ``None`` for an axis of which the header tells nothing.
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
        space: NIfTI's code of the space that the affine leads to: 1 the scanner's, 2 another scan's, 4 MNI's, ...
        stored_type: the voxel type in the file, by which an integer image can be written back.
        warnings: what a reader should tell the user about this file.
    """

    data: NDArray[np.float32]
    affine: NDArray[np.float64]
    header: AcquisitionHeader = field(default_factory=AcquisitionHeader)
    space: int = 1
    stored_type: np.dtype[Any] = np.dtype(np.float32)
    warnings: tuple[str, ...] = ()

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Distance between voxel centres along i, j, k in mm."""
        i, j, k = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(i), float(j), float(k)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of voxels along i, j, k."""
        ni, nj, nk = self.data.shape
        return ni, nj, nk

    def on_grid(self, data: NDArray[np.float32], affine: NDArray[np.float64]) -> Volume:
        """This volume's header around other voxels and another affine."""
        return replace(self, data=data, affine=affine)
