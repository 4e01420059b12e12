"""What a scan is, in words, and why it cannot be used where that is so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import slicer
from slicer.i18n import tr as _

from .sentences import sentence
from .volumes import emptyVolumeFromNode, ijkToRAS, volumeFromNode, worldMatrix

if TYPE_CHECKING:
    from SuperResolveLib import Volume
    from SuperResolveLib.data.geometry import AxisName, SliceGeometry

#: Thickness within this of the spacing counts as neither gap nor overlap, in mm.
CONTIGUOUS = 0.05
#: In-plane zero filling is looked for in so many voxels, or a few more: enough to see it, and quick.
VOXELS_LOOKED_AT = 4_000_000


@dataclass(frozen=True)
class ScanDescription:
    """A scan in words.

    Attributes:
        text: what was found.
        refusal: why it cannot be used, in one sentence; empty where it can.
        acquiredResolution: along both in-plane axes in mm, as the CLI modules take it, where the header rules out
            zero filling; else empty, and they look for it themselves.
    """

    text: str
    refusal: str = ""
    acquiredResolution: str = ""


_described: dict[tuple[str, int, int, tuple[float, ...], str, str], ScanDescription] = {}


def describeScan(
    volumeNode: slicer.vtkMRMLScalarVolumeNode, axis: str = "auto", acquiredResolution: str = ""
) -> ScanDescription:
    """Describe the scan in a volume node.

    Args:
        volumeNode: the scan.
        axis: along which its slices are stacked: "i", "j", "k", or "auto" for the one with the largest spacing.
        acquiredResolution: in-plane, in mm, as the user told it: "1.2" or "1.2,0.9"; empty to find it from the image.
    """
    image = volumeNode.GetImageData()
    placed = tuple(worldMatrix(volumeNode).ravel())
    key = (
        volumeNode.GetID(),
        volumeNode.GetMTime(),
        image.GetMTime() if image else 0,
        placed,
        axis,
        acquiredResolution,
    )
    if key not in _described:
        _described.clear()
        _described[key] = _describe(volumeNode, axis, acquiredResolution)
    return _described[key]


def _describe(volumeNode: slicer.vtkMRMLScalarVolumeNode, axis: str, acquiredResolution: str) -> ScanDescription:
    from SuperResolveLib.data.geometry import check_content, check_separation, check_slices, slice_geometry
    from SuperResolveLib.data.in_plane_resolution import in_plane_resolution

    lines = []
    try:
        volume = emptyVolumeFromNode(volumeNode)
        geometry = slice_geometry(volume, cast("AxisName", axis), _millimetres(acquiredResolution))
        lines = [_size(volume), _slices(volume, geometry, anatomicalDirection(volumeNode, geometry.axis))]
        check_slices(geometry)
        check_separation(volume, geometry)  # before the voxels are looked at, which takes long where they are many
        volume = volumeFromNode(volumeNode)
        check_content(volume)
    except ValueError as error:
        return ScanDescription(_paragraph(lines), sentence(str(error)))
    lines += [_thickness(volume, geometry), *volume.warnings]
    lines += in_plane_resolution(_someSlices(volume, geometry), geometry).warnings
    return ScanDescription(_paragraph(lines), "", _toldResolution(volume, geometry))


def _millimetres(text: str) -> tuple[float, ...]:
    """The numbers of a text such as "1.2,0.9".

    Raises:
        ValueError: it holds something else.
    """
    try:
        return tuple(float(part) for part in text.split(",")) if text.strip() else ()
    except ValueError:
        raise ValueError(
            _("{text} is no in-plane resolution: give one number in mm, or two separated by a comma.").format(text=text)
        ) from None


def anatomicalDirection(volumeNode: slicer.vtkMRMLScalarVolumeNode, axis: int) -> str:
    """The patient's direction closest to an axis of the array, as the volume lies under its transforms."""
    column = (worldMatrix(volumeNode) @ ijkToRAS(volumeNode))[:3, axis]
    return (_("left-right"), _("posterior-anterior"), _("inferior-superior"))[int(abs(column).argmax())]


def _paragraph(lines: list[str]) -> str:
    return "\n".join(sentence(line) for line in lines if line)


def _size(volume: Volume) -> str:
    return _("{voxels} voxels of {size} mm").format(
        voxels=" × ".join(str(count) for count in volume.shape),
        size=" × ".join(f"{step:.4g}" for step in volume.spacing),
    )


def _slices(volume: Volume, geometry: SliceGeometry, direction: str) -> str:
    return _("{count} slices along {axis} ({direction}), {spacing} mm apart: ratio {ratio}").format(
        count=geometry.slice_count,
        axis="ijk"[geometry.axis],
        direction=direction,
        spacing=f"{geometry.slice_spacing:.4g}",
        ratio=f"{geometry.separation_ratio:.2f}",
    )


def _thickness(volume: Volume, geometry: SliceGeometry) -> str:
    thickness = volume.header.slice_thickness_mm
    if thickness is None:
        return ""
    gap = geometry.slice_spacing - thickness
    if gap > CONTIGUOUS:
        text = _("by the header, slices are {thickness} mm thick, with a gap of {gap} mm")
    elif gap < -CONTIGUOUS:
        text = _("by the header, slices are {thickness} mm thick and overlap by {gap} mm")
    else:
        text = _("by the header, slices are {thickness} mm thick, without gap")
    return text.format(thickness=f"{thickness:.4g}", gap=f"{abs(gap):.3g}")


def _someSlices(volume: Volume, geometry: SliceGeometry) -> Volume:
    step = max(1, volume.data.size // VOXELS_LOOKED_AT)
    chosen = tuple(slice(None, None, step if axis == geometry.axis else None) for axis in range(3))
    return replace(volume, data=volume.data[chosen])


def _toldResolution(volume: Volume, geometry: SliceGeometry) -> str:
    from SuperResolveLib.data.in_plane_resolution import ROUNDING

    told = [volume.header.acquired_spacing_mm[axis] for axis in geometry.in_plane_axes]
    plain = all(
        mm is not None and mm < ROUNDING * step for mm, step in zip(told, geometry.in_plane_spacing, strict=True)
    )
    return ",".join(f"{step:.6g}" for step in geometry.in_plane_spacing) if plain else ""
