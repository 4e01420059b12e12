"""``report.html``: a cohort on one page, which needs nothing from elsewhere."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from io import BytesIO
from pathlib import Path

import numpy as np

from ...image_io.files import write_whole
from ...version import __version__
from .outliers import Outlier, outliers, thickness_ratio
from .row import DONE, FAILED, Row
from .task import Task
from .thumbnail import thumbnail

#: The name of the page in the folder of the results.
NAME = "report.html"
#: The most outliers in the table, and scans that are shown as pictures: half of them outliers, if there are as many.
LISTED, SHOWN = 100, 24

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #222; background: #fff; max-width: 72em; margin: 2em auto; }
body { padding: 0 1em } h1 { font-size: 1.5em } h2 { font-size: 1.15em; margin-top: 2em }
table { border-collapse: collapse } th, td { text-align: left; padding: .2em 1em .2em 0; vertical-align: top }
td { border-top: 1px solid #ddd; overflow-wrap: anywhere } img { max-width: 100% }
figure { display: inline-block; margin: 0 1em 1em 0; width: 304px; vertical-align: top }
figcaption { font-size: .8em; overflow-wrap: anywhere }
"""


def write_page(rows: Sequence[Row], folder: Path, tasks: Mapping[str, Task]) -> None:
    """Write the page of a cohort: counts, thickness against header, outliers, pictures, and why scans failed.

    Args:
        rows: of all scans in the folder, in order.
        folder: of the results.
        tasks: by the output of their rows, of scans that can be shown.

    Raises:
        InputError: the page cannot be written.
    """
    far = outliers(rows)
    parts = ["<h1>A cohort by slice-profile-sr</h1>", *_counts(rows), *_thickness(rows), *_far(far)]
    parts += [*_pictures(_shown(rows, far, tasks), folder), *_failures(rows)]
    head = f'<meta charset="utf-8"><title>slice-profile-sr: a cohort</title><style>{_STYLE}</style>'
    text = f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n' + "\n".join(parts) + "\n</body></html>\n"
    write_whole(folder / NAME, text.encode("utf-8", "backslashreplace"))


def _counts(rows: Sequence[Row]) -> Iterator[str]:
    failed, warned = sum(row.status == FAILED for row in rows), sum(bool(row.warnings) for row in rows)
    yield f"<p>{len(rows)} scans: {len(rows) - failed} done, of which {warned} with warnings; {failed} failed. "
    yield f"Every scan has a row in results.tsv. Version {escape(__version__)}.</p>"
    methods = Counter(row.method for row in rows if row.status == DONE)
    yield _table(("method", "scans"), ([name, str(count)] for name, count in sorted(methods.items())))


def _thickness(rows: Sequence[Row]) -> Iterator[str]:
    known = [row for row in rows if row.status == DONE and row.fwhm_mm is not None]
    if known:
        yield "<h2>Slice thickness against header</h2>"
        yield f'<img alt="histograms of slice thickness" src="{_embedded(_histograms(known))}">'
        without = sum(row.header_thickness_mm is None for row in known)
        if without:
            yield f"<p>Of {without} scans the header tells no slice thickness: the slice spacing stands for it.</p>"


def _histograms(rows: Sequence[Row]) -> bytes:
    """The thickness that was measured over that of the header, in mm and as their ratio, as PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3), layout="constrained")
    widths, ratios = figure.subplots(1, 2)
    measured = np.array([row.fwhm_mm for row in rows], dtype=np.float64)
    told = np.array([row.header_thickness_mm or row.slice_spacing_mm for row in rows], dtype=np.float64)
    bins = np.histogram_bin_edges(np.concatenate([measured, told[np.isfinite(told)]]), bins=40)
    widths.hist(told, bins, color="0.75", label="header")
    widths.hist(measured, bins, color="#0072B2", histtype="step", linewidth=1.5, label="FWHM of the slice profile")
    widths.set(xlabel="slice thickness (mm)", ylabel="scans")
    widths.legend(frameon=False, fontsize="small")
    ratios.hist([ratio for row in rows if (ratio := thickness_ratio(row)) is not None], 40, color="#0072B2")
    ratios.axvline(1.0, color="0.5", linestyle=":")
    ratios.set(xlabel="FWHM / thickness in the header", ylabel="scans")
    for axes in (widths, ratios):
        axes.spines[["top", "right"]].set_visible(False)
    picture = BytesIO()
    figure.savefig(picture, format="png", dpi=110)
    return picture.getvalue()


def _far(far: Sequence[Outlier]) -> Iterator[str]:
    if far:
        yield f"<h2>Outliers</h2><p>{len(far)}{f', of which {LISTED}' * (len(far) > LISTED)}:</p>"
        yield _table(("scan", "why"), ([each.row.scan, each.why] for each in far[:LISTED]))


def _shown(rows: Sequence[Row], far: Sequence[Outlier], tasks: Mapping[str, Task]) -> list[tuple[Row, Task]]:
    """Scans to be shown: outliers first, and others evenly over the cohort."""
    shown = {
        row.output: (row, tasks[row.output])
        for row in rows
        if row.status == DONE and row.output in tasks and not tasks[row.output].options.estimate_only
    }
    first = [output for output in dict.fromkeys(each.row.output for each in far) if output in shown][: SHOWN // 2]
    others = [output for output in shown if output not in set(first)]
    wanted = min(SHOWN - len(first), len(others))
    return [shown[output] for output in (*first, *(others[n * len(others) // wanted] for n in range(wanted)))]


def _pictures(shown: Sequence[tuple[Row, Task]], folder: Path) -> Iterator[str]:
    if shown:
        yield "<h2>Scans and results</h2><p>Through plane, outliers first; the scan is on the left.</p>"
    for row, task in shown:
        try:
            picture = _embedded(thumbnail(task, folder))
        except Exception:  # as a file that has gone meanwhile: the page is not to fail for a picture
            continue
        yield f'<figure><img alt="scan and result" src="{picture}"><figcaption>{escape(row.scan)}</figcaption></figure>'


def _failures(rows: Sequence[Row]) -> Iterator[str]:
    failed = [row for row in rows if row.status == FAILED]
    if failed:
        yield f"<h2>Failed</h2><p>{len(failed)}; the next run tries them again.</p>"
        yield _table(("scan", "why"), ([row.scan, row.error] for row in failed))


def _table(heads: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    rows = ["".join(f"<th>{escape(head)}</th>" for head in heads)]
    rows += ["".join(f"<td>{escape(cell)}</td>" for cell in line) for line in lines]
    return "<table>" + "".join(f"<tr>{row}</tr>\n" for row in rows) + "</table>"


def _embedded(picture: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(picture).decode()}"
