"""Reading NIfTI-1 and NIfTI-2 files, and writing NIfTI-1, with nibabel's headers."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Any

from ..data.volume import Volume
from ..errors import InputError
from .byte_stream import compressed, opened
from .checks import check_scalar, check_shape, readable
from .files import write_whole
from .intensities import stored_bytes, written
from .nifti_header import LABEL_INTENTS, number_type, placement, read_header, sizes, skip_to_voxels, slope_and_intercept
from .stored import StoredImage
from .voxel_data import read_voxels


def read(path: Path, ending: str) -> StoredImage:
    """Read a NIfTI file, compressed or not, which its content tells.

    The affine is the sform if its code is above 0, else the qform.

    Raises:
        InputError: it is damaged, or is not a scalar 3-D image.
    """
    from nibabel.volumeutils import apply_read_scaling

    with readable(path), opened(path) as stream:
        header = read_header(stream)
        all_sizes, told = sizes(header)
        shape = check_shape(all_sizes, path)
        kind = number_type(header, path)
        check_scalar(len(kind.fields) if kind.fields else 1, kind.kind == "c", path)
        affine, space, warnings = placement(header, shape, path)
        warnings += told
        slope, intercept, told = slope_and_intercept(header, path)
        warnings += told + _meaning(header, kind)
        warnings += skip_to_voxels(header, stream)
        voxels, told = read_voxels(stream, shape, kind)
        return StoredImage(apply_read_scaling(voxels, slope, intercept), affine, warnings=warnings + told, space=space)


def write(volume: Volume, path: Path, keep_type: bool, compress: bool) -> None:
    """Write a NIfTI-1 file, compressed if ``path`` ends in ``.gz``.

    Both qform and sform are the volume's affine, with the code of its coordinate space.

    Raises:
        InputError: the writing fails, or the volume has more voxels along an axis than the format can tell.
    """
    from nibabel.nifti1 import Nifti1Image

    if max(volume.shape) > 32767:
        raise InputError(f"{path} cannot be written: NIfTI-1 has no axis of {max(volume.shape)} voxels; write a .nrrd")
    data = written(volume, keep_type)
    image: Any = Nifti1Image(data, volume.affine, dtype=data.dtype)
    image.set_qform(volume.affine, volume.space)
    image.set_sform(volume.affine, volume.space)
    image.header.set_xyzt_units("mm")
    image.header.set_slope_inter(1.0, 0.0)
    contents = chain([_header_bytes(image)], stored_bytes(data, image.header.endianness))
    write_whole(path, compressed(contents, "gzip") if path.name.lower().endswith(".gz") else contents)


def _header_bytes(image: Any) -> bytes:
    """The header of a single file, and that no extensions follow."""
    header = image.header
    header["magic"], header["vox_offset"] = header.single_magic, header.single_vox_offset
    return bytes(header.binaryblock) + bytes(4)


def _meaning(header: Any, kind: Any) -> tuple[str, ...]:
    """Warnings if the voxels are said to be labels, or to be of another size than their type's."""
    intent, bits = int(header["intent_code"]), int(header["bitpix"])
    warnings: tuple[str, ...] = ()
    if intent in LABEL_INTENTS:
        warnings += (
            f"the header says that this is a label map (intent code {intent}), whose labels do not interpolate",
        )
    if bits != 8 * kind.itemsize:
        warnings += (f"the header's bitpix is {bits}, and its datatype has {8 * kind.itemsize}: the latter is used",)
    return warnings
