"""What can be chosen by name: ways to estimate a profile and ways to super-resolve, each imported when it runs."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal

from .errors import InputError

Needs = Literal["nothing", "the scan itself", "a trained model"]


@dataclass(frozen=True)
class Entry:
    """One way of doing it.

    Attributes:
        summary: one sentence for the user.
        needs: what it learns from.
        needs_torch: whether it runs only where torch is installed.
        presets: named settings, the default first; empty where there is nothing to choose.
        implementation: ``module:function`` below this package, imported on use.
        torch_presets: presets that need torch where others do not.
    """

    summary: str
    needs: Needs
    needs_torch: bool
    presets: tuple[str, ...]
    implementation: str
    torch_presets: tuple[str, ...] = ()

    def runs_on_torch(self, preset: str | None) -> bool:
        """Whether a run with that preset, or with the default, needs torch."""
        return self.needs_torch or preset in self.torch_presets

    def load(self) -> Any:
        """Import the implementation.

        Raises:
            InputError: it needs torch, which is not installed.
        """
        module, _, name = self.implementation.partition(":")
        return getattr(import_with_torch(f"{__package__}.{module}"), name)

    def preset(self, name: str | None) -> str:
        """The preset of that name, or the default.

        Raises:
            InputError: there is none of that name.
        """
        if name is None:
            return self.presets[0] if self.presets else ""
        if not self.presets:
            raise InputError(f"this method has no presets: leave out the preset {name!r}")
        if name not in self.presets:
            raise InputError(f"there is no preset {name!r}: choose one of {', '.join(self.presets)}")
        return name


def import_with_torch(module: str) -> ModuleType:
    """Import a module that may need torch.

    Raises:
        InputError: it does, and torch is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise InputError(
            "this needs torch, which is not installed: install torch, or choose a method or preset that does without"
        ) from None


def choose(registry: Mapping[str, Entry], name: str, what: str) -> Entry:
    """The entry of that name.

    Raises:
        InputError: there is none.
    """
    if name not in registry:
        raise InputError(f"there is no {what} {name!r}: choose one of {', '.join(registry)}")
    return registry[name]
