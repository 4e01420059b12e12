"""Options that only some trainable methods have, from texts to what the method is handed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..image_io.profile_table import parse_profile
from .features import NONE, features_for_training

#: Names of options that say where something is written, and change nothing of what is trained.
OUTPUTS = ("keep_synthesis",)
#: Between taps of profiles of closed form, in mm; it matters little, since these are integrated over voxels.
TAP_SPACING_MM = 0.25


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that say something."""
    return {name: value for name, value in options.items() if value is not None and value != NONE}


def understood(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options as methods are handed them: texts for a profile or for features become these.

    Raises:
        InputError: a text stands for nothing, or the features cannot be used.
    """
    found = given(options)
    kind = found.get("kind")
    if isinstance(kind, str) and kind not in ("thick", "thin"):
        found["kind"] = parse_profile(kind, TAP_SPACING_MM)
    if isinstance(found.get("features"), str):
        found["features"] = features_for_training(found["features"])
    return found


def of_run(options: Mapping[str, Any]) -> dict[str, str]:
    """What of the options makes a run the same one when it is resumed."""
    return {name: str(value) for name, value in sorted(given(options).items()) if name not in OUTPUTS}
