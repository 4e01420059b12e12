"""Voxels of scans, loaded when they are needed, as many as memory is given for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from ..data.volume import Volume


class VolumeCache:
    """Loads volumes by number and keeps those last used, so that a thousand scans need no more memory than ten.

    Args:
        load: reads or makes a volume.
        limit: bytes of voxels that are kept; the volume last asked for is kept however large it is.
    """

    def __init__(self, load: Callable[[int], Volume], limit: int) -> None:
        self._load, self._limit = load, limit
        self._kept: OrderedDict[int, Volume] = OrderedDict()

    def __call__(self, number: int) -> Volume:
        """The volume of that number."""
        if number not in self._kept:
            self.put(number, self._load(number))
        self._kept.move_to_end(number)
        return self._kept[number]

    def put(self, number: int, volume: Volume) -> None:
        """Keep a volume that was loaded anyway."""
        self._kept[number] = volume
        self._kept.move_to_end(number)
        while len(self._kept) > 1 and self.held > self._limit:
            self._kept.popitem(last=False)

    @property
    def held(self) -> int:
        """Bytes of the voxels that are kept."""
        return sum(volume.data.nbytes for volume in self._kept.values())
