"""Writing files so that no run, however it ends, leaves half of one."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..errors import InputError

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


def check_paths(inputs: Mapping[str, Path | None], outputs: Mapping[str, Path | None]) -> None:
    """Refuse what cannot be written, two outputs in one file, and an output over an input or its sidecar.

    Args:
        inputs: paths by what a message calls them; ``None`` where not given.
        outputs: likewise.

    Raises:
        InputError: naming the path.
    """
    taken: dict[Path, str] = {}
    for name, path in inputs.items():
        if path is not None:
            taken[path.resolve()] = name
            taken[_sidecar(path.resolve())] = f"the sidecar of {name}"
    for name, path in outputs.items():
        if path is None:
            continue
        target = check_target(path)
        if target in taken and (target.exists() or taken[target] in outputs):
            raise InputError(f"{path} is given both as {taken[target]} and as {name}: choose another name for it")
        taken[target] = name


def check_ending(path: Path | None, what: str, endings: Sequence[str]) -> None:
    """Refuse a file whose ending is none of ``endings``.

    Raises:
        InputError: naming the endings that will do.
    """
    if path is not None and path.suffix.lower() not in endings:
        raise InputError(f"{what} cannot be written as {path}: use a name that ends in {' or '.join(endings)}")


def _sidecar(path: Path) -> Path:
    """Where the JSON sidecar of an image file would lie."""
    return path.with_name(Path(path.name.removesuffix(".gz")).stem + ".json")
