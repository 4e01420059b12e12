"""What the experiments have in common: each module has an ``EXPERIMENT`` that the command finds by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from SuperResolveLib.registry import Info

from .cells import Cell, CellRunner, Row
from .report import Presentation


@dataclass(frozen=True)
class Experiment(Presentation):
    """One published experiment on scans simulated from isotropic volumes.

    Attributes:
        conditions: the cells of the publication, as text (:class:`~.condition.Condition`).
        methods: what is compared, by name, with what it tells of its presets; ``None`` where it has none.
        run: runs a cell on the volume in a file, on a device, and returns its figures; among them ``device``.
    """

    conditions: tuple[str, ...]
    methods: dict[str, Info | None]
    run: Callable[[Cell, Path, str], Row]

    def preset(self, method: str, name: str | None) -> str:
        """The preset by which a method runs: the one named, or its default; empty where it has none."""
        info = self.methods[method]
        return info.preset(name) if info else ""

    def runner(self, volumes: dict[str, Path], device: str) -> CellRunner:
        """What runs a cell, given where volumes are."""
        return partial(_run, self.run, self.methods, volumes, device)


def _run(
    run: Callable[[Cell, Path, str], Row],
    methods: dict[str, Info | None],
    volumes: dict[str, Path],
    device: str,
    cell: Cell,
) -> Row:
    """Run a cell, on the device if its method computes on one."""
    info = methods[cell.method]
    return run(cell, volumes[cell.volume], info.usable_device(cell.preset or None, device) if info else "auto")
