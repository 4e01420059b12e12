"""Reading NIfTI-1, NIfTI-2 and MGH/MGZ files with nibabel, and writing NIfTI-1 and MGH/MGZ."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.volume import Volume
from .checks import check_scalar, check_shape, readable
from .files import replacing
from .intensities import written
from .stored import SCANNER, StoredImage

#: Length in mm of the unit with that code in a NIfTI header; other codes count as mm.
UNITS_IN_MM = {1: 1000.0, 2: 1.0, 3: 0.001}
#: Number types that MGH files can hold, narrower ones first.
MGH_TYPES = tuple(np.dtype(kind) for kind in (np.uint8, np.int16, np.int32, np.float32))


def read(path: Path, ending: str) -> StoredImage:
    """Read a NIfTI or MGH file, compressed or not; ``ending`` is that of its name.

    As in nibabel, the affine of NIfTI is the sform if its code is above 0, else the qform.

    Raises:
        InputError: it cannot be read, or is not a scalar 3-D image.
    """
    with readable(path), _silent_nibabel():
        contents = _contents(path)
        image = _image_class(contents, ending).from_bytes(contents)
        shape = check_shape(image.shape, path)
        stored_type = image.get_data_dtype()
        check_scalar(len(stored_type.fields) if stored_type.fields else 1, stored_type.kind == "c", path)
        voxels = np.asanyarray(image.dataobj).reshape(shape)
        if ending in (".mgh", ".mgz"):
            return StoredImage(voxels, image.affine)
        affine, warnings = _in_mm(image)
        return StoredImage(voxels, affine, warnings=warnings + _disagreements(image, shape), space=_space(image))


def write(volume: Volume, path: Path, keep_type: bool) -> None:
    """Write a NIfTI-1 or MGH file, as the ending of ``path`` says.

    In NIfTI both qform and sform are the volume's affine, with the code of its coordinate space.

    Raises:
        InputError: the writing fails.
    """
    from nibabel.freesurfer.mghformat import MGHImage
    from nibabel.nifti1 import Nifti1Image

    image: Any
    if path.name.lower().endswith((".mgh", ".mgz")):
        image = MGHImage(written(volume, keep_type, MGH_TYPES), volume.affine)
    else:
        data = written(volume, keep_type)
        image = Nifti1Image(data, volume.affine, dtype=data.dtype)
        image.set_qform(volume.affine, volume.space)
        image.set_sform(volume.affine, volume.space)
        image.header.set_xyzt_units("mm")
    contents = image.to_bytes()
    if path.name.lower().endswith((".gz", ".mgz")):
        contents = gzip.compress(contents, compresslevel=2, mtime=0)  # without a time, equal volumes give equal files
    with replacing(path) as aside:
        aside.write_bytes(contents)


def _contents(path: Path) -> bytes:
    """The decompressed bytes of a file; decompressing it as a whole verifies gzip's checksum."""
    contents = path.read_bytes()
    return gzip.decompress(contents) if contents[:2] == b"\x1f\x8b" else contents


def _image_class(contents: bytes, ending: str) -> Any:
    """The nibabel class that reads these bytes."""
    from nibabel.freesurfer.mghformat import MGHImage
    from nibabel.nifti1 import Nifti1Image
    from nibabel.nifti2 import Nifti2Header, Nifti2Image

    if ending in (".mgh", ".mgz"):
        return MGHImage
    return Nifti2Image if Nifti2Header.may_contain_header(contents) else Nifti1Image


def _in_mm(image: Any) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """The affine in mm, and a warning if the header names another unit."""
    unit = UNITS_IN_MM.get(int(image.header["xyzt_units"]) & 7, 1.0)
    if unit == 1.0:
        return image.affine, ()
    affine = image.affine.copy()
    affine[:3] *= unit
    return affine, (f"the header gives lengths in units of {unit:g} mm; they were converted",)


def _space(image: Any) -> int:
    """The code of the coordinate space of the affine: that of the sform if it is above 0, else that of the qform."""
    return int(image.header["sform_code"]) or int(image.header["qform_code"]) or SCANNER


def _disagreements(image: Any, shape: tuple[int, int, int]) -> tuple[str, ...]:
    """A warning if the header describes the grid twice and differently, or tells no orientation."""
    header = image.header
    qform_code, sform_code = int(header["qform_code"]), int(header["sform_code"])
    if sform_code > 0 and qform_code > 0:
        return _qform_against_sform(image, shape)
    if sform_code > 0:
        steps, voxel = np.linalg.norm(image.affine[:3, :3], axis=0), np.abs(header["pixdim"][1:4])
        if np.abs(steps - voxel).max() > 0.01 * steps.min():
            return (f"the sform, which is used, has voxels of {_sizes(steps)} mm; the header says {_sizes(voxel)} mm",)
    elif qform_code == 0:
        return ("the header tells no orientation (qform and sform codes are 0): left and right may be swapped",)
    return ()


def _qform_against_sform(image: Any, shape: tuple[int, int, int]) -> tuple[str, ...]:
    """A warning if qform and sform place a corner of the image more than a voxel apart."""
    from nibabel.spatialimages import HeaderDataError

    try:
        qform = image.header.get_qform()
    except HeaderDataError:
        return ("the header's qform is not a rotation: the sform is used",)
    corners = np.array([(i, j, k, 1) for i in (0, shape[0]) for j in (0, shape[1]) for k in (0, shape[2])])
    apart = np.linalg.norm((corners @ (image.affine - qform).T)[:, :3], axis=1).max()
    if apart < np.linalg.norm(image.affine[:3, :3], axis=0).min():  # single precision moves a qform by half a voxel
        return ()
    return (f"the header's qform and sform are up to {apart:.3g} mm apart: the sform is used",)


def _sizes(steps: NDArray[np.float64]) -> str:
    return " x ".join(f"{step:.4g}" for step in steps)


@contextmanager
def _silent_nibabel() -> Iterator[None]:
    """Hide nibabel's messages about small repairs of headers."""
    from nibabel.imageglobals import logger

    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before
