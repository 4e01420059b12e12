"""Training pairs in three dimensions, from a volume: patches degraded along one of its axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from ..errors import InputError
from ..physics.acquisition import along
from ..physics.degradation import Degradation, DegradedPatch
from .patches import PatchSampler

Start = Literal["tikhonov", "spline"]


@dataclass(frozen=True)
class VolumePairs:
    """A batch, through-plane axis first: degraded ``slices`` (batch, slices, width, width), the ``start`` made of them
    and the ``truth``, both (batch, voxels, width, width) on the voxels in the slices' field of view.
    """

    slices: torch.Tensor
    start: torch.Tensor
    truth: torch.Tensor


class VolumePairSampler:
    """Draws batches of training pairs along one axis of a volume, each batch at a sampling phase of its own.

    A patch is as long as the profile needs, so that degrading it is degrading the volume and cutting.

    Args:
        volume: normalised, shape (ni, nj, nk); used without a copy where it already lies on the device.
        voxel: its voxel size along the axis in mm.
        axis: along which it is degraded.
        degradation: how.
        slices: how many slices a patch has.
        width: voxels of a patch along the other two axes, at most; fewer where the volume is smaller.
        device: where the volume is kept and batches are made.
        start: what networks start from: Tikhonov's inverse of the patch, or the cubic B-spline through its slices.
        damping: of Tikhonov's inverse.

    Raises:
        InputError: the volume is too short along the axis for so many slices.
    """

    def __init__(
        self,
        volume: NDArray[np.float32],
        voxel: float,
        axis: int,
        degradation: Degradation,
        slices: int,
        width: int,
        device: torch.device,
        start: Start = "tikhonov",
        damping: float = 1e-3,
    ) -> None:
        self.length = degradation.length(slices, voxel)
        if self.length > volume.shape[axis]:
            raise InputError(
                f"the volume is too small to simulate {slices} slices {degradation.slice_spacing:.3g} mm apart in it: "
                f"{self.length} voxels are needed along the axis {'ijk'[axis]}, and it has {volume.shape[axis]}"
            )
        size = [min(width, voxels) for voxels in volume.shape]
        size[axis] = self.length
        self.patches = PatchSampler(volume, (size[0], size[1], size[2]), device)
        self._voxel, self._axis, self._degradation, self._slices = voxel, axis, degradation, slices
        self._start, self._damping = start, damping

    def draw(self, number: int, generator: torch.Generator | None) -> VolumePairs:
        """A batch at a random phase, mirrored in all three axes at random."""
        device = self.patches.volume.device
        phase = float(torch.rand(1, generator=generator, device=device)) - 0.5
        starts = self.patches.starts(number, generator)
        flipped = torch.rand(number, 3, generator=generator, device=device) < 0.5
        return self.at(starts, phase, flipped, self._noise(number, generator))

    def at(
        self,
        starts: torch.Tensor,
        phase: float,
        flipped: torch.Tensor | None = None,
        noise: torch.Tensor | None = None,
    ) -> VolumePairs:
        """The pairs of the patches that start there, with the middle of their slices ``phase`` voxels beyond the middle
        of the patch, and ``noise`` added to the slices.
        """
        whole = self.patches.cut(starts, flipped).movedim(1 + self._axis, 1)
        patch = self._degradation.patch(self._slices, self.length, self._voxel, phase * self._voxel)
        slices = along(patch.matrix, whole, 1)
        if noise is not None:
            slices = slices + noise
        seen = self._field_of_view(patch)
        inverse = patch.tikhonov(self._damping) if self._start == "tikhonov" else patch.spline()
        return VolumePairs(slices, along(inverse[seen], slices, 1), whole[:, seen])

    def _noise(self, number: int, generator: torch.Generator | None) -> torch.Tensor | None:
        if self._degradation.noise == 0:
            return None
        across = [size for axis, size in enumerate(self.patches.size) if axis != self._axis]
        shape = (number, self._slices, *across)
        return self._degradation.noise * torch.randn(shape, generator=generator, device=self.patches.volume.device)

    def _field_of_view(self, patch: DegradedPatch) -> slice:
        """The voxels in the slices' field of view, as many at every phase."""
        spacing = self._degradation.slice_spacing
        first = int(np.ceil((patch.centres[0] - spacing / 2 - patch.voxels[0]) / self._voxel - 1e-6))
        return slice(first, first + int(self._slices * spacing / self._voxel + 1e-6))
