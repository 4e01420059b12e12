"""One DICOM image: its header, its voxels, and whether it is complete and a single slice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .acquisition_tags import numbers
from .checks import LARGEST_SHEAR, check_scalar, readable
from .slice_stack import SlicePlacement

#: The tags that are read: group and element by keyword.
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
#: SOP classes with many slices in a file, each described in a nested header: enhanced MR, MR colour and CT, and the
#: legacy converted ones.
_ENHANCED = tuple(f"1.2.840.10008.5.1.4.1.1.{kind}" for kind in ("4.1", "4.3", "2.1", "4.4", "2.2"))
#: Transfer syntaxes without compression.
_UNCOMPRESSED = ("", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2")


# Elements of the file meta group, which precedes the header.
_SOP_CLASS, _TRANSFER_SYNTAX = 0x0002, 0x0010


@dataclass(frozen=True)
class DicomSlice:
    """One DICOM image.

    Attributes:
        path: its file.
        tags: values of its tags by keyword, empty if absent.
        size: number of columns, rows and, in a multi-frame image, frames.
        components: number of values in each voxel.
    """

    path: Path
    tags: Mapping[str, str]
    size: tuple[int, ...]
    components: int

    @classmethod
    def of_file(cls, path: Path) -> DicomSlice | None:
        """Read the header of a file; ``None`` if GDCM finds no image in it."""
        reader = _reader(path)
        try:
            reader.ReadImageInformation()
        except RuntimeError:
            return None
        tags = {keyword: _text(reader, tag) for keyword, tag in _TAGS.items()}
        return cls(path, tags, reader.GetSize(), reader.GetNumberOfComponents())

    @property
    def sop_class(self) -> str:
        """UID of the kind of image."""
        return sop_class(self.path)

    @property
    def is_truncated(self) -> bool:
        """Whether the file is smaller than its uncompressed voxels."""
        voxels = np.prod(self.size) * self.components * (numbers(self.tags["BitsAllocated"]) or [8])[0] / 8
        uncompressed = _file_meta(self.path, _TRANSFER_SYNTAX) in _UNCOMPRESSED
        return uncompressed and bool(self.path.stat().st_size < voxels)

    def check_single(self) -> None:
        """Refuse an image that is not a single slice of scalars.

        Raises:
            InputError: its voxels are not scalar, or it is multi-frame or a mosaic of slices.
        """
        check_scalar(self.components, complex_valued=False, path=self.path)
        if int(np.prod(self.size[2:])) != 1 or self.sop_class in _ENHANCED:
            raise InputError(f"{self.path} is multi-frame (enhanced) DICOM: convert it to NIfTI, as with dcm2niix")
        if "MOSAIC" in self.tags["ImageType"].upper():
            raise InputError(f"{self.path} is a mosaic of slices: convert it to NIfTI, as with dcm2niix")

    def voxels(self) -> NDArray[Any]:
        """Read the voxels with the rescale slope applied, shape (rows, columns).

        Raises:
            InputError: the file cannot be read.
        """
        import SimpleITK as sitk

        with readable(self.path):
            return sitk.GetArrayFromImage(_reader(self.path).Execute()).reshape(self.size[1], self.size[0])

    def placement(self) -> SlicePlacement:
        """Position and orientation of the slice.

        Raises:
            InputError: the header does not tell them.
        """
        position = self._numbers("ImagePositionPatient", 3)
        rows, columns = self._numbers("ImageOrientationPatient", 6).reshape(2, 3)
        row_distance, column_distance = self._numbers("PixelSpacing", 2)
        lengths = np.linalg.norm(rows), np.linalg.norm(columns)
        if not np.allclose(lengths, 1, atol=0.01) or abs(rows @ columns) > LARGEST_SHEAR:
            raise InputError(f"in {self.path}, ImageOrientationPatient is not two orthogonal unit vectors: repair it")
        pixel = (float(column_distance), float(row_distance))
        return SlicePlacement(self.path.name, position, rows / lengths[0], columns / lengths[1], pixel)

    def _numbers(self, keyword: str, count: int) -> NDArray[np.float64]:
        values = np.array(numbers(self.tags[keyword]))
        if values.size != count or not np.isfinite(values).all():
            raise InputError(f"{self.path} does not tell where its slice lies: its {keyword} is not {count} numbers")
        return values


def is_dicom(path: Path) -> bool:
    """Whether a file has the preamble of a DICOM file."""
    return _start(path)[128:132] == b"DICM"


def sop_class(path: Path) -> str:
    """UID of the kind of object in a DICOM file; empty if its meta group does not tell."""
    return _file_meta(path, _SOP_CLASS)


def _reader(path: Path) -> Any:
    import SimpleITK as sitk

    reader = sitk.ImageFileReader()
    reader.SetImageIO("GDCMImageIO")
    reader.SetFileName(str(path))
    return reader


def _text(reader: Any, tag: str) -> str:
    """The value of a tag without padding; bytes of an unknown character set are replaced."""
    value = reader.GetMetaData(tag) if reader.HasMetaDataKey(tag) else ""
    return str(value).encode("utf-8", "replace").decode("utf-8").strip(" \0")


def _file_meta(path: Path, element: int) -> str:
    """A UID in the meta group of a DICOM file, by the number of its element; empty if there is none."""
    pattern = b"\x02\x00" + re.escape(element.to_bytes(2, "little")) + rb"UI..([0-9.]+)"
    match = re.search(pattern, _start(path), re.DOTALL)
    return match.group(1).decode() if match else ""


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(2048)
