"""What was made, or found, on thin planes brought back to the slices of the scan.

An image x becomes what the scanner would have seen, :math:`y = A x` with the acquisition operator A of the scan's slice
profile. A label map becomes the *fraction* of each label in the slices' profile, :math:`A [x = label]`, or the label
with the largest fraction.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..data.geometry import AxisName, SliceGeometry, slice_geometry
from ..data.in_scan_order import in_scan_order, on_in_plane_voxels, plane_positions
from ..data.labels import LabelVolume, label_ml, label_type, labels_of, voxel_ml
from ..data.volume import SINGLE, Volume
from ..errors import InputError
from ..physics.acquisition import acquisition_matrix, degrade
from ..physics.profile import SliceProfile
from ..progress import ProgressCallback, part_of, silent
from .estimate import estimate_profile
from .plausibility import check_profile

#: What messages call the volume.
_NAME = "the volume"
#: Fractions that differ by less than this count as equal: more than single precision rounds.
TIE = 1e-5


@dataclass(frozen=True, eq=False, kw_only=True)
class OnSlices(Volume):
    """An image or a label map on a scan's slices.

    Attributes:
        profile: the slice profile with which it was brought there.
        volumes: of the labels, before and after; empty for an image.
        seconds: wall time.
    """

    profile: SliceProfile
    volumes: tuple[LabelVolume, ...] = ()
    seconds: float


@dataclass(frozen=True, eq=False)
class Fractions:
    """The fractions of labels on a scan's slices.

    Attributes:
        maps: by label, how much of the profile of each slice it fills at each voxel, from 0 to 1.
        profile, volumes, seconds: as of :class:`OnSlices`; the volume of a map is the sum of its fractions.
        warnings: what the user should know, a sentence each.
    """

    maps: Mapping[int, Volume]
    profile: SliceProfile
    volumes: tuple[LabelVolume, ...]
    seconds: float
    warnings: tuple[str, ...] = ()


def to_slices(
    volume: Volume,
    scan: Volume,
    profile: SliceProfile | None = None,
    labels: bool = False,
    axis: AxisName = "auto",
    acquired_resolution: Sequence[float] = (),
    progress: ProgressCallback = silent,
) -> OnSlices:
    """Bring an image or a label map on thin planes to the slices of a scan.

    Args:
        volume: on planes that are parallel to the scan's slices and no farther apart, with the scan's in-plane voxels:
            what :func:`~SuperResolveLib.workflows.super_resolve.super_resolve` gives, or what was drawn on it. It may
            be stored in another order. An image must cover the scan; outside a label map is background.
        scan: on whose slices the result lies.
        profile: the scan's slice profile; ``None`` estimates it.
        labels: whether the volume is a label map. A voxel then has the label with the largest fraction, the background
            among them, and the smallest label of those that are equal.
        axis: the scan's through-plane axis; ``"auto"`` takes the one with the largest spacing.
        acquired_resolution: acquired in-plane resolution in mm, for the estimate; empty to find it from the image.
        progress: receives how far the run is; see :mod:`~SuperResolveLib.progress`.

    Raises:
        InputError: the volume does not lie on such planes, is no label map where it must be one, or the profile cannot
            be estimated.
        Cancelled: raised by ``progress``.
    """
    started = time.perf_counter()
    view = _View.of(volume, scan, profile, axis, acquired_resolution, 0.0 if labels else None, progress)
    told: tuple[LabelVolume, ...] = ()
    if labels:
        found = labels_of(volume)
        data = _most(view, found)
        told = tuple(_volumes(volume, found, [int(np.count_nonzero(data == label)) for label in found], scan))
    else:
        data = view.degraded(view.planes)
    return OnSlices(
        data=data,
        affine=scan.affine,
        header=scan.header,
        space=scan.space,
        stored_type=label_type(volume) if labels else SINGLE,
        warnings=view.warnings,
        profile=view.profile,
        volumes=told,
        seconds=time.perf_counter() - started,
    )


def fractions_on_slices(
    volume: Volume,
    scan: Volume,
    profile: SliceProfile | None = None,
    axis: AxisName = "auto",
    acquired_resolution: Sequence[float] = (),
    progress: ProgressCallback = silent,
) -> Fractions:
    """The fractions of a label map's labels in the slices of a scan; arguments and errors as of :func:`to_slices`.

    Raises:
        InputError: also if there is no label.
    """
    started = time.perf_counter()
    labels = labels_of(volume)
    if not labels:
        raise InputError("there is no label but the background, so there are no fractions: give a label map")
    view = _View.of(volume, scan, profile, axis, acquired_resolution, 0.0, progress)
    empty = replace(scan, stored_type=SINGLE, warnings=())
    maps = {label: replace(empty, data=fraction) for label, fraction in view.fractions(labels)}
    filled = [float(part.data.sum(dtype=np.float64)) for part in maps.values()]
    told = tuple(_volumes(volume, labels, filled, scan))
    return Fractions(maps, view.profile, told, time.perf_counter() - started, view.warnings)


@dataclass(frozen=True, eq=False)
class _View:
    """Planes as a scan sees them.

    Attributes:
        planes: voxels in the scan's order, on its in-plane voxels.
        matrix: the acquisition matrix, from the planes to the slices.
        geometry: of the scan.
        profile: its slice profile.
        warnings: what the user should know.
    """

    planes: NDArray[np.float32]
    matrix: NDArray[np.floating]
    geometry: SliceGeometry
    profile: SliceProfile
    warnings: tuple[str, ...]

    @classmethod
    def of(
        cls,
        volume: Volume,
        scan: Volume,
        profile: SliceProfile | None,
        axis: AxisName,
        acquired_resolution: Sequence[float],
        outside: float | None,
        progress: ProgressCallback,
    ) -> _View:
        """See a volume as the scan would have; ``outside`` is the value of what it lacks, ``None`` if that is refused.

        Raises:
            InputError: as in :func:`to_slices`.
        """
        geometry = slice_geometry(scan, axis, acquired_resolution)
        turned = in_scan_order(volume, scan, geometry, _NAME)
        planes = on_in_plane_voxels(turned, scan, geometry, _NAME, outside)
        positions, spacing = plane_positions(turned, scan, geometry), turned.spacing[geometry.axis]
        if outside is None:
            _check_covers(positions, geometry)
        else:
            planes, positions = _extended(planes, positions, spacing / geometry.slice_spacing, geometry, outside)
        if profile is None:
            profile = estimate_profile(
                scan, axis=axis, acquired_resolution=acquired_resolution, progress=part_of(progress, 0.0, 0.9)
            )
            warnings = profile.warnings
        else:
            warnings = check_profile(profile, geometry.slice_spacing, geometry.in_plane_voxel)
        progress(0.9, "bringing the volume to the slices")
        centres = np.arange(geometry.slice_count) * geometry.slice_spacing
        matrix = acquisition_matrix(profile, centres, positions * geometry.slice_spacing, spacing)
        return cls(planes, matrix, geometry, profile, tuple(dict.fromkeys(volume.warnings + warnings)))

    def degraded(self, planes: NDArray[np.float32]) -> NDArray[np.float32]:
        """A x: the slices of voxels on the planes."""
        return degrade(self.matrix, planes, self.geometry.axis)

    def fractions(self, labels: Sequence[int]) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Each label with its fraction on the slices; where taps are interpolated, a little beyond 0 and 1 is cut."""
        for label in labels:
            yield label, np.clip(self.degraded((self.planes == label).astype(np.float32)), 0.0, 1.0)


