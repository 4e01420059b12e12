"""How large the networks are and how the three stages learn, by preset.

``paper`` is as published as far as the paper tells: that images are planes which contain the thick axis, what D(.) is,
how CT is windowed, how large batches of patches are, how the learning rate falls and which features are compared are
settings of ours, as are layers that stand in MUNIT's paper (Huang et al., ECCV 2018) and not in this one. The other
presets are smaller and learn any ratio, phase and profile, and their answers are made consistent with the slices inside
the last two stages too, so that these cannot drift away from the scan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

Arguments = Mapping[str, int | float | bool | str]
Range = tuple[float, float]

STAGES = ("ct", "pseudo-mr", "joint")
#: Intensities of CT that become 0 and 1, in HU: from fat and below to contrasted soft tissue and cancellous bone.
WINDOW: Range = (-200.0, 300.0)
#: FWHM of the profile over the slice spacing, where no kind of slices is asked for, except as published.
FWHM_RATIOS: Range = (0.5, 1.25)
#: The ratio where neither one is asked for nor the scans are thick, and the largest factor that a network may have.
USUAL_RATIO, LARGEST_FACTOR = 4.0, 16
#: What is to be known of networks that translate.
TRANSLATION_WARNING = (
    "networks that translate make images that look like CT or MR of what was not measured: never read these as scans"
)
#: How much lower and higher the ratios are that our presets learn than those of the scans.
LEEWAY = 1.1


@dataclass(frozen=True)
class Joint:
    """The last stage.

    Attributes:
        batch, patch: images of an iteration, and voxels of their sides, at most.
        channels, blocks, attributes, hidden: of CITNet.
        critic: channels of the discriminators, with ``layers`` and ``scales``.
        layers, scales: of the discriminators.
        learning_rate: Adam's, with betas 0.5 and 0.999 and weight decay 1e-4, of all networks.
        halved_every: after how many iterations it is halved; ``None`` lets it fall to zero along a cosine.
        minimax: whether generators minimise what discriminators maximise (Eq. 6), else the form that does not
            saturate.
        through_targets: whether the gradients of reconstruction and features reach what is compared with, too.
        layer: of VGG16, whose features are compared: 29 is relu5_3.
        instance_norm: whether its features are normalised first.
        perceptual_every: after how many iterations features are compared; the loss counts so many times as much then.
    """

    batch: int = 1
    patch: int = 128
    channels: int = 64
    blocks: int = 4
    attributes: int = 8
    hidden: int = 256
    critic: int = 64
    layers: int = 4
    scales: int = 3
    learning_rate: float = 1e-4
    halved_every: int | None = 100_000
    minimax: bool = True
    through_targets: bool = True
    layer: int = 29
    instance_norm: bool = False
    perceptual_every: int = 1


@dataclass(frozen=True)
class Preset:
    """How the networks learn.

    Attributes:
        iterations: of each stage.
        networks: arguments of the super-resolving network, by its name.
        joint: the last stage.
        batch, patch: images of an iteration of the first two stages, and voxels of their sides, at most.
        learning_rate, pseudo_rate: the largest of the first stage, and of the second.
        published: whether there is one whole ratio, answers are left as they are, and Adam's rate is halved; else all
            is as in use: any phase and profile, consistent answers, Muon and a rate that falls to zero.
        stopped: whether the second stage's target is held fixed; without, a constant answer solves it.
        averaging: decay of the average of the weights; 0 for none.
        noise: of simulated slices, in units of their intensity range, drawn anew for every batch.
    """

    iterations: Mapping[str, int]
    networks: Mapping[str, Arguments]
    joint: Joint
    batch: int
    patch: int
    learning_rate: float
    pseudo_rate: float
    published: bool = False
    stopped: bool = True
    averaging: float = 0.999
    noise: Range = (0.0, 0.02)


#: Weights of the losses of the last stage, as published (Eq. 7).
WEIGHTS = {"adversarial": 1.0, "self": 10.0, "cycle": 10.0, "latent": 1.0, "perceptual": 1.0}

#: The untrained network interpolates, and sees detail alone.
_FROM_START: Arguments = {"residual": True, "zero_last": True}
_OURS = Joint(halved_every=None, minimax=False, through_targets=False, instance_norm=True)

PRESETS: dict[str, Preset] = {
    "fast": Preset(
        iterations={"ct": 6000, "pseudo-mr": 1000, "joint": 1000},
        networks={
            "srnet": {"blocks": 4, "layers": 3, "channels": 16, "growth": 16, **_FROM_START},
            "srnet-3d": {"blocks": 3, "layers": 3, "channels": 16, "growth": 16, **_FROM_START},
        },
        joint=replace(_OURS, patch=96, channels=16, blocks=2, hidden=64, critic=16, perceptual_every=4),
        batch=8,
        patch=64,
        learning_rate=1e-3,
        pseudo_rate=2e-4,
    ),
    "balanced": Preset(
        iterations={"ct": 20_000, "pseudo-mr": 20_000, "joint": 160_000},
        networks={
            "srnet": {"blocks": 8, "layers": 4, "channels": 32, "growth": 32, **_FROM_START},
            "srnet-3d": {"blocks": 6, "layers": 3, "channels": 32, "growth": 32, **_FROM_START},
        },
        joint=replace(_OURS, batch=2, channels=32, hidden=128, critic=32),
        batch=16,
        patch=96,
        learning_rate=5e-4,
        pseudo_rate=1e-4,
    ),
    "paper": Preset(
        iterations={"ct": 100_000, "pseudo-mr": 100_000, "joint": 800_000},
        networks={"srnet": {}, "srnet-3d": {}},
        joint=Joint(),
        batch=1,
        patch=128,
        learning_rate=1e-4,
        pseudo_rate=1e-4,
        published=True,
        averaging=0.0,
        noise=(0.0, 0.0),
    ),
}
