"""Which methods and presets can be chosen, as the library's registries tell; the panel's model of its method boxes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from slicer.i18n import tr as _

if TYPE_CHECKING:
    from SuperResolveLib.registry import Info, Preset

#: The choice that leaves the method to the library.
AUTO = "auto"
#: The choice of a model from a file, in place of a method.
MODEL = "model"


class MethodChoices:
    """Methods by name, each with its title, its presets and what it needs.

    Args:
        infos: what each method tells of itself, in order.
        automatic: whether "auto" comes first, which stands for the first method.
    """

    def __init__(self, infos: Iterable[Info], automatic: bool = False) -> None:
        self._infos = {info.name: info for info in infos}
        self._automatic = automatic

    @property
    def names(self) -> tuple[str, ...]:
        """The methods, as the CLI modules call them."""
        return (AUTO, *self._infos) if self._automatic else tuple(self._infos)

    def title(self, method: str) -> str:
        """A method for people."""
        return _("Automatic") if self._isAuto(method) else self._info(method).title

    def presets(self, method: str) -> tuple[Preset, ...]:
        """A method's own presets, the default first; "auto" has none, and the method that it stands for its default."""
        return () if self._isAuto(method) else self._info(method).presets

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
        return " ".join([self._info(method).summary, *summaries, needs])

    def needsTorch(self, method: str, preset: str | None) -> bool:
        """Whether a run needs PyTorch; an unknown method, which the run itself will refuse, does not."""
        if method not in self.names:
            return False
        return self._info(method).runs_on_torch(None if self._isAuto(method) else preset)

    def tellsUncertainty(self, method: str) -> bool:
        """Whether the method can map how far its result may be off."""
        return bool(getattr(self._info(method), "tells_uncertainty", False))

    def networks(self, method: str) -> tuple[str, ...]:
        """The networks that a method can train, the default first; only methods that are trained have any."""
        return tuple(getattr(self._info(method), "networks", ()))

    def network(self, method: str, wanted: str) -> str:
        """The wanted network where the method has it, else the method's default; empty where it has none."""
        names = self.networks(method)
        return wanted if wanted in names else next(iter(names), "")

    def options(self, method: str) -> tuple[str, ...]:
        """The names of what only some methods have, as far as this one has it."""
        return tuple(getattr(self._info(method), "options", ()))

    def _isAuto(self, method: str) -> bool:
        return self._automatic and method == AUTO

    def _info(self, method: str) -> Info:
        return next(iter(self._infos.values())) if self._isAuto(method) else self._infos[method]


def estimationChoices() -> MethodChoices:
    """The ways to estimate a profile, "auto" first."""
    from SuperResolveLib.estimation.registry import ESTIMATORS

    return MethodChoices(ESTIMATORS.infos(), automatic=True)


def superResolutionChoices() -> MethodChoices:
    """The ways to super-resolve, and last a model from a file."""
    from SuperResolveLib.methods.registry import METHODS
    from SuperResolveLib.registry import Info

    model = Info(
        name=MODEL,
        title=_("A trained model"),
        summary=_("A network that learned from a collection of scans before; it is read from a file."),
        learns_from="a collection",
        needs_torch=True,
    )
    return MethodChoices([*METHODS.infos(), model])


def trainingChoices() -> MethodChoices:
    """The methods that learn from a collection of scans."""
    from SuperResolveLib.methods.trainables import TRAINABLES

    return MethodChoices(TRAINABLES.infos())


def stagesOf(method: str, preset: str, network: str) -> tuple[str, ...]:
    """The stages of a training, in order, as far as there are any with that preset and network."""
    from SuperResolveLib.methods.trainables import TRAINABLES

    there = TRAINABLES[method].iterations(preset, network)
    return tuple(name for name in TRAINABLES[method].info.stages if name in there)
