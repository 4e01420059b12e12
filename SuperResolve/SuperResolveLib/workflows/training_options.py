"""Options that only some trainable methods have, from texts to what the method is handed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..image_io.profile_table import parse_profile
from ..methods.ct_guided.ct import check_ct
from ..progress import ProgressCallback, silent
from .features import NONE, features_for_training

if TYPE_CHECKING:
    from ..training.collection import Collection

#: Names of options that say where something is written, and change nothing of what is trained.
OUTPUTS = ("keep_synthesis", "keep_translations", "export_translation")
#: What begins a number of volumes of synthetic anatomy in the place of CT, as in synthetic:20.
SYNTHETIC = "synthetic:"
#: Between taps of profiles of closed form, in mm; it matters little, since these are integrated over voxels.
TAP_SPACING_MM = 0.25


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that say something."""
    return {name: value for name, value in options.items() if value is not None and value != NONE}


def understood(options: Mapping[str, Any], seed: int = 0, progress: ProgressCallback = silent) -> dict[str, Any]:
    """The options as methods are handed them: texts for a profile, features or CT become these.

    Args:
        options: by name.
        seed: of synthetic anatomy in the place of CT.
        progress: is told how far reading CT is.

    Raises:
        InputError: a text stands for nothing, the features cannot be used, or no CT can serve.
    """
    found = given(options)
    kind = found.get("kind")
    if isinstance(kind, str) and kind not in ("thick", "thin"):
        found["kind"] = parse_profile(kind, TAP_SPACING_MM)
    if isinstance(found.get("features"), str):
        found["features"] = features_for_training(found["features"])
    if isinstance(found.get("ct"), str | Path):
        found["ct"] = guides(str(found["ct"]), seed, progress)
    return found


def of_run(options: Mapping[str, Any]) -> dict[str, str]:
    """What of the options makes a run the same one when it is resumed."""
    return {name: str(value) for name, value in sorted(given(options).items()) if name not in OUTPUTS}


def guides(source: str, seed: int, progress: ProgressCallback) -> Collection:
    """The CT that a source names: a folder, file, pattern or list, or ``synthetic:N``.

    Raises:
        InputError: none can serve, or so many cannot be made.
    """
    from ..training.collection import synthetic_collection
    from ..training.find_scans import find_scans

    if not source.startswith(SYNTHETIC):
        return find_scans([source], check_ct, progress)
    count = source.removeprefix(SYNTHETIC)
    if not count.isdecimal() or not 1 <= int(count) <= 10_000:
        raise InputError(f"{source} is no number of synthetic volumes: give one as in {SYNTHETIC}20")
    return synthetic_collection(int(count), seed + 1)
