"""Reading label maps, of which nothing is wrong that would be in an image."""

from __future__ import annotations

from dataclasses import replace

from ..data.volume import Volume
from .files import PathLike
from .volumes import read_volume
from .voxel_warnings import voxel_warnings


def read_labels(path: PathLike) -> Volume:
    """Read a label map or a mask as :func:`~SuperResolveLib.image_io.volumes.read_volume` reads a volume.

    Its voxels may be few different whole numbers, and slices may be blank, without a warning.

    Raises:
        InputError: it cannot be read.
    """
    volume = read_volume(path)
    of_images = voxel_warnings(volume)
    return replace(volume, warnings=tuple(warning for warning in volume.warnings if warning not in of_images))
