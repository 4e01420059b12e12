"""Making a collection of what files, folders, patterns and lists hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from ..data.volume import Volume
from ..errors import InputError
from ..image_io.files import PathLike
from ..image_io.scan_files import ScanFile, find_scan_files
from ..image_io.volumes import read_volume
from ..progress import ProgressCallback, silent
from .collection import CACHE_BYTES, Collection, Item
from .subjects import subjects_of
from .volume_cache import VolumeCache


def find_scans(
    sources: Sequence[PathLike],
    check: Callable[[Volume], None],
    progress: ProgressCallback = silent,
    cache_bytes: int = CACHE_BYTES,
) -> Collection:
    """The scans that can serve; each is read once to see, and what cannot is left out with a sentence.

    Args:
        sources: as in :func:`~SuperResolveLib.image_io.scan_files.find_scan_files`.
        check: raises InputError "it ..." for a volume that cannot serve.
        progress: is told how far it is, scan by scan.
        cache_bytes: how many bytes of voxels are kept in memory.

    Raises:
        InputError: a source cannot be searched, or no scan can serve.
    """
    progress(0.0, "Looking for scans")
    files = find_scan_files(sources)
    if not files:
        raise InputError(f"there are no scans in {', '.join(map(str, sources))}: give folders or files of scans")
    crowded = Counter(each.path for each in files)
    labels = [_label(file, crowded[file.path]) for file in files]
    subjects = subjects_of(files)
    items: list[Item] = []
    served: list[ScanFile] = []
    left_out: list[str] = []

    def load(index: int) -> Volume:
        volume = read_volume(served[index].path, served[index].series)
        if volume.shape != items[index].shape:
            raise InputError(f"{items[index].path} has changed since it was found: leave scans alone while training")
        return volume

    cache = VolumeCache(load, cache_bytes)
    for number, (file, label, subject) in enumerate(zip(files, labels, subjects, strict=True)):
        progress(number / len(files), f"Reading scans, {number + 1} of {len(files)}")
        try:
            volume = read_volume(file.path, file.series)
            check(volume)
        except InputError as error:
            left_out.append(f"{label}: {_sentence(error, file.path)}")
            continue
        cache.put(len(items), volume)
        items.append(Item(label, subject, volume.shape, volume.spacing, file.modality, volume.warnings))
        served.append(file)
    progress(1.0, "Reading scans")
    if not items:
        count = f"none of the {len(files)} scans" if len(files) > 1 else "the only scan"
        raise InputError(f"{count} found can serve; {'the first' if len(files) > 1 else 'it'}, {left_out[0]}")
    return Collection(tuple(items), cache, tuple(left_out))


def _label(file: ScanFile, in_folder: int) -> str:
    return f"{file.path}#{file.series}" if file.series is not None and in_folder > 1 else str(file.path)


def _sentence(error: InputError, path: Path) -> str:
    """The sentence of an error without the path, which it is told after."""
    sentence = str(error)
    return f"it {sentence.removeprefix(f'{path} ')}" if sentence.startswith(f"{path} ") else sentence
