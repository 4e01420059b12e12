"""Reading and writing volumes: NIfTI, MGZ, NRRD and MetaImage; folders of DICOM slices are only read.

In every format the affine of the :class:`~SuperResolveLib.data.volume.Volume` is exactly that of the file, in RAS mm,
and intensities are float32 with the file's scaling applied. Anything but a scalar 3-D image is refused, and so is a
file that is damaged or whose header announces what the file does not hold: no reader trusts a header.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..data.volume import Volume
from ..errors import InputError
from . import metaimage_files, mgh_files, nifti_files, nrrd_files
from .checks import check_affine, single_precision
from .dicom.file import is_dicom
from .dicom.series import read as read_series
from .dicom.series import read_file as read_enhanced
from .files import PathLike, check_target
from .sidecar import sidecar_header
from .stored import StoredImage
from .voxel_warnings import voxel_warnings

_FORMATS: dict[str, Any] = {
    ".nii": nifti_files, ".nii.gz": nifti_files, ".mgz": mgh_files, ".mgh": mgh_files, ".nrrd": nrrd_files,
    ".nhdr": nrrd_files, ".mha": metaimage_files, ".mhd": metaimage_files,
}  # fmt: skip
#: Endings of formats with the voxels in a second file, and their single-file counterparts. They are read but not
#: written, as two files cannot be replaced at the same time.
DETACHED_ENDINGS = {".nhdr": ".nrrd", ".mhd": ".mha"}
READ_ENDINGS = tuple(_FORMATS)
WRITTEN_ENDINGS = tuple(ending for ending in _FORMATS if ending not in DETACHED_ENDINGS)


def read_volume(path: PathLike, series: str | None = None, fill_nonfinite: float | None = None) -> Volume:
    """Read a volume from a file or a DICOM folder.

    The affine of NIfTI is the sform if its code is above 0, else the qform, as in nibabel. Slice thickness and
    acquired resolution come from DICOM tags or from a JSON sidecar of the file. The slice spacing of a DICOM folder
    comes from the positions of its slices. The volume's warnings tell where a header contradicts itself and what was
    used, and what the voxels show, such as blank slices.

    Args:
        path: a NIfTI, MGZ, NRRD or MetaImage file, or a folder with the slices of a DICOM series.
        series: UID, number or description of the series to read; needed only if a DICOM folder holds several.
        fill_nonfinite: replaces voxels that are NaN or infinite, which are refused otherwise.

    Raises:
        InputError: it cannot be read, or is not a scalar 3-D image on a rectangular grid of plausible size.
    """
    if fill_nonfinite is not None and not np.isfinite(fill_nonfinite):
        raise InputError(f"non-finite voxels cannot be filled with {fill_nonfinite}: choose a finite number")
    source = Path(path)
    stored = _read(source, series)
    affine = check_affine(stored.affine, stored.voxels.shape, source)
    data, filled = single_precision(stored.voxels, source, fill_nonfinite)
    integer = stored.voxels.dtype.kind in "iu"
    volume = Volume(
        data=data,
        affine=affine,
        header=stored.header,
        space=stored.space,
        stored_type=stored.voxels.dtype.newbyteorder("=") if integer else np.dtype(np.float32),
        warnings=stored.warnings + filled,
    )
    volume = replace(volume, warnings=volume.warnings + voxel_warnings(volume))
    return volume if source.is_dir() else sidecar_header(volume, source, file_ending(source))


def write_volume(volume: Volume, path: PathLike, keep_type: bool = False, compress: bool = True) -> None:
    """Write a volume in the format of the file's ending, completely or not at all.

    Args:
        volume: the volume.
        path: the file to write.
        keep_type: whether a volume that was stored as integers is rounded, clipped and written as integers of that type
            (in MGZ, which has fewer types, of the next wider one). Otherwise, and for integers that the file scaled
            (NIfTI's ``scl_slope``, DICOM's rescale slope), intensities are written as float32.
        compress: whether NRRD and MetaImage files are compressed; without it they are larger but quicker to write and
            read. For the other formats the ending decides.

    Raises:
        InputError: as in :func:`check_output`, or the writing fails.
    """
    check_output(path)
    _FORMATS[file_ending(Path(path))].write(volume, Path(path), keep_type, compress)


def check_output(path: PathLike) -> None:
    """Check, before a long run, that a volume can be written under that name.

    Raises:
        InputError: the ending is not that of a format, or the file cannot be written.
    """
    ending = file_ending(Path(path))
    if ending in DETACHED_ENDINGS:
        raise InputError(f"{path} would be two files: write {DETACHED_ENDINGS[ending]}, which holds the same in one")
    if ending not in WRITTEN_ENDINGS:
        raise InputError(f"the ending of {path} names no format to write: use one of {', '.join(WRITTEN_ENDINGS)}")
    check_target(path)


def _read(source: Path, series: str | None) -> StoredImage:
    if source.is_dir():
        return read_series(source, series)
    if not source.exists():
        raise InputError(f"there is no file or folder {source}: check the path")
    if series is not None:
        raise InputError(f"{source} is a file, and --series chooses in a DICOM folder: leave it out")
    if not source.is_file():
        raise InputError(f"{source} is neither a file nor a folder: give a file")
    ending = file_ending(source)
    if ending in _FORMATS:
        stored: StoredImage = _FORMATS[ending].read(source, ending)
        return stored
    if is_dicom(source):
        return read_enhanced(source)
    if ending in (".img", ".hdr"):
        raise InputError(f"{source} is one of two files (.hdr and .img), which are not read: write both as one .nii.gz")
    known = ", ".join((*WRITTEN_ENDINGS, *DETACHED_ENDINGS))
    raise InputError(f"the ending of {source} names no known format: give a file of {known}, or a DICOM folder")


def file_ending(path: Path) -> str:
    """The ending of a file's name in lower case, such as ``.nii.gz``."""
    name = path.name.lower()
    return next((ending for ending in (".nii.gz", *WRITTEN_ENDINGS) if name.endswith(ending)), path.suffix.lower())


def path_beside(path: Path, name: str) -> Path:
    """The path of a file that goes with another: in its folder, with ``_name`` before its ending."""
    return path.with_name(f"{stem(path)}_{name}{path.name[len(stem(path)) :]}")


def stem(path: Path) -> str:
    """A file's name without its ending; ``.nii.gz`` is one."""
    return path.name[: len(path.name) - len(file_ending(path))]
