"""How large the networks of both stages are and how they learn, by preset.

``paper`` is as published as far as the paper tells; what it leaves open (widths of encoder, decoder and critic, how
slices of another size are brought to 256, mean losses) is ours. The other presets are smaller, draw the ratio, start
from the B-spline at exact positions, and end in results that hold the scan's slices.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Arguments = Mapping[str, int | float | bool | str]
Fit = Literal["resize", "crop"]


@dataclass(frozen=True)
class Phase:
    """Weights of the losses over a part of the first stage.

    Attributes:
        share: of the stage's iterations, in proportion to the others'.
        center, adversarial, prior, comparison: the paper's alpha, beta, gamma and eta.
    """

    share: float
    center: float
    adversarial: float
    prior: float
    comparison: float


#: As published: 100,000, 800,000 and 1,200,000 iterations.
PHASES = (Phase(1, 10000, 0, 1, 0), Phase(8, 100, 1, 0.05, 0), Phase(12, 100, 1, 0.05, 0.02))
#: Where there are few iterations. Most of them reconstruct, without which all codes give one slice. L_prior and L_comp
#: weigh a fiftieth of what was published, so that few slices can be learned by heart; L_center and L_adv weigh the
#: same. Without the last phases what is synthesised is too smooth for a generator to learn from.
SHORT_PHASES = (Phase(6, 100, 0, 0.001, 0), Phase(1, 100, 1, 0.001, 0), Phase(1, 100, 1, 0.001, 0.0004))


@dataclass(frozen=True)
class Synthesis:
    """The first stage.

    Attributes:
        iterations: how many.
        side: of the square slices that are seen.
        widths, latent, critic: sizes of the networks.
        batch: slices of an iteration.
        learning_rate: the largest.
        phases: weights of the losses.
        optimiser: of encoder and decoder: ``"adam"``, or ``"muon"`` for the inner convolutions.
        decays: whether the learning rate falls to zero along a cosine.
        fit: how slices of another size are brought to the side: padded to a square and resized, or the middle of them.
    """

    iterations: int
    side: int
    widths: tuple[int, ...]
    latent: int
    critic: tuple[int, ...]
    batch: int = 16
    learning_rate: float = 2e-4
    phases: tuple[Phase, ...] = PHASES
    optimiser: Literal["adam", "muon"] = "adam"
    decays: bool = False
    fit: Fit = "resize"


@dataclass(frozen=True)
class Generation:
    """The second stage, for one network.

    Attributes:
        iterations, batch, patch, learning_rate: as they say; patches are cubes.
        arguments: of the network.
        averaging: decay of the average of the weights; 0 for none.
        optimiser: ``"adam"``, or ``"muon"`` for the inner convolutions.
        decays: whether the learning rate falls along a cosine.
    """

    iterations: int
    batch: int
    patch: int
    learning_rate: float
    arguments: Arguments
    averaging: float = 0.999
    optimiser: Literal["adam", "muon"] = "muon"
    decays: bool = True


@dataclass(frozen=True)
class Preset:
    """Both stages, and what results are like.

    Attributes:
        synthesis, generators: the stages, the second by network.
        start: what the generator is given.
        published: whether the ratio is one whole number, slices are planes, and results are left as they are.
    """

    synthesis: Synthesis
    generators: Mapping[str, Generation]
    start: Literal["cubic", "spline"] = "spline"
    published: bool = False


PRESETS = {
    "fast": Preset(
        Synthesis(
            6000,
            64,
            (8, 16, 32, 64, 128),
            128,
            (16, 32, 64),
            batch=8,
            learning_rate=5e-3,
            phases=SHORT_PHASES,
            optimiser="muon",
            decays=True,
            fit="crop",
        ),
        {
            "deepresolve": Generation(
                2000, 2, 24, 1e-3, {"layers": 8, "channels": 24, "identity": True, "zero_last": True, "detail": True}
            ),
            "dcsrn": Generation(
                2000, 2, 24, 1e-3, {"growth": 12, "units": 4, "residual": True, "zero_last": True, "detail": True}
            ),
        },
    ),
    "balanced": Preset(
        Synthesis(
            60_000,
            128,
            (16, 16, 32, 64, 128, 256),
            256,
            (32, 64, 128),
            learning_rate=2e-3,
            phases=SHORT_PHASES,
            optimiser="muon",
            decays=True,
        ),
        {
            "deepresolve": Generation(
                30_000, 8, 32, 5e-4, {"layers": 12, "channels": 48, "identity": True, "zero_last": True, "detail": True}
            ),
            "dcsrn": Generation(
                30_000, 4, 48, 5e-4, {"growth": 24, "units": 4, "residual": True, "zero_last": True, "detail": True}
            ),
        },
    ),
    "paper": Preset(
        Synthesis(2_100_000, 256, (32, 32, 64, 128, 256, 512, 512), 512, (64, 128, 256)),
        {
            "deepresolve": Generation(
                100_000,
                50,
                32,
                1e-4,
                {"layers": 20, "channels": 64, "zero_last": False},
                averaging=0.0,
                optimiser="adam",
                decays=False,
            ),
            "dcsrn": Generation(
                200_000,
                2,
                64,
                1e-5,
                {"growth": 24, "units": 4, "residual": False, "zero_last": False},
                0.0,
                "adam",
                False,
            ),
        },
        start="cubic",
        published=True,
    ),
}
