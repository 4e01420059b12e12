"""Hidden files beside an output, into which it is written until it is whole.

Each is locked by the run that writes it. A run that is killed by SIGKILL leaves it behind without its lock, by which
the next run that writes into that folder knows that it may be removed. Its name does not depend on the output's, which
may be as long as the file system allows.
"""

from __future__ import annotations

import contextlib
import os
import platform
import re
import secrets
import stat
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .locks import try_lock

#: How the name begins: whose file it is, and this computer's name as a number. Locks need not be seen by others.
_OURS = f".slice-profile-sr-{zlib.crc32(platform.node().encode(errors='replace')):08x}"
_NAME = re.compile(rf"{re.escape(_OURS)}[0-9a-f]{{8}}\b.*", re.DOTALL)
#: The longest ending, such as ``.nii.gz``, that is kept, in bytes.
_LONGEST_ENDING = 16


@dataclass(frozen=True)
class Aside:
    """A hidden file.

    Attributes:
        path: where it is.
        descriptor: by which it is open and locked.
    """

    path: Path
    descriptor: int

    def put(self, target: Path) -> None:
        """Bring what was written to the disk, and rename the file.

        Raises:
            OSError: this fails.
        """
        os.fsync(self.descriptor)
        if sys.platform == "win32":  # where an open file cannot be renamed, nor removed by others
            os.close(self.descriptor)
        os.replace(self.path, target)


@contextmanager
def aside(target: Path) -> Iterator[Aside]:
    """A new, empty file beside ``target``, with its ending and its mode; it is removed in the end unless renamed.

    Raises:
        OSError: it cannot be made.
    """
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
    with _opened(target.parent, ending_of(target), mode) as hidden:
        yield hidden


def try_name(target: Path) -> None:
    """Try, without making the file itself, whether one of that name can be made and written there.

    Raises:
        OSError: it cannot.
    """
    with contextlib.suppress(FileNotFoundError):
        os.lstat(target)  # fails where the name is too long
    characters = "".join(dict.fromkeys(target.name))[:40]
    with _opened(target.parent, f".{characters}", None) as hidden:
        os.write(hidden.descriptor, bytes(4096))


def is_aside(path: Path) -> bool:
    """Whether a path is that of a hidden file of this computer."""
    return _NAME.fullmatch(path.name) is not None


def sweep(folder: Path) -> None:
    """Remove the hidden files in a folder that a run left behind when it was killed."""
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            if is_aside(Path(name)):
                with contextlib.suppress(OSError):
                    _remove_unless_held(folder / name)


def ending_of(path: Path) -> str:
    """The ending of a name, such as ``.nii.gz``; empty where it is long, and thus no ending."""
    ending = Path(path.stem).suffix + path.suffix if path.suffix.lower() == ".gz" else path.suffix
    return ending if len(os.fsencode(ending)) <= _LONGEST_ENDING else ""


@contextmanager
def _opened(folder: Path, ending: str, mode: int | None) -> Iterator[Aside]:
    """A new file, open and locked; ``mode`` is as the umask says unless given."""
    hidden = _made(folder, ending, mode)
    try:
        yield hidden
    finally:
        with contextlib.suppress(OSError):
            os.close(hidden.descriptor)
        hidden.path.unlink(missing_ok=True)


def _made(folder: Path, ending: str, mode: int | None) -> Aside:
    while True:
        path = folder / f"{_OURS}{secrets.token_hex(4)}{ending}"
        flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_BINARY", 0)
        descriptor = os.open(path, flags, 0o666 if mode is None else mode)
        if mode is not None:
            os.chmod(path, mode)
        try_lock(descriptor)
        if path.exists():  # no other run swept it before it was locked
            return Aside(path, descriptor)
        os.close(descriptor)


def _remove_unless_held(path: Path) -> None:
    """Remove a hidden file unless a run has it open (Windows) or locked (elsewhere).

    Raises:
        OSError: it cannot be removed, as it is held, or is gone.
    """
    if sys.platform == "win32":
        path.unlink()
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if try_lock(descriptor):
            path.unlink()
    finally:
        os.close(descriptor)
