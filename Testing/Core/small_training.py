"""``slice-profile-sr`` with presets so small that training takes seconds; run as a script by tests that kill it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

from SuperResolveLib.methods.ct_guided import presets as ct_guided
from SuperResolveLib.methods.soup import presets as soup
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

SMALL_SOUP = {
    name: replace(
        soup.PRESETS[name],
        iterations=6,
        batch=2,
        patch=16,
        tuning=soup.Tuning(4, planes=3, channels=2, batches=1),
        networks={
            "multi-scale": {"channels": 4, "layers": 1, **changes},
            "unet": {"levels": 1, "channels": 4, **changes},
            "post-rrdb": {"blocks": 1, "channels": 4, "growth": 2, **changes},
        },
    )
    for name, changes in (("fast", {"zero_last": True, "detail": True}), ("paper", {"zero_last": False}))
}

SMALL_CT_GUIDED = {
    name: replace(
        ct_guided.PRESETS[name],
        iterations={"ct": 3, "pseudo-mr": 2, "joint": 3},
        networks={
            network: {"blocks": 1, "layers": 1, "channels": 4, "growth": 4, **changes}
            for network in ("srnet", "srnet-3d")
        },
        joint=replace(
            ct_guided.PRESETS[name].joint, patch=24, channels=2, blocks=1, hidden=8, critic=2, layers=2, scales=2
        ),
        batch=2,
        patch=24,
    )
    for name, changes in (("fast", {"residual": True, "zero_last": True}), ("paper", {}))
}


@contextmanager
def small_presets() -> Iterator[None]:
    """In it the presets ``fast``, and ``paper`` of soup and ct-guided, are small."""
    with (
        patch.dict(presets.PRESETS, fast=SMALL),
        patch.dict(xuan.PRESETS, fast=SMALL_XUAN),
        patch.dict(soup.PRESETS, SMALL_SOUP),
        patch.dict(ct_guided.PRESETS, SMALL_CT_GUIDED),
    ):
        yield


if __name__ in ("__main__", "__mp_main__"):  # the latter in processes that it starts
    presets.PRESETS["fast"], xuan.PRESETS["fast"] = SMALL, SMALL_XUAN
    soup.PRESETS.update(SMALL_SOUP)
    ct_guided.PRESETS.update(SMALL_CT_GUIDED)

if __name__ == "__main__":
    import torch

    from SuperResolveLib.command.main import main

    torch.set_num_threads(1)
    sys.exit(main())