def _most(view: _View, labels: Sequence[int]) -> NDArray[np.float32]:
    """The label with the largest fraction at each voxel of the slices."""
    ordered = sorted((0, *labels))
    data, largest = np.empty(0, np.float32), np.empty(0, np.float32)
    for label, fraction in view.fractions(ordered):
        if not data.size:
            data, largest = np.full_like(fraction, label), fraction
            continue
        more = fraction > largest + TIE
        data[more], largest[more] = label, fraction[more]
    return data


def _volumes(volume: Volume, labels: Sequence[int], voxels: Sequence[float], scan: Volume) -> Iterator[LabelVolume]:
    """The volume of each label before, and of so many voxels of the scan after."""
    for label, count in zip(labels, voxels, strict=True):
        yield LabelVolume(label, label_ml(volume, label), count * voxel_ml(scan.affine))


def _check_covers(positions: NDArray[np.float64], geometry: SliceGeometry) -> None:
    """Refuse planes that begin or end more than half a slice within the scan.

    Raises:
        InputError: they do.
    """
    if positions[0] > 0.501 or positions[-1] < geometry.slice_count - 1.501:
        raise InputError(f"{_NAME} does not cover the scan's slices: give a volume that spans the whole scan")


def _extended(
    planes: NDArray[np.float32],
    positions: NDArray[np.float64],
    step: float,
    geometry: SliceGeometry,
    outside: float,
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Planes, and their positions, ``step`` slices apart, extended to the scan's field of view."""
    before = max(0, round((positions[0] + 0.5) / step - 0.5))
    after = max(0, round((geometry.slice_count - 0.5 - positions[-1]) / step - 0.5))
    width = [(0, 0)] * 3
    width[geometry.axis] = (before, after)
    told = positions[0] + step * np.arange(-before, positions.size + after)
    return np.pad(planes, width, constant_values=outside), told
