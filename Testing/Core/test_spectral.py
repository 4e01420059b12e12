"""The method ``spectral``: does the power spectrum give back the profile with which a scan was made?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from SuperResolveLib import InputError, Volume, estimate_profile, measure_resolution, super_resolve
from SuperResolveLib.data.geometry import slice_geometry
from SuperResolveLib.estimation.reference import reference_of
from SuperResolveLib.estimation.shapes import bell, bell_of
from SuperResolveLib.estimation.spectral.least_squares import minimise
from SuperResolveLib.estimation.spectral.posterior import CAUTION, OTHER_SHAPES, TRUST, Posterior
from SuperResolveLib.estimation.spectral.prior import BROAD, PRIORS, LogNormal, WidthPrior
from SuperResolveLib.estimation.spectral.rings import rings_of
from SuperResolveLib.estimation.spectral.search import GAUSSIAN, RECT, Evidence
from SuperResolveLib.physics.acquisition import acquisition_matrix, degrade
from SuperResolveLib.physics.profile import SliceProfile, profile_error
from SuperResolveLib.physics.simulation import simulate, with_rician_noise


def texture(shape: tuple[int, int, int], exponent: float = 3.0, seed: int = 0) -> Volume:
    """A random field whose power falls alike in all directions, above zero."""
    noise = np.random.default_rng(seed).standard_normal(shape)
    frequency = np.meshgrid(*(np.fft.fftfreq(size) for size in shape), indexing="ij", sparse=True)
    radius = np.sqrt(sum(part**2 for part in frequency))
    field = np.fft.ifftn(np.fft.fftn(noise) * (radius + 0.02) ** (-exponent / 2)).real
    return Volume(data=(field / field.std() + 10).astype(np.float32), affine=np.eye(4))


TEXTURE = texture((112, 104, 112))


@pytest.mark.parametrize("ratio", [2.0, 3.3, 4.0])
@pytest.mark.parametrize("truth", [SliceProfile.gaussian(4.0, 1.0), SliceProfile.rect(7.0, 1.0)], ids=["bell", "box"])
def test_profile_is_found_where_the_assumption_holds(truth: SliceProfile, ratio: float) -> None:
    estimate = estimate_profile(simulate(TEXTURE, truth, ratio, "k"), axis="k", prior="broad")
    assert estimate.standard_deviation_mm == pytest.approx(truth.standard_deviation_mm, rel=0.08)
    assert estimate.fwhm_mm == pytest.approx(truth.fwhm_mm, rel=0.2)
    assert profile_error(estimate, truth) < 0.25
    assert (estimate.method, estimate.preset, estimate.prior, estimate.device) == ("spectral", "", "broad", "cpu")
    assert not any("no profile explains" in warning for warning in estimate.warnings)


def test_shape_is_told_where_slices_overlap() -> None:
    for truth in (SliceProfile.gaussian(6.0, 1.0), SliceProfile.rect(7.0, 1.0)):
        estimate = estimate_profile(simulate(TEXTURE, truth, 2, "k"), axis="k")
        assert profile_error(estimate, truth) < 0.08


def test_noise_is_not_taken_for_a_thin_profile() -> None:
    truth = SliceProfile.gaussian(5.0, 1.0)
    scan = simulate(TEXTURE, truth, 4, "k", noise_sigma=0.5)
    assert estimate_profile(scan, axis="k").fwhm_mm == pytest.approx(truth.fwhm_mm, rel=0.15)


def test_intensities_directions_and_order_of_slices_do_not_matter() -> None:
    scan = simulate(TEXTURE, SliceProfile.gaussian(4.0, 1.0), 3, "k")
    reference = estimate_profile(scan, axis="k")
    brighter = replace(scan, data=3 * scan.data + 100)
    upside_down = replace(scan, data=scan.data[:, :, ::-1].copy())
    swapped = Volume(data=scan.data.transpose(1, 0, 2).copy(), affine=np.diag([1.0, 1.0, 3.0, 1.0]))
    for other in (brighter, upside_down, swapped):
        assert estimate_profile(other, axis="k").fwhm_mm == pytest.approx(reference.fwhm_mm, rel=0.02)


def test_widths_are_in_mm_and_voxels_need_not_be_square() -> None:
    truth = SliceProfile.gaussian(4.0, 0.5)
    fine = replace(TEXTURE, affine=np.diag([0.5, 0.5, 0.5, 1.0]))
    scan = simulate(fine, SliceProfile.gaussian(4.0, 0.5), 6, "k")
    half = acquisition_matrix(SliceProfile.rect(1.0, 0.5), np.arange(0, 104, 2) * 0.5, np.arange(104) * 0.5, 0.5)
    coarser = Volume(data=degrade(half, scan.data, 1), affine=scan.affine @ np.diag([1, 2, 1, 1]))
    told = estimate_profile(coarser, axis="k")
    assert told.tap_spacing == pytest.approx(0.5)
    assert told.fwhm_mm == pytest.approx(truth.fwhm_mm, rel=0.2)


def test_spectrum_by_rings_holds_the_power_of_white_noise() -> None:
    noise = np.random.default_rng(0).standard_normal((64, 80, 20)).astype(np.float32)
    volume = Volume(data=noise, affine=np.diag([1.0, 1.0, 4.0, 1.0]))
    rings = rings_of(reference_of(volume, slice_geometry(volume, "k", ())))
    level = np.average(rings.power, axis=0, weights=rings.count)
    np.testing.assert_allclose(level, level.mean(), rtol=0.1)
    assert rings.radius.min() > 0.01 and rings.radius.max() < 0.5
    assert rings.step == pytest.approx(4.0)


def test_thin_slices_far_apart_are_told_to_be_uncertain() -> None:
    apart = estimate_profile(simulate(TEXTURE, SliceProfile.gaussian(2.0, 1.0), 8, "k"), axis="k", prior="broad")
    overlapping = estimate_profile(simulate(TEXTURE, SliceProfile.gaussian(6.0, 1.0), 3, "k"), axis="k", prior="broad")
    assert apart.prior_share is not None and overlapping.prior_share is not None
    assert overlapping.prior_share < 0.05 < apart.prior_share < 1
    low, high = apart.interval_mm
    assert high / low > 1.5
    assert any("slice thickness" in warning for warning in apart.warnings)


@pytest.mark.parametrize("prior", PRIORS)
def test_headers_thickness_informs_an_estimate_but_not_a_measurement(prior: str) -> None:
    scan = simulate(TEXTURE, SliceProfile.gaussian(2.0, 1.0), 8, "k")
    told = replace(scan, header=replace(scan.header, slice_thickness_mm=2.0))
    without, with_thickness = (estimate_profile(each, axis="k", prior=prior) for each in (scan, told))
    spread = [np.log(high / low) for low, high in (without.interval_mm, with_thickness.interval_mm)]
    assert spread[1] < spread[0]
    assert abs(np.log(with_thickness.fwhm_mm / 2.17)) <= abs(np.log(without.fwhm_mm / 2.17))
    assert measure_resolution(told, axis="k").fwhm_mm == measure_resolution(scan, axis="k").fwhm_mm


def test_a_scanners_profile_is_found_where_slices_are_contiguous() -> None:
    truth = SliceProfile.generalised_gaussian(5.0, 5.0, 1.0)
    scan = simulate(TEXTURE, truth, 5, "k")
    estimate, broad = (estimate_profile(scan, axis="k", prior=prior) for prior in (None, "broad"))
    assert estimate.prior == "scanner"
    assert estimate.fwhm_mm == pytest.approx(truth.fwhm_mm, rel=0.1)
    assert estimate.interval_mm[0] < truth.fwhm_mm < estimate.interval_mm[1]
    assert estimate.interval_mm[1] - estimate.interval_mm[0] < broad.interval_mm[1] - broad.interval_mm[0]
    assert estimate.family is None  # at this distance no scan decides it


def test_family_is_told_where_it_is_decided() -> None:
    for family, truth in (("gaussian", SliceProfile.gaussian(6.0, 1.0)), ("rect", SliceProfile.rect(7.0, 1.0))):
        estimate = estimate_profile(simulate(TEXTURE, truth, 2, "k"), axis="k", prior="broad")
        assert estimate.family == family
        assert estimate.rms_interval_mm is not None
        assert estimate.rms_interval_mm[0] <= truth.standard_deviation_mm <= estimate.rms_interval_mm[1]


def test_a_prior_that_is_not_there_is_refused() -> None:
    scan = simulate(TEXTURE, SliceProfile.gaussian(4.0, 1.0), 3, "k")
    with pytest.raises(InputError, match="spectral has no prior 'narrow': choose one of scanner, broad"):
        estimate_profile(scan, prior="narrow")
    with pytest.raises(InputError, match="espreso has no priors: leave out the prior 'broad'"):
        estimate_profile(scan, "espreso", prior="broad")
    with pytest.raises(InputError, match="the profile is given, and not estimated"):
        super_resolve(scan, SliceProfile.gaussian(4.0, 1.0), "tikhonov", prior="broad")


@pytest.mark.parametrize("prior", PRIORS.values(), ids=list(PRIORS))
def test_probabilities_of_a_prior_sum_to_one(prior) -> None:
    assert sum(prior.families.values()) == pytest.approx(1.0)
    for parts in (prior.of_spacing, prior.of_thickness):
        assert sum(part.share for part in parts) == pytest.approx(1.0)


@given(st.lists(st.tuples(st.floats(0.5, 9.0), st.floats(0.05, 0.8), st.floats(0.1, 1.0)), min_size=1, max_size=4))
def test_variance_of_a_width_prior_is_that_of_its_density(drawn) -> None:
    total = sum(share for *_, share in drawn)
    widths = WidthPrior(tuple(LogNormal(median, spread, share / total) for median, spread, share in drawn))
    log_width = np.linspace(-6.0, 8.0, 20001)
    weights = np.exp(widths.log_density(log_width))
    weights /= weights.sum()
    mean = weights @ log_width
    assert widths.variance == pytest.approx(float(weights @ (log_width - mean) ** 2), rel=1e-3)


@given(st.integers(0, 10_000))
def test_least_squares_end_where_a_further_step_would_hardly_gain(seed: int) -> None:
    random = np.random.default_rng(seed)
    matrix, target = random.standard_normal((12, 4)), random.standard_normal(12)
    found = minimise(
        lambda values: np.concatenate([np.tanh(matrix @ values) - target, 0.3 * values]),
        lambda values: np.vstack([matrix / np.cosh(matrix @ values)[:, None] ** 2, 0.3 * np.eye(4)]),
        np.zeros(4),
    )
    slopes = np.vstack([matrix / np.cosh(matrix @ found.values)[:, None] ** 2, 0.3 * np.eye(4)])
    gradient = slopes.T @ found.residuals
    assert gradient @ np.linalg.solve(found.normal, gradient) < 1e-2 * (found.residuals @ found.residuals)
    np.testing.assert_allclose(found.normal, slopes.T @ slopes)


def test_an_interval_spans_the_families_that_remain_plausible() -> None:
    log_width = np.linspace(0.0, 3.0, 601)
    width = np.exp(log_width)

    def interval(worse: float) -> tuple[float, float]:
        deviances = [((log_width - middle) / 0.02) ** 2 for middle in (1.5, 1.7)]
        evidences = [
            Evidence(family, log_width, deviance + extra, width, width / 3, 1.0)
            for family, deviance, extra in zip((GAUSSIAN, RECT), deviances, (0.0, worse), strict=True)
        ]
        return Posterior.of(evidences, {GAUSSIAN: 0.5, RECT: 0.5}, WidthPrior((LogNormal(5.0, 1.0),))).interval_mm

    assert interval(5.0)[1] > np.exp(1.7)  # still half as probable as the other
    assert interval(50.0)[1] < np.exp(1.6)


def test_evidence_and_prior_combine_as_normal_distributions_do() -> None:
    log_width = np.linspace(-3, 4, 4001)
    middle, spread = np.log(5.0), 0.2
    deviance = CAUTION * ((log_width - middle) / spread) ** 2
    width = np.exp(log_width)
    evidence = [Evidence(family, log_width, deviance, width, width / 2.355, 1.0) for family in BROAD.families]
    prior = LogNormal(2.0, 0.4)
    posterior = Posterior.of(evidence, BROAD.families, WidthPrior((prior,)))
    precision = spread**-2 + prior.spread**-2
    mean = (middle * spread**-2 + np.log(2.0) * prior.spread**-2) / precision
    assert np.log(posterior.fwhm_mm) == pytest.approx(mean, abs=1e-3)
    half_width = OTHER_SHAPES * 1.2816 * (1 / precision + TRUST**2) ** 0.5
    assert posterior.prior_share == pytest.approx((1 / precision + TRUST**2) / prior.spread**2, rel=0.01)
    np.testing.assert_allclose(np.log(posterior.interval_mm), mean + np.array([-1, 1]) * half_width, atol=5e-3)


@given(st.floats(2.5, 12.0), st.floats(1.2, 20.0))
def test_shape_follows_from_the_two_widths(fwhm: float, exponent: float) -> None:
    shape = bell(fwhm, exponent, 1.0, 12)
    again = bell_of(fwhm, shape.standard_deviation_mm, 1.0, 12)
    assert profile_error(again, shape) < 0.03  # where sides are steep, both widths hardly depend on the exponent


def test_boxes_and_pointed_shapes_end_the_range() -> None:
    assert bell_of(6.0, 0.1, 1.0).standard_deviation_mm == pytest.approx(6 / 12**0.5, rel=0.03)
    assert bell_of(6.0, 100.0, 1.0).standard_deviation_mm < 100


def test_image_that_is_too_small_is_refused() -> None:
    small = Volume(data=TEXTURE.data[:8, :8, :12].copy(), affine=np.diag([1.0, 1.0, 4.0, 1.0]))
    with pytest.raises(InputError, match="too small in plane"):
        estimate_profile(small)


def test_same_scan_gives_the_same_answer_and_progress_never_goes_back() -> None:
    scan = simulate(TEXTURE, SliceProfile.rect(4.0, 1.0), 3, "k")
    fractions: list[float] = []
    first = estimate_profile(scan, axis="k", progress=lambda fraction, stage, _: fractions.append(fraction))
    second = estimate_profile(scan, axis="k", seed=3)
    np.testing.assert_array_equal(first.weights, second.weights)
    assert fractions == sorted(fractions) and fractions[-1] <= 1
    noisy = replace(scan, data=with_rician_noise(scan.data, 0.2, 1))
    assert not np.array_equal(estimate_profile(noisy, axis="k").weights, first.weights)


def test_scan_that_no_profile_explains_is_warned_of() -> None:
    same = np.repeat(TEXTURE.data[:, :, :1], 16, axis=2) + np.linspace(0, 1, 16, dtype=np.float32)
    estimate = estimate_profile(Volume(data=same, affine=np.diag([1.0, 1.0, 4.0, 1.0])))
    assert any("no profile explains" in warning for warning in estimate.warnings)
