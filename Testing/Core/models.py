"""A model that tests write and read."""

from __future__ import annotations

import numpy as np

from SuperResolveLib.model import Card, Model


def card(**changes: object) -> Card:
    """A card with every field filled."""
    fields: dict[str, object] = {
        "method": "supervised",
        "network": "deepresolve",
        "network_arguments": {"features": 24, "layers": 8, "scale": 0.5, "residual": True, "kind": "plain"},
        "operator": "profile",
        "consistent": True,
        "start": "tikhonov",
        "ratios": (2.0, 6.0),
        "fwhm_ratios": (0.5, 1.25),
        "voxels_mm": (0.7, 1.0),
        "percentiles": (1.0, 99.5),
        "halo": 8,
        "halo_error": 0.0,
        "preset": "fast",
        "stages": ("supervised",),
        "seed": 3,
        "iterations": {"supervised": 2000},
        "losses": {"l1": 1.0},
        "features": None,
        "trained_on": {"scans": 3, "subjects": 1, "synthetic": 24, "modalities": ("MR",)},
        "validation": {
            "scans": 1,
            "subjects": 1,
            "model": {"psnr": 28.04, "ssim": 0.83},
            "spline": {"psnr": 26.41, "ssim": 0.778},
            "tikhonov": {"psnr": 26.97, "ssim": 0.787},
        },
        "versions": {"slice-profile-sr": "0.1.0", "torch": None},
        "licence": "Apache-2.0",
        "notes": ("Learned from heads alone.",),
    }
    return Card(**{**fields, **changes})


def model(**changes: object) -> Model:
    """A model whose tensors are of no network."""
    random = np.random.default_rng(0)
    tensors = {
        "head.weight": random.normal(size=(4, 1, 3, 3, 3)).astype(np.float32),
        "head.bias": np.zeros(4, np.float32),
        "norm.running_mean": np.zeros(4, np.float32),
        "norm.num_batches_tracked": np.array(7, np.int64),
    }
    return Model(card(**changes), tensors)
