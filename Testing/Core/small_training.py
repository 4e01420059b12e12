"""``slice-profile-sr`` with presets so small that training takes seconds; run as a script by tests that kill it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

from SuperResolveLib.methods.supervised import presets
from SuperResolveLib.methods.xuan import presets as xuan

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


SMALL_XUAN = xuan.Preset(
    xuan.Synthesis(6, 16, (2, 2, 4), 4, (2, 2, 4), batch=2),
    {"deepresolve": xuan.Generation(6, 1, 16, 1e-3, {"layers": 3, "channels": 4, "zero_last": True})},
)


@contextmanager
def small_presets() -> Iterator[None]:
    """In it the presets ``fast`` are small."""
    with patch.dict(presets.PRESETS, fast=SMALL), patch.dict(xuan.PRESETS, fast=SMALL_XUAN):
        yield


if __name__ in ("__main__", "__mp_main__"):  # the latter in processes that it starts
    presets.PRESETS["fast"], xuan.PRESETS["fast"] = SMALL, SMALL_XUAN

if __name__ == "__main__":
    import torch

    from SuperResolveLib.command.main import main

    torch.set_num_threads(1)
    sys.exit(main())
