"""MR as the method sees it: thick slices, real ones or those that a thin volume is degraded to first."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from ...data.geometry import slice_geometry
from ...data.intensity_range import intensity_range
from ...data.noise import scan_noise
from ...data.volume import Volume
from ...physics.acquisition import along
from ...physics.degradation import Degradation
from ...physics.degradation_range import DegradationRange
from ...physics.degraded_column import DegradedColumn
from ...training.collection import Item
from ...training.thin import is_thin
from .acquired import column_of_slices
from .mr import through_plane_axis


@dataclass(frozen=True, eq=False)
class ThickScan:
    """A scan's slices, and how a voxel of the answer is degraded to them, as far as that is known.

    Attributes:
        slices: with the 1st percentile at 0 and the 99.5th at 1, shape (slices, rows, columns).
        axis: along which they lie in the volume.
        degradation: from voxels of the answer, of size ``voxel`` in mm, to the slices.
        voxel: see there.
        noise: standard deviation of the slices' noise, on the same scale.
        whole: whether the ratio is one whole number, and slices are made of whole voxels or are some of them.
        low, scale: the intensity that is 0, and what makes 1.
        affine: slices' index, in the volume's order of axes, to RAS mm.
    """

    slices: NDArray[np.float32]
    axis: int
    degradation: Degradation
    voxel: float
    noise: float
    whole: bool
    low: float
    scale: float
    affine: NDArray[np.float64]

    @property
    def column(self) -> DegradedColumn:
        """Where all slices lie among the voxels of the answer."""
        return column_of_slices(self.degradation, self.voxel, len(self.slices), self.whole)


def thick_scan(volume: Volume, degradations: DegradationRange, ratio: float, seed: int) -> ThickScan:
    """The slices of a scan of MR.

    Of a thick scan they are as they are. Their profile is not known here: where it is drawn from a range, it is taken
    to be as wide as the header says that slices are thick, or as their spacing. As published, the ratio is taken for
    ``ratio`` whatever it is. A thin volume is degraded along its through-plane axis by a fixed degradation.

    Args:
        volume: the scan.
        degradations: that the method learns.
        ratio: at which a thin volume is degraded.
        seed: of that degradation.
    """
    axis, numbers = through_plane_axis(volume.spacing), np.random.default_rng(seed)
    if is_thin(volume.spacing):
        return _degraded(volume, axis, replace(degradations, ratios=(ratio, ratio)), numbers)
    slice_spacing = volume.spacing[axis]
    voxel = slice_spacing / ratio if degradations.whole else min(volume.spacing)
    told = volume.header.slice_thickness_mm
    low, high = degradations.fwhm_ratios
    width = float(np.clip((told or slice_spacing) / slice_spacing, low, high))
    own = slice_spacing / voxel
    degradation = replace(degradations, ratios=(own, own), fwhm_ratios=(width, width), noise=(0.0, 0.0)).draw(
        numbers, voxel
    )
    slices, noise = np.moveaxis(volume.data, axis, 0), scan_noise(volume, slice_geometry(volume))
    return _scaled(slices, axis, degradation, voxel, noise, degradations.whole, volume.affine)


def _degraded(volume: Volume, axis: int, degradations: DegradationRange, numbers: np.random.Generator) -> ThickScan:
    voxel = volume.spacing[axis]
    degradation = degradations.draw(numbers, voxel)
    column = DegradedColumn.at_phase(degradation, voxel, volume.shape[axis], numbers.uniform(), degradations.whole)
    slices = along(column.matrix, np.moveaxis(volume.data, axis, 0), 0)
    noise = degradation.noise * intensity_range(slices)[1]
    if noise:
        slices = slices + np.float32(noise) * numbers.standard_normal(slices.shape, dtype=np.float32)
    affine = volume.affine.copy()
    affine[:3, 3] += column.first_centre * affine[:3, axis]
    affine[:3, axis] *= column.ratio
    return _scaled(slices, axis, degradation, voxel, noise, degradations.whole, affine)


def _scaled(
    slices: NDArray[np.float32],
    axis: int,
    degradation: Degradation,
    voxel: float,
    noise: float,
    whole: bool,
    affine: NDArray[np.float64],
) -> ThickScan:
    low, scale = intensity_range(slices)
    scaled = ((slices - low) / scale).astype(np.float32)
    return ThickScan(scaled, axis, degradation, voxel, noise / scale, whole, low, scale, affine)


def in_plane_voxels(item: Item) -> tuple[float, ...]:
    """The sizes of a scan's voxels in plane, in mm."""
    return tuple(size for axis, size in enumerate(item.spacing) if axis != through_plane_axis(item.spacing))


def on_device(scan: ThickScan, device: torch.device) -> torch.Tensor:
    """The slices there."""
    return torch.as_tensor(scan.slices, device=device)
