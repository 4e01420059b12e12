"""What is estimated: scans simulated from isotropic heads, and real stacks, whole and in halves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ..cells import Cell
from ..measured_slices import MeasuredSlices
from ..table1 import SHAPES

#: A method is a prior, and whether the header tells the nominal thickness.
WITH_HEADER = "+header"
METHODS = ("scanner", "broad", f"scanner{WITH_HEADER}", f"broad{WITH_HEADER}")
#: Measured profiles: how many times as wide they are made, and the slice spacing in mm.
MEASURED = ((1.0, 5.0), (1.0, 3.0), (1.0, 6.0), (0.6, 4.0))
#: Ratios of the simulated scans of Han et al.
RATIOS = (2, 4, 8)
#: Which part of a real stack: each half of its columns must agree with the whole.
WHOLE, HALVES = "whole", ("left", "right")


def simulated_cells(volumes: Iterable[str], axes: Sequence[str], methods: Sequence[str]) -> list[Cell]:
    """The 18 cells of Table 1 of Han et al. on every volume; their scans have no header."""
    unaided = [method for method in methods if WITH_HEADER not in method]
    return [
        Cell(volume, axis, f"{shape}@{ratio}", method, "", 0)
        for ratio in RATIOS
        for shape in SHAPES
        for volume in volumes
        for axis in axes
        for method in unaided
    ]


def measured_cells(
    volumes: Sequence[str], axes: Sequence[str], profiles: Sequence[str], each: int, methods: Sequence[str]
) -> list[Cell]:
    """Measured profiles over every volume: ``each`` of them at every spacing, others on the next volume."""
    cells = []
    for place, (scale, spacing) in enumerate(MEASURED):
        for head, (volume, axis) in enumerate((volume, axis) for volume in volumes for axis in axes):
            for number in range(each):
                name = profiles[(place + each * head + number) % len(profiles)]
                cell = str(MeasuredSlices(name, spacing, scale))
                cells += [Cell(volume, axis, cell, method, "", 0) for method in methods]
    return cells


def retest_cells(stacks: Mapping[str, Path], methods: Sequence[str]) -> list[Cell]:
    """Real stacks, whole and in halves, without their headers' thickness."""
    unaided = [method for method in methods if WITH_HEADER not in method]
    return [
        Cell(stack, "auto", part, method, "", 0) for stack in stacks for part in (WHOLE, *HALVES) for method in unaided
    ]
