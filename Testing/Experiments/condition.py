"""What an experiment simulates: a profile of some shape and width, a separation ratio, noise, and the scan made so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from SuperResolveLib.data.geometry import AXIS_NAMES
from SuperResolveLib.data.volume import Volume
from SuperResolveLib.errors import InputError
from SuperResolveLib.image_io.profile_table import read_profile
from SuperResolveLib.image_io.volumes import read_volume
from SuperResolveLib.metrics.image_quality import Mask, head_mask, inside_field_of_view
from SuperResolveLib.physics.profile import SliceProfile
from SuperResolveLib.physics.simulation import simulate

from .cells import Row
from .measured_slices import widened
from .volumes import data_folder, middle_of

Axis = Literal["i", "j", "k"]
#: A profile that was measured on a scanner, among the real data.
MEASURED = "profiles/PhilipsAchieva.tsv"


def measured(fwhm: float, tap_spacing: float) -> SliceProfile:
    """The measured profile, as wide as asked."""
    table = data_folder() / MEASURED
    return widened(table, fwhm / read_profile(table).fwhm_mm).resampled(tap_spacing)


_SHAPES = {"gaussian": SliceProfile.gaussian, "rect": SliceProfile.rect, "measured": measured}


@dataclass(frozen=True, order=True)
class Condition:
    """A profile ``width`` voxels wide at a separation ratio; as text ``gaussian:4@8`` (FWHM 4 voxels, ratio 8).

    ``measured:4@8`` has the shape of a profile that was measured on a scanner (:data:`MEASURED`).
    ``gaussian:4@8,snr:20`` adds Rician noise: the head's mean is 20 times the noise of each channel.
    ``gaussian:4@8,phase:1.5`` puts the first slice on plane 1.5.
    """

    family: str
    width: float
    ratio: float
    snr: float = np.inf
    phase: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Condition:
        """The condition in a text.

        Raises:
            InputError: it is not of one of these forms.
        """
        shape, *more = text.split(",")
        family, _, numbers = shape.partition(":")
        width, _, ratio = numbers.partition("@")
        try:
            extra = {name: float(value) for name, _, value in (part.partition(":") for part in more)}
            condition = cls(family, float(width), float(ratio), **extra)
        except (ValueError, TypeError):
            raise InputError(f"{text!r} is no cell: give one such as gaussian:4@8 or rect:3@2") from None
        if family not in _SHAPES or not condition.width > 0 or not condition.ratio >= 1 or not condition.snr > 0:
            raise InputError(
                f"{text!r} is no cell: give gaussian, rect or measured, a width and an SNR above 0, and a ratio of at "
                "least 1"
            )
        return condition

    def __str__(self) -> str:
        noise = "" if np.isinf(self.snr) else f",snr:{self.snr:g}"
        phase = f",phase:{self.phase:g}" if self.phase else ""
        return f"{self.family}:{self.width:g}@{self.ratio:g}{noise}{phase}"

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
    def of(cls, path: Path, axis: Axis, condition: Condition, size: int | None = None) -> SimulatedScan:
        """The scan of the volume in a file, or of the middle of it, so many voxels along each side at most.

        Noise, where there is any, is the same in every run.
        """
        truth = read_volume(path) if size is None else middle_of(path, size)
        voxel = truth.spacing[AXIS_NAMES.index(axis)]
        profile, head = condition.profile(voxel), head_mask(truth)
        noise = 0.0 if np.isinf(condition.snr) else float(truth.data[head].mean()) / condition.snr
        if noise:  # a magnitude image has no negative voxels, but resampling makes some
            truth = replace(truth, data=np.maximum(truth.data, 0))
        scan = simulate(truth, profile, condition.ratio, axis, condition.phase, noise)
        return cls(truth, voxel, profile, scan, head & inside_field_of_view(truth, scan))


def in_order(rows: Sequence[Row]) -> list[Row]:
    """Finished cells by family, width and ratio, then volume, axis and seed."""
    return sorted(rows, key=lambda row: (Condition.parse(row["cell"]), row["volume"], row["axis"], row["seed"]))
