"""Which methods and presets can be chosen, as the library's registries tell; the panel's model of its method boxes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from slicer.i18n import tr as _

if TYPE_CHECKING:
    from SuperResolveLib.registry import Info, Preset

#: The choice that leaves the method to the library, by its name there.
AUTO = "auto"
#: The choice of a model from a file, in place of a method.
MODEL = "model"


class MethodChoices:
    """Methods by name, each with its title, its presets and what it needs.

    Args:
        infos: what each method tells of itself, in order, and what the choice "auto" does where there is that choice.
    """

    def __init__(self, infos: Iterable[Info]) -> None:
        self._infos = {info.name: info for info in infos}

    @property
    def names(self) -> tuple[str, ...]:
        """The methods, as the CLI modules call them."""
        return tuple(self._infos)

    def title(self, method: str) -> str:
        """A method for people."""
        return self._infos[method].title

    def presets(self, method: str) -> tuple[Preset, ...]:
        """A method's own presets, the default first; "auto" has none: the method that runs takes its default."""
        return self._infos[method].presets

    def preset(self, method: str, wanted: str) -> str:
        """The wanted preset where the method has it, else the method's default; empty where it has none."""
        names = [preset.name for preset in self.presets(method)]
        return wanted if wanted in names else next(iter(names), "")

    def method(self, wanted: str) -> str:
        """The wanted method where there is one of that name, else the first."""
        return wanted if wanted in self.names else self.names[0]

    def description(self, method: str, preset: str) -> str:
        """What a method with a preset does, and what it needs."""
        chosen = self.preset(method, preset)
        summaries = [each.summary for each in self.presets(method) if each.name == chosen]
        needs = _("Needs PyTorch.") if self.needsTorch(method, preset) else _("Needs nothing besides Slicer.")
        return " ".join([self._infos[method].summary, *summaries, needs])

    def needsTorch(self, method: str, preset: str | None) -> bool:
        """Whether a run needs PyTorch; an unknown method, which the run itself will refuse, does not."""
        return method in self.names and self._infos[method].runs_on_torch(preset)

    def tellsUncertainty(self, method: str) -> bool:
        """Whether the method can map how far its result may be off."""
        return bool(getattr(self._infos[method], "tells_uncertainty", False))

    def networks(self, method: str) -> tuple[str, ...]:
        """The networks that a method can train, the default first; only methods that are trained have any."""
        return tuple(getattr(self._infos[method], "networks", ()))

    def network(self, method: str, wanted: str) -> str:
        """The wanted network where the method has it, else the method's default; empty where it has none."""
        names = self.networks(method)
        return wanted if wanted in names else next(iter(names), "")

    def options(self, method: str) -> tuple[str, ...]:
        """The names of what only some methods have, as far as this one has it."""
        return tuple(getattr(self._infos[method], "options", ()))


def estimationChoices() -> MethodChoices:
    """The ways to estimate a profile, "auto" first."""
    from SuperResolveLib.estimation.registry import ESTIMATORS, automatic

    return MethodChoices([replace(automatic(), title=_("Automatic")), *ESTIMATORS.infos()])


def superResolutionChoices() -> MethodChoices:
    """The ways to super-resolve, "auto" first, and last a model from a file."""
    from SuperResolveLib.methods.registry import METHODS, automatic
    from SuperResolveLib.registry import Info

    model = Info(
        name=MODEL,
        title=_("A trained model"),
        summary=_("A network that learned from a collection of scans before; it is read from a file."),
        learns_from="a collection",
        needs_torch=True,
    )
    return MethodChoices([replace(automatic(), title=_("Automatic")), *METHODS.infos(), model])


def trainingChoices() -> MethodChoices:
    """The methods that learn from a collection of scans."""
    from SuperResolveLib.methods.trainables import TRAINABLES

    return MethodChoices(TRAINABLES.infos())


def stagesOf(method: str, preset: str, network: str) -> tuple[str, ...]:
    """The stages of a training, in order, as far as there are any with that preset and network."""
    from SuperResolveLib.methods.trainables import TRAINABLES

    there = TRAINABLES[method].iterations(preset, network)
    return tuple(name for name in TRAINABLES[method].info.stages if name in there)
