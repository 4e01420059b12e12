"""A folder with the slices of a DICOM series, through SimpleITK and GDCM."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.volume import AcquisitionHeader
from ..errors import InputError
from .acquisition_tags import acquisition_header, numbers
from .checks import LARGEST_SHEAR, check_scalar, check_shape, readable
from .itk_files import LPS_TO_RAS, silent_stderr
from .slice_stack import SlicePlane, stack_affine, stack_order
from .stored import StoredImage

_TAGS = {
    "ImageType": "0008|0008",
    "SeriesDescription": "0008|103e",
    "SliceThickness": "0018|0050",
    "SpacingBetweenSlices": "0018|0088",
    "AcquisitionMatrix": "0018|1310",
    "InPlanePhaseEncodingDirection": "0018|1312",
    "SeriesInstanceUID": "0020|000e",
    "SeriesNumber": "0020|0011",
    "ImagePositionPatient": "0020|0032",
    "ImageOrientationPatient": "0020|0037",
    "Rows": "0028|0010",
    "Columns": "0028|0011",
    "PixelSpacing": "0028|0030",
    "BitsAllocated": "0028|0100",
}
#: Enhanced MR, MR colour and CT, and the legacy converted ones: many slices in a file, each told of in a nested header.
_ENHANCED = tuple(f"1.2.840.10008.5.1.4.1.1.{kind}" for kind in ("4.1", "4.3", "2.1", "4.4", "2.2"))
_UNCOMPRESSED = ("", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2")


@dataclass(frozen=True)
class _Slice:
    """The header of one DICOM image: its tags by keyword ("" where absent), its sizes, and values a voxel."""

    path: Path
    tags: Mapping[str, str]
    size: tuple[int, ...]
    components: int

    def plane(self) -> SlicePlane:
        """Where the slice lies.

        Raises:
            InputError: the header does not tell.
        """
        position = self._numbers("ImagePositionPatient", 3)
        rows, columns = self._numbers("ImageOrientationPatient", 6).reshape(2, 3)
        row_distance, column_distance = self._numbers("PixelSpacing", 2)
        lengths = np.linalg.norm(rows), np.linalg.norm(columns)
        if not np.allclose(lengths, 1, atol=0.01) or abs(rows @ columns) > LARGEST_SHEAR:
            raise InputError(f"in {self.path}, ImageOrientationPatient is not two orthogonal unit vectors: repair it")
        pixel = (float(column_distance), float(row_distance))
        return SlicePlane(self.path.name, position, rows / lengths[0], columns / lengths[1], pixel)

    def _numbers(self, keyword: str, count: int) -> NDArray[np.float64]:
        values = np.array(numbers(self.tags[keyword]))
        if values.size != count or not np.isfinite(values).all():
            raise InputError(f"{self.path} does not tell where its slice lies: its {keyword} is not {count} numbers")
        return values


def is_dicom(path: Path) -> bool:
    """Whether a file starts as DICOM files do."""
    return _start(path)[128:132] == b"DICM"


def read(folder: Path, series: str | None) -> StoredImage:
    """The volume that the slices of one series make up, sorted by position along their normal.

    The slice spacing is that of the positions; the tags SliceThickness and SpacingBetweenSlices only enter the header.

    Raises:
        InputError: no images, several series, damaged files, or slices that do not make up one evenly spaced stack.
    """
    slices, unreadable = _scan(folder)
    if not slices:
        raise InputError(_nothing_in(folder, unreadable))
    slices = _choose(slices, series, folder)
    _check_complete(slices, unreadable)
    for image in slices:
        _check_single_frame(image)
    if len(slices) == 1:
        raise InputError(f"{folder} holds a single slice ({slices[0].path.name}): give a stack of slices")
    planes = [image.plane() for image in slices]
    order = stack_order(planes, folder)
    affine = LPS_TO_RAS @ stack_affine([planes[index] for index in order], folder)
    voxels = _stacked([slices[index] for index in order], folder)
    tags = slices[order[0]].tags
    pixel = planes[0].pixel
    header = acquisition_header(tags, (voxels.shape[0] * pixel[0], voxels.shape[1] * pixel[1]), (0, 1))
    return StoredImage(voxels, affine, header, _spacing_warning(header, affine))


def _scan(folder: Path) -> tuple[list[_Slice], list[Path]]:
    """The headers of all DICOM images in a folder, and the files that hold none."""
    slices, unreadable = [], []
    with readable(folder):
        files = sorted(entry for entry in folder.iterdir() if entry.is_file() and not entry.name.startswith("."))
    with silent_stderr():
        for path in files:
            header = _slice_header(path)
            if header is None:
                unreadable.append(path)
            else:
                slices.append(header)
    return slices, unreadable


def _slice_header(path: Path) -> _Slice | None:
    """One file's header; ``None`` if GDCM finds no image in it."""
    reader = _reader(path)
    try:
        reader.ReadImageInformation()
    except RuntimeError:
        return None
    tags = {keyword: _text(reader, tag) for keyword, tag in _TAGS.items()}
    return _Slice(path, tags, reader.GetSize(), reader.GetNumberOfComponents())


