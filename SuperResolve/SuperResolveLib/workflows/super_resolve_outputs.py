"""The files of a super-resolved volume: itself, its residual, the maps of its uncertainty, masks on its planes, its
report; all or none.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..image_io.files import check_paths, replacing
from ..image_io.volumes import check_output, path_beside, write_volume
from .report import Report, write_report
from .uncertainty import PARTS

if TYPE_CHECKING:
    from ..data.volume import Volume
    from .super_resolve import SuperResolved


@dataclass(frozen=True)
class Outputs:
    """The files to write.

    Attributes:
        volume: the super-resolved volume.
        residual: the scan minus the degraded result.
        maps: the maps of the uncertainty, by name.
        json: the report.
        masks: the masks on the planes, by the files that they come from.
    """

    volume: Path
    residual: Path | None
    maps: Mapping[str, Path]
    json: Path | None
    masks: Mapping[Path, Path] = field(default_factory=dict)

    def check(self, inputs: Mapping[str, Path | None], overwrite: bool) -> None:
        """Refuse, before the long run, what cannot be written or would replace an input.

        Raises:
            InputError: naming the path.
        """
        images = [self.volume, *([self.residual] if self.residual else []), *self.maps.values(), *self.masks.values()]
        for path in images:
            check_output(path)
        maps = {f"the {name} part of --uncertainty": path for name, path in self.maps.items()}
        maps |= {f"what --masks {mask} becomes": path for mask, path in self.masks.items()}
        outputs = {"--output": self.volume, "--residual": self.residual, "--json": self.json, **maps}
        check_paths(inputs, outputs, overwrite)

    def write(
        self,
        result: SuperResolved,
        keep_type: bool,
        report: Report,
        masks: Mapping[Path, Volume] | None = None,
    ) -> None:
        """Write all files or none; ``masks`` are those on the planes, by the files that they come from.

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
            for mask, on_planes in (masks or {}).items():
                write_volume(on_planes, files.enter_context(replacing(self.masks[mask])), keep_type=True)
            write_volume(result, self.volume, keep_type)


def map_paths(path: Path) -> dict[str, Path]:
    """The path of each map of the uncertainty: ``path`` for the total, and files beside it for its parts."""
    return {"total": path, **{name: path_beside(path, name) for name in PARTS[1:]}}
