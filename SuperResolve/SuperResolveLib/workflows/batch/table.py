"""``results.tsv``: a row a scan, which grows as scans are done, and survives a run that is killed at any moment."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from ...errors import InputError
from ...image_io.files import write_whole
from .row import COLUMNS, Row

#: The name of the table in the folder of the results.
NAME = "results.tsv"
_HEADER = "\t".join(COLUMNS) + "\n"


class ResultsTable:
    """The table in a folder.

    Args:
        folder: that takes the results.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._waiting = ""

    def read(self) -> dict[str, Row]:
        """The rows by their output, of several the last; a line that was cut off as a run was killed does not count.

        Raises:
            InputError: there is another file of that name, or it cannot be read.
        """
        if not self.path.exists():
            return {}
        try:
            text = self.path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{self.path} cannot be read as a table of results: choose another folder") from error
        lines = [line for line in text.split("\n")[:-1] if line]  # what follows the last line's end was cut off
        if lines and lines[0] + "\n" != _HEADER:
            raise InputError(f"{self.path} is no table of this version's results: choose another folder, or remove it")
        rows = [row for row in map(_row, lines[1:]) if row is not None]
        return {row.output: row for row in rows}

    def begin(self, rows: Iterable[Row]) -> None:
        """Write the table anew, whole or not at all.

        Raises:
            InputError: it cannot be written.
        """
        write_whole(self.path, (_HEADER + "".join(row.line() for row in rows)).encode())
        self._waiting = ""

    def add(self, row: Row) -> None:
        """Append a row; on a disk that is full it waits for the next one."""
        self._waiting += row.line()
        try:
            with self.path.open("ab", buffering=0) as file:
                whole = file.tell()
                contents = self._waiting.encode()
                try:
                    written = file.write(contents)
                except OSError:
                    written = 0
                if written < len(contents):
                    os.truncate(self.path, whole)
                else:
                    self._waiting = ""
        except OSError:
            return


def in_order(rows: Iterable[Row], outputs: Sequence[str]) -> list[Row]:
    """The rows in the order of their outputs in a list, those of other outputs after them by name."""
    place = {output: number for number, output in enumerate(outputs)}
    return sorted(rows, key=lambda row: (place.get(row.output, len(place)), row.output))


def _row(line: str) -> Row | None:
    """The row of a line; ``None`` where it was edited so that it cannot be understood: the scan is done again."""
    try:
        return Row.of_cells(dict(zip(COLUMNS, line.split("\t"), strict=True)))
    except (ValueError, KeyError):
        return None
