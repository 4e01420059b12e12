"""Reading and writing MGH and MGZ files with nibabel's headers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..data.volume import Volume
from ..errors import InputError
from .byte_stream import compressed, opened
from .checks import check_shape, readable
from .files import write_whole
from .intensities import written
from .stored import StoredImage
from .text_header import checked_voxel_sizes, not_of_its_type
from .voxel_data import read_voxels

#: Number types that MGH files can hold, narrower ones first.
MGH_TYPES = tuple(np.dtype(kind) for kind in (np.uint8, np.int16, np.int32, np.float32))
#: Where the voxels begin, and the most bytes of the notes that follow them.
_FIRST, _LONGEST_NOTES = 284, 2**24


def read(path: Path, ending: str) -> StoredImage:
    """Read a MGH file, compressed or not, which its content tells.

    Raises:
        InputError: it is damaged, is not a 3-D image, or does not tell its voxel sizes.
    """
    from nibabel.freesurfer.mghformat import MGHHeader

    with readable(path), opened(path) as stream:
        stored = stream.read(_FIRST).tobytes()
        header: Any = MGHHeader(stored, check=False)
        if int(header["version"]) != 1:
            raise not_of_its_type(path, "MGH")
        if int.from_bytes(stored[28:30], "big", signed=True) <= 0:
            raise InputError(f"the header of {path} tells no voxel sizes (goodRASFlag is not 1): repair the header")
        shape = check_shape([int(size) for size in header["dims"]], path)
        sizes = np.asarray(header["delta"], dtype=np.float64)
        checked_voxel_sizes(sizes, ["delta"] * 3, path)
        try:
            kind = np.dtype(header.get_data_dtype())
        except KeyError:
            raise InputError(
                f"the header of {path} gives the number type {int(header['type'])}, which MGH has not"
            ) from None
        voxels, warnings = read_voxels(stream, shape, kind.newbyteorder(">"), spare=_LONGEST_NOTES)
        return StoredImage(voxels, header.get_affine(), warnings=warnings)


def write(volume: Volume, path: Path, keep_type: bool, compress: bool) -> None:
    """Write a MGH file, compressed if ``path`` ends in ``.mgz``.

    Raises:
        InputError: the writing fails.
    """
    from nibabel.freesurfer.mghformat import MGHImage

    image: Any = MGHImage(written(volume, keep_type, MGH_TYPES), volume.affine)
    contents = [image.to_bytes()]
    write_whole(path, compressed(contents, "gzip") if path.name.lower().endswith(".mgz") else contents)
