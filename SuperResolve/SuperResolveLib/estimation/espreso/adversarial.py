r"""ESPRESO as published: the generator of a GAN is the slice profile (Han et al., IPMI 2021, Sec. 2.3-2.4).

A patch I with rows along a high-resolution in-plane direction and columns through plane is blurred with the profile k
and sampled along its rows: G(I). If k is right, G(I) has the same resolution along both, so that it cannot be told
from its transpose. The discriminator D sees 7 samples of a line:

.. math:: \min_G \max_D E[\log D(G(I)^T)] + E[\log(1 - D(G(I)))] + 1 L_c + 10 L_b

with the squared distance :math:`L_c` of the centroid from the middle tap and the weight :math:`L_b` of the outer two
taps on each side. The two expectations are over independent patches. The result is the exponential moving average of k.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from ...data.geometry import SliceGeometry
from ...data.volume import Volume
from ...device import choose_device, reproducible
from ...networks.espreso import LineDiscriminator, ProfileGenerator
from ...physics.profile import SliceProfile
from ...progress import ProgressCallback
from ...training.line_patches import DirectionPatches, PatchShape
from ...training.repeat import repeat
from ..reference import Reference, reference_of
from ..result import EstimatedProfile, trust_warnings


@dataclass(frozen=True)
class Settings:
    """Hyper-parameters as published."""

    iterations: int = 15_000
    patches: int = 64
    learning_rate: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)
    weight_decay: float = 0.05
    gradient_norm: float = 1.0
    centre_weight: float = 1.0
    border_weight: float = 10.0
    averaging: float = 0.99


def estimate(
    scan: Volume,
    geometry: SliceGeometry,
    device: str,
    seed: int,
    progress: ProgressCallback,
    settings: Settings = Settings(),
) -> EstimatedProfile:
    """Play the game and return the averaged profile; the interval is that of its FWHM over the last third of
    training.
    """
    where = choose_device(device)
    progress(0.0, "preparing patches")
    reference = reference_of(scan, geometry)
    with reproducible(seed):
        game = Game(reference, number_of_taps(reference), settings, where)
        repeat(game.play, settings.iterations, where, progress, "matching patch distributions")
    profile = SliceProfile(game.average.double().cpu().numpy(), reference.tap_spacing).centred()
    history = game.averages[2 * settings.iterations // 3 :: 50].double().cpu().numpy()
    widths = [SliceProfile(weights, reference.tap_spacing).centred().fwhm_mm for weights in history]
    return EstimatedProfile(
        weights=profile.weights,
        tap_spacing=profile.tap_spacing,
        axis=geometry.axis,
        interval_mm=(
            min(float(np.percentile(widths, 10)), profile.fwhm_mm),
            max(float(np.percentile(widths, 90)), profile.fwhm_mm),
        ),
        method="espreso",
        preset="paper",
        device=where.type,
        seed=seed,
        warnings=reference.warnings + trust_warnings(profile, reference.slice_spacing),
    )


def number_of_taps(reference: Reference) -> int:
    """At least 21, and enough to reach one and a half times the slice spacing or thickness to each side."""
    reach = 1.5 * max(reference.slice_spacing, reference.slice_thickness or 0.0)
    return max(21, 2 * math.ceil(reach / reference.tap_spacing) + 1)


class Game:
    """The state of training and one move of it."""

    def __init__(self, reference: Reference, taps: int, settings: Settings, device: torch.device) -> None:
        self.settings = settings
        shape = PatchShape.fitting(reference, taps)
        self._directions = [DirectionPatches(direction, reference, shape, device) for direction in reference.directions]
        self._generator = ProfileGenerator(taps).to(device)
        self._generator.start_as_impulse()
        self._discriminator = LineDiscriminator().to(device)
        on_gpu = device.type == "cuda"
        self._generator_optimiser = torch.optim.Adam(
            self._generator.parameters(),
            lr=settings.learning_rate,
            betas=settings.betas,
            weight_decay=settings.weight_decay,
            capturable=on_gpu,
        )
        self._discriminator_optimiser = torch.optim.Adam(
            self._discriminator.parameters(), lr=settings.learning_rate, betas=settings.betas, capturable=on_gpu
        )
        self._offsets = torch.arange(taps, device=device, dtype=torch.float32) - taps // 2
        self._move = torch.zeros(1, dtype=torch.long, device=device)
        self.average = self._generator().detach().clone()
        self.averages = torch.zeros(settings.iterations, taps, device=device)
        self.losses = torch.zeros(settings.iterations, 2, device=device)

    def play(self) -> None:
        """One update of the discriminator, one of the generator, one of the average."""
        with torch.no_grad():
            profile = self._generator()
        discrimination = self._loss(profile)
        self._discriminator_optimiser.zero_grad(set_to_none=True)
        discrimination.backward()
        self._discriminator_optimiser.step()

        self._discriminator.requires_grad_(False)
        profile = self._generator()
        confusion = -self._loss(profile)
        centroid = (profile * self._offsets).sum() ** 2
        border = profile[:2].sum() + profile[-2:].sum()
        self._generator_optimiser.zero_grad(set_to_none=True)
        (confusion + self.settings.centre_weight * centroid + self.settings.border_weight * border).backward()
        torch.nn.utils.clip_grad_norm_(self._generator.parameters(), self.settings.gradient_norm)
        self._generator_optimiser.step()
        self._discriminator.requires_grad_(True)

        with torch.no_grad():
            self.average.lerp_(self._generator(), 1 - self.settings.averaging)
            self.averages.index_copy_(0, self._move, self.average[None])
            self.losses.index_copy_(0, self._move, torch.stack([discrimination, confusion])[None])
            self._move += 1

    def _loss(self, profile: torch.Tensor) -> torch.Tensor:
        """The discriminator's cross entropy, on through-plane lines and on generated ones of two sets of patches."""
        number = self.settings.patches // len(self._directions)
        through = torch.cat([_lines(d.generate(profile, d.draw(number))) for d in self._directions])
        generated = torch.cat([_lines(d.generate(profile, d.draw(number)).mT) for d in self._directions])
        real, fake = self._discriminator(through), self._discriminator(generated)
        loss: torch.Tensor = functional.softplus(-real).mean() + functional.softplus(fake).mean()
        return loss


def _lines(patches: torch.Tensor) -> torch.Tensor:
    """Every row of every patch: (number, rows, columns) to (number * rows, columns)."""
    return patches.reshape(-1, patches.shape[2])
