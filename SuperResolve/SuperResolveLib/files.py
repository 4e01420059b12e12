"""Writing files so that no run, however it ends, leaves half of one."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import InputError

PathLike = str | os.PathLike[str]


def check_target(path: PathLike) -> Path:
    """Where a file of that name would be written, symbolic links followed.

    Raises:
        InputError: its folder does not exist or cannot be written to, or something other than a file has that name.
    """
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise InputError(f"{path} cannot be written: the folder {target.parent} does not exist; make it first")
    if target.exists() and not target.is_file():
        raise InputError(f"{path} cannot be written: it is not a file; give a file name")
    if not os.access(target.parent, os.W_OK):
        raise InputError(f"{path} cannot be written: no permission to write in {target.parent}; choose another folder")
    return target


@contextmanager
def replacing(path: PathLike) -> Iterator[Path]:
    """A name to write to, in the same folder and with the same ending, that takes ``path``'s place on success.

    Whatever ends the block early, also Ctrl-C, removes what was written and leaves ``path`` as it was.

    Raises:
        InputError: as in :func:`check_target`, or the writing fails.
    """
    target = check_target(path)
    aside = target.with_name(f".{secrets.token_hex(4)}.{target.name}")
    try:
        yield aside
        os.replace(aside, target)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        aside.unlink(missing_ok=True)
