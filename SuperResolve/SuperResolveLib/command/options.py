"""Options that several subcommands share, and how they are checked before a long run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

PATH = click.Path(path_type=Path)

axis = click.option(
    "--axis",
    type=click.Choice(["auto", "i", "j", "k"]),
    default="auto",
    show_default=True,
    help="The through-plane axis; auto takes the one with the largest spacing.",
)
device = click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="Where torch computes; auto takes the GPU where there is one.",
)
seed = click.option(
    "--seed",
    type=click.IntRange(min=0, max=2**32 - 1),
    default=0,
    show_default=True,
    help="The result is reproducible under it on one device.",
)
json = click.option("--json", type=PATH, metavar="J", help="Also write what was done, machine-readable.")


def estimation(command: Decorated) -> Decorated:
    """How a profile is estimated: ``--method`` and ``--preset``."""
    command = click.option("--preset", metavar="P", help="One of the method's presets; its first unless told.")(command)
    method = click.option(
        "--method", metavar="M", default="espreso", show_default=True, help="See 'slice-profile-sr methods'."
    )
    return method(command)


def run(command: Decorated) -> Decorated:
    """What every long run has: ``--axis``, ``--device``, ``--seed``."""
    return axis(device(seed(command)))


def reading(command: Decorated) -> Decorated:
    """How a scan is read: ``--series``, ``--fill-nonfinite``."""
    fill = click.option("--fill-nonfinite", type=float, metavar="VALUE", help="Replace NaN and infinite voxels.")
    series = click.option(
        "--series", metavar="NAME", help="Which series of a DICOM folder: its UID, number or description."
    )
    return series(fill(command))


def check_paths(inputs: Mapping[str, Path | None], outputs: Mapping[str, Path | None]) -> None:
    """Refuse what cannot be written, two outputs in one file, and an output over an input or its sidecar.

    Args:
        inputs: paths by what a message calls them; ``None`` where not given.
        outputs: likewise.

    Raises:
        InputError: naming the path.
    """
    from ..errors import InputError
    from ..files import check_target

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
    from ..errors import InputError

    if path is not None and path.suffix.lower() not in endings:
        raise InputError(f"{what} cannot be written as {path}: use a name that ends in {' or '.join(endings)}")


def _sidecar(path: Path) -> Path:
    """Where the JSON sidecar of an image file would lie."""
    return path.with_name(Path(path.name.removesuffix(".gz")).stem + ".json")
