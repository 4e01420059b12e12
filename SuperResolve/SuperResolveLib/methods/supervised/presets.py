"""How large the networks are and how they learn, by preset.

``paper`` has the published sizes, losses, batches and learning rates, as far as the papers or their authors' code tell
them: DeepResolve (Chaudhari et al., MRM 2018, arXiv 1808.04447), DCSRN (Chen et al., ISBI 2018), mDCSRN (Chen et al.,
MICCAI 2018, arXiv 1803.01417) with its critic, RDN (Zhang et al., CVPR 2018) and RRDB (Wang et al., ESRGAN,
2018), the last two in 3-D on the interpolated volume, and ReconResNet (Chatterjee et al. 2021), which sees images of
the interpolated volume. How many iterations, and how thick the slices were, they do not all tell: these are settings of
ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

Arguments = Mapping[str, int | float | bool | str]


@dataclass(frozen=True)
class Adversarial:
    """A second stage, against a critic.

    Attributes:
        iterations: how many, each a move of the critic.
        learning_rate: Adam's, of both.
    """

    iterations: int
    learning_rate: float


@dataclass(frozen=True)
class Preset:
    """How a network learns.

    Attributes:
        iterations: how many.
        batch: patches of an iteration.
        patch: voxels of a patch along each axis.
        learning_rate: the largest.
        loss: ``"squared"`` or ``"absolute"``.
        start: what the network is given.
        ratios: slice spacing over voxel, drawn anew for every batch.
        fwhm_ratios: the profile's FWHM over the slice spacing, the same.
        noise: of the slices, in units of their intensity range, the same.
        optimiser: ``"adam"``, or ``"muon"`` for the inner convolutions.
        decays: whether the learning rate falls to zero along a cosine; it is constant otherwise.
        gradient_norm: bound on the gradient's norm, if any.
        averaging: decay of the average of the weights.
        consistent: whether results are made consistent with the scan.
        networks: arguments by network.
        patches: ``patch`` by network, where it differs.
        adversarial: the second stage, if there is one.
    """

    iterations: int
    batch: int
    patch: int = 32
    learning_rate: float = 1e-3
    loss: Literal["squared", "absolute"] = "squared"
    start: Literal["tikhonov", "cubic"] = "tikhonov"
    ratios: tuple[float, float] = (2.0, 8.0)
    fwhm_ratios: tuple[float, float] = (0.5, 1.25)
    noise: tuple[float, float] = (0.0, 0.02)
    optimiser: Literal["adam", "muon"] = "muon"
    decays: bool = True
    gradient_norm: float | None = 1.0
    averaging: float = 0.999
    consistent: bool = True
    networks: Mapping[str, Arguments] = field(default_factory=dict)
    patches: Mapping[str, int] = field(default_factory=dict)
    adversarial: Adversarial | None = None


_PUBLISHED = Preset(
    iterations=200_000,
    batch=16,
    start="cubic",
    loss="absolute",
    learning_rate=1e-4,
    ratios=(4.0, 4.0),
    fwhm_ratios=(1.0, 1.0),
    noise=(0.0, 0.0),
    optimiser="adam",
    decays=False,
    gradient_norm=None,
    averaging=0.0,
    consistent=False,
)

#: The untrained network gives its start, and sees detail alone.
_FROM_START: Arguments = {"zero_last": True, "detail": True}

#: The published start from random weights.
_FROM_NOTHING: Arguments = {"zero_last": False}

PRESETS: dict[str, Preset] = {
    "fast": Preset(
        iterations=10_000,
        batch=2,
        patch=24,
        networks={
            "deepresolve": {"layers": 8, "channels": 24, "identity": True, **_FROM_START},
            "dcsrn": {"growth": 12, "units": 4, "residual": True, **_FROM_START},
            "mdcsrn": {"growth": 12, "blocks": 2, "units": 3, "residual": True, **_FROM_START},
            "rdn": {"blocks": 3, "layers": 3, "channels": 16, "growth": 16, **_FROM_START},
            "rrdb": {"blocks": 2, "channels": 16, "growth": 8, **_FROM_START},
            "reconresnet": {"channels": 12, "blocks": 4, "dropout": 0.0, "residual": True, **_FROM_START},
        },
        patches={"reconresnet": 40},
    ),
    "balanced": Preset(
        iterations=40_000,
        batch=8,
        patch=48,
        learning_rate=5e-4,
        networks={
            "deepresolve": {"layers": 12, "channels": 48, "identity": True, **_FROM_START},
            "dcsrn": {"growth": 24, "units": 4, "residual": True, **_FROM_START},
            "mdcsrn": {"growth": 16, "blocks": 4, "units": 4, "residual": True, **_FROM_START},
            "rdn": {"blocks": 6, "layers": 3, "channels": 32, "growth": 32, **_FROM_START},
            "rrdb": {"blocks": 6, "channels": 32, "growth": 16, **_FROM_START},
            "reconresnet": {"channels": 32, "blocks": 8, "dropout": 0.1, "residual": True, **_FROM_START},
        },
        patches={"reconresnet": 64},
    ),
    "paper": _PUBLISHED,
}

#: What differs from network to network under ``paper``, and their published sizes, which are the networks' defaults.
PUBLISHED: dict[str, Preset] = {
    "deepresolve": replace(_PUBLISHED, batch=50, loss="squared", iterations=100_000),
    "dcsrn": replace(_PUBLISHED, batch=2, patch=64, loss="squared", learning_rate=1e-5),
    "mdcsrn": replace(_PUBLISHED, batch=2, patch=64, adversarial=Adversarial(550_000, 5e-6)),
    "rdn": _PUBLISHED,
    "rrdb": replace(_PUBLISHED, learning_rate=2e-4),
    "reconresnet": replace(_PUBLISHED, batch=1, patch=96),
}


def preset_of(name: str, network: str) -> Preset:
    """A preset for a network."""
    if name == "paper":
        return PUBLISHED[network]
    preset = PRESETS[name]
    return replace(preset, patch=preset.patches.get(network, preset.patch))


def arguments_of(name: str, network: str) -> Arguments:
    """From which a preset's network is built."""
    return PRESETS[name].networks.get(network, _FROM_NOTHING)
