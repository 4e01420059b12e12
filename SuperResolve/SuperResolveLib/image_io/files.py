"""Writing whole files or none: an interrupted run never leaves an incomplete file, nor replaces one unasked."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from itertools import chain
from pathlib import Path

from ..errors import InputError
from .aside import aside, is_aside, sweep, try_name

PathLike = str | os.PathLike[str]

#: The endings of headers whose voxels lie in files that they name, and how much of such a header is looked at.
_DETACHED, _HEADER_BYTES = (".mhd", ".nhdr"), 2**20
#: The endings of files that tell everything themselves.
_WITHOUT_SIDECAR = (".safetensors",)


def check_target(path: PathLike) -> Path:
    """Check that a file can be written, and return its path with symbolic links resolved.

    What earlier runs left in its folder when they were killed is removed.

    Raises:
        InputError: its folder does not exist or cannot be written to, there is something else of that name or a
            write-protected file, or the file system has no room for it or does not allow the name.
    """
    try:
        target = Path(os.path.realpath(path))
        if not target.parent.is_dir():
            raise InputError(f"{path} cannot be written: the folder {target.parent} does not exist; make it first")
        if os.path.lexists(target):
            _check_replaceable(target, path)
        if not os.access(target.parent, os.W_OK):
            reason = f"no permission to write in {target.parent}"
            raise InputError(f"{path} cannot be written: {reason}; choose another folder")
        sweep(target.parent)
        try_name(target)
    except InputError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{path} cannot be written: {reason}; choose another name or folder") from error
    except ValueError as error:  # a null character, or one that the file system's encoding lacks
        raise InputError(f"{str(path)!r} is no possible file name: choose another one") from error
    return target


def _check_replaceable(target: Path, path: PathLike) -> None:
    """Refuse to put a file in the place of what is no file, or is write-protected; messages call it ``path``."""
    if not target.is_file():
        raise InputError(f"{path} cannot be written: it is not a file; give a file name")
    if not target.stat().st_mode & 0o222 or not os.access(target, os.W_OK):
        raise InputError(f"{path} cannot be written: it is write-protected; choose another name, or make it writable")


@contextmanager
def replacing(path: PathLike) -> Iterator[Path]:
    """Give a temporary path to write to, in the folder of ``path`` and with its ending, and rename it on success.

    A file that is replaced hands on its mode. Any exception in the block, also from Ctrl-C, removes the temporary file
    and leaves ``path`` as it was. A path that is temporary already is written to directly.

    Raises:
        InputError: as in :func:`check_target`, or the writing fails.
    """
    if is_aside(Path(path)):
        yield Path(path)
        return
    target = check_target(path)
    try:
        with aside(target) as hidden:
            yield hidden.path
            hidden.put(target)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}") from error


def write_whole(path: PathLike, *contents: bytes | Iterable[bytes]) -> str:
    """Write a file of these bytes, one after another, and put it in place once they have been read back as they are.

    Returns:
        Their BLAKE2b hash, as :func:`checksum` gives it.

    Raises:
        InputError: as in :func:`check_target`; or the writing fails, or gave other bytes.
    """
    wanted, size = blake2b(), 0
    with replacing(path) as hidden:
        with hidden.open("wb") as file:
            for part in chain.from_iterable([each] if isinstance(each, bytes) else each for each in contents):
                file.write(part)
                wanted.update(part)
                size += len(part)
            file.flush()
            os.fsync(file.fileno())
        if hidden.stat().st_size != size or checksum(hidden) != wanted.hexdigest():
            raise OSError(errno.EIO, "the disk does not hold what was written")
    return wanted.hexdigest()


def checksum(path: Path) -> str:
    """The BLAKE2b hash of a file's contents, which need not fit into memory."""
    hashed = blake2b()
    with path.open("rb") as file:
        while block := file.read(2**20):
            hashed.update(block)
    return hashed.hexdigest()


def check_paths(inputs: Mapping[str, Path | None], outputs: Mapping[str, Path | None], overwrite: bool = False) -> None:
    """Refuse outputs that cannot be written, exist already, share a file, or would replace anything that is read.

    What is read is an input with its JSON sidecar, the files in which a detached header (``.mhd``, ``.nhdr``) has its
    voxels, and the slices in a folder. It is never replaced.

    Args:
        inputs: paths by the name that messages give them; ``None`` for an argument that was left out.
        outputs: the same for outputs.
        overwrite: whether other files that exist may be replaced.

    Raises:
        InputError: naming the path.
    """
    names = {
        _identity(part): what
        for name, path in inputs.items()
        if path is not None
        for part, what in parts_of(path, name).items()
    }
    for name, path in outputs.items():
        if path is None:
            continue
        target = check_target(path)
        known = names.get(_identity(target))
        if known is not None and (target.exists() or known in outputs):
            raise InputError(f"{path} is given both as {known} and as {name}: choose another name for it")
        if target.exists() and not overwrite:
            raise InputError(f"{path} exists already: choose another name for {name}, or replace it by --overwrite")
        names[_identity(target)] = name


def check_ending(path: Path | None, what: str, endings: Sequence[str]) -> None:
    """Refuse a file whose ending is not one of ``endings``; messages call it ``what``.

    Raises:
        InputError: naming the endings that are possible.
    """
    if path is not None and path.suffix.lower() not in endings:
        raise InputError(f"{what} cannot be written as {path}: use a name that ends in {' or '.join(endings)}")


def parts_of(path: Path, name: str) -> dict[Path, str]:
    """The files that are read where ``path`` is given as ``name``, and what messages call each."""
    try:
        if path.is_dir():
            return {Path(entry.path): f"a file of {name}" for entry in os.scandir(path)}
        data = _named_in(path) if path.suffix.lower() in _DETACHED and path.is_file() else []
    except OSError:  # reading it will tell
        data = []
    parts = dict.fromkeys(data, f"the data of {name}")
    if path.suffix.lower() not in _WITHOUT_SIDECAR:
        parts[path.with_name(Path(path.name.removesuffix(".gz")).stem + ".json")] = f"the sidecar of {name}"
    return {**parts, path: name}


def _named_in(header: Path) -> list[Path]:
    """The files that a detached header names, one a line, alone or after a key."""
    with header.open("rb") as file:
        lines = os.fsdecode(file.read(_HEADER_BYTES)).splitlines()
    named = [header.parent / re.split(r"[=:]", line, maxsplit=1)[-1].strip() for line in lines if "\0" not in line]
    return [path for path in named if len(os.fsencode(path.name)) < 256 and path.is_file()]


def _identity(path: Path) -> tuple[int, int] | str:
    """What two paths of one file have in common: its number, or where there is none yet its path."""
    try:
        told = path.stat()
        return told.st_dev, told.st_ino
    except OSError:
        return os.path.normcase(os.path.realpath(path))
