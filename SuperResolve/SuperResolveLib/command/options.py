"""Options that several subcommands share."""

from __future__ import annotations

from collections.abc import Callable
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
    type=click.IntRange(min=0, max=2**31 - 1),
    default=0,
    show_default=True,
    help="The result is reproducible under it on one device.",
)


def _numbers(context: click.Context, parameter: click.Parameter, text: str | None) -> tuple[float, ...]:
    """The numbers that commas separate; none where the option was not given."""
    try:
        return tuple(float(part) for part in text.split(",")) if text is not None else ()
    except ValueError:
        raise click.BadParameter(f"{text!r} is not one number, or two separated by a comma.") from None


acquired_resolution = click.option(
    "--acquired-resolution",
    metavar="MM[,MM]",
    callback=_numbers,
    help="Acquired in-plane resolution: one number, or one for each in-plane axis; found from the image unless told.",
)
json = click.option("--json", type=PATH, metavar="J", help="Also write what was done, machine-readable.")


def estimation(command: Decorated) -> Decorated:
    """How a profile is estimated: ``--method`` and ``--preset``."""
    preset = click.option("--preset", metavar="P", help="Of espreso: default, taken unless told, or paper.")
    method = click.option(
        "--method",
        metavar="M",
        default="auto",
        show_default=True,
        help="auto or espreso: see 'slice-profile-sr methods'.",
    )
    return method(preset(command))


def run(command: Decorated) -> Decorated:
    """What every long run has: ``--axis``, ``--acquired-resolution``, ``--device``, ``--seed``."""
    return axis(acquired_resolution(device(seed(command))))


def reading(command: Decorated) -> Decorated:
    """How a scan is read: ``--series``, ``--fill-nonfinite``."""
    fill = click.option("--fill-nonfinite", type=float, metavar="VALUE", help="Replace NaN and infinite voxels.")
    series = click.option(
        "--series", metavar="NAME", help="Which series of a DICOM folder: its UID, number or description."
    )
    return series(fill(command))
