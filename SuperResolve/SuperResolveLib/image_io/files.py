"""Writing whole files or none: an interrupted run never leaves an incomplete file behind."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..errors import InputError

PathLike = str | os.PathLike[str]


def check_target(path: PathLike) -> Path:
    """Check that a file can be written, and return its path with symbolic links resolved.

    Raises:
        InputError: its folder does not exist or cannot be written to, or there is something else of that name.
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
    """Give a temporary path to write to, in the folder of ``path`` and with its ending, and rename it on success.

    Any exception in the block, also from Ctrl-C, removes the temporary file and leaves ``path`` as it was.

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
    """Refuse outputs that cannot be written, share a file, or would replace an input or its sidecar.

    Args:
        inputs: paths by the name that messages give them; ``None`` for an argument that was left out.
        outputs: the same for outputs.

    Raises:
        InputError: naming the path.
    """
    names: dict[Path, str] = {}
    for name, path in inputs.items():
        if path is not None:
            names[path.resolve()] = name
            names[_sidecar(path.resolve())] = f"the sidecar of {name}"
    for name, path in outputs.items():
        if path is None:
            continue
        target = check_target(path)
        if target in names and (target.exists() or names[target] in outputs):
            raise InputError(f"{path} is given both as {names[target]} and as {name}: choose another name for it")
        names[target] = name


def check_ending(path: Path | None, what: str, endings: Sequence[str]) -> None:
    """Refuse a file whose ending is not one of ``endings``; messages call it ``what``.

    Raises:
        InputError: naming the endings that are possible.
    """
    if path is not None and path.suffix.lower() not in endings:
        raise InputError(f"{what} cannot be written as {path}: use a name that ends in {' or '.join(endings)}")


def _sidecar(path: Path) -> Path:
    """The path that the JSON sidecar of an image file would have."""
    return path.with_name(Path(path.name.removesuffix(".gz")).stem + ".json")
