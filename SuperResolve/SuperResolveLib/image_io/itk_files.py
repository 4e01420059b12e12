"""Reading and writing NRRD and MetaImage files with SimpleITK, whose coordinates are LPS."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.volume import Volume
from ..errors import InputError
from .checks import check_affine, check_scalar, check_shape, readable
from .files import replacing
from .intensities import written
from .stored import StoredImage

#: x and y change sign between LPS and RAS.
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])

_IMAGE_IO = {".nrrd": "NrrdImageIO", ".nhdr": "NrrdImageIO", ".mha": "MetaImageIO", ".mhd": "MetaImageIO"}


def read(path: Path, ending: str) -> StoredImage:
    """Read a NRRD or MetaImage file; ``ending`` is that of its name.

    Raises:
        InputError: it cannot be read, is not a scalar 3-D image, or its affine cannot be used.
    """
    import SimpleITK as sitk

    reader = sitk.ImageFileReader()
    reader.SetImageIO(_IMAGE_IO[ending])
    reader.SetFileName(str(path))
    with readable(path), silent_stderr():
        _check_dimensions(path)
        reader.ReadImageInformation()
        shape = check_shape(reader.GetSize(), path)
        complex_valued = reader.GetPixelIDValue() in (sitk.sitkComplexFloat32, sitk.sitkComplexFloat64)
        check_scalar(reader.GetNumberOfComponents(), complex_valued, path)
        affine = check_affine(_affine(reader), shape, path)  # before the voxels: ITK fails on a singular affine
        reader.SetExtractSize((*shape, *[0] * (reader.GetDimension() - 3)))
        voxels = sitk.GetArrayFromImage(reader.Execute())
    return StoredImage(voxels.reshape(shape[::-1]).transpose(2, 1, 0), affine)


def write(volume: Volume, path: Path, keep_type: bool, compress: bool) -> None:
    """Write a NRRD or MetaImage file, as the ending of ``path`` says.

    Raises:
        InputError: the writing fails.
    """
    import SimpleITK as sitk

    image = sitk.GetImageFromArray(np.ascontiguousarray(written(volume, keep_type).T))
    affine = LPS_TO_RAS @ volume.affine
    image.SetSpacing(volume.spacing)
    image.SetDirection((affine[:3, :3] / volume.spacing).ravel().tolist())
    image.SetOrigin(affine[:3, 3].tolist())
    writer = sitk.ImageFileWriter()
    writer.SetImageIO(_IMAGE_IO[path.suffix.lower()])
    writer.SetUseCompression(compress)
    with replacing(path) as aside:
        writer.SetFileName(str(aside))
        try:
            writer.Execute(image)
        except RuntimeError as error:
            raise InputError(f"{path} cannot be written: check that there is space on the disk") from error


def _check_dimensions(path: Path) -> None:
    """Refuse a MetaImage of so many dimensions that ITK would crash."""
    with path.open("rb") as file:
        match = re.search(rb"NDims\s*=\s*(\d+)", file.read(1024))
    if match and int(match.group(1)) > 5:
        raise InputError(f"{path} says that it is {int(match.group(1))}-D: give a 3-D volume")


def _affine(reader: Any) -> NDArray[np.float64]:
    """The affine of the first three axes, voxel index to RAS mm."""
    dimension = reader.GetDimension()
    affine = np.eye(4)
    direction = np.reshape(reader.GetDirection(), (dimension, dimension))
    affine[:3, :3] = (direction * np.array(reader.GetSpacing()))[:3, :3]
    affine[:3, 3] = reader.GetOrigin()[:3]
    return LPS_TO_RAS @ affine


@contextmanager
def silent_stderr() -> Iterator[None]:
    """Hide messages that ITK and GDCM write from C++ to the stderr of the process."""
    try:
        terminal = os.dup(2)
    except OSError:  # a windowed process has no stderr
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
        os.close(nowhere)
