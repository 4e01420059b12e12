"""Reading and writing volumes: NIfTI and MGZ, NRRD and MetaImage, and folders of DICOM slices.

Whatever the format, a :class:`~SuperResolveLib.data.volume.Volume` keeps the affine of the file exactly, in RAS mm,
and its intensities, any scaling applied, are float32. What is not one scalar 3-D image is refused in one sentence.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..data.volume import Volume
from ..errors import InputError
from . import dicom, itk_files, nibabel_files
from .checks import check_affine, single_precision
from .files import PathLike, check_target
from .sidecar import sidecar_header
from .stored import StoredImage

NIBABEL_ENDINGS = (".nii", ".nii.gz", ".mgz", ".mgh")
ITK_ENDINGS = (".nrrd", ".mha")
#: A header in one file, the voxels in another: read, but not written, as two files cannot appear at once.
DETACHED_ENDINGS = {".nhdr": ".nrrd", ".mhd": ".mha"}
WRITTEN_ENDINGS = NIBABEL_ENDINGS + ITK_ENDINGS


def read_volume(path: PathLike, series: str | None = None, fill_nonfinite: float | None = None) -> Volume:
    """The volume in a file or a DICOM folder.

    NIfTI takes sform or qform as nibabel does: the sform where its code is above 0, else the qform. A JSON sidecar of
    the same name tells slice thickness and acquisition matrix, as DICOM tags do. In a DICOM folder the slice spacing
    comes from the slice positions.

    Args:
        path: a NIfTI, MGZ, NRRD or MetaImage file, or a folder with the slices of a DICOM series.
        series: which series of a DICOM folder, by UID, number or description; needed only where it holds several.
        fill_nonfinite: replaces NaN and infinite voxels.

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
    return volume if source.is_dir() else sidecar_header(volume, source, _ending(source))


def write_volume(volume: Volume, path: PathLike, keep_type: bool = False, compress: bool = True) -> None:
    """Write a volume in the format that the file's ending names, all at once or not at all.

    Intensities are written as float32. With ``keep_type``, a volume that was stored as integers is rounded, clipped to
    the range of that type and written in it (MGZ, which has fewer types: in the next wider). Integers that the file
    scales (NIfTI's ``scl_slope``, DICOM's rescale slope) are not whole numbers once read, and are written as float32.

    Without ``compress``, NRRD and MetaImage are larger, and quicker to write and read; the others go by their ending.

    Raises:
        InputError: as in :func:`check_output`, or the writing fails.
    """
    check_output(path)
    if _ending(Path(path)) in NIBABEL_ENDINGS:
        nibabel_files.write(volume, Path(path), keep_type)
    else:
        itk_files.write(volume, Path(path), keep_type, compress)


def check_output(path: PathLike) -> None:
    """Whether a volume can be written under that name: to ask before a long run.

    Raises:
        InputError: the ending names no format, or the place cannot be written to.
    """
    ending = _ending(Path(path))
    if ending in DETACHED_ENDINGS:
        raise InputError(f"{path} would be two files: write {DETACHED_ENDINGS[ending]}, which holds the same in one")
    if ending not in WRITTEN_ENDINGS:
        raise InputError(f"the ending of {path} names no format to write: use one of {', '.join(WRITTEN_ENDINGS)}")
    check_target(path)


def _read(source: Path, series: str | None) -> StoredImage:
    if source.is_dir():
        return dicom.read(source, series)
    if not source.exists():
        raise InputError(f"there is no file or folder {source}: check the path")
    if series is not None:
        raise InputError(f"{source} is a file, and --series chooses in a DICOM folder: leave it out")
    ending = _ending(source)
    if ending in NIBABEL_ENDINGS:
        return nibabel_files.read(source, ending)
    if ending in ITK_ENDINGS or ending in DETACHED_ENDINGS:
        return itk_files.read(source, ending)
    if dicom.is_dicom(source):
        raise InputError(f"{source} is a single DICOM file: give the folder that holds all slices of the series")
    known = ", ".join((*WRITTEN_ENDINGS, *DETACHED_ENDINGS))
    raise InputError(f"the ending of {source} names no known format: give a file of {known}, or a DICOM folder")


def _ending(path: Path) -> str:
    """The file's ending in lower case, the longest known one first."""
    name = path.name.lower()
    return next((ending for ending in (".nii.gz", *WRITTEN_ENDINGS) if name.endswith(ending)), path.suffix.lower())
