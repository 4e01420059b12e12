r"""Images or volumes that were degraded along their first axis, and what the network makes of their slices.

With slices y = A x of voxels x, the super-resolving network F gives K planes of each slice, off which the voxels are
read by a fixed matrix R: :math:`\hat x = R F(y)`. R is the identity where the ratio is K. In our presets the answer is
made consistent, :math:`\hat x + A^T (A A^T + \lambda I)^{-1} (y - A \hat x)`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ...networks.ct_guided.srnet import SRNet
from ...physics.acquisition import along, data_consistency
from ...physics.degradation import Degradation
from ...physics.degraded_column import DegradedColumn, length_of
from ...physics.fine_reading import fine_reading
from ...physics.problem import SMALLEST_DAMPING

#: Slices that a patch has at least.
FEWEST_SLICES = 2
#: How many slice spacings a patch is longer than its slices' field of view, at most: the leeway of the sampling phase.
LEEWAY = 0.8


@dataclass(frozen=True, eq=False)
class Acquired:
    """A batch.

    Attributes:
        slices: y, shape (batch, n, rows, columns), intensities of about 0 to 1.
        column: where they lie among the voxels.
        damping: lambda.
        truth: the voxels in the slices' field of view, shape (batch, voxels, rows, columns), where they are known.
    """

    slices: torch.Tensor
    column: DegradedColumn
    damping: float
    truth: torch.Tensor | None = None

    def restored(self, network: SRNet, consistent: bool) -> torch.Tensor:
        """The voxels that the network makes of the slices, shape (batch, voxels, rows, columns)."""
        planes = network.planes(self.slices)
        with torch.autocast(planes.device.type, enabled=False):  # a residual is a small difference
            answer = along(reading_of(self.column, network.factor, network.lead), planes.float(), 1)
            if not consistent:
                return answer
            return data_consistency(self.column.seen_matrix, answer, self.slices, 1, self.damping)


def reading_of(column: DegradedColumn, factor: int, lead: float) -> NDArray[np.floating]:
    """The matrix R of a column's voxels in its field of view."""
    voxels = np.arange(column.length)[column.seen]
    return fine_reading(column.slices, factor, lead, (voxels - column.first_centre) / column.ratio)


def acquire(
    volume: torch.Tensor, voxel: float, degradation: Degradation, numbers: np.random.Generator, whole: bool
) -> Acquired:
    """Degrade voxels at a phase that is drawn, and add noise.

    Args:
        volume: shape (batch, length, rows, columns), intensities of about 0 to 1.
        voxel: its size along the second axis in mm.
        degradation: how.
        numbers: by which phase and noise are drawn.
        whole: whether slices lie where a filter over whole voxels, or the picking of voxels, lays them.
    """
    column = DegradedColumn.at_phase(degradation, voxel, volume.shape[1], numbers.uniform(), whole)
    slices = along(column.matrix, volume, 1)
    if degradation.noise:
        drawn = numbers.standard_normal(tuple(slices.shape), dtype=np.float32)
        slices = slices + degradation.noise * torch.as_tensor(drawn, device=slices.device)
    return Acquired(slices, column, damping_of(slices, degradation.noise), volume[:, column.seen])


def length_for(slices: int, ratio: float) -> int:
    """How many voxels so many slices are degraded from, with the leeway of their phase."""
    return int(np.ceil((slices + LEEWAY) * ratio))


def column_of_slices(degradation: Degradation, voxel: float, slices: int, whole: bool) -> DegradedColumn:
    """Where so many real slices lie among the voxels that are to be found: these share the middle of the slices' field
    of view, as the planes of an answer do; but slices that are picked planes (``whole``) lie on voxels.
    """
    ratio = degradation.slice_spacing / voxel
    first_centre = (round(slices * ratio) - 1 - (slices - 1) * ratio) / 2
    if whole and degradation.operator == "select":
        first_centre = float(np.floor(first_centre + 1e-6))
    return DegradedColumn(degradation, voxel, length_of(slices, ratio), first_centre)


def damping_of(slices: torch.Tensor, noise: float) -> float:
    """Of data consistency: the noise's variance over that of differences between neighbouring voxels of the slices."""
    differences = [slices.diff(dim=axis).square().mean() for axis in (2, 3) if slices.shape[axis] > 1]
    variance = float(torch.stack(differences).mean()) if differences else 0.0
    return max(noise**2 / max(variance, 1e-30), SMALLEST_DAMPING)
