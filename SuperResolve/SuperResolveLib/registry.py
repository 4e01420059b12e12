"""What can be chosen by name, ways to estimate a profile and to super-resolve, and what each declares about itself."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Generic, Literal, Protocol, TypeVar

from .errors import InputError

#: The choice that leaves it to the program what runs; never the name of a method.
AUTO = "auto"
#: How many times as fast as a processor core a graphics card is, roughly.
GRAPHICS_CARD = 30.0
#: Devices that are such cards.
GRAPHICS_CARDS = ("cuda", "mps")

LearnsFrom = Literal["nothing", "the scan", "a collection", "synthetic anatomy"]
#: What computes: a library for networks, or numpy alone.
Engine = Literal["numpy", "torch", "onnxruntime"]


@dataclass(frozen=True)
class Preset:
    """Named settings of a method.

    Attributes:
        name: as it is typed.
        title: for people.
        summary: what it costs and gives, in one or two sentences.
        needs_torch: whether it runs only where torch is installed, though the method has presets that do without.
        cost: its cost, as in :class:`Info`; ``None`` for the method's.
    """

    name: str
    title: str
    summary: str
    needs_torch: bool = False
    cost: float | None = None


@dataclass(frozen=True, kw_only=True)
class Info:
    """What a method declares about itself; commands, reports and the panel are filled from this.

    Attributes:
        name: as it is typed.
        title: for people.
        summary: what it does, in one or two sentences.
        learns_from: what it learns from.
        needs_torch: whether it runs only where torch is installed, or else what ``also_runs_on`` names.
        also_runs_on: what computes where torch cannot be loaded; ``None`` where nothing else can.
        presets: its named settings, the default first; empty where there is nothing to choose.
        cost: roughly the seconds of a processor core that it takes for a scan of a million voxels, by which a progress
            bar is shared out.
    """

    name: str
    title: str
    summary: str
    learns_from: LearnsFrom
    needs_torch: bool = False
    also_runs_on: Engine | None = None
    presets: tuple[Preset, ...] = ()
    cost: float = 1.0

    @property
    def tells(self) -> tuple[str, ...]:
        """What it tells beside its answer, in words."""
        return ()

    @property
    def libraries(self) -> str:
        """What it computes by whatever its preset, in words; empty where numpy does."""
        if not self.needs_torch:
            return ""
        return "torch" if self.also_runs_on is None else f"torch or {self.also_runs_on}"

    def runs_on_torch(self, preset: str | None) -> bool:
        """Whether a run with that preset, or with the default, is one for torch, as far as what is installed tells."""
        return self._needs_torch(preset) and not (
            self.also_runs_on is not None and is_installed(self.also_runs_on) and not is_installed("torch")
        )

    def engine(self, preset: str | None, device: str) -> Engine:
        """What computes in such a run here; torch is loaded where there is another choice, as it may be damaged.

        Raises:
            InputError: torch cannot be loaded where a graphics card is asked for, or neither it nor the other choice.
        """
        if not self._needs_torch(preset):
            return "numpy"
        if self.also_runs_on is None:
            return "torch"
        try:
            import_with_torch("torch")
        except InputError as error:
            if device in GRAPHICS_CARDS:
                raise
            return self._other_engine(error)
        return "torch"

    def _other_engine(self, error: InputError) -> Engine:
        """What computes where torch cannot be loaded, for which ``error`` gives the reason."""
        assert self.also_runs_on is not None
        try:
            importlib.import_module(self.also_runs_on)
        except MemoryError:
            raise
        except Exception:  # as of torch
            raise InputError(
                f"{self.name} needs {self.libraries}, and neither can be loaded here: 'pip install torch', or "
                f"'pip install {self.also_runs_on}', which is smaller"
            ) from error
        return self.also_runs_on

    def _needs_torch(self, preset: str | None) -> bool:
        chosen = preset or (self.presets[0].name if self.presets else None)
        return self.needs_torch or any(each.needs_torch for each in self.presets if each.name == chosen)

    def cost_of(self, preset: str | None, device: str) -> float:
        """The cost of a run with that preset, or with the default; a graphics card is so many times faster."""
        chosen = self.preset(preset)
        costs = [each.cost for each in self.presets if each.name == chosen and each.cost is not None]
        return (costs[0] if costs else self.cost) / (GRAPHICS_CARD if device in GRAPHICS_CARDS else 1.0)

    def usable_device(self, preset: str | None, device: str) -> str:
        """The device if such a run computes on one, else ``"auto"``: for a choice that several runs share."""
        return device if self.runs_on_torch(preset) else "auto"

    def check_device(self, preset: str | None, device: str) -> None:
        """Refuse a graphics card for a run that would leave it idle.

        Raises:
            InputError: it is named, and the run computes on the processor alone.
        """
        if device in GRAPHICS_CARDS and not self.runs_on_torch(preset):
            run = f"{self.name} ({preset})" if preset else self.name
            raise InputError(f"{run} computes on the processor alone: leave out the device {device!r}")

    def preset(self, name: str | None) -> str:
        """The preset of that name, or the default; empty where there are none.

        Raises:
            InputError: there is none of that name.
        """
        return self.one_of("preset", [preset.name for preset in self.presets], name)

    def one_of(self, kind: str, names: Sequence[str], name: str | None) -> str:
        """One of its own names of a kind, or the first of them; empty where there are none.

        Raises:
            InputError: there is none of that name.
        """
        if name is None:
            return names[0] if names else ""
        if not names:
            raise InputError(f"{self.name} has no {kind}s: leave out the {kind} {name!r}")
        if name not in names:
            raise InputError(f"{self.name} has no {kind} {name!r}: choose one of {', '.join(names)}")
        return name


class Informative(Protocol):
    """A class that declares what it is."""

    @property
    def info(self) -> Info:
        """What it declares."""


Kind = TypeVar("Kind", bound=Informative)


class Registry(Generic[Kind]):
    """Classes by name, each imported when it is asked for.

    Args:
        what: what a message calls one of them.
        homes: where each is, as ``"module:Class"`` below this package, in the order in which users meet them.
    """

    def __init__(self, what: str, homes: dict[str, str]) -> None:
        self.what = what
        self.homes = homes

    def __iter__(self) -> Iterator[str]:
        return iter(self.homes)

    def __contains__(self, name: object) -> bool:
        return name in self.homes

    def __getitem__(self, name: str) -> type[Kind]:
        """The class of that name.

        Raises:
            InputError: there is none.
        """
        if name not in self.homes:
            raise InputError(f"there is no {self.what} {name!r}: choose one of {', '.join(self.homes)}")
        module, _, class_name = self.homes[name].partition(":")
        found: type[Kind] = getattr(importlib.import_module(f"{__package__}.{module}"), class_name)
        return found

    def info(self, name: str) -> Info:
        """What the class of that name declares about itself.

        Raises:
            InputError: there is none.
        """
        info: Info = self[name].info  # type: ignore[assignment]  # a class attribute, which a Protocol cannot say
        return info

    def infos(self) -> list[Info]:
        """What each declares about itself, in order."""
        return [self.info(name) for name in self.homes]


def is_installed(package: str) -> bool:
    """Whether a package is there to be imported, which does not tell whether it can be."""
    try:
        return importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):  # an import hook forbids it, or it is only half there
        return False


def import_with_torch(module: str) -> ModuleType:
    """Import a module that needs torch.

    Raises:
        InputError: torch is not installed, or its installation is damaged.
    """
    advice = "or choose a method or preset that does without"
    try:
        torch = importlib.import_module("torch")
        torch.zeros(1).numpy()  # fails where only a part of torch is there, or it was built for another numpy
    except MemoryError:
        raise
    except Exception as error:  # a library of torch's that is missing or damaged fails in almost any way
        if isinstance(error, ModuleNotFoundError) and error.name == "torch":
            raise InputError(f"this needs torch, which is not installed: install torch, {advice}") from None
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"torch is installed but cannot be loaded ({reason[:200]}): reinstall it, {advice}") from error
    return importlib.import_module(module)
