"""Masks and label maps that were drawn on a scan's slices, brought to the planes of its super-resolved volume."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..data.geometry import AxisName, SliceGeometry, slice_geometry
from ..data.in_scan_order import LARGEST_SHIFT, in_scan_order, on_in_plane_voxels, part_along, plane_positions
from ..data.labels import LabelVolume, label_ml, label_type, labels_of
from ..data.shape_interpolation import interpolate_labels
from ..data.volume import Volume
from ..errors import InputError


@dataclass(frozen=True, eq=False, kw_only=True)
class MaskOnPlanes(Volume):
    """A label map on thin planes.

    Attributes:
        volumes: of its labels, on the slices and on the planes.
    """

    volumes: tuple[LabelVolume, ...]


def mask_on_planes(
    mask: Volume, scan: Volume, planes: Volume, axis: AxisName = "auto", name: str = "the mask"
) -> MaskOnPlanes:
    """Bring a mask or label map that was drawn on a scan's slices to thin planes, by shape-based interpolation.

    How is told in :mod:`~SuperResolveLib.data.shape_interpolation`. The slice profile does not enter: outlines were
    drawn at slice centres.

    Args:
        mask: on the scan's voxels, in any order of storage; it may be cropped to what is in it.
        scan: the scan.
        planes: a volume whose planes are wanted, such as what
            :func:`~SuperResolveLib.workflows.super_resolve.super_resolve` gives.
        axis: the scan's through-plane axis; ``"auto"`` takes the one with the largest spacing.
        name: what messages call the mask.

    Raises:
        InputError: the mask is no label map or lies on other voxels than the scan's, or the planes are not parallel to
            the slices.
    """
    geometry = slice_geometry(scan, axis)
    slices = slices_of_mask(mask, scan, geometry, name)
    turned = in_scan_order(planes, scan, geometry, "the volume")
    positions = plane_positions(turned, scan, geometry)
    affine = scan.affine.copy()
    affine[:3, 3] += affine[:3, geometry.axis] * positions[0]
    affine[:3, geometry.axis] *= turned.spacing[geometry.axis] / geometry.slice_spacing
    data = interpolate_labels(slices, positions, geometry.axis, geometry.in_plane_spacing)
    result = Volume(data, affine, space=scan.space, stored_type=label_type(mask))
    volumes = tuple(LabelVolume(label, label_ml(mask, label), label_ml(result, label)) for label in labels_of(mask))
    return MaskOnPlanes(
        data=data,
        affine=affine,
        space=scan.space,
        stored_type=result.stored_type,
        warnings=mask.warnings,
        volumes=volumes,
    )


def slices_of_mask(mask: Volume, scan: Volume, geometry: SliceGeometry, name: str = "the mask") -> NDArray[np.float32]:
    """The voxels of a mask on the scan's, in the scan's order; background where the mask was cropped.

    Raises:
        InputError: it is no label map, or lies on other voxels than the scan's.
    """
    labels_of(mask)
    turned = in_scan_order(mask, scan, geometry, name)
    positions = plane_positions(turned, scan, geometry)
    numbers = np.rint(positions[0]) + np.arange(positions.size)
    if np.max(np.abs(positions - numbers)) > LARGEST_SHIFT:
        raise InputError(
            f"the slices of {name} are not those of the scan: give a mask that was drawn on the scan itself, not on a "
            "volume made from it"
        )
    data = on_in_plane_voxels(turned, scan, geometry, name, 0.0)
    return part_along(data, geometry.axis, -int(numbers[0]), geometry.slice_count, 0.0)
