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
from .resolution import ResolutionChange, resolution_change
from .super_resolve import SuperResolved, super_resolve

#: Distance between the slices of the simulated scan, in mm.
SLICE_SPACING = 5.0
#: SMORE's preset: enough to see what it does, within a minute.
PRESET = "quick"
#: Voxels of the phantom, 1 mm each.
PHANTOM_SHAPE = (176, 208, 176)


@dataclass(frozen=True)
class Demo:
    """The volumes, profiles and scores of a demo.

    Attributes:
        truth: the head phantom, isotropic.
        scan: the scan simulated from it.
        true_profile: the slice profile with which the scan was simulated.
        estimate: the profile estimated from the scan.
        interpolated: the scan interpolated by cubic B-splines.
        result: the scan super-resolved by a small network with the estimated profile.
        tikhonov: the scan super-resolved by Tikhonov's inverse with the estimated profile, in seconds.
        scores: comparisons with the truth, by the name of the volume: ``"bspline"``, ``"tikhonov"``, ``"result"``.
        resolution: what is left through plane, in the interpolated scan and in the result.
    """

    truth: Volume
    scan: Volume
    true_profile: SliceProfile
    estimate: EstimatedProfile
    interpolated: SuperResolved
    result: SuperResolved
    tikhonov: SuperResolved
    scores: dict[str, Comparison]
    resolution: ResolutionChange


def run_demo(
    seed: int = 0,
    device: str = "auto",
    progress: ProgressCallback = silent,
) -> Demo:
    """Simulate a scan of a head phantom with 5 mm between slices, estimate its profile, super-resolve it, and compare.

    Args:
        seed: random seed of the phantom, its profile, the estimation and the super-resolution.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        progress: receives how far the run is; see :mod:`~SuperResolveLib.progress`.

    Raises:
        InputError: the device is not available.
        Cancelled: raised by ``progress``.
    """
    progress = part_of(progress)
    progress(0.0, "making a head phantom", 0.0)
    truth = head_phantom(PHANTOM_SHAPE, spacing=1.0, seed=seed)
    true_profile = draw_profile(seed)
    scan = simulate(truth, true_profile, SLICE_SPACING, "k")
    estimate = estimate_profile(scan, seed=seed, progress=part_of(progress, 0.18, 0.22))
    interpolated = super_resolve(scan, estimate, "bspline", like=truth)
    tikhonov = super_resolve(scan, estimate, "tikhonov", like=truth)
    learning = part_of(progress, 0.22, 0.8)
    result = super_resolve(scan, estimate, "smore", PRESET, like=truth, device=device, seed=seed, progress=learning)
    scores = {}
    for part, (name, volume) in enumerate({"bspline": interpolated, "tikhonov": tikhonov, "result": result}.items()):
        progress(0.8 + 0.04 * part, "comparing with the truth", part / 3)
        scores[name] = compare(truth, volume)
    resolution = resolution_change(scan, result, "k", part_of(progress, 0.92, 1.0))
    return Demo(truth, scan, true_profile, estimate, interpolated, result, tikhonov, scores, resolution)


def draw_profile(seed: int) -> SliceProfile:
    """Draw a Gaussian profile with a random FWHM between 3.5 and 6 mm."""
    return SliceProfile.gaussian(float(np.random.default_rng([seed, 5]).uniform(3.5, 6.0)), tap_spacing=1.0)
