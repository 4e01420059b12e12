"""Reading a folder with the slices of a DICOM series, with SimpleITK and GDCM."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.volume import AcquisitionHeader
from ..errors import InputError
from .acquisition_tags import acquisition_header
from .checks import check_shape, readable
from .dicom_slice import DicomSlice, is_dicom, sop_class
from .itk_files import LPS_TO_RAS, silent_stderr
from .slice_stack import stack_affine, stack_order
from .stored import StoredImage


def read(folder: Path, series: str | None) -> StoredImage:
    """Read the slices of one series as a volume, sorted by position along the slice normal.

    The slice spacing comes from the positions; the tags SliceThickness and SpacingBetweenSlices are only kept in the
    header.

    Args:
        folder: the folder; folders inside it are not searched.
        series: UID, number or description of the series; needed only if there are several.

    Raises:
        InputError: there are no images, several series or damaged files, or the slices are not one evenly spaced stack.
    """
    slices, unreadable = _scan(folder)
    if not slices:
        raise InputError(_nothing_in(folder, unreadable))
    slices = _choose(slices, series, folder)
    _check_complete(slices, unreadable)
    for image in slices:
        image.check_single()
    if len(slices) == 1:
        raise InputError(f"{folder} holds a single slice ({slices[0].path.name}): give a stack of slices")
    placements = [image.placement() for image in slices]
    order = stack_order(placements, folder)
    affine = LPS_TO_RAS @ stack_affine([placements[index] for index in order], folder)
    voxels = _stacked([slices[index] for index in order], folder)
    tags = slices[order[0]].tags
    pixel = placements[0].pixel
    header = acquisition_header(tags, (voxels.shape[0] * pixel[0], voxels.shape[1] * pixel[1]), (0, 1))
    return StoredImage(voxels, affine, header, _spacing_warning(header, affine))


def _scan(folder: Path) -> tuple[list[DicomSlice], list[Path]]:
    """The DICOM images in a folder, and the files that hold none."""
    slices, unreadable = [], []
    with readable(folder):
        files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    with silent_stderr():
        for path in files:
            image = DicomSlice.of_file(path)
            if image is None:
                unreadable.append(path)
            else:
                slices.append(image)
    return slices, unreadable


def _choose(slices: Sequence[DicomSlice], series: str | None, folder: Path) -> list[DicomSlice]:
    """The slices of the series of that UID, number or description; without one, of the only series there is."""
    by_uid: dict[str, list[DicomSlice]] = {}
    for image in slices:
        by_uid.setdefault(image.tags["SeriesInstanceUID"], []).append(image)
    matching = [uid for uid, members in by_uid.items() if series is None or series.strip() in _names(members[0])]
    if len(matching) == 1:
        return by_uid[matching[0]]
    listed = "; ".join(_series_line(uid, members) for uid, members in by_uid.items())
    if series is None:
        raise InputError(f"{folder} holds {len(by_uid)} series: choose one with --series UID, number or name: {listed}")
    count = f"{len(matching)} series" if matching else "no series"
    raise InputError(f"{count} in {folder} go by {series!r}: choose one with --series UID: {listed}")


def _names(image: DicomSlice) -> tuple[str, str, str]:
    """UID, number and description of the series of an image."""
    return image.tags["SeriesInstanceUID"], image.tags["SeriesNumber"], image.tags["SeriesDescription"]


def _series_line(uid: str, members: Sequence[DicomSlice]) -> str:
    _, number, description = _names(members[0])
    slices = f"{len(members)} slice{'s' * (len(members) > 1)}"
    return f"{uid} (number {number or 'unknown'}, {description or 'no description'}, {slices})"


def _check_complete(slices: Sequence[DicomSlice], unreadable: Sequence[Path]) -> None:
    """Refuse a folder with damaged slices, since these may belong to the series.

    Raises:
        InputError: an unreadable file has the same SOP class, or none and an ending of DICOM; or a slice is truncated.
    """
    kind = slices[0].sop_class
    for path in unreadable:
        claimed = sop_class(path)
        if claimed == kind if claimed else path.suffix.lower() in (".dcm", ".ima"):
            raise InputError(f"{path} is a damaged or truncated DICOM file: replace it by a complete copy")
    for image in slices:
        if image.is_truncated:
            raise InputError(f"{image.path} is truncated: replace it by a complete copy")


def _stacked(slices: Sequence[DicomSlice], folder: Path) -> NDArray[Any]:
    """The voxels of slices of equal size, each with its rescale slope applied, shape (columns, rows, slices)."""
    size = slices[0].size
    for image in slices:
        if image.size != size:
            names = f"{slices[0].path.name} and {image.path.name}"
            raise InputError(f"the slices {names} of {folder} differ in size: give one stack of slices")
    with silent_stderr():
        arrays = [image.voxels() for image in slices]
    voxels = np.stack(arrays).transpose(2, 1, 0)
    check_shape(voxels.shape, folder)
    return voxels


def _spacing_warning(header: AcquisitionHeader, affine: NDArray[np.float64]) -> tuple[str, ...]:
    measured, in_header = float(np.linalg.norm(affine[:3, 2])), header.slice_spacing_mm
    if in_header is None or abs(in_header / measured - 1) < 0.02:
        return ()
    return (f"the slices' positions are {measured:.4g} mm apart, not {in_header:.4g} mm as SpacingBetweenSlices says",)


def _nothing_in(folder: Path, unreadable: Sequence[Path]) -> str:
    damaged = [path.name for path in unreadable if is_dicom(path)]
    if damaged:
        return f"none of the {len(damaged)} DICOM files in {folder} can be read as an image ({damaged[0]} is the first)"
    return f"{folder} holds no DICOM images: give the folder of one series (folders inside it are not searched)"
