"""The method ``auto``: does the power spectrum give back the profile with which a scan was made?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from SuperResolveLib import InputError, Volume, estimate_profile, measure_resolution
from SuperResolveLib.data.geometry import slice_geometry
from SuperResolveLib.estimation.reference import reference_of
from SuperResolveLib.estimation.shapes import bell, bell_of
from SuperResolveLib.estimation.spectral.posterior import CAUTION, OTHER_SHAPES, TRUST, Posterior, WidthPrior
from SuperResolveLib.estimation.spectral.rings import rings_of
from SuperResolveLib.estimation.spectral.search import FAMILIES, Evidence
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
    estimate = estimate_profile(simulate(TEXTURE, truth, ratio, "k"), axis="k")
    assert estimate.standard_deviation_mm == pytest.approx(truth.standard_deviation_mm, rel=0.08)
    assert estimate.fwhm_mm == pytest.approx(truth.fwhm_mm, rel=0.2)
    assert profile_error(estimate, truth) < 0.25
    assert (estimate.method, estimate.preset, estimate.device) == ("spectral", "", "cpu")
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
    apart = estimate_profile(simulate(TEXTURE, SliceProfile.gaussian(2.0, 1.0), 8, "k"), axis="k")
    overlapping = estimate_profile(simulate(TEXTURE, SliceProfile.gaussian(6.0, 1.0), 3, "k"), axis="k")
    assert apart.prior_share is not None and overlapping.prior_share is not None
    assert overlapping.prior_share < 0.05 < apart.prior_share < 1
    low, high = apart.interval_mm
    assert high / low > 1.5
    assert any("slice thickness" in warning for warning in apart.warnings)


def test_headers_thickness_informs_an_estimate_but_not_a_measurement() -> None:
    scan = simulate(TEXTURE, SliceProfile.gaussian(2.0, 1.0), 8, "k")
    told = replace(scan, header=replace(scan.header, slice_thickness_mm=2.0))
    without, with_thickness = estimate_profile(scan, axis="k"), estimate_profile(told, axis="k")
    spread = [np.log(high / low) for low, high in (without.interval_mm, with_thickness.interval_mm)]
    assert spread[1] < spread[0]
    assert abs(np.log(with_thickness.fwhm_mm / 2.17)) <= abs(np.log(without.fwhm_mm / 2.17))
    assert measure_resolution(told, axis="k").fwhm_mm == measure_resolution(scan, axis="k").fwhm_mm


def test_evidence_and_prior_combine_as_normal_distributions_do() -> None:
    log_width = np.linspace(-3, 4, 4001)
    middle, spread = np.log(5.0), 0.2
    deviance = CAUTION * ((log_width - middle) / spread) ** 2
    width = np.exp(log_width)
    evidence = [Evidence(family, log_width, deviance, width, width / 2.355, 1.0) for family in FAMILIES]
    prior = WidthPrior(2.0, 0.4)
    posterior = Posterior.of(evidence, prior)
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
