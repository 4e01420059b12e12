"""Fig. 4: a head of MR, its translation to CT, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from SuperResolveLib.metrics.image_quality import psnr

from ..case import kind_and_ratio
from ..cells import Cell, Row
from ..report import Presentation, Table
from .plan import CT, WAYS, Way
from .tables import sizes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from .trained import Fold

ROWS: tuple[Way, ...] = WAYS
FORMS = ("mr", "ct", "back")


def run(fold: Fold, cell: Cell) -> Row:
    """The first head that is learned from in all forms, through the middle of its rows."""
    (kind, _), guide = kind_and_ratio(cell.cell), next(iter(CT))
    way: Way = "paper" if cell.method == "paper" else "fast"
    volumes = fold.translated(way, guide, kind)
    trained = fold.trained(way, guide, kind, "joint")
    low, high = np.percentile(volumes["mr"].data, (1, 99.5))
    scaled = {form: (volumes[form].data - low) / (high - low) for form in ("mr", "back")}
    ct = volumes["ct"].data
    scaled["ct"] = (ct - ct.min()) / max(float(np.ptp(ct)), 1e-6)
    return {
        "device": fold.plan.device,
        **trained.told,
        "restoring_cpu_seconds": 0.0,
        "returned_psnr": psnr(scaled["back"].astype(np.float32), scaled["mr"].astype(np.float32)),
        **{f"{form}_picture": _picture(scaled[form]) for form in FORMS},
    }


def _picture(volume: NDArray[np.floating]) -> list[list[int]]:
    """A plane across the slices, these one above the other, from 0 to 255."""
    plane = np.moveaxis(volume, 2, 0)[::-1, :, volume.shape[1] // 2]
    shown: list[list[int]] = (255 * plane.clip(0, 1)).astype(int).tolist()
    return shown


def tables(rows: Sequence[Row]) -> list[Table]:
    """How near the way there and back comes to where it began, and sizes."""
    lines = [
        [row["method"], row["volume"], row["cell"], str(row["seed"]), f"{row['returned_psnr']:.2f}"] for row in rows
    ]
    told = Table("MR to CT and back: PSNR to the MR (dB)", ["row", "held out", "slices", "seed", "PSNR"], lines)
    return [told, *sizes(rows, {})]


def draw(rows: Sequence[Row], axes: Axes) -> None:
    """The rows of the last head, one above the other: MR, as CT, and back."""
    last = {
        row["method"]: row for row in rows if row["volume"] == rows[-1]["volume"] and row["seed"] == rows[-1]["seed"]
    }
    lines = [np.hstack([row[f"{form}_picture"] for form in FORMS]) for row in last.values()]
    axes.imshow(np.vstack(lines), cmap="gray", vmin=0, vmax=255)
    axes.set_xlabel(f"MR, super-resolved; as CT; and back. From above: {', '.join(last)}", fontsize="small")
    axes.set_xticks([])
    axes.set_yticks([])


PRESENTATION = Presentation("CT-guided super-resolution, Fig. 4: MR to CT and back", tables, draw)
