"""The ways to estimate a profile, by name; the choice *auto* stands for the first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..registry import AUTO, Info, Registry

if TYPE_CHECKING:
    from .estimator import Estimator

ESTIMATORS: Registry[Estimator] = Registry(
    "estimation method",
    {
        "spectral": "estimation.spectral.estimator:Spectral",
        "espreso": "estimation.espreso.estimator:Espreso",
    },
)


def chosen(name: str) -> str:
    """The estimator that runs where a user chose ``name``: itself, or for *auto* the first there is."""
    return next(iter(ESTIMATORS)) if name == AUTO else name


def automatic() -> Info:
    """What the choice *auto* declares."""
    info = ESTIMATORS.info(chosen(AUTO))
    told = f"Takes {info.name}. {info.summary}"
    return replace(info, name=AUTO, title="Automatic", summary=told, needs_torch=info.runs_on_torch(None), presets=())
