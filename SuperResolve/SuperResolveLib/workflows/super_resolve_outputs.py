"""The files of a super-resolved volume: itself, its residual, the maps of its uncertainty, its report; all or none."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..image_io.files import check_paths, replacing
from ..image_io.volumes import WRITTEN_ENDINGS, check_output, write_volume
from .report import Report, write_report
from .uncertainty import PARTS

if TYPE_CHECKING:
    from .super_resolve import SuperResolved


@dataclass(frozen=True)
class Outputs:
    """The files to write.

    Attributes:
        volume: the super-resolved volume.
        residual: the scan minus the degraded result.
        maps: the maps of the uncertainty, by name.
        json: the report.
    """

    volume: Path
    residual: Path | None
    maps: Mapping[str, Path]
    json: Path | None

    def check(self, inputs: Mapping[str, Path | None], overwrite: bool) -> None:
        """Refuse, before the long run, what cannot be written or would replace an input.

        Raises:
            InputError: naming the path.
        """
        for path in (self.volume, *([self.residual] if self.residual else []), *self.maps.values()):
            check_output(path)
        maps = {f"the {name} part of --uncertainty": path for name, path in self.maps.items()}
        outputs = {"--output": self.volume, "--residual": self.residual, "--json": self.json, **maps}
        check_paths(inputs, outputs, overwrite)

    def write(self, result: SuperResolved, keep_type: bool, report: Report) -> None:
        """Write all files or none.

        Raises:
            InputError: a file cannot be written.
        """
        with ExitStack() as files:
            if self.json is not None:
                write_report(report, files.enter_context(replacing(self.json)))
            if self.residual is not None:
                write_volume(result.residual, files.enter_context(replacing(self.residual)))
            for name, path in self.maps.items():
                write_volume(getattr(result.uncertainty, name), files.enter_context(replacing(path)))
            write_volume(result, self.volume, keep_type)


def map_paths(path: Path) -> dict[str, Path]:
    """The path of each map of the uncertainty: ``path`` for the total, and files beside it for its parts."""
    endings = sorted(WRITTEN_ENDINGS, key=len, reverse=True)
    known = next((ending for ending in endings if path.name.lower().endswith(ending)), path.suffix)
    stem, ending = path.name[: len(path.name) - len(known)], path.name[len(path.name) - len(known) :]
    return {"total": path, **{name: path.with_name(f"{stem}_{name}{ending}") for name in PARTS[1:]}}
