"""Which scans of a cohort stand out from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .row import DONE, Row

#: The modified z-score from which a scan stands out (Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993).
FAR = 3.5
#: The least spread of a cohort, of the logarithm: scans that differ by a few percent do not stand out.
LEAST_SPREAD = 0.03
#: The fewest scans among which one can stand out.
FEWEST = 8
#: Median absolute deviation of a normal distribution of standard deviation 1.
_NORMAL = 0.6745


@dataclass(frozen=True)
class Outlier:
    """A scan that stands out: its row, and why, in words."""

    row: Row
    why: str


def thickness_ratio(row: Row) -> float | None:
    """The slice thickness that was measured over that of the header, or over the slice spacing where it tells none."""
    reference = row.header_thickness_mm or row.slice_spacing_mm
    return row.fwhm_mm / reference if row.fwhm_mm and reference else None


def outliers(rows: Sequence[Row]) -> list[Outlier]:
    """The scans that stand out by their thickness or their consistency, the farthest first."""
    done = [row for row in rows if row.status == DONE]
    found = [
        *_far(done, thickness_ratio, "thickness is {:.2f} times the header's; the cohort's median is {:.2f}"),
        *_far(done, _consistency, "data consistency is {:.2f} x noise; the cohort's median is {:.2f}"),
    ]
    return [outlier for _, outlier in sorted(found, key=lambda each: (-each[0], each[1].row.output))]


def _consistency(row: Row) -> float | None:
    return row.data_consistency_rmse


def _far(rows: Sequence[Row], value: Callable[[Row], float | None], words: str) -> list[tuple[float, Outlier]]:
    """Scores and outliers by a positive figure, whose logarithm is compared with the cohort's."""
    known = [(row, told) for row in rows if (told := value(row)) is not None and told > 0]
    if len(known) < FEWEST:
        return []
    logarithms = np.log([told for _, told in known])
    median = float(np.median(logarithms))
    spread = max(float(np.median(np.abs(logarithms - median))), LEAST_SPREAD)
    scores = _NORMAL * np.abs(logarithms - median) / spread
    return [
        (float(score), Outlier(row, words.format(told, np.exp(median))))
        for (row, told), score in zip(known, scores, strict=True)
        if score > FAR
    ]
