"""The scans whose thickness is estimated, each with its truth where there is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np

from SuperResolveLib.data.geometry import AXIS_NAMES, scan_geometry
from SuperResolveLib.data.volume import Volume
from SuperResolveLib.image_io.volumes import read_volume
from SuperResolveLib.physics.profile import SliceProfile
from SuperResolveLib.physics.simulation import simulate

from ..cells import Cell
from ..condition import Axis, Condition
from ..measured_slices import MeasuredSlices, widened
from .plan import HALVES, WHOLE, WITH_HEADER


@dataclass(frozen=True)
class Scan:
    """A scan to be estimated.

    Attributes:
        group: what is averaged over: a kind of profile at a spacing.
        volume: the scan; its header tells a thickness only where the method is to be told one.
        truth: its profile on taps of the head's voxel; ``None`` where nobody knows.
        unit: in mm, of the errors: the voxel for simulated scans as in Han et al., else 1.
        nominal_mm: what a header would tell; ``None`` where there is none.
    """

    group: str
    volume: Volume
    truth: SliceProfile | None
    unit: float
    nominal_mm: float | None


def scan_of(cell: Cell, files: Mapping[str, Path], profiles: Mapping[str, Path]) -> Scan:
    """The scan of a cell.

    Args:
        cell: names a volume, an axis, and what is simulated or which part is taken.
        files: of volumes by name.
        profiles: tables of measured profiles by name.
    """
    volume = read_volume(files[cell.volume])
    if cell.cell in (WHOLE, *HALVES):
        return Scan(f"{cell.volume.split('_')[0]}, {cell.cell}", _part(volume, cell.cell), None, 1.0, None)
    axis = cast(Axis, cell.axis)
    voxel = volume.spacing[AXIS_NAMES.index(axis)]
    if "*" not in cell.cell:
        condition = Condition.parse(cell.cell)
        profile = condition.profile(voxel)
        scan = simulate(volume, profile, condition.ratio, axis)
        return Scan(f"{condition.family}, ratio {condition.ratio:g}", scan, profile, voxel, None)
    measured = MeasuredSlices.parse(cell.cell)
    wide = widened(profiles[measured.name], measured.factor)
    scan = simulate(volume, wide, measured.spacing / voxel, axis)
    if WITH_HEADER in cell.method:
        scan = replace(scan, header=replace(scan.header, slice_thickness_mm=measured.nominal_mm))
    group = f"measured, {measured.nominal_mm:g} mm thick, {measured.spacing:g} mm apart"
    return Scan(group, scan, wide.resampled(voxel), 1.0, measured.nominal_mm)


def _part(stack: Volume, part: str) -> Volume:
    """A stack without its header's thickness, or half of it: cut across the first in-plane axis where half of what
    shines is on either side.
    """
    stack = replace(stack, header=replace(stack.header, slice_thickness_mm=None))
    if part == WHOLE:
        return stack
    across = scan_geometry(stack).in_plane_axes[0]
    light = np.abs(stack.data).sum(axis=tuple(axis for axis in range(3) if axis != across), dtype=np.float64)
    middle = int(np.searchsorted(np.cumsum(light), light.sum() / 2))
    cut = [slice(None)] * 3
    cut[across] = slice(0, middle) if part == HALVES[0] else slice(middle, None)
    return replace(stack, data=np.ascontiguousarray(stack.data[tuple(cut)]))