def _reader(path: Path) -> Any:
    import SimpleITK as sitk

    reader = sitk.ImageFileReader()
    reader.SetImageIO("GDCMImageIO")
    reader.SetFileName(str(path))
    return reader


def _text(reader: Any, tag: str) -> str:
    """A tag's value without padding, and without the bytes of an unknown character set."""
    value = reader.GetMetaData(tag) if reader.HasMetaDataKey(tag) else ""
    return str(value).encode("utf-8", "replace").decode("utf-8").strip(" \0")


def _choose(slices: Sequence[_Slice], series: str | None, folder: Path) -> list[_Slice]:
    """The slices of the series that is meant, by UID, number or description; of the only one if none is named."""
    by_uid: dict[str, list[_Slice]] = {}
    for image in slices:
        by_uid.setdefault(image.tags["SeriesInstanceUID"], []).append(image)
    meant = [uid for uid, members in by_uid.items() if series is None or series.strip() in _names(members[0])]
    if len(meant) == 1:
        return by_uid[meant[0]]
    held = "; ".join(_told(uid, members) for uid, members in by_uid.items())
    if series is None:
        raise InputError(f"{folder} holds {len(by_uid)} series: choose one with --series UID, number or name: {held}")
    found = f"{len(meant)} series" if meant else "no series"
    raise InputError(f"{found} in {folder} go by {series!r}: choose one with --series UID: {held}")


def _names(image: _Slice) -> tuple[str, str, str]:
    return image.tags["SeriesInstanceUID"], image.tags["SeriesNumber"], image.tags["SeriesDescription"]


def _told(uid: str, members: Sequence[_Slice]) -> str:
    _, number, description = _names(members[0])
    slices = f"{len(members)} slice{'s' * (len(members) > 1)}"
    return f"{uid} (number {number or 'unknown'}, {description or 'no description'}, {slices})"


def _check_complete(slices: Sequence[_Slice], unreadable: Sequence[Path]) -> None:
    """Refuse files in the folder that are damaged slices, as they may be missing from this series.

    Raises:
        InputError: an unreadable file claims to be the same kind of image, or a slice is shorter than its voxels.
    """
    kind = _file_meta(slices[0].path, 0x0002)
    for path in unreadable:
        claims = _file_meta(path, 0x0002)
        if claims == kind if claims else path.suffix.lower() in (".dcm", ".ima"):
            raise InputError(f"{path} is a damaged or truncated DICOM file: replace it by a complete copy")
    for image in slices:
        voxels = np.prod(image.size) * image.components * (numbers(image.tags["BitsAllocated"]) or [8])[0] / 8
        if _file_meta(image.path, 0x0010) in _UNCOMPRESSED and image.path.stat().st_size < voxels:
            raise InputError(f"{image.path} is truncated: replace it by a complete copy")


def _check_single_frame(image: _Slice) -> None:
    check_scalar(image.components, complex_valued=False, path=image.path)
    if int(np.prod(image.size[2:])) != 1 or _file_meta(image.path, 0x0002) in _ENHANCED:
        raise InputError(f"{image.path} is multi-frame (enhanced) DICOM: convert it to NIfTI, as with dcm2niix")
    if "MOSAIC" in image.tags["ImageType"].upper():
        raise InputError(f"{image.path} is a mosaic of slices: convert it to NIfTI, as with dcm2niix")


def _stacked(slices: Sequence[_Slice], folder: Path) -> NDArray[Any]:
    """The voxels, each slice's rescale slope applied, shape (columns, rows, slices)."""
    import SimpleITK as sitk

    size = slices[0].size
    for image in slices:
        if image.size != size:
            names = f"{slices[0].path.name} and {image.path.name}"
            raise InputError(f"the slices {names} of {folder} differ in size: give one stack of slices")
    arrays = []
    with silent_stderr():
        for image in slices:
            with readable(image.path):
                arrays.append(sitk.GetArrayFromImage(_reader(image.path).Execute()).reshape(size[1], size[0]))
    voxels = np.stack(arrays).transpose(2, 1, 0)
    check_shape(voxels.shape, folder)
    return voxels


def _spacing_warning(header: AcquisitionHeader, affine: NDArray[np.float64]) -> tuple[str, ...]:
    measured, told = float(np.linalg.norm(affine[:3, 2])), header.slice_spacing_mm
    if told is None or abs(told / measured - 1) < 0.02:
        return ()
    return (f"the slices' positions are {measured:.4g} mm apart, not {told:.4g} mm as SpacingBetweenSlices says",)


def _nothing_in(folder: Path, unreadable: Sequence[Path]) -> str:
    damaged = [path.name for path in unreadable if is_dicom(path)]
    if damaged:
        return f"none of the {len(damaged)} DICOM files in {folder} can be read as an image ({damaged[0]} is the first)"
    return f"{folder} holds no DICOM images: give the folder of one series (folders inside it are not searched)"


def _file_meta(path: Path, element: int) -> str:
    """A UID of a DICOM file's meta group: 0x0002 is the kind of object, 0x0010 the transfer syntax."""
    pattern = b"\x02\x00" + re.escape(element.to_bytes(2, "little")) + rb"UI..([0-9.]+)"
    found = re.search(pattern, _start(path), re.DOTALL)
    return found.group(1).decode() if found else ""


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(2048)
