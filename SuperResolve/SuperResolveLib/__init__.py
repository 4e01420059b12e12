"""From one 2-D multi-slice scan to its relative slice profile and an isotropic volume.

The names below are imported on first use, so that ``import SuperResolveLib`` is quick and does not load torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:
    from .data.volume import Volume
    from .errors import Cancelled, InputError
    from .estimation.result import EstimatedProfile
    from .image_io.profile_table import parse_profile, read_profile, write_profile
    from .image_io.volumes import read_volume, write_volume
    from .physics.profile import SliceProfile
    from .workflows.batch.options import BatchOptions
    from .workflows.batch.run import Batch, batch
    from .workflows.estimate import estimate_profile, measure_resolution
    from .workflows.evaluate import Evaluation, evaluate
    from .workflows.masks import MaskOnPlanes, mask_on_planes
    from .workflows.models import load_model
    from .workflows.super_resolve import SuperResolved, super_resolve
    from .workflows.to_slices import fractions_on_slices, to_slices
    from .workflows.train import train

__all__ = [
    "Batch",
    "BatchOptions",
    "Cancelled",
    "EstimatedProfile",
    "Evaluation",
    "InputError",
    "MaskOnPlanes",
    "SliceProfile",
    "SuperResolved",
    "Volume",
    "__version__",
    "batch",
    "estimate_profile",
    "evaluate",
    "fractions_on_slices",
    "load_model",
    "mask_on_planes",
    "measure_resolution",
    "parse_profile",
    "read_profile",
    "read_volume",
    "super_resolve",
    "to_slices",
    "train",
    "write_profile",
    "write_volume",
]

_HOMES = {
    "Batch": "workflows.batch.run",
    "BatchOptions": "workflows.batch.options",
    "Cancelled": "errors",
    "EstimatedProfile": "estimation.result",
    "Evaluation": "workflows.evaluate",
    "InputError": "errors",
    "MaskOnPlanes": "workflows.masks",
    "SliceProfile": "physics.profile",
    "SuperResolved": "workflows.super_resolve",
    "Volume": "data.volume",
    "batch": "workflows.batch.run",
    "estimate_profile": "workflows.estimate",
    "evaluate": "workflows.evaluate",
    "fractions_on_slices": "workflows.to_slices",
    "load_model": "workflows.models",
    "mask_on_planes": "workflows.masks",
    "measure_resolution": "workflows.estimate",
    "parse_profile": "image_io.profile_table",
    "read_profile": "image_io.profile_table",
    "read_volume": "image_io.volumes",
    "super_resolve": "workflows.super_resolve",
    "to_slices": "workflows.to_slices",
    "train": "workflows.train",
    "write_profile": "image_io.profile_table",
    "write_volume": "image_io.volumes",
}


def __getattr__(name: str) -> Any:
    """A public name, imported from where it lives (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
