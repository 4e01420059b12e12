"""What super-resolves a scan: a method by its name, a model, or, under *auto*, a method that has learned such scans."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from ..data.geometry import SliceGeometry
from ..errors import InputError
from ..methods.learned import LOOKS_RIGHT, Learned, info_of, outside
from ..methods.method import COMBINATIONS, Combination, Method, MethodInfo, MethodSettings
from ..methods.registry import METHODS
from ..model import Model
from ..physics.profile import SliceProfile
from ..registry import AUTO, Engine
from .shipped_models import shipped_graph, shipped_model


@dataclass(frozen=True, eq=False, kw_only=True)
class Request:
    """What is asked for; as the arguments of :func:`~SuperResolveLib.workflows.super_resolve.super_resolve`."""

    method: str = AUTO
    model: Model | None = None
    preset: str | None = None
    device: str = "auto"
    seed: int = 0
    combine: Combination = "average"
    consistent: bool = True
    uncertainty: bool = False

    def settings(self, info: MethodInfo) -> MethodSettings:
        """The settings of a method.

        Raises:
            InputError: it cannot do what is asked for.
        """
        if self.combine not in COMBINATIONS:
            raise InputError(f"there is no combination {self.combine!r}: choose {' or '.join(COMBINATIONS)}")
        if self.uncertainty and not info.tells_uncertainty:
            able = [name for name in METHODS if METHODS[name].info.tells_uncertainty]
            raise InputError(f"{info.name} cannot tell its uncertainty: choose {' or '.join(able)}, or leave it out")
        if self.combine != COMBINATIONS[0] and not info.combines:
            raise InputError(
                f"{info.name} has a single result, so that nothing is combined: leave out {self.combine!r}"
            )
        if not self.consistent and info.operator is None:
            raise InputError(
                f"{info.name} has no data-consistency step, so that none can be left out: do not ask for it"
            )
        settings = MethodSettings(info.preset(self.preset), self.device, self.seed, self.combine, self.uncertainty)
        info.check_device(settings.preset, self.device)
        return settings


@dataclass(frozen=True, eq=False)
class Choice:
    """What super-resolves.

    Attributes:
        info: what the method, or the model as one, declares.
        settings: with which it is set up; in them the model that restores, if one does.
        set_up: makes it of its settings.
        told: what was chosen automatically and why, in a sentence; ``None`` where the user chose.
        warnings: what to know of the choice, a sentence each.
    """

    info: MethodInfo
    settings: MethodSettings
    set_up: Callable[[MethodSettings], Method | Learned]
    told: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def runs_on_torch(self) -> bool:
        """As of :class:`~SuperResolveLib.registry.Info`."""
        return self.info.runs_on_torch(self.settings.preset)

    @property
    def engine(self) -> Engine:
        """What computes here, as of :class:`~SuperResolveLib.registry.Info`.

        Raises:
            InputError: nothing that it needs can be loaded.
        """
        return self.info.engine(self.settings.preset, self.settings.device)

    def cost(self, device: str) -> float:
        """As of :class:`~SuperResolveLib.registry.Info`."""
        return self.info.cost_of(self.settings.preset or None, device)

    def restorer(self) -> Method | Learned:
        """What restores; of a method that ships, with its network as a graph where torch does not compute.

        Raises:
            InputError: nothing that it needs can be loaded, or the graph is missing.
        """
        if not self.info.ships or self.engine == "torch":
            return self.set_up(self.settings)
        return self.set_up(replace(self.settings, graph=shipped_graph(self.info.name)))


def choose(request: Request, geometry: SliceGeometry, profile: SliceProfile | None = None) -> Choice:
    """What super-resolves a scan.

    Args:
        request: what is asked for.
        geometry: of the scan.
        profile: of the scan; while it is not known, its width is taken for one that was learned.

    Raises:
        InputError: there is no method of that name, it cannot do what is asked for, or its weights are missing.
    """
    if request.model is not None:
        return _of_model(request.model, request)
    if request.method == AUTO:
        return _automatic(request, geometry, profile)
    return _of_method(request.method, request)


def _automatic(request: Request, geometry: SliceGeometry, profile: SliceProfile | None) -> Choice:
    """The first method that ships, can do what is asked for, and whose model has learned such scans; else the first."""
    reasons, warns = [], False
    for info in (METHODS[name].info for name in METHODS if METHODS[name].info.ships):
        try:
            choice = _of_method(info.name, request)
        except InputError as error:
            reasons.append(str(error).partition(":")[0])  # what is wrong, without the advice to the user
            continue
        assert choice.settings.model is not None
        unlike = next(outside(choice.settings.model.card, geometry, profile, info.name), None)
        if unlike is None:
            return replace(choice, told=f"chosen automatically: {info.name}, which has learned such scans")
        reasons.append(unlike.what)
        warns = True
    name = next(iter(METHODS))
    told = f"chosen automatically: {name}, because {', and '.join(reasons)}"
    return replace(_of_method(name, request), told=told, warnings=(told,) if warns else ())


def _of_method(name: str, request: Request) -> Choice:
    method_class = METHODS[name]
    settings = request.settings(method_class.info)
    if method_class.info.ships:
        settings = replace(settings, model=shipped_model(name))
    return Choice(method_class.info, settings, method_class)


def _of_model(model: Model, request: Request) -> Choice:
    if request.method != AUTO or request.preset is not None:
        raise InputError("a model takes the place of method and preset: leave these out, or the model")
    if request.uncertainty and model.card.features is not None:
        raise InputError(
            f"the model's results are {LOOKS_RIGHT}, and no map can tell where: leave the uncertainty out, or use a "
            "model that was not tuned"
        )
    info = info_of(model)
    return Choice(info, replace(request.settings(info), model=model), partial(Learned, model))
