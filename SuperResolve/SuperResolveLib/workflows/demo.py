"""The demo: estimation and super-resolution of a simulated scan, whose true profile and volume are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..data.volume import Volume
from ..estimation.result import EstimatedProfile
from ..metrics.image_quality import Comparison, compare
from ..physics.phantom.head_phantom import head_phantom
from ..physics.profile import SliceProfile
from ..physics.simulation import simulate
from ..progress import ProgressCallback, part_of, silent
from .estimate import estimate_profile
from .super_resolve import SuperResolved, super_resolve

#: Distance between the slices of the simulated scan, in mm.
SLICE_SPACING = 5.0
#: Voxels of the phantom, 1 mm each: a thick coronal slab through the head, so that the demo takes half a minute.
PHANTOM_SHAPE = (164, 96, 164)
#: The methods that are compared; their results are called so in scores and file names.
BASELINES, METHOD = ("bspline", "tikhonov"), "instant"


@dataclass(frozen=True)
class Demo:
    """The volumes, profiles and scores of a demo.

    Attributes:
        truth: the head phantom, isotropic.
        scan: the scan simulated from it.
        true_profile: the slice profile with which the scan was simulated.
        estimate: the profile estimated from the scan.
        baselines: the scan super-resolved by the quick methods :data:`BASELINES`, by name.
        result: the scan super-resolved by :data:`METHOD`, as the baselines with the estimated profile.
        scores: comparisons with the truth: of each baseline, and ``"result"`` of ``result``.
    """

    truth: Volume
    scan: Volume
    true_profile: SliceProfile
    estimate: EstimatedProfile
    baselines: dict[str, SuperResolved]
    result: SuperResolved
    scores: dict[str, Comparison]

    @property
    def truth_is_inside(self) -> bool:
        """Whether the interval of the estimate holds the true FWHM, as it should four times of five."""
        low, high = self.estimate.interval_mm
        return low <= self.true_profile.fwhm_mm <= high


def run_demo(
    seed: int = 0,
    device: str = "auto",
    progress: ProgressCallback = silent,
) -> Demo:
    """Simulate a scan of a head phantom with 5 mm between slices, estimate its profile, super-resolve it, and compare.

    Args:
        seed: random seed of the phantom, its profile, the estimation and the super-resolution.
        device: where the network computes: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        progress: receives how far the run is; see :mod:`~SuperResolveLib.progress`.

    Raises:
        InputError: the device is not available.
        Cancelled: raised by ``progress``.
    """
    progress = part_of(progress)
    # Stages by their cost: of 24 seconds of a processor core, 11 are the network's.
    progress(0.0, "making a head phantom")
    truth = head_phantom(PHANTOM_SHAPE, spacing=1.0, seed=seed)
    true_profile = draw_profile(seed)
    scan = simulate(truth, true_profile, SLICE_SPACING, "k")
    estimate = estimate_profile(scan, seed=seed, progress=part_of(progress, 0.2, 0.4))
    baselines = {name: super_resolve(scan, estimate, name, like=truth) for name in BASELINES}
    restoring = part_of(progress, 0.45, 0.9)
    result = super_resolve(scan, estimate, METHOD, like=truth, device=device, seed=seed, progress=restoring)
    scores = {}
    for number, (name, volume) in enumerate({**baselines, "result": result}.items()):
        progress(0.9 + 0.03 * number, "comparing with the truth", number / (len(BASELINES) + 1))
        scores[name] = compare(truth, volume)
    progress(1.0, "done")
    return Demo(truth, scan, true_profile, estimate, baselines, result, scores)


def draw_profile(seed: int) -> SliceProfile:
    """Draw a Gaussian profile with a random FWHM between 3.5 and 6 mm."""
    return SliceProfile.gaussian(float(np.random.default_rng([seed, 5]).uniform(3.5, 6.0)), tap_spacing=1.0)
