"""Which cells are run: sizes, ratios and numbers of threads, each varied by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from SuperResolveLib.errors import InputError
from SuperResolveLib.estimation.registry import ESTIMATORS
from SuperResolveLib.methods.registry import METHODS

from ..cells import Cell
from .jobs import Size, info_of, learns

#: What is measured in a cell.
TIMES, UNCERTAINTY, ARITHMETIC = "times", "uncertainty", "arithmetic"


@dataclass(frozen=True)
class Load:
    """What is measured, and on what; as text ``times:4:cpu:2``: at a ratio of 4, on the processor with 2 threads."""

    what: str
    ratio: float
    device: str
    threads: int

    def __str__(self) -> str:
        return f"{self.what}:{self.ratio:g}:{self.device}:{self.threads}"

    @classmethod
    def parse(cls, text: str) -> Load:
        """A load from its text."""
        what, ratio, device, threads = text.split(":")
        return cls(what, float(ratio), device, int(threads))


@dataclass(frozen=True)
class Plan:
    """What is to be run; the first ratio and number of threads hold wherever another thing varies.

    Attributes:
        sizes: of scans, as text, ``64x64x64``.
        reference: the size at which ratios and threads vary, and of which arithmetic is counted.
        ratios: slice spacings in voxels.
        threads: how many the processor computes on.
        methods: of which to take the time, ``NAME`` or ``NAME/PRESET``.
        learners: of which to count the arithmetic, likewise.
        uncertain: of which to take the time and memory with uncertainty, at every size, likewise.
        device: where methods that can use a GPU run: ``"cpu"`` or ``"cuda"``.

    Raises:
        InputError: a name, size, ratio or number of threads is none.
    """

    sizes: Sequence[str] = ("64x64x64", "128x128x32", "256x256x48", "512x512x60")
    reference: str = "128x128x32"
    ratios: Sequence[float] = (4.0, 2.0, 8.0)
    threads: Sequence[int] = (1, 2)
    methods: Sequence[str] = (next(iter(ESTIMATORS)), *METHODS)
    learners: Sequence[str] = ("smore", "espreso/paper")
    device: str = "cpu"
    uncertain: Sequence[str] = ()

    def __post_init__(self) -> None:
        for text in (*self.sizes, self.reference):
            parse_size(text)
        if min(self.ratios) < 1 or min(self.threads) < 1:
            raise InputError("ratios and numbers of threads must be 1 or more")
        for name, preset in map(parse_method, self.learners):
            if not learns(name, preset):
                raise InputError(f"{name}/{preset} does not learn by iterations: leave it out of --learners")

    def cells(self) -> list[Cell]:
        """Every size; at the reference size every ratio and number of threads; then the arithmetic."""
        ratio, threads = self.ratios[0], self.threads[0]
        cells = []
        for name, preset in map(parse_method, self.methods):
            device = self.device if info_of(name).runs_on_torch(preset) else "cpu"
            places = [(size, ratio, threads) for size in self.sizes]
            places += [(self.reference, other, threads) for other in self.ratios]
            places += [(self.reference, ratio, count) for count in self._threads_on(device)]
            cells += [Cell(size, "k", str(Load(TIMES, r, device, n)), name, preset, 0) for size, r, n in places]
        for name, preset in map(parse_method, self.uncertain):
            load = Load(UNCERTAINTY, ratio, self.device, threads)
            cells += [Cell(size, "k", str(load), name, preset, 0) for size in self.sizes]
        for name, preset in map(parse_method, self.learners):
            loads = [Load(ARITHMETIC, ratio, self.device, count) for count in self._threads_on(self.device)]
            cells += [Cell(self.reference, "k", str(load), name, preset, 0) for load in loads]
        return list(dict.fromkeys(cells))

    def _threads_on(self, device: str) -> Sequence[int]:
        """The numbers of threads that make a difference."""
        return self.threads if device == "cpu" else self.threads[:1]


def parse_method(text: str) -> tuple[str, str]:
    """Method and preset of ``NAME`` or ``NAME/PRESET``.

    Raises:
        InputError: there is no such method or preset.
    """
    name, _, preset = text.partition("/")
    if name not in (*ESTIMATORS, *METHODS):
        raise InputError(f"there is no method {name!r}: choose from {', '.join((*ESTIMATORS, *METHODS))}")
    return name, info_of(name).preset(preset or None)


def parse_size(text: str) -> Size:
    """Voxels along i, j and k from ``64x64x64``.

    Raises:
        InputError: it is not three numbers.
    """
    try:
        i, j, k = (int(word) for word in text.split("x"))
    except ValueError:
        raise InputError(f"{text!r} is no size of a scan: write it as 256x256x48") from None
    return i, j, k
