"""From one 2-D multi-slice scan to its relative slice profile and an isotropic volume.

The names below are imported on first use, so that ``import SuperResolveLib`` is quick and does not load torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import Cancelled, InputError
    from .estimation import EstimatedProfile, estimate_profile, measure_resolution
    from .image_io import read_volume, write_volume
    from .profile import SliceProfile
    from .profile_io import parse_profile, read_profile, write_profile
    from .super_resolution import SuperResolved, super_resolve
    from .volume import Volume

__version__ = "0.1.0"

__all__ = [
    "Cancelled",
    "EstimatedProfile",
    "InputError",
    "SliceProfile",
    "SuperResolved",
    "Volume",
    "estimate_profile",
    "measure_resolution",
    "parse_profile",
    "read_profile",
    "read_volume",
    "super_resolve",
    "write_profile",
    "write_volume",
]

_HOMES = {
    "Cancelled": "errors",
    "EstimatedProfile": "estimation",
    "InputError": "errors",
    "SliceProfile": "profile",
    "SuperResolved": "super_resolution",
    "Volume": "volume",
    "estimate_profile": "estimation",
    "measure_resolution": "estimation",
    "parse_profile": "profile_io",
    "read_profile": "profile_io",
    "read_volume": "image_io",
    "super_resolve": "super_resolution",
    "write_profile": "profile_io",
    "write_volume": "image_io",
}


def __getattr__(name: str) -> Any:
    """A public name, imported from where it lives (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
