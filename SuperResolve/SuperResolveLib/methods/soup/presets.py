"""How large the networks are and how both stages learn, by preset.

``paper`` is as published as far as the paper and the authors' public code tell; that every batch has one scale, how
large batches are, how many iterations there are and the second stage's learning rate they do not: these are settings of
ours. The other presets are smaller, draw any ratio, phase and profile, start from Tikhonov's inverse, and end in
results that degrade to the scan's slices, in training too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Arguments = Mapping[str, int | float | bool | str]


@dataclass(frozen=True)
class Tuning:
    """The second stage.

    Attributes:
        iterations: how many.
        learning_rate: Adam's, of both networks.
        planes: how many planes of each direction the perceptual loss compares, drawn anew each time; ``None`` for all.
        channels: the discriminator's first.
        batches: over which the gradients' norms are averaged that set the weights of the losses.
    """

    iterations: int
    learning_rate: float = 1e-4
    planes: int | None = 8
    channels: int = 32
    batches: int = 4


#: What the gradients of the second stage's losses are to each other, as are the published weights.
PROPORTIONS = {"perceptual": 1.0, "adversarial": 0.01, "squared_error": 0.001}


@dataclass(frozen=True)
class Preset:
    """How the networks learn.

    Attributes:
        iterations: of the first stage.
        batch: patches of an iteration.
        patch: voxels of a patch along each axis.
        learning_rate: the largest of the first stage.
        tuning: the second stage.
        networks: arguments by network.
        published: whether ratios are whole numbers with slices made of whole voxels, the network starts from the cubic
            spline, Adam's rate is divided by 3 on a plateau, and results are left as they are.
        averaging: decay of the average of the weights; 0 for none.
        noise: of the slices, in units of their intensity range, drawn anew for every batch.
    """

    iterations: int
    batch: int
    patch: int
    learning_rate: float
    tuning: Tuning
    networks: Mapping[str, Arguments]
    published: bool = False
    averaging: float = 0.999
    noise: tuple[float, float] = (0.0, 0.02)

    @property
    def start(self) -> Literal["tikhonov", "spline"]:
        """What the network is given."""
        return "spline" if self.published else "tikhonov"


#: Ratios of slice spacing to voxel, as published.
RATIOS = (2.0, 6.0)
#: FWHM of the profile over the slice spacing, where no kind of slices is asked for, except as published.
FWHM_RATIOS = (0.5, 1.25)
#: Of Adam's rate on a plateau, and validations without a gain that make one.
DIVISOR, PATIENCE = 3.0, 3

#: The untrained network gives its start, and sees detail alone.
_FROM_START: Arguments = {"zero_last": True, "detail": True}

PRESETS: dict[str, Preset] = {
    "fast": Preset(
        iterations=10_000,
        batch=2,
        patch=24,
        learning_rate=1e-3,
        tuning=Tuning(300),
        networks={
            "multi-scale": {"channels": 16, "layers": 6, "identity": True, **_FROM_START},
            "unet": {"levels": 2, "channels": 12, **_FROM_START},
            "post-rrdb": {"blocks": 1, "channels": 16, "growth": 8, **_FROM_START},
        },
    ),
    "balanced": Preset(
        iterations=40_000,
        batch=8,
        patch=48,
        learning_rate=5e-4,
        tuning=Tuning(4000),
        networks={
            "multi-scale": {"channels": 32, "layers": 12, "identity": True, **_FROM_START},
            "unet": {"levels": 3, "channels": 24, **_FROM_START},
            "post-rrdb": {"blocks": 6, "channels": 32, "growth": 16, **_FROM_START},
        },
    ),
    "paper": Preset(
        iterations=200_000,
        batch=16,
        patch=32,
        learning_rate=3e-4,
        tuning=Tuning(50_000, planes=None),
        networks={name: {"zero_last": False} for name in ("multi-scale", "unet", "post-rrdb")},
        published=True,
        averaging=0.0,
        noise=(0.0, 0.0),
    ),
}
