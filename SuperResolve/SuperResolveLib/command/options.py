"""Options that several subcommands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ..device import DEVICES
from ..estimation.registry import ESTIMATORS
from ..methods.registry import METHODS
from ..registry import AUTO, Registry

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
    type=click.Choice(DEVICES),
    default="auto",
    show_default=True,
    help="Where torch computes; auto takes the GPU where there is one. mps, Apple's, is untested.",
)
seed = click.option(
    "--seed",
    type=click.IntRange(min=0, max=2**31 - 1),
    default=0,
    show_default=True,
    help="The result is reproducible under it on one device.",
)


def _numbers(context: click.Context, parameter: click.Parameter, text: str | None) -> tuple[float, ...]:
    """Numbers separated by commas; empty if the option was not given."""
    try:
        return tuple(float(part) for part in text.split(",")) if text is not None else ()
    except ValueError:
        raise click.BadParameter(f"{text!r} is not one number, or two separated by a comma.") from None


acquired_resolution = click.option(
    "--acquired-resolution",
    metavar="MM[,MM]",
    callback=_numbers,
    help="Acquired in-plane resolution: one number, or one for each in-plane axis; found from the image by default.",
)
json = click.option("--json", type=PATH, metavar="J", help="Also write what was done, machine-readable.")
overwrite = click.option("--overwrite", is_flag=True, help="Replace outputs that exist already; never an input.")


def estimation(command: Decorated) -> Decorated:
    """Add the options of estimation and measurement: ``--method`` and ``--preset``."""
    return _method(ESTIMATORS)(command)


def prior(command: Decorated) -> Decorated:
    """Add the option of estimation alone: ``--prior``."""
    return click.option("--prior", metavar="P", cls=_Prior)(command)


def super_resolution(command: Decorated) -> Decorated:
    """Add the options of super-resolution: ``--method`` and ``--preset``."""
    return _method(METHODS)(command)


def restoring(command: Decorated) -> Decorated:
    """Add what else tells how a scan is super-resolved: profile, method, model, output planes, combination."""
    decorators = (
        click.option(
            "--profile",
            metavar="FILE.tsv|gaussian:MM|rect:MM",
            help="The slice profile: a table, or a shape and its FWHM; estimated from the scan unless given.",
        ),
        prior,
        super_resolution,
        click.option(
            "--model",
            type=PATH,
            metavar="FILE",
            help="A model that has learned from a collection of scans, in the place of --method and --preset.",
        ),
        click.option(
            "--spacing",
            type=float,
            metavar="MM",
            help="Distance between output planes; the in-plane voxel by default.",
        ),
        click.option("--like", type=PATH, metavar="VOLUME", help="Put the output on the planes of VOLUME instead."),
        click.option(
            "--combine",
            type=click.Choice(["average", "fba"]),
            default="average",
            show_default=True,
            help="How results of several orientations become one: their mean, or Fourier burst accumulation.",
        ),
        click.option(
            "--no-data-consistency",
            "consistent",
            is_flag=True,
            flag_value=False,
            default=True,
            help="Leave out the last step, after which degrading the result gives the scan back.",
        ),
        click.option(
            "--keep-type", is_flag=True, help="Write integers if the scan holds integers, instead of float32."
        ),
    )
    for decorate in reversed(decorators):
        command = decorate(command)
    return command


def _method(registry: Registry[Any]) -> Callable[[Decorated], Decorated]:
    preset = click.option("--preset", metavar="P", cls=_Preset, registry=registry)
    method = click.option(
        "--method",
        metavar="|".join([AUTO, *registry]),
        default=AUTO,
        show_default=True,
        help="'slice-profile-sr methods' tells what each does.",
    )
    return lambda command: method(preset(command))


class _Preset(click.Option):
    """``--preset``, whose help lists the presets of all methods in a registry; they are imported only for the help."""

    def __init__(self, *arguments: Any, registry: Registry[Any], **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self._registry = registry

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        infos = self._registry.infos()
        listed = (f"{info.name}: {', '.join(preset.name for preset in info.presets)}" for info in infos if info.presets)
        under_auto = f" Under auto, {infos[0].name} then runs." if infos[0].presets else ""
        self.help = f"One of the method's presets, by default its first ({'; '.join(listed)}).{under_auto}"
        return super().get_help_record(ctx)


class _Prior(click.Option):
    """``--prior``, whose help lists the priors of all ways to estimate; they are imported only for the help."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        listed = "; ".join(
            f"{info.name}: "
            + ", ".join(f"{each.name} ({each.summary[0].lower()}{each.summary[1:-1]})" for each in info.priors)
            for info in (ESTIMATORS[name].info for name in ESTIMATORS)
            if info.priors
        )
        self.help = (
            f"What is taken for probable before a scan's profile is estimated, by default the first of {listed}."
        )
        return super().get_help_record(ctx)


def run(command: Decorated) -> Decorated:
    """Add the options of every long run: ``--axis``, ``--acquired-resolution``, ``--device``, ``--seed``."""
    return axis(acquired_resolution(device(seed(command))))


def reading(command: Decorated) -> Decorated:
    """Add the options of reading a scan: ``--series``, ``--fill-nonfinite``."""
    fill = click.option("--fill-nonfinite", type=float, metavar="VALUE", help="Replace NaN and infinite voxels.")
    series = click.option(
        "--series", metavar="NAME", help="Which series of a DICOM folder: its UID, number or description."
    )
    return series(fill(command))
