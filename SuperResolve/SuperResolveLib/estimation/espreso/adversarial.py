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

import numpy as np

from ...data.geometry import SliceGeometry
from ...data.volume import Volume
from ...device import choose_device, reproducible
from ...physics.profile import SliceProfile
from ...progress import ProgressCallback
from ...training.cuda_graph import on_cuda_captured
from ...training.loop import TrainingLoop
from ..reference import Reference, reference_of
from ..result import EstimatedProfile, trust_warnings
from .game import PUBLISHED, Game, Settings


def estimate(
    scan: Volume,
    geometry: SliceGeometry,
    device: str,
    seed: int,
    progress: ProgressCallback,
    settings: Settings = PUBLISHED,
) -> EstimatedProfile:
    """Play the game and return the averaged profile; the interval is that of its FWHM over the last third of
    training.
    """
    where = choose_device(device)
    progress(0.0, "preparing patches")
    reference = reference_of(scan, geometry)
    with reproducible(seed):
        game = Game(reference, number_of_taps(reference), settings, where)
        step = on_cuda_captured(game, where)
        TrainingLoop(step, settings.iterations, where, "matching patch distributions").run(progress)
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
