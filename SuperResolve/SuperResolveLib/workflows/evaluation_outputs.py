"""What is written of an evaluation: its table as text and as a file, and a figure of the first volume."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..image_io.files import write_whole
from .evaluate import Evaluation, Score, Section
from .figures import save_figure

#: The ending of the table's file.
TABLE_ENDINGS = (".tsv",)
#: Differences from the truth are shown up to this share of its range.
SHOWN = 0.2


def table_lines(evaluation: Evaluation) -> list[str]:
    """The table as lines of text, a row each volume and method, and the means where there are several volumes."""
    volumes = dict.fromkeys(score.volume for score in evaluation.scores)
    rows = [*evaluation.scores, *(evaluation.means if len(volumes) > 1 else ())]
    cells = [_heads(evaluation), *(_told(score) for score in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    return ["  ".join(_placed(row, widths)).rstrip() for row in cells]


def write_table(evaluation: Evaluation, path: Path) -> None:
    """Write the scores of all volumes, without means, separated by tabs, completely or not at all.

    Raises:
        InputError: the writing fails.
    """
    names = [evaluation.looks] if evaluation.looks else []
    lines = [["volume", "method", "psnr", "ssim", "rmse", "hfen", "sharpness", *names, "seconds", "cpu_seconds"]]
    for score in evaluation.scores:
        figures = [score.psnr, score.ssim, score.rmse, score.hfen, score.sharpness]
        looks = [score.looks] if score.looks is not None else []
        told = [f"{value:.6g}" for value in (*figures, *looks, score.seconds, score.cpu_seconds)]
        lines.append([_in_a_cell(score.volume), _in_a_cell(score.method), *told])
    write_whole(path, "".join("\t".join(line) + "\n" for line in lines).encode("utf-8", "backslashreplace"))


def plot_sections(evaluation: Evaluation, path: Path) -> None:
    """Write a figure of a through-plane section of the first volume: the truth, the scan and the results, and below the
    results what they lack or add. The ending of ``path`` chooses the format.

    Raises:
        InputError: the writing fails.
    """
    from matplotlib.figure import Figure

    truth, scan, *results = evaluation.sections
    first = {score.method: score for score in reversed(evaluation.scores)}
    low, high = (float(value) for value in np.percentile(truth.image, (1, 99.7)))
    columns = len(evaluation.sections)
    height = truth.image.shape[0] * truth.voxel[0] / (truth.image.shape[1] * truth.voxel[1])
    figure = Figure(figsize=(2.6 * columns, 2 * (2.6 * height + 0.35)), layout="constrained")
    axes = figure.subplots(2, columns, squeeze=False)
    for column, section in enumerate((truth, scan, *results)):
        title = section.title
        if column > 1:
            title = f"{title}\n{first[section.title].psnr:.2f} dB"
        shown = title.encode("utf-8", "replace").decode()
        axes[0, column].set_title(shown, fontsize="small", parse_math=False)
        _show(axes[0, column], section, section.image, low, high)
        if column > 1:
            most = SHOWN * (high - low)
            _show(axes[1, column], section, section.image - truth.image, -most, most)
        else:
            axes[1, column].set_axis_off()
    axes[1, 1].text(1.0, 0.5, "result\nminus truth", ha="right", va="center", transform=axes[1, 1].transAxes)
    save_figure(figure, path)


def _show(axes: Any, section: Section, image: np.ndarray, low: float, high: float) -> None:
    axes.imshow(
        image,
        cmap="gray",
        vmin=low,
        vmax=high,
        origin="lower",
        interpolation="none",
        aspect=section.voxel[0] / section.voxel[1],
    )
    axes.set(xticks=[], yticks=[])


def _heads(evaluation: Evaluation) -> list[str]:
    looks = [evaluation.looks] if evaluation.looks else []
    return ["volume", "method", "PSNR", "SSIM", "HFEN", f"sharpness {evaluation.axis}", *looks, "CPU-s"]


def _told(score: Score) -> list[str]:
    looks = [f"{score.looks:.4f}"] if score.looks is not None else []
    figures = [f"{score.psnr:.2f}", f"{score.ssim:.4f}", f"{score.hfen:.4f}", f"{score.sharpness:.3f}"]
    return [_in_a_cell(score.volume), _in_a_cell(score.method), *figures, *looks, f"{score.cpu_seconds:.1f}"]


def _placed(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Names to the left of their columns, figures to the right."""
    return [
        text.ljust(width) if column < 2 else text.rjust(width)
        for column, (text, width) in enumerate(zip(row, widths, strict=True))
    ]


def _in_a_cell(text: str) -> str:
    """A name without what ends a cell or a line."""
    return " ".join(text.split())
