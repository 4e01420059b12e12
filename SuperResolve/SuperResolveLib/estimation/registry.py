"""The ways to estimate a profile, by name; the choice *auto* stands for the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..registry import Registry

if TYPE_CHECKING:
    from .estimator import Estimator

#: The choice that leaves it to the program which estimator runs.
AUTO = "auto"

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
