"""What an experiment simulates: a profile of some shape and width, a separation ratio, and the scan made with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import InputError
from ..geometry import AXIS_NAMES
from ..image_io import read_volume
from ..profile import SliceProfile
from ..volume import Volume
from .cells import Row
from .metrics import Mask, head_mask, inside_field_of_view
from .simulation import simulate

Axis = Literal["i", "j", "k"]
_SHAPES = {"gaussian": SliceProfile.gaussian, "rect": SliceProfile.rect}


@dataclass(frozen=True, order=True)
class Setting:
    """A profile ``width`` voxels wide at a separation ratio; as text ``gaussian:4@8`` (FWHM 4 voxels, ratio 8)."""

    family: str
    width: float
    ratio: float

    @classmethod
    def parse(cls, text: str) -> Setting:
        """The setting in a text.

        Raises:
            InputError: it is not of the form ``gaussian:WIDTH@RATIO`` or ``rect:WIDTH@RATIO``.
        """
        family, _, numbers = text.partition(":")
        width, _, ratio = numbers.partition("@")
        try:
            setting = cls(family, float(width), float(ratio))
        except ValueError:
            raise InputError(f"{text!r} is no cell: give one such as gaussian:4@8 or rect:3@2") from None
        if family not in _SHAPES or not setting.width > 0 or not setting.ratio >= 1:
            raise InputError(f"{text!r} is no cell: give gaussian or rect, a width above 0 and a ratio of at least 1")
        return setting

    def __str__(self) -> str:
        return f"{self.family}:{self.width:g}@{self.ratio:g}"

    def profile(self, voxel_mm: float) -> SliceProfile:
        """The profile on taps one voxel apart."""
        return _SHAPES[self.family](self.width * voxel_mm, voxel_mm)


@dataclass(frozen=True)
class SimulatedScan:
    """A scan simulated from a volume, and the truth about it.

    Attributes:
        truth: the volume.
        voxel: its voxel size along the through-plane axis in mm: the unit of widths in the experiments.
        profile: the profile it was degraded with.
        scan: what came out.
        mask: the head in the truth, as far as the scan's field of view goes.
    """

    truth: Volume
    voxel: float
    profile: SliceProfile
    scan: Volume
    mask: Mask

    @classmethod
    def of(cls, path: Path, axis: Axis, setting: Setting) -> SimulatedScan:
        """The scan of the volume in a file."""
        truth = read_volume(path)
        voxel = truth.spacing[AXIS_NAMES.index(axis)]
        profile = setting.profile(voxel)
        scan = simulate(truth, profile, setting.ratio, axis)
        return cls(truth, voxel, profile, scan, head_mask(truth) & inside_field_of_view(truth, scan))


def in_order(rows: Sequence[Row]) -> list[Row]:
    """Finished cells by family, width and ratio, then volume, axis and seed."""
    return sorted(rows, key=lambda row: (Setting.parse(row["cell"]), row["volume"], row["axis"], row["seed"]))
