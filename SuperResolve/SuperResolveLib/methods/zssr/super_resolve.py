r"""ZSSR: eight convolutions learn what interpolation misses (Shocher et al., CVPR 2018, arXiv 1712.06087).

:math:`x = Z(S y)` with S cubic convolution to the planes of the answer and Z the network, which has learned from
degraded in-plane slices (:mod:`.pairs`). It is applied to the through-plane images of both orientations and to their
mirror images, of whose answers the median is taken. The published back-projection is the data consistency that follows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...data.intensity_range import intensity_range
from ...device import choose_device, reproducible
from ...networks.zssr import ZSSR, MirroredEnsemble
from ...physics.acquisition import along
from ...physics.degradation import Degradation, cubic_reading
from ...physics.fine_grid import SYMMETRIC
from ...physics.problem import Problem
from ...physics.profile import SliceProfile
from ...progress import ProgressCallback, part_of
from ..axes import Axes
from ..method import MethodSettings, Restoration
from ..tiles import answers_in_tiles
from .learning import train
from .pairs import InterpolatedPairSampler

Image = NDArray[np.float32]

#: The network has learned at the distance of in-plane voxels; planes that are so much closer or farther apart are read
#: off others, which are as far apart as these.
SAME_SPACING = 1.1
#: What a pixel of a crop costs in training, relative to one to which a network is applied.
TRAINING_COST = 3.0
#: Images in which a voxel of the answer is seen: four mirrorings in two orientations.
VIEWS = 8


@dataclass(frozen=True)
class Preset:
    """How large the network is and how long it learns.

    Attributes:
        channels: between the eight convolutions.
        crop: width of what an iteration sees, in voxels.
        iterations: how many at most.
    """

    channels: int
    crop: int
    iterations: int

    def training_share(self, voxels: int) -> float:
        """The share of training in the cost of training and applying a network to so many voxels of the answer."""
        training = TRAINING_COST * self.iterations * self.crop**2
        return training / (training + VIEWS * voxels)


PRESETS = {
    "fast": Preset(channels=32, crop=48, iterations=2000),
    "paper": Preset(channels=64, crop=128, iterations=3000),
}


def super_resolve(problem: Problem, settings: MethodSettings, progress: ProgressCallback) -> Restoration:
    """Learn from the scan's slices, and apply what was learned to it; ``settings.preset`` is a name in ``PRESETS``."""
    with reproducible(settings.seed):
        return _super_resolve(problem, PRESETS[settings.preset], settings, progress)


def _super_resolve(
    problem: Problem, preset: Preset, settings: MethodSettings, progress: ProgressCallback
) -> Restoration:
    device, axes, stack = choose_device(settings.device), Axes.of(problem), problem.stack
    low, height = map(np.float32, intensity_range(stack.slices))
    slices = np.ascontiguousarray((axes.seen(stack.slices) - low) / height)
    restored = np.empty(axes.restored_shape(problem), np.float32)
    answer = axes.seen(restored)

    profile, planes = axes.profile(problem), _Planes.of(problem, axes)
    degradation = Degradation(profile, stack.geometry.slice_spacing)
    sampler = InterpolatedPairSampler(
        slices, axes.in_plane_spacing(problem), degradation, planes.positions[0], preset.crop, device
    )
    network = ZSSR(channels=preset.channels).to(device)
    taught = preset.training_share(restored.size)
    train(network, sampler, preset.iterations, settings.seed, part_of(progress, 0.0, taught))

    ensemble = MirroredEnsemble(network, is_symmetric(profile)).to(device).eval()
    matrix = cubic_reading(len(slices), planes.positions)

    def start_of(rows: slice, columns: slice) -> Image:
        return along(matrix, slices[:, rows, columns], 0)

    shape = (len(planes.positions), slices.shape[1], slices.shape[2])
    told, halo = part_of(progress, taught, 1.0), ensemble.receptive_radius
    seen = np.empty(shape, np.float32) if planes.reading is not None else answer
    for part, tile in answers_in_tiles(ensemble, start_of, shape, halo, device, told):
        seen[part] = tile
    if planes.reading is not None:
        answer[...] = along(planes.reading, seen, 0)
    restored *= height
    restored += low
    return Restoration(restored)


@dataclass(frozen=True)
class _Planes:
    """The planes on which the network works.

    Attributes:
        positions: in slice coordinates, about an in-plane voxel apart.
        reading: the matrix that reads the planes of the answer off them; ``None`` where they are these.
    """

    positions: NDArray[np.floating]
    reading: NDArray[np.floating] | None

    @classmethod
    def of(cls, problem: Problem, axes: Axes) -> _Planes:
        wanted, geometry = axes.positions(problem), problem.stack.geometry
        voxel = geometry.in_plane_voxel
        if 1 / SAME_SPACING <= problem.grid.spacing / voxel <= SAME_SPACING:
            return cls(wanted, None)
        step = voxel / geometry.slice_spacing
        count = int(np.ceil((wanted[-1] - wanted[0]) / step)) + 1
        positions = wanted[0] + step * np.arange(count)
        return cls(positions, cubic_reading(count, (wanted - wanted[0]) / step))


def is_symmetric(profile: SliceProfile) -> bool:
    """Whether the scan mirrored along the through-plane axis has the same profile."""
    weights = profile.weights
    return bool(np.allclose(weights, weights[::-1], atol=SYMMETRIC * float(weights.max())))
