"""The learning curve: what the model reaches on held-out scans, beside interpolation and Tikhonov's inverse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .figures import save_figure

# Colours of Okabe and Ito, as in the other figures.
_MODEL, _TIKHONOV, _SPLINE = "#0072B2", "#D55E00", "#009E73"


def plot_learning(entries: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write a figure of validations: PSNR, or where nothing was held out the losses, over the iterations.

    Stages follow each other. Entries are those of ``metrics.jsonl``.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.0, 3.8), layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel("iteration")
    scored = [entry for entry in entries if entry.get("psnr") is not None]
    if scored:
        _draw_scores(axes, _in_a_row(scored))
    else:
        _draw_losses(axes, _in_a_row(entries))
    if axes.lines:
        axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    save_figure(figure, path)


def _draw_scores(axes: Any, entries: Sequence[Mapping[str, Any]]) -> None:
    iterations = [entry["position"] for entry in entries]
    axes.set_ylabel("PSNR on held-out scans (dB)")
    axes.plot(iterations, [entry["psnr"] for entry in entries], color=_MODEL, marker=".", label="model")
    for name, colour, words in (("tikhonov", _TIKHONOV, "Tikhonov"), ("spline", _SPLINE, "B-spline")):
        values = [entry.get(f"psnr_{name}") for entry in entries]
        if all(value is not None for value in values):
            axes.plot(iterations, values, color=colour, linestyle="--", label=words)


def _draw_losses(axes: Any, entries: Sequence[Mapping[str, Any]]) -> None:
    axes.set_ylabel("loss")
    told = ("stage", "iteration", "seconds", "position")
    names = dict.fromkeys(
        name for entry in entries for name in entry if name not in told and not name.startswith(("psnr", "ssim"))
    )
    for name in names:
        points = [(entry["position"], entry[name]) for entry in entries if entry.get(name) is not None]
        axes.plot(*zip(*points, strict=True), marker=".", label=name)


def _in_a_row(entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The entries with their ``position``: iterations of their stage and of those before it."""
    before, reached, stage, placed = 0, 0, None, []
    for entry in entries:
        if entry.get("stage") != stage:
            before, stage = reached, entry.get("stage")
        reached = before + int(entry.get("iteration", 0))
        placed.append({**entry, "position": reached})
    return placed
