"""The axes of a scan, turned the same way however it is stored."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..physics.problem import Problem
from ..physics.profile import SliceProfile

Image = NDArray[np.float32]


@dataclass(frozen=True)
class Axes:
    """How a scan's axes are turned for the network: through plane first, each towards right, anterior or superior.

    Networks are not alike in all directions, so that without this the answer would depend on how the scan is stored.

    Attributes:
        order: the scan's axes, in the order in which the network sees them.
        reversed: which of these it sees reversed.
    """

    order: tuple[int, int, int]
    reversed: tuple[bool, bool, bool]

    @classmethod
    def of(cls, problem: Problem) -> Axes:
        """Those of a problem's scan."""
        directions = problem.grid.affine[:3, :3]
        towards = [int(np.argmax(np.abs(directions[:, axis]))) for axis in range(3)]
        through = problem.stack.geometry.axis
        first, second = sorted((axis for axis in range(3) if axis != through), key=lambda axis: towards[axis])
        order = (through, first, second)
        ways = [bool(directions[towards[axis], axis] < 0) for axis in order]
        return cls(order, (ways[0], ways[1], ways[2]))

    def seen(self, volume: Image) -> Image:
        """A view of a volume of the scan's axes, as the network sees it."""
        return np.flip(volume.transpose(self.order), tuple(place for place in range(3) if self.reversed[place]))

    def of_start(self, matrix: NDArray[np.floating]) -> NDArray[np.floating]:
        """The matrix from slices to planes, both as the network sees them."""
        return matrix[::-1, ::-1] if self.reversed[0] else matrix

    def positions(self, problem: Problem) -> NDArray[np.floating]:
        """Of the answer's planes in slice coordinates, as the network sees them."""
        positions = problem.grid.positions
        return problem.stack.geometry.slice_count - 1 - positions[::-1] if self.reversed[0] else positions

    def profile(self, problem: Problem) -> SliceProfile:
        """The scan's slice profile as the network sees it; one in closed form is symmetric."""
        profile = problem.stack.profile
        if not self.reversed[0] or profile.cumulative is not None:
            return profile
        return SliceProfile(profile.weights[::-1], profile.tap_spacing)

    def in_plane_spacing(self, problem: Problem) -> tuple[float, float]:
        """Of the voxels along the second and third axis that the network sees, in mm."""
        geometry = problem.stack.geometry
        spacing = dict(zip(geometry.in_plane_axes, geometry.in_plane_spacing, strict=True))
        return spacing[self.order[1]], spacing[self.order[2]]

    def restored_shape(self, problem: Problem) -> tuple[int, ...]:
        """The shape of the answer in the scan's axes."""
        shape = [*problem.stack.slices.shape]
        shape[self.order[0]] = len(problem.grid.positions)
        return tuple(shape)
