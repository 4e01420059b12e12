r"""The last stage: CT teaches the super-resolving network by translation in both directions.

First the discriminators move, then the super-resolving network F and CITNet together, down

.. math:: L_{adv}^X + L_{adv}^Y + 10 (L_{self} + L_{cycle}) + L_{latent} + L_{percep}

(Wang et al., MICCAI 2023, Eqs. 1-7). The real MR of discriminator D_X is F's own answer :math:`\tilde x`, through which
its gradient reaches F: F is to give images that D_X cannot tell from the CT that was translated to MR.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

from ...losses.perceptual import Extractor
from ...losses.pixel import absolute_error
from ...losses.translation import adversarial_loss, content_distance, fooling_loss
from ...networks.ct_guided.citnet import CITNet, Domain
from ...networks.ct_guided.discriminator import MultiScaleDiscriminator
from ...networks.ct_guided.srnet import SRNet
from ...training.averaged_weights import AveragedWeights
from ...training.batches import BatchSource
from ...training.optimisation import Optimisation, warmed_up_cosine
from ...training.random_streams import CountedStream
from ...training.step import State
from .acquired import Acquired
from .mr_batches import MRPatches
from .presets import WEIGHTS, Joint

#: Adam's, as in MUNIT.
BETAS, WEIGHT_DECAY = (0.5, 0.999), 1e-4
#: CITNet's images are of multiples of so many pixels.
STRIDE = 4


class JointStep:
    """One move of the discriminators, then one of the other networks.

    Args:
        network: F, what is exported.
        translation: CITNet.
        critics: the discriminators of MR and CT, by ``"mr"`` and ``"ct"``.
        mr: thick slices.
        ct: thin images.
        random: by which attributes are drawn.
        settings: of the stage.
        iterations: of it.
        consistent: whether F's answers are made consistent with the slices.
        average: of F's weights.
        extractor: of features; ``None`` leaves out the perceptual loss.
    """

    def __init__(
        self,
        network: SRNet,
        translation: CITNet,
        critics: Mapping[str, MultiScaleDiscriminator],
        mr: BatchSource[MRPatches],
        ct: BatchSource[Acquired],
        random: CountedStream,
        settings: Joint,
        iterations: int,
        consistent: bool,
        average: AveragedWeights[SRNet],
        extractor: Extractor | None = None,
    ) -> None:
        self._network, self._translation = network.train(), translation.train()
        self._critics = nn.ModuleDict(critics).train()
        self._mr, self._ct, self._random = mr, ct, random
        self._settings, self._consistent = settings, consistent
        self._average, self._extractor = average, extractor
        made: list[dict[str, object]] = [
            {"params": network.parameters(), "weight_decay": 0.0},
            {"params": translation.parameters()},
        ]
        self._optimisations = {
            "critics": self._optimisation([{"params": self._critics.parameters()}], iterations),
            "generators": self._optimisation(made, iterations),
        }

    def _optimisation(self, groups: list[dict[str, object]], iterations: int) -> Optimisation:
        adam = torch.optim.Adam(groups, self._settings.learning_rate, BETAS, weight_decay=WEIGHT_DECAY)
        halved_every = self._settings.halved_every
        schedule = warmed_up_cosine(adam, iterations) if halved_every is None else halved(adam, halved_every)
        parameters = [each for group in adam.param_groups for each in group["params"]]
        return Optimisation(parameters, [adam], [schedule])

    def update(self, iteration: int) -> Mapping[str, torch.Tensor]:
        """Both moves, then the average; the losses before them, without their weights."""
        of_mr, of_ct = self.domains(iteration)
        judged = self.critics_loss(of_mr, of_ct)
        self._optimisations["critics"].step(judged)
        self._critics.requires_grad_(False)
        losses = self.losses(of_mr, of_ct, iteration)
        self._critics.requires_grad_(True)
        self._optimisations["generators"].step(self.total(losses))
        self._average.update()
        return {"discriminator": judged.detach(), **{name: loss.detach() for name, loss in losses.items()}}

    def domains(self, iteration: int) -> tuple[Domain, Domain]:
        """What is made of the MR and the CT of an iteration."""
        slices, ct = self._mr.at(iteration).acquired, self._ct.at(iteration)
        assert ct.truth is not None
        mr = as_images(slices.restored(self._network, self._consistent))
        images = as_images(ct.truth)
        generator, size = self._random.at(iteration), (len(mr), self._translation.attributes)
        sampled = [torch.randn(size, generator=generator).to(mr.device) for _ in range(2)]
        of_mr, of_ct = self._translation(mr, images, *sampled)
        return of_mr, of_ct

    def critics_loss(self, of_mr: Domain, of_ct: Domain) -> torch.Tensor:
        """What the discriminators minimise, -(L_adv^X + L_adv^Y); no gradient flows to what made the images."""
        losses = [
            -adversarial_loss(self._critics[name](each.images.detach()), self._critics[name](each.translated.detach()))
            for name, each in (("mr", of_mr), ("ct", of_ct))
        ]
        return torch.stack(losses).sum()

    def losses(self, of_mr: Domain, of_ct: Domain, iteration: int) -> dict[str, torch.Tensor]:
        """Those of the other networks by name, without their weights."""
        adversarial = adversarial_loss if self._settings.minimax else fooling_loss
        judged = [
            adversarial(self._critics[name](each.images), self._critics[name](each.translated))
            for name, each in (("mr", of_mr), ("ct", of_ct))
        ]
        through = self._settings.through_targets
        losses = {"adversarial": judged[0] + judged[1], **reconstruction_losses(of_mr, of_ct, through)}
        every = self._settings.perceptual_every
        if self._extractor is not None:
            losses["perceptual"] = (
                every * self._content_distance(of_mr, of_ct)
                if iteration % every == 0
                else torch.zeros_like(losses["self"]).detach()
            )
        return losses

    def _content_distance(self, of_mr: Domain, of_ct: Domain) -> torch.Tensor:
        """Of each translation from its source (Eq. 4)."""
        assert self._extractor is not None
        settings, distances = self._settings, []
        for source, translation in ((of_mr.images, of_ct.translated), (of_ct.images, of_mr.translated)):
            given = source if settings.through_targets else source.detach()
            distances.append(content_distance(self._extractor, given, translation, settings.instance_norm))
        return torch.stack(distances).sum()

    @staticmethod
    def total(losses: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The weighted sum (Eq. 7)."""
        return torch.stack([WEIGHTS[name] * loss for name, loss in losses.items()]).sum()

    def state(self) -> State:
        """Of the networks, their optimisers and the average."""
        return {
            "network": self._network.state_dict(),
            "translation": self._translation.state_dict(),
            "critics": self._critics.state_dict(),
            "optimisations": {name: each.state() for name, each in self._optimisations.items()},
            "average": self._average.state(),
        }

    def load_state(self, state: State) -> None:
        """Go on from a state."""
        self._network.load_state_dict(state["network"])
        self._translation.load_state_dict(state["translation"])
        self._critics.load_state_dict(state["critics"])
        for name, each in self._optimisations.items():
            each.load_state(state["optimisations"][name])
        self._average.load_state(state["average"])


