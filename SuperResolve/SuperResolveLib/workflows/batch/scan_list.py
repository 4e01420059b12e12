"""A list of scans: a table with the column ``scan`` and a column for each option that differs from scan to scan."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from ...errors import InputError
from ...image_io.checks import readable
from ...image_io.scan_files import LARGEST_LIST
from .options import COLUMNS, BatchOptions, with_texts

#: The ending of a list.
ENDING = ".tsv"
#: Columns that are no options: the scan's path, its series in a DICOM folder, and what its result is called.
SCAN, SERIES, OUTPUT = "scan", "series", "output"


@dataclass(frozen=True)
class Listed:
    """A line of a list.

    Attributes:
        path: of the scan.
        series: of a DICOM folder; ``None`` where the list does not tell.
        output: what its result is called; ``None`` where the list does not tell.
        options: what is asked of it.
    """

    path: Path
    series: str | None
    output: str | None
    options: BatchOptions


def read_list(path: Path, options: BatchOptions) -> list[Listed]:
    """The scans that a list names.

    Args:
        path: a text with a line a scan, cells separated by tabs, and names of columns in the first line. Paths are
            relative to its folder; an empty cell leaves an option as it is for all.
        options: for all scans.

    Raises:
        InputError: it cannot be read, names no column ``scan`` or one that is not known, a scan does not exist, or a
            cell does not fit.
    """
    with readable(path):
        if path.stat().st_size > LARGEST_LIST:
            raise InputError(f"{path} is too long for a list of scans: give several")
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            raise InputError(f"{path} is not a text file in UTF-8: give a table of scans") from None
    listed = list(_listed(path, text, options))
    if not listed:
        raise InputError(f"the list {path} names no scans: give a line a scan, below the names of columns")
    return listed


def _listed(path: Path, text: str, options: BatchOptions) -> Iterator[Listed]:
    lines = list(csv.reader(StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE))
    columns = [name.strip().lower().replace("-", "_") for name in lines[0]] if lines else []
    known = (SCAN, SERIES, OUTPUT, *COLUMNS)
    if SCAN not in columns:
        raise InputError(f"{path} has no column {SCAN}: name the columns in its first line, separated by tabs")
    unknown = next((name for name in columns if name not in known or columns.count(name) > 1), None)
    if unknown is not None:
        raise InputError(f"the column {unknown!r} of {path} is none, or there twice: use {', '.join(known)}, each once")
    for number, line in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in line):
            continue
        if len(line) > len(columns):
            raise InputError(f"line {number} of {path} has more cells than there are columns: give a tab between cells")
        cells = dict(zip(columns, (cell.strip() for cell in line), strict=False))
        try:
            yield _of_cells(cells, path.parent, options)
        except InputError as error:
            raise InputError(f"line {number} of {path}: {error}") from error


def _of_cells(cells: dict[str, str], folder: Path, options: BatchOptions) -> Listed:
    scan, series, output = (cells.pop(name, "") for name in (SCAN, SERIES, OUTPUT))
    if not scan:
        raise InputError("the cell of the scan is empty: give a path")
    if not (folder / scan).exists():
        raise InputError(f"there is no file or folder {folder / scan}: check the path")
    inside = Path(output)
    if inside.is_absolute() or ".." in inside.parts or output.endswith("/"):
        raise InputError(f"the output {output!r} is not inside the folder of the results: give a name or relative path")
    return Listed(folder / scan, series or None, output or None, with_texts(options, cells, folder))
