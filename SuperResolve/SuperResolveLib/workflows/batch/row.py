"""A row of ``results.tsv``: what came of a scan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

#: What a row's status can be.
DONE, FAILED = "done", "failed"
#: What separates the warnings in a cell.
SEPARATOR = " | "


@dataclass(frozen=True, kw_only=True)
class Row:
    """What came of a scan; a number is ``None`` where it is not known.

    Attributes:
        scan: its path, and where a folder holds several series its series after a ``#``.
        output: path of what came of it, relative to the folder of the results and without endings.
        status: :data:`DONE` or :data:`FAILED`.
        fwhm_mm, fwhm_low_mm, fwhm_high_mm: of its slice profile, and the interval where it was estimated.
        header_thickness_mm: slice thickness that its header tells.
        slice_spacing_mm: distance between its slice centres.
        data_consistency_rmse: of the scan minus the degraded result, in units of the scan's noise.
        method: the algorithm that ran.
        seconds: wall time.
        warnings: a sentence each.
        error: why it failed, in a sentence.
        hash: of the scan, its options and the version of this program, by which a later run knows that it is done.
    """

    scan: str
    output: str
    status: str = FAILED
    fwhm_mm: float | None = None
    fwhm_low_mm: float | None = None
    fwhm_high_mm: float | None = None
    header_thickness_mm: float | None = None
    slice_spacing_mm: float | None = None
    data_consistency_rmse: float | None = None
    method: str = ""
    seconds: float | None = None
    warnings: tuple[str, ...] = ()
    error: str = ""
    hash: str = ""

    def line(self) -> str:
        """The row as a line of the table."""
        return "\t".join(_cell(getattr(self, name)) for name in COLUMNS) + "\n"

    @classmethod
    def of_cells(cls, cells: Mapping[str, str]) -> Row:
        """The row of a line's cells by their columns.

        Raises:
            ValueError: a cell cannot be understood.
            KeyError: one is missing.
        """
        values: dict[str, Any] = {name: cells[name] for name in COLUMNS}
        for name in NUMBERS:
            values[name] = float(values[name]) if values[name] else None
        values["warnings"] = tuple(values["warnings"].split(SEPARATOR)) if values["warnings"] else ()
        if values["status"] not in (DONE, FAILED):
            raise ValueError(values["status"])
        return cls(**values)


COLUMNS = tuple(field.name for field in fields(Row))
NUMBERS = tuple(name for name in COLUMNS if name.endswith("_mm") or name in ("data_consistency_rmse", "seconds"))


def in_a_cell(text: str) -> str:
    """A text without what ends a cell or a line, or cannot be encoded; these characters are escaped."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def _cell(value: str | float | tuple[str, ...] | None) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return in_a_cell(SEPARATOR.join(value))
    return in_a_cell(value) if isinstance(value, str) else f"{value:.6g}"
