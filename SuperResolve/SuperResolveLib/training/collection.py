"""A collection: the scans that a network learns from, each looked at once and loaded when it is needed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..data.volume import Volume
from ..errors import InputError
from ..image_io.volumes import read_volume
from ..progress import ProgressCallback, silent
from .scan_files import ScanFile, scan_files
from .subjects import modality_of, subject_of

#: Bytes of voxels that are kept in memory.
CACHE = 2**31


@dataclass(frozen=True)
class Item:
    """A scan of a collection.

    Attributes:
        name: the file, or what else tells it from others.
        load: reads it.
        subject: whoever it is of.
        shape, spacing: voxels, and their size in mm.
        modality: where it is known.
        synthetic: whether nobody was scanned for it.
    """

    name: str
    load: Callable[[], Volume]
    subject: str
    shape: tuple[int, int, int]
    spacing: tuple[float, float, float]
    modality: str | None = None
    synthetic: bool = False


class _Cache:
    """The volumes that were used last, as far as they fit into so many bytes; at least one."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held: OrderedDict[str, Volume] = OrderedDict()

    def get(self, item: Item) -> Volume:
        """The item's volume."""
        if item.name in self._held:
            self._held.move_to_end(item.name)
            return self._held[item.name]
        volume = item.load()
        self._held[item.name] = volume
        while len(self._held) > 1 and self.bytes > self._limit:
            self._held.popitem(last=False)
        return volume

    @property
    def bytes(self) -> int:
        """How many are held."""
        return sum(volume.data.nbytes for volume in self._held.values())


@dataclass(frozen=True)
class Collection:
    """Scans, in a fixed order.

    Attributes:
        items: the scans.
        left_out: what cannot serve, a sentence each.
        cache: of voxels; parts of a collection share it.
    """

    items: tuple[Item, ...]
    left_out: tuple[str, ...] = ()
    cache: _Cache = field(default_factory=lambda: _Cache(CACHE), repr=False, compare=False)

    def volume(self, index: int) -> Volume:
        """The volume of an item, from memory if it was used lately.

        Raises:
            InputError: it cannot be read any more.
        """
        return self.cache.get(self.items[index])

    def part(self, indices: Sequence[int]) -> Collection:
        """Some of the scans."""
        return Collection(tuple(self.items[index] for index in indices), (), self.cache)

    def joined(self, other: Collection) -> Collection:
        """The scans of both."""
        return Collection(self.items + other.items, self.left_out + other.left_out, self.cache)

    def split(self, share: float, seed: int) -> tuple[Collection, Collection]:
        """A part to learn from and one, of about that share of the subjects, to validate on; no subject is in both.

        Raises:
            InputError: all scans are of one subject.
        """
        subjects = sorted({item.subject for item in self.items})
        if len(subjects) < 2:
            raise InputError(
                "all scans are of one subject, so that none can be held out to validate on: give scans of others by "
                "--validate FOLDER, or --validate 0 to do without"
            )
        count = min(len(subjects) - 1, max(1, round(share * len(subjects))))
        held_out = set(np.random.default_rng(seed).permutation(subjects)[:count].tolist())
        parts: tuple[list[int], list[int]] = ([], [])
        for index, item in enumerate(self.items):
            parts[item.subject in held_out].append(index)
        return self.part(parts[0]), self.part(parts[1])


def find_scans(
    sources: Sequence[Path], check: Callable[[Volume], None], progress: ProgressCallback = silent
) -> Collection:
    """The scans that sources name (:func:`~.scan_files.scan_files`), as far as they can serve.

    Every scan is read once, so that what cannot serve is told before training and not in its midst.

    Args:
        sources: files, folders, patterns and lists.
        check: refuses a volume that cannot serve, in a sentence that begins with "it ".
        progress: called with the fraction done.

    Raises:
        InputError: a source does not exist, or none of the scans can serve.
        Cancelled: raised by ``progress``.
    """
    files = scan_files(sources)
    items, left_out = [], []
    for number, file in enumerate(files):
        progress(number / len(files), "reading the collection")
        try:
            items.append(_item(file, check))
        except InputError as error:
            left_out.append(_sentence(file.path, str(error)))
    if not items:
        named = ", ".join(map(str, sources))
        if not files:
            raise InputError(f"there are no scans in {named}: give files or folders with some")
        raise InputError(f"none of {len(files)} scans in {named} can serve; the first: {left_out[0]}")
    return Collection(tuple(items), tuple(left_out))


def _item(file: ScanFile, check: Callable[[Volume], None]) -> Item:
    volume = read_volume(file.path)
    check(volume)
    header = volume.header
    return Item(
        str(file.path),
        lambda: read_volume(file.path),
        subject_of(file.path, header.patient, file.root),
        volume.shape,
        volume.spacing,
        modality_of(file.path, header.modality),
    )


def _sentence(path: Path, message: str) -> str:
    return message if str(path) in message else f"{path}: {message}"
