"""Tables that several of the pages have: a figure by ratio, leads, and sizes beside the paper's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..case import kind_and_ratio
from ..cells import Row
from ..report import Table, grouped, mean
from .rows import TOLD

#: Figures, their titles and digits.
FIGURES = (("psnr", "PSNR (dB)", 2), ("ssim", "SSIM", 4), ("rmse", "RMSE (% of the truth's range)", 3))


def ratios_of(rows: Sequence[Row]) -> list[str]:
    """All that occur, ascending, as texts."""
    return [f"{ratio:g}" for ratio in sorted({kind_and_ratio(row["cell"])[1] for row in rows})]


def name_of(row: Row, rows: Sequence[Row]) -> str:
    """A row's name, with the sizes of its network where there are several of that name."""
    presets = {other["preset"] for other in rows if other["method"] == row["method"]}
    return f"{row['method']} ({row['preset']})" if len(presets) > 1 else str(row["method"])


def of_ratio(rows: Sequence[Row], ratio: str) -> list[Row]:
    """Those of a ratio."""
    return [row for row in rows if f"{kind_and_ratio(row['cell'])[1]:g}" == ratio]


def by_ratio(rows: Sequence[Row], figures: Sequence[tuple[str, str, int]] = FIGURES) -> list[Table]:
    """Each figure by kind of slices, a line a volume and row, and a column a ratio: means over seeds."""
    ratios = ratios_of(rows)
    found = []
    for kind, of_kind in _by_kind(rows).items():
        for key, title, digits in figures:
            lines = [
                [volume, name, *(mean(at, key, digits) if (at := of_ratio(own, ratio)) else "" for ratio in ratios)]
                for (volume,), of_volume in grouped(of_kind, "volume").items()
                for name, own in _by_name(of_volume, rows).items()
            ]
            found.append(Table(f"{kind.capitalize()} slices: {title}", ["volume", "s", *ratios], lines))
    return found


def leads(rows: Sequence[Row], over: str = "cubic") -> list[Table]:
    """PSNR over that of one row by held-out volume and seed, in dB, of each kind of slices."""
    ratios, found = ratios_of(rows), []
    for kind, of_kind in _by_kind(rows).items():
        lines = []
        for (volume, seed), of_volume in grouped(of_kind, "volume", "seed").items():
            for name, own in _by_name(of_volume, rows).items():
                if own[0]["method"] != over:
                    lines.append([volume, seed, name, *(_told(lead(own, of_volume, ratio, over)) for ratio in ratios)])
        header = ["volume", "seed", "row", *(f"s = {ratio}" for ratio in ratios)]
        found.append(Table(f"{kind.capitalize()} slices: PSNR over the row {over} (dB)", header, lines))
    return found


def lead(own: Sequence[Row], all_rows: Sequence[Row], ratio: str, over: str) -> float | None:
    """Mean PSNR over that of a row at a ratio, on the same volumes and seeds; ``None`` where there is none of both."""
    start = {(row["volume"], row["seed"]): row["psnr"] for row in of_ratio(all_rows, ratio) if row["method"] == over}
    gains = [
        row["psnr"] - start[place] for row in of_ratio(own, ratio) if (place := (row["volume"], row["seed"])) in start
    ]
    return float(np.mean(gains)) if gains else None


def sizes(rows: Sequence[Row]) -> list[Table]:
    """What each row is, and took."""
    lines = [
        [
            name,
            TOLD.get(str(own[0]["method"]).partition("/")[0], ""),
            str(own[0]["preset"]),
            f"{own[0]['parameters']:,}" if "parameters" in own[0] else "",
            mean(own, "training_cpu_seconds", 0) if "training_cpu_seconds" in own[0] else "",
            mean(own, "restoring_cpu_seconds", 1),
        ]
        for name, own in _by_name(rows, rows).items()
    ]
    header = ["row", "what it is", "sizes", "parameters", "CPU s of training", "CPU s to restore"]
    paper = [
        "the paper's and the authors' code",
        "",
        "32 features, 12 layers, Adam 3e-4 and then a third on plateaus; neither batch nor iterations are told",
        "622,986",
        "",
        "",
    ]
    learned = sorted({f"{row['volume']}: {row['trained_on']}" for row in rows if "trained_on" in row})
    return [
        Table("Sizes", header, [*lines, paper]),
        Table(
            "Learned from (the paper: nine heads, patches shuffled)", ["judged: learned from"], [[x] for x in learned]
        ),
    ]


def _by_kind(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(kind_and_ratio(row["cell"])[0], []).append(row)
    return found


def _by_name(own: Sequence[Row], all_rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in own:
        found.setdefault(name_of(row, all_rows), []).append(row)
    return found


def _told(value: float | None) -> str:
    return "" if value is None else f"{value:+.2f}"