def reconstruction_losses(of_mr: Domain, of_ct: Domain, through_targets: bool = True) -> dict[str, torch.Tensor]:
    """L_self, L_cycle and L_latent (Eqs. 1-3), sums over both domains of mean absolute differences.

    Codes are those found in the translated images: contents are compared with those of their sources, attributes with
    those that were drawn.

    Args:
        of_mr: what was made of the MR.
        of_ct: what was made of the CT.
        through_targets: whether gradients reach images that are compared with, too.
    """
    losses: dict[str, list[torch.Tensor]] = {name: [] for name in ("self", "cycle", "latent")}
    for each in (of_mr, of_ct):
        images = each.images if through_targets else each.images.detach()
        losses["self"].append(absolute_error(each.again, images))
        losses["cycle"].append(absolute_error(each.returned, images))
        losses["latent"] += [
            absolute_error(each.content_returned, each.content),
            absolute_error(each.told, each.sampled),
        ]
    return {name: torch.stack(terms).sum() for name, terms in losses.items()}


def as_images(voxels: torch.Tensor) -> torch.Tensor:
    """Voxels (batch, planes, rows, columns) from 0 to 1 as images (batch, 1, planes, rows) from -1 to 1: the middle
    one along the columns, cut to multiples of 4.
    """
    images = voxels[..., voxels.shape[3] // 2][:, None]
    rows, columns = (size // STRIDE * STRIDE for size in images.shape[2:])
    return 2 * images[:, :, :rows, :columns] - 1


def halved(optimiser: torch.optim.Optimizer, every: int) -> LambdaLR:
    """A schedule that halves the learning rate every so many iterations."""
    return LambdaLR(optimiser, lambda step: 0.5 ** (step // every))
