"""``slice-profile-sr`` with presets so small that training takes seconds; run as a script by tests that kill it."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from SuperResolveLib.methods.supervised import presets

#: So small a network on such small patches learns nothing, but everything around it is as it is for a large one.
SMALL = replace(
    presets.PRESETS["fast"],
    iterations=30,
    batch=2,
    patch=16,
    ratios=(2.0, 3.0),
    networks={
        "deepresolve": {"layers": 3, "channels": 4, "zero_last": True},
        "dcsrn": {"growth": 2, "units": 2, "residual": True, "zero_last": True},
    },
)


def small_presets() -> Any:
    """A context in which ``supervised``'s preset ``fast`` is small."""
    return patch.dict(presets.PRESETS, fast=SMALL)


if __name__ in ("__main__", "__mp_main__"):  # the latter in processes that it starts
    small_presets().start()

if __name__ == "__main__":
    import torch

    from SuperResolveLib.command.main import main

    torch.set_num_threads(1)
    sys.exit(main())
