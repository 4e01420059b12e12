"""Tables that several of the pages have: figures of each row, by held-out head, and sizes beside the paper's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..case import kind_and_ratio
from ..cells import Row
from ..report import Table, grouped, mean

#: Figures, their titles and digits; those that rows lack are left out.
FIGURES = (
    ("psnr", "PSNR (dB)", 2),
    ("ssim", "SSIM", 4),
    ("hfen", "HFEN", 3),
    ("sharpness", "sharpness", 3),
    ("drift", "drift (%)", 3),
    ("looks", "looks", 4),
)
#: What is told beside the tables of figures.
EXPLAINED = "sharpness: 1 for the truth; drift: RMS from the scan, scanned again, in % of its range"


def by_row(rows: Sequence[Row], paper: Mapping[str, Sequence[str]], columns: Sequence[str], over: str) -> list[Table]:
    """Means over heads and seeds of each row, for each kind of slices, with the paper's beside.

    Args:
        rows: finished cells.
        paper: what the paper tells of a row.
        columns: what that is.
        over: the row whose PSNR the others' is compared with.
    """
    found = []
    for (kind,), of_kind in grouped([{**row, "kind": kind_and_ratio(row["cell"])[0]} for row in rows], "kind").items():
        told = [each for each in FIGURES if any(each[0] in row for row in of_kind)]
        lines = []
        for (name,), own in grouped(of_kind, "method").items():
            figures = [mean([row for row in own if key in row] or [{key: np.nan}], key, d) for key, _, d in told]
            lines.append([name, lead(own, of_kind, over), *figures, *paper.get(name, [""] * len(columns))])
        looks = next((str(row["looks_by"]) for row in of_kind if "looks_by" in row), "")
        titles = [looks if key == "looks" else title for key, title, _ in told]
        header = ["row", f"over {over} (dB)", *titles, *columns]
        found.append(Table(f"{kind.capitalize()} slices, means over heads and seeds ({EXPLAINED})", header, lines))
    return found


def lead(own: Sequence[Row], all_rows: Sequence[Row], over: str) -> str:
    """Mean PSNR over that of a row on the same heads and seeds, with the least and the largest, as text."""
    start = {place_of(row): row["psnr"] for row in all_rows if row["method"] == over}
    gains = [row["psnr"] - start[place_of(row)] for row in own if place_of(row) in start]
    if not gains:
        return ""
    spread = f" ({min(gains):+.2f} to {max(gains):+.2f})" if len(gains) > 1 else ""
    return f"{np.mean(gains):+.2f}{spread}"


def by_head(rows: Sequence[Row]) -> Table:
    """PSNR of each row by held-out head, kind of slices and seed."""
    methods = list(dict.fromkeys(row["method"] for row in rows))
    lines = []
    for place, own in grouped(rows, "volume", "cell", "seed").items():
        found = {row["method"]: f"{row['psnr']:.2f}" for row in own}
        lines.append([*place, *(found.get(name, "") for name in methods)])
    return Table("PSNR (dB) by held-out head", ["head", "slices", "seed", *methods], lines)


def sizes(rows: Sequence[Row], told: Mapping[str, str]) -> list[Table]:
    """What each row is, and took."""
    lines = []
    for (name,), own in grouped(rows, "method").items():
        learned = [row for row in own if "parameters" in row]
        lines.append(
            [
                name,
                told.get(name, ""),
                "; ".join(dict.fromkeys(str(row["preset"]) for row in own)),
                f"{learned[0]['parameters']:,}" if learned else "",
                mean(learned, "training_cpu_seconds", 0) if learned else "",
                mean(own, "restoring_cpu_seconds", 1),
            ]
        )
    header = ["row", "what it is", "sizes", "parameters", "CPU s of training", "CPU s to restore"]
    paper = [
        "the paper's",
        "",
        "RDN D16 C8 G64; T : T : 8T with T = 100,000, batch 1",
        "22.1 million",
        "",
        "",
    ]
    names = sorted({f"{row['volume']}: {row['trained_on']}" for row in rows if "trained_on" in row})
    return [
        Table("Sizes", header, [*lines, paper]),
        Table("Learned from", ["held out: MR learned from"], [[x] for x in names]),
    ]


def place_of(row: Row) -> tuple[str, str, str]:
    """Head, slices and seed, which rows that are compared have in common."""
    return str(row["volume"]), str(row["cell"]), str(row["seed"])
