"""One slice of a DICOM series: a file of its own, or a frame of an enhanced one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ..acquisition_tags import numbers
from ..checks import FARTHEST_POINT, LARGEST_SHEAR
from .file import DicomFile
from .format import PixelFormat
from .slice_stack import SlicePlacement
from .values import Intensities


@dataclass(frozen=True)
class DicomSlice:
    """One slice.

    Attributes:
        name: what messages call it, the name of its file or the number of its frame.
        file: its file.
        tags: values of its tags by keyword, empty if absent.
    """

    name: str
    file: DicomFile
    tags: Mapping[str, str]

    def placement(self) -> SlicePlacement:
        """Position and orientation of the slice.

        Raises:
            InputError: the header does not tell them.
        """
        position = self._numbers("ImagePositionPatient", 3)
        rows, columns = self._numbers("ImageOrientationPatient", 6).reshape(2, 3)
        row_distance, column_distance = self._numbers("PixelSpacing", 2)
        lengths = np.linalg.norm(rows), np.linalg.norm(columns)
        where = f"in {self._where}"
        if not np.allclose(lengths, 1, atol=0.01) or abs(rows @ columns) > LARGEST_SHEAR:
            raise InputError(f"{where}, ImageOrientationPatient is not two orthogonal unit vectors: repair it")
        if min(row_distance, column_distance) <= 0:
            raise InputError(f"{where}, PixelSpacing is not positive: repair it")
        if np.abs(position).max() > FARTHEST_POINT:
            far = f"{np.abs(position).max():.3g} mm from the origin"
            raise InputError(f"{where}, ImagePositionPatient is implausible, {far}: repair it")
        pixel = (float(column_distance), float(row_distance))
        return SlicePlacement(self.name, position, rows / lengths[0], columns / lengths[1], pixel)

    def intensities(self, form: PixelFormat) -> Intensities:
        """How its stored values become intensities.

        Raises:
            InputError: the header's rescaling is implausible.
        """
        return Intensities.of(self.tags, form, self.file.path)

    @property
    def _where(self) -> str:
        return str(self.file.path) if self.name == self.file.path.name else f"{self.name} of {self.file.path}"

    def _numbers(self, keyword: str, count: int) -> NDArray[np.float64]:
        values = np.array(numbers(self.tags[keyword]))
        if values.size != count or not np.isfinite(values).all():
            raise InputError(f"{self._where} does not tell where its slice lies: its {keyword} is not {count} numbers")
        return values
