r"""ESPRESO's game with the discriminator solved in closed form: seconds on a CPU, no seed, no torch.

The game is the published one (:mod:`.adversarial`): blur patches in plane with a candidate profile k, sample them at
the slice spacing, and ask whether 7 neighbouring samples of a line run through plane or in plane. Here the
discriminator is linear in the products of neighbouring differences, :math:`\phi_l = d_0 d_l` with :math:`d_i =
y_{i+1} - y_i`, l = 0..5, of which it knows the means on both kinds of lines in many blocks of the scan. Its best
advantage over chance is Hotelling's

.. math:: J(k) = \bar\Delta^T C^{-1} \bar\Delta, \qquad \Delta = E_{in plane}\phi - E_{through plane}\phi,

C the covariance of the block means' mean: what differs between blocks by anatomy alone is discounted. The generator is
not a network but the family of :mod:`.shapes` under a weak prior: a width about the slice spacing, a shape between
Gaussian and rect. The answer is the posterior mean of log width and log exponent under
:math:`\exp(-J / 2\varphi)`, :math:`\varphi` inflating the noise where even the best profile does not fit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...data.geometry import SliceGeometry
from ...data.volume import Volume
from ...errors import InputError
from ...physics.acquisition import acquisition_matrix
from ...physics.profile import SliceProfile
from ...progress import ProgressCallback
from ..reference import Direction, Reference, reference_of
from ..result import EstimatedProfile, trust_warnings
from ..shapes import bell

FloatArray = NDArray[np.float64]

EXPONENTS = (1.5, 2.0, 2.7, 4.0, 8.0)
#: Widths that are tried, evenly in their logarithm.
WIDTHS = 22
#: Lags of the products of differences: a window of 7 samples has 6 differences.
LAGS = 6
#: Blocks along, across and through plane over which products are averaged.
BLOCKS = (6, 6, 4)
#: Voxels of each direction that are looked at, at most: lines are left out beyond.
VOXELS = 600_000
#: Prior: medians and standard deviations of the logarithms of width (in slice spacings) and exponent.
PRIOR_WIDTH, PRIOR_WIDTH_SPREAD = 0.9, 0.7
PRIOR_EXPONENT, PRIOR_EXPONENT_SPREAD = 4.0, 0.8
#: Added to the variances, which are relative to each product's mean square, so that no direction counts as certain.
RIDGE = 1e-4


@dataclass(frozen=True)
class Candidate:
    """One profile of the family: its FWHM in mm and its exponent."""

    width: float
    exponent: float

    def profile(self, tap_spacing: float, fewest_taps: int = 1) -> SliceProfile:
        """On taps ``tap_spacing`` mm apart, at least ``fewest_taps`` on each side."""
        return bell(self.width, self.exponent, tap_spacing, fewest_taps)


def estimate(
    scan: Volume, geometry: SliceGeometry, device: str, seed: int, progress: ProgressCallback
) -> EstimatedProfile:
    """The posterior mean profile; the interval holds 80 % of the posterior of its FWHM.

    Raises:
        InputError: the image is too small in plane for the slice spacing.
    """
    progress(0.0, "finding the in-plane resolution")
    reference = reference_of(scan, geometry)
    candidates = candidates_for(reference)
    discrimination = np.empty(len(candidates))
    for index, candidate in enumerate(candidates):
        discrimination[index] = advantage(reference, candidate)
        progress((index + 1) / len(candidates), f"matching patch distributions, FWHM {candidate.width:.2f} mm")
    if not np.isfinite(discrimination).any():
        raise InputError(
            f"the image is too small in plane to simulate slices {geometry.slice_spacing:.3g} mm apart in it: "
            "at least about 6 slice spacings are needed along an in-plane axis"
        )
    weights = posterior(candidates, discrimination, reference)
    width = float(np.exp(weights @ np.log([candidate.width for candidate in candidates])))
    exponent = float(np.exp(weights @ np.log([candidate.exponent for candidate in candidates])))
    tap = reference.tap_spacing
    profile = Candidate(width, exponent).profile(tap, fewest_taps=10)
    interval = fwhm_interval(candidates, weights, profile)
    return EstimatedProfile(
        weights=profile.weights,
        tap_spacing=tap,
        cumulative=profile.cumulative,
        axis=geometry.axis,
        interval_mm=interval,
        method="espreso",
        preset="default",
        device="cpu",
        seed=seed,
        warnings=reference.warnings + trust_warnings(profile, reference.slice_spacing, interval),
    )


def candidates_for(reference: Reference) -> list[Candidate]:
    """Widths from a profile that does nothing to 3.5 slice spacings, and at least 12 in-plane voxels."""
    voxel = min(direction.voxel for direction in reference.directions)
    widest = max(3.5 * reference.slice_spacing, 12 * voxel)
    widths = np.geomspace(0.7 * voxel, widest, WIDTHS)
    return [Candidate(float(width), exponent) for exponent in EXPONENTS for width in widths]


def posterior(candidates: list[Candidate], discrimination: FloatArray, reference: Reference) -> FloatArray:
    """The weight of each candidate, summing to 1."""
    widths = np.log([candidate.width for candidate in candidates])
    exponents = np.log([candidate.exponent for candidate in candidates])
    usual = PRIOR_WIDTH * max(reference.slice_spacing, 2.5 * reference.tap_spacing)
    inflation = max(1.0, float(np.min(discrimination)) / (LAGS - 2))
    log_weights = (
        -0.5 * discrimination / inflation
        - 0.5 * ((widths - np.log(usual)) / PRIOR_WIDTH_SPREAD) ** 2
        - 0.5 * ((exponents - np.log(PRIOR_EXPONENT)) / PRIOR_EXPONENT_SPREAD) ** 2
    )
    weights = np.exp(log_weights - log_weights.max())
    return np.asarray(weights / weights.sum())


def fwhm_interval(candidates: list[Candidate], weights: FloatArray, profile: SliceProfile) -> tuple[float, float]:
    """The 10th and 90th percentile of the FWHM in mm under the posterior, the estimate itself included."""
    widths = np.array([candidate.profile(profile.tap_spacing).fwhm_mm for candidate in candidates])
    order = np.argsort(widths)
    cumulative = np.cumsum(weights[order]) - weights[order] / 2
    low, high = np.interp((0.1, 0.9), cumulative, widths[order])
    return float(min(low, profile.fwhm_mm)), float(max(high, profile.fwhm_mm))


def advantage(reference: Reference, candidate: Candidate) -> float:
    """J of one candidate: how well the best linear discriminator tells the two directions apart; infinite if it
    cannot be tried because the image is too small.
    """
    means = [
        _products_of_differences(direction, reference.slice_spacing, candidate) for direction in reference.directions
    ]
    usable = [pair for pair in means if pair is not None]
    if not usable:
        return float("inf")
    in_plane = np.concatenate([pair[0] for pair in usable], axis=1)
    through_plane = np.concatenate([pair[1] for pair in usable], axis=1)
    scale = np.sqrt((in_plane**2 + through_plane**2).mean(axis=1, keepdims=True) / 2) + 1e-12
    difference = (in_plane - through_plane) / scale
    blocks = difference.shape[1]
    covariance = np.cov(difference) / blocks + RIDGE * np.eye(len(difference))
    mean = difference.mean(axis=1)
    return float(mean @ np.linalg.solve(covariance, mean))


def _products_of_differences(
    direction: Direction, slice_spacing: float, candidate: Candidate
) -> tuple[FloatArray, FloatArray] | None:
    """Block means of the products in plane and through plane, each of shape (lags, blocks); ``None`` if none fit.

    The samples are taken at several phases of the in-plane grid, so that every voxel counts.
    """
    profile = candidate.profile(direction.voxel)
    along, _, slices = direction.data.shape
    step, reach = slice_spacing / direction.voxel, profile.weights.size // 2
    samples = int((along - 1 - 2 * reach) / step) + 1
    lags = min(LAGS, slices - 2)
    if samples < lags + 2:
        return None
    lines = direction.data[:, _evenly(direction.data.shape[1], max(1, round(direction.data.size / VOXELS)))]
    flat = np.ascontiguousarray(lines).reshape(along, -1)
    blocks = (min(BLOCKS[0], samples - lags), min(BLOCKS[1], lines.shape[1]), min(BLOCKS[2], slices - lags))
    phases = min(max(1, round(step / 2)), int(along - 2 * reach - (samples - 1) * step))
    in_plane, through_plane = [], []
    for phase in range(phases):
        spare = along - 1 - 2 * reach - (samples - 1) * step
        centres = reach + spare * (phase + 0.5) / phases + np.arange(samples) * step
        matrix = acquisition_matrix(
            profile, centres * direction.voxel, np.arange(along) * direction.voxel, direction.voxel
        )
        degraded = (matrix.astype(np.float32) @ flat).reshape(samples, *lines.shape[1:])
        in_plane.append(_block_means(np.diff(degraded, axis=0), 0, lags, blocks))
        through_plane.append(_block_means(np.diff(degraded, axis=2), 2, lags, blocks))
    return np.mean(in_plane, axis=0), np.mean(through_plane, axis=0)


def _block_means(differences: NDArray[np.float32], axis: int, lags: int, blocks: tuple[int, int, int]) -> FloatArray:
    """Means over blocks of d_0 d_l along an axis, shape (lags, blocks).

    The windows are the same for every lag, and start at either end, so that the direction of the axis does not matter.
    """
    moved = np.moveaxis(differences, axis, -1)
    windows = moved.shape[-1] - lags + 1
    starts, ends = moved[..., :windows], moved[..., lags - 1 :]
    means = []
    for lag in range(lags):
        following, preceding = moved[..., lag : lag + windows], moved[..., lags - 1 - lag : lags - 1 - lag + windows]
        product = np.moveaxis((starts * following + ends * preceding) / 2, -1, axis)
        for dimension, number in enumerate(blocks):
            product = np.moveaxis(
                _averaging(product.shape[dimension], number) @ np.moveaxis(product, dimension, -2), -2, dimension
            )
        means.append(product.ravel())
    return np.array(means, dtype=np.float64)


def _averaging(count: int, blocks: int) -> NDArray[np.float32]:
    """The matrix that averages ``count`` samples over blocks of equal length; one across an edge counts in part."""
    edges = np.linspace(0, count, blocks + 1)[:, None]
    before = np.clip(edges - np.arange(count), 0, 1)
    return (np.diff(before, axis=0) * blocks / count).astype(np.float32)


def _evenly(count: int, step: int) -> NDArray[np.intp]:
    """About every ``step``-th of ``count`` lines, counted from both ends alike."""
    half = np.arange(step // 2, (count + 1) // 2, step)
    return np.union1d(half, count - 1 - half)
