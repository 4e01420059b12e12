"""A model's card in words: a line for each thing to know, as the command and the CLI modules print them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..methods.learned import LOOKS_RIGHT
from ..model import Card, Model
from .models import parameter_count

#: How wide the names at the beginning of lines are.
_WIDTH = 13
_OPERATORS = {
    "profile": "undoes the slice profile: planes as thin as the in-plane voxel",
    "select": "changes the spacing of slices, not their thickness",
}
_COMPARED = {"spline": "spline", "tikhonov": "Tikhonov"}


def card_lines(model: Model) -> list[str]:
    """What a model is, what it is good for, and what it learned from, a line each."""
    return [f"{name:{_WIDTH}}{text}" for name, text in _lines(model) if text]


def _lines(model: Model) -> Iterator[tuple[str, str]]:
    card = model.card
    yield "method", card.method + (f", preset {card.preset}" if card.preset else "")
    yield "network", f"{card.network}, {_counted(parameter_count(model), 'parameter')}{_arguments(card)}"
    yield "operator", f"{card.operator}: {_OPERATORS[card.operator]}"
    yield "consistency", _consistency(card)
    yield "start", _start(card)
    yield "made for", _made_for(card)
    yield "learned from", _learned_from(card.trained_on)
    yield "training", _training(card)
    yield "losses", ", ".join(f"{name} x {weight:g}" for name, weight in card.losses.items())
    yield "features", ", ".join(f"{name} {value}" for name, value in (card.features or {}).items()) or "none"
    yield "looks", f"results are {LOOKS_RIGHT}" if card.features is not None else ""
    yield "validation", _validation(card.validation)
    yield "intensities", "percentiles {:g} and {:g} of the slices become 0 and 1".format(*card.percentiles)
    yield "tiles", _tiles(card)
    yield "versions", ", ".join(f"{name} {version}" for name, version in card.versions.items() if version)
    yield "licence", card.licence or "not told"
    yield from (("note", note) for note in card.notes)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


def _start(card: Card) -> str:
    if card.start == "slices":
        return "the slices; the planes of the answer are read off those that the network makes of each"
    if card.start == "fine-grid":
        return "the slices, and Tikhonov's inverse on a fine grid around each"
    return f"{_COMPARED.get(card.start, card.start)} on the planes of the answer"


def _arguments(card: Card) -> str:
    told = ", ".join(f"{name} {value}" for name, value in card.network_arguments.items())
    return f" ({told})" if told else ""


def _consistency(card: Card) -> str:
    if not card.consistent:
        return "none: the result is not made to give the scan back"
    how = {"profile": "degraded with the slice profile", "select": "at the planes of its slices"}[card.operator]
    return f"the result, {how}, gives the scan back"


def _made_for(card: Card) -> str:
    spacing = f"slice spacings of {_range_text(card.ratios)} times the in-plane voxel"
    voxels = f"voxels of {_range_text(card.voxels_mm)} mm"
    if card.fwhm_ratios is None:
        return f"{spacing}, {voxels}"
    return f"{spacing}, slice thicknesses of {_range_text(card.fwhm_ratios)} times the slice spacing, {voxels}"


def _range_text(ends: tuple[float, float]) -> str:
    low, high = (f"{end:.4g}" for end in ends)
    return low if low == high else f"{low} to {high}"


def _learned_from(trained_on: Mapping[str, Any]) -> str:
    parts = [_counted(trained_on["scans"], "scan")] if "scans" in trained_on else []
    if parts and "subjects" in trained_on:
        parts[0] += f" of {_counted(trained_on['subjects'], 'subject')}"
    if parts and trained_on.get("modalities"):
        parts[0] += f" ({', '.join(trained_on['modalities'])})"
    if trained_on.get("synthetic"):
        parts.append(_counted(trained_on["synthetic"], "synthetic volume"))
    return " and ".join(parts) or "not told"


def _training(card: Card) -> str:
    stages = (
        f"{stage} ({_counted(card.iterations[stage], 'iteration')})" if stage in card.iterations else stage
        for stage in card.stages
    )
    return ", ".join([*stages, f"seed {card.seed}"])


def _validation(validation: Mapping[str, Any] | None) -> str:
    figures = [] if validation is None else list(_figures(validation))
    if validation is None or not figures:
        return "none: nothing was held out"
    where = f" on {_counted(validation['scans'], 'held-out scan')}" if "scans" in validation else " on held-out scans"
    return "; ".join(figures) + where


def _figures(validation: Mapping[str, Any]) -> Iterator[str]:
    """PSNR and SSIM of the model, beside those of the methods that need no model."""
    for key, title, format_of in (("psnr", "PSNR", "{:.2f} dB"), ("ssim", "SSIM", "{:.3f}")):
        told = {
            name: format_of.format(validation[name][key])
            for name in ("model", *_COMPARED)
            if key in validation.get(name, {})
        }
        others = ", ".join(f"{_COMPARED[name]} {told[name]}" for name in told if name != "model")
        if "model" in told:
            yield f"{title} {told['model']}" + (f" ({others})" if others else "")


def _tiles(card: Card) -> str:
    halo = f"a halo of {_counted(card.halo, 'voxel')}"
    if card.halo_error == 0:
        return f"{halo}, which holds all that the network sees"
    return f"{halo}; tiles change the result by up to {card.halo_error:.2g} of the intensity range"
