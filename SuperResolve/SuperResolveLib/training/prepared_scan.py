"""A scan as training sees it: normalised, on its device, with where in it there is detail."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from ..data.intensity_range import intensity_range
from ..data.volume import Volume
from ..physics.problem import SMALLEST_DAMPING
from .patches import running_weights

#: How much likelier a column is drawn than by its detail alone, in units of the mean detail.
BACKGROUND = 0.1


def normalised(data: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intensities with the 1st percentile at 0 and the 99.5th at 1.

    In use these are percentiles of the slices, here of the volume that they are made of: slices lie about as high,
    and so every degradation of a scan has the same truth.
    """
    low, scale = intensity_range(data)
    return ((data - low) / scale).astype(np.float32)


class PreparedScan:
    """A normalised scan.

    Args:
        volume: the scan.
        axes: along which it may be degraded.
        device: where its voxels are kept.
    """

    def __init__(self, volume: Volume, axes: tuple[int, ...], device: torch.device) -> None:
        data = normalised(volume.data)
        self.voxels = torch.as_tensor(data, device=device)
        self.spacing = volume.spacing
        self.axes = axes
        gradient = np.zeros_like(data)
        self._roughness = []
        for axis in range(3):
            along_axis = np.gradient(data, axis=axis)
            gradient += np.abs(along_axis)
            self._roughness.append(float(np.mean(np.diff(data, axis=axis) ** 2)) / volume.spacing[axis] ** 2)
        self._detail = {axis: gradient.mean(axis=axis) for axis in axes}
        self._sums: dict[tuple[int, bool, int, int], torch.Tensor] = {}

    def facing(self, axis: int, swapped: bool) -> torch.Tensor:
        """The voxels with that axis first, and the other two swapped if ``swapped``: a view, no copy."""
        faced = self.voxels.movedim(axis, 0)
        return faced.transpose(1, 2) if swapped else faced

    def column_starts(self, axis: int, swapped: bool, rows: int, columns: int, uniform: torch.Tensor) -> torch.Tensor:
        """First row and column of columns along an axis, more often where there is detail, shape (number, 2).

        Args:
            axis: along which they lie.
            swapped: whether the other two are, as in :meth:`facing`.
            rows: of a column.
            columns: of a column.
            uniform: random numbers from 0 to 1, float64, shape (number,).
        """
        key = (axis, swapped, rows, columns)
        if key not in self._sums:
            detail = self._detail[axis].T if swapped else self._detail[axis]
            sums = running_weights(np.ascontiguousarray(detail)[None], (1, rows, columns), BACKGROUND)[0]
            self._sums[key] = torch.as_tensor(sums, device=uniform.device)
        sums_here = self._sums[key]
        flat = torch.searchsorted(sums_here.ravel(), uniform * sums_here[-1, -1]).clamp(max=sums_here.numel() - 1)
        return torch.stack([flat // sums_here.shape[1], flat % sums_here.shape[1]], dim=1)

    def damping(self, axis: int, noise: float) -> float:
        r"""The damping of Tikhonov's inverse, :math:`\sigma^2 / \tau^2` as in
        :meth:`~SuperResolveLib.physics.problem.Acquisition.tikhonov_damping`, from noise that is known.
        """
        differences = np.mean([self._roughness[other] for other in range(3) if other != axis])
        return max(noise**2 / max(float(differences) * self.spacing[axis] ** 2, 1e-30), SMALLEST_DAMPING)
