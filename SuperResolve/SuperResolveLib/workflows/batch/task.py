"""One task of a cohort: a scan with its options, and the files that come of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...image_io.scan_files import ScanFile
from ..super_resolve_outputs import Outputs, map_paths
from .options import BatchOptions


@dataclass(frozen=True)
class Task:
    """A scan with its options.

    Attributes:
        label: what the scan is called, its path as it was given or found.
        scan: where it lies.
        stem: path of what comes of it, relative to the folder of the results and without endings.
        options: what is asked of it.
        size: bytes of its voxels, roughly, by which the work is shared out.
        source: its BIDS URI; ``None`` outside BIDS.
    """

    label: str
    scan: ScanFile
    stem: str
    options: BatchOptions
    size: int = 0
    source: str | None = None

    def path(self, folder: Path, ending: str) -> Path:
        """Of a file that comes of it."""
        return folder / f"{self.stem}{ending}"

    def profile(self, folder: Path) -> Path:
        """Of the table of its slice profile."""
        return self.path(folder, "_profile.tsv")

    def report(self, folder: Path) -> Path:
        """Of its report."""
        return self.path(folder, "_profile.json" if self.options.estimate_only else ".json")

    def volumes(self, folder: Path) -> Outputs:
        """The volumes with the report."""
        ending = self.options.ending
        residual = self.path(folder, f"_residual{ending}") if self.options.residual else None
        maps = map_paths(self.path(folder, f"_uncertainty{ending}")) if self.options.uncertainty else {}
        return Outputs(self.path(folder, ending), residual, maps, self.report(folder))

    def files(self, folder: Path) -> Iterator[Path]:
        """All that comes of it."""
        yield self.profile(folder)
        yield self.report(folder)
        if not self.options.estimate_only:
            volumes = self.volumes(folder)
            yield volumes.volume
            yield from [volumes.residual] if volumes.residual else []
            yield from volumes.maps.values()

    def is_complete(self, folder: Path) -> bool:
        """Whether all its files are there."""
        return all(path.is_file() for path in self.files(folder))

    def clear(self, folder: Path) -> None:
        """Remove its files, which are of other options or another scan, as far as that is possible."""
        for path in self.files(folder):
            with contextlib.suppress(OSError):
                path.unlink()
