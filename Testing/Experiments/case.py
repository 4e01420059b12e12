"""A scan of thin or of thick slices simulated from a head, and how good a result of it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from SuperResolveLib.data.geometry import AXIS_NAMES
from SuperResolveLib.data.volume import Volume
from SuperResolveLib.methods.registry import METHODS
from SuperResolveLib.metrics.image_quality import Mask, aligned, compare_aligned, head_mask, inside_field_of_view
from SuperResolveLib.metrics.sharpness import sharpness
from SuperResolveLib.model import Model
from SuperResolveLib.physics.acquisition import along, selection_matrix
from SuperResolveLib.physics.degradation import spline_reading
from SuperResolveLib.physics.profile import SliceProfile
from SuperResolveLib.physics.simulation import simulate
from SuperResolveLib.registry import AUTO
from SuperResolveLib.workflows.super_resolve import super_resolve

from .cells import Row
from .condition import Axis

#: ``"thin"``: every s-th plane. ``"thick"``: means over s planes.
Kind = Literal["thin", "thick"]
KINDS: tuple[Kind, Kind] = ("thin", "thick")


@dataclass(frozen=True, eq=False)
class Case:
    """A scan and the truth about it.

    Attributes:
        truth: what it was simulated from.
        axis: through plane.
        ratio: s, planes from slice to slice.
        phase: plane on which the first slice sits.
        scan: the slices.
        profile: that they were made with; of selected planes a rect of one plane.
        selected: whether its slices are planes of the truth, and not means.
        mask: the head, as far as the scan's field of view goes.
    """

    truth: Volume
    axis: Axis
    ratio: float
    phase: float
    scan: Volume
    profile: SliceProfile
    selected: bool
    mask: Mask

    @classmethod
    def of(cls, truth: Volume, kind: Kind, ratio: float, axis: Axis) -> Case:
        """Simulate a scan.

        Thin slices n are planes s n, between two planes read by cubic convolution. Thick ones are means over s planes,
        the first over planes 0 to s - 1, as the published filter of s taps of 1/s makes them.
        """
        voxel = truth.spacing[AXIS_NAMES.index(axis)]
        if kind == "thin":
            phase, profile, scan = 0.0, SliceProfile.rect(voxel, voxel), _selected(truth, ratio, axis)
        else:
            phase, profile = (ratio - 1) / 2, SliceProfile.rect(ratio * voxel, voxel)
            scan = simulate(truth, profile, ratio, axis, phase)
        mask = _head(truth) & inside_field_of_view(truth, scan)
        return cls(truth, axis, ratio, phase, scan, profile, kind == "thin", mask)

    @property
    def through(self) -> int:
        """Number of the through-plane axis."""
        return AXIS_NAMES.index(self.axis)

    def interpolated(self, reading: Callable[[int, NDArray[np.floating]], NDArray[np.floating]]) -> Volume:
        """The slices read at the truth's planes, given what makes a matrix of their number and the positions."""
        positions = (np.arange(self.truth.shape[self.through]) - self.phase) / self.ratio
        matrix = reading(self.scan.shape[self.through], positions)
        return self.truth.on_grid(along(matrix, self.scan.data, self.through), self.truth.affine)

    def restored(self, model: Model | None, device: str, seed: int, method: str = "tikhonov") -> Volume:
        """What a model makes of the scan, or where there is none a method, in its preset ``fast`` if it has one."""
        info = METHODS.info(method)
        return super_resolve(
            self.scan,
            self.profile,
            AUTO if model is not None else method,
            "fast" if model is None and info.presets else None,
            model=model,
            axis=self.axis,
            like=self.truth,
            device=device if model is not None else info.usable_device("fast", device),
            seed=seed,
        )

    def scanned(self, volume: Volume) -> Volume:
        """A volume on the truth's grid, scanned as the truth was."""
        if self.selected:
            return _selected(volume, self.ratio, self.axis)
        return simulate(volume, self.profile, self.ratio, self.axis, self.phase)

    def figures(self, result: Volume, mask: Mask | None = None) -> Row:
        """PSNR, SSIM and RMSE inside the head, or a part of it, and sharpness along the slices in the box around it.

        The RMSE is in percent of the truth's range there, by which that of several volumes has a mean.
        """
        images = aligned(self.truth, result, self.mask if mask is None else self.mask & mask)
        found, (low, high) = compare_aligned(images), images.truth_range
        sharp = sharpness(*images.boxed, self.ratio)[self.axis]
        return {"psnr": found.psnr, "ssim": found.ssim, "rmse": 100 * found.rmse / (high - low), "hfen": found.hfen} | {
            "sharpness": sharp
        }

    def picture(self, volume: Volume) -> list[list[int]]:
        """The middle of a plane across the slices, these one above the other, from 0 to 255 as the truth's head is."""
        low, high = np.percentile(self.truth.data[self.mask], (1, 99.5))
        stack = np.moveaxis(volume.data, self.through, 0)
        plane = stack[::-1, stack.shape[1] // 2]
        shown: list[list[int]] = (255 * ((plane - low) / (high - low)).clip(0, 1)).astype(int).tolist()
        return shown


def linear_reading(slices: int, positions: NDArray[np.floating]) -> NDArray[np.floating]:
    """The matrix that reads ``positions`` (slice coordinates) off the slices by linear interpolation."""
    at = np.clip(positions, 0, slices - 1)
    return np.maximum(0.0, 1 - np.abs(at[:, None] - np.arange(slices)))


#: Interpolations by the name of their row; networks as published start from the cubic spline.
READINGS = {"cubic": spline_reading, "linear": linear_reading}


def kind_and_ratio(cell: str) -> tuple[Kind, float]:
    """The kind of slices and the ratio that a cell's text tells, such as ``thick@2.5``."""
    kind, _, ratio = cell.partition("@")
    assert kind in KINDS
    return kind, float(ratio)


def _selected(truth: Volume, ratio: float, axis: Axis) -> Volume:
    through = AXIS_NAMES.index(axis)
    planes = np.arange(truth.shape[through])
    centres = ratio * np.arange(int((planes[-1]) / ratio + 1e-9) + 1)
    affine = truth.affine.copy()
    affine[:3, through] *= ratio
    header = replace(truth.header, slice_thickness_mm=None, slice_spacing_mm=ratio * truth.spacing[through])
    data = along(selection_matrix(centres, planes, 1.0), truth.data, through)
    return replace(truth, data=data, affine=affine, header=header)


@lru_cache(maxsize=8)
def _head(truth: Volume) -> Mask:
    return head_mask(truth)
