"""Slice profiles: widths, closed forms, moments, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.integrate import quad

from SuperResolveLib.errors import InputError
from SuperResolveLib.physics.kernels import FWHM_PER_SIGMA
from SuperResolveLib.physics.profile import SliceProfile, full_width_at_half_maximum, profile_error
from SuperResolveLib.physics.pulses import windowed_sinc

law = settings(deadline=None, max_examples=60)
widths = st.floats(0.3, 12)
phases = st.floats(-0.5, 0.5)
tap_spacings = st.floats(0.2, 3)
shapes = st.sampled_from([SliceProfile.gaussian, SliceProfile.rect])
any_taps = arrays(np.float64, st.integers(1, 10).map(lambda half: 2 * half + 1), elements=st.floats(0, 1)).filter(
    lambda taps: taps.max() > 0.1
)


def tabulated(profile: SliceProfile) -> SliceProfile:
    """The same taps without the closed form."""
    return SliceProfile(profile.weights, profile.tap_spacing)


class TestFullWidthAtHalfMaximum:
    def test_impulse_is_one_tap_wide(self):
        assert full_width_at_half_maximum([0, 0, 1, 0, 0]) == pytest.approx(1)
        assert full_width_at_half_maximum([1]) == pytest.approx(1)

    @pytest.mark.parametrize("width", [1, 3, 5, 9])
    def test_rect_of_whole_odd_width(self, width):
        assert SliceProfile.rect(width, 1).fwhm_mm == pytest.approx(width)

    @law
    @given(width=st.floats(1, 15))
    def test_rect_of_fractional_width_to_a_fifth_of_a_tap(self, width):
        assert SliceProfile.rect(width, 1).fwhm_mm == pytest.approx(width, abs=0.2)

    @law
    @given(width=st.floats(2, 15))
    def test_gaussian_is_as_wide_as_itself_convolved_with_a_tap(self, width):
        sigma = np.hypot(width / FWHM_PER_SIGMA, 12**-0.5)
        assert SliceProfile.gaussian(width, 1).fwhm_mm == pytest.approx(FWHM_PER_SIGMA * sigma, abs=0.15)

    def test_interpolates_linearly_at_half_maximum(self):
        # From 0.25 to 1 the half lies a third of a tap above the lower one.
        assert full_width_at_half_maximum([0.25, 1, 0.25]) == pytest.approx(2 * (1 - 1 / 3))

    def test_separate_peaks_count_as_one_width(self):
        profile = SliceProfile(np.array([0, 1, 0, 0, 1, 0, 0.0]), 1)
        assert profile.fwhm_mm == pytest.approx(4)
        assert profile.is_multi_peaked()

    def test_a_ripple_on_top_does_not_shorten_it(self):
        profile = SliceProfile(np.array([0, 1, 0.6, 1, 0.0]), 1)
        assert profile.fwhm_mm == pytest.approx(3, abs=0.01)
        assert not profile.is_multi_peaked()

    def test_above_half_at_the_border_gives_the_support(self):
        profile = SliceProfile(np.ones(5), 1)
        assert profile.fwhm_mm == pytest.approx(5)
        assert profile.touches_border()

    def test_no_positive_maximum_is_refused(self):
        with pytest.raises(InputError, match="not defined"):
            full_width_at_half_maximum([0, 0, 0])

    @law
    @given(taps=any_taps, scale=st.floats(0.1, 10), left=st.integers(0, 4), right=st.integers(0, 4))
    def test_reversal_scale_and_shift_leave_it(self, taps, scale, left, right):
        width = full_width_at_half_maximum(taps)
        assert full_width_at_half_maximum(taps[::-1]) == pytest.approx(width)
        assert full_width_at_half_maximum(scale * taps) == pytest.approx(width)
        assert full_width_at_half_maximum(np.pad(taps, (left, right))) == pytest.approx(width)

    @law
    @given(taps=any_taps)
    def test_lies_between_one_tap_and_the_support(self, taps):
        assert 0.5 < full_width_at_half_maximum(taps) <= taps.size

    @law
    @given(make=shapes, width=st.floats(1, 8), spacing=tap_spacings)
    def test_in_mm_follows_the_tap_spacing(self, make, width, spacing):
        assert make(width * spacing, spacing).fwhm_mm == pytest.approx(spacing * make(width, 1).fwhm_mm)

    def test_wider_profiles_are_wider(self):
        for make in (SliceProfile.gaussian, SliceProfile.rect):
            found = [make(width, 1).fwhm_mm for width in np.arange(1, 10, 0.5)]
            assert np.all(np.diff(found) >= 0)


class TestConstruction:
    @pytest.mark.parametrize(
        "weights",
        [[1, 1], [[1, 1, 1]], [], [0, 0, 0], [1, -0.1, 1], [1, np.nan, 1], [1, np.inf, 1], [1e-300] * 3, [1e308] * 3],
        ids=str,
    )
    def test_what_is_no_profile_is_refused(self, weights):
        with pytest.raises(InputError):
            SliceProfile(np.array(weights, dtype=float), 1)

    @pytest.mark.parametrize("tap_spacing", [0, -1, np.nan, np.inf, 1e-300, 1e-6, 1e3])
    def test_tap_spacing_must_be_plausible(self, tap_spacing):
        with pytest.raises(InputError, match="distance between"):
            SliceProfile(np.ones(3), tap_spacing)

    def test_a_width_told_by_the_taps_must_be_plausible(self):
        with pytest.raises(InputError, match="width is 303 mm"):
            SliceProfile(np.ones(101), 3)

    @pytest.mark.parametrize("width", [0, -2, np.nan, np.inf, 1e-300, 0.005, 5e3])
    @pytest.mark.parametrize("make", [SliceProfile.gaussian, SliceProfile.rect])
    def test_width_must_be_plausible(self, make, width):
        with pytest.raises(InputError, match="width"):
            make(width, 1)

    @law
    @given(taps=any_taps, spacing=tap_spacings)
    def test_taps_sum_to_one_and_are_centred_on_the_middle_one(self, taps, spacing):
        profile = SliceProfile(taps, spacing)
        assert profile.weights.sum() == pytest.approx(1)
        assert profile.offsets[taps.size // 2] == 0
        assert np.allclose(np.diff(profile.offsets), spacing)

    @law
    @given(make=shapes, width=widths, spacing=tap_spacings)
    def test_closed_forms_are_odd_symmetric_and_normalised(self, make, width, spacing):
        profile = make(width, spacing)
        assert profile.weights.size % 2 == 1
        assert np.allclose(profile.weights, profile.weights[::-1])
        assert profile.weights.sum() == pytest.approx(1)
        assert profile.centroid_mm == pytest.approx(0, abs=1e-9)


class TestSampling:
    @law
    @given(make=shapes, width=widths, spacing=tap_spacings, phase=phases)
    def test_closed_forms_keep_all_their_mass_at_any_phase(self, make, width, spacing, phase):
        count = int(np.ceil(4 * width / spacing)) + 3
        offsets = (np.arange(-count, count + 1) + phase) * spacing
        assert make(width, 1).sampled(offsets, spacing).sum() == pytest.approx(1, abs=1e-9)

    @pytest.mark.parametrize("offset", [-2.3, 0, 0.4, 1.9])
    @pytest.mark.parametrize("spacing", [0.5, 1, 2.7])
    def test_closed_forms_are_the_integral_over_the_voxel(self, offset, spacing):
        sigma = 3.5 / FWHM_PER_SIGMA
        ends = offset - spacing / 2, offset + spacing / 2
        density, _ = quad(lambda x: np.exp(-((x / sigma) ** 2) / 2) / (sigma * np.sqrt(2 * np.pi)), *ends)
        assert SliceProfile.gaussian(3.5, 1).sampled(offset, spacing) == pytest.approx(density, abs=1e-4)
        overlap = max(0, min(ends[1], 1.75) - max(ends[0], -1.75)) / 3.5
        assert SliceProfile.rect(3.5, 1).sampled(offset, spacing) == pytest.approx(overlap)

    @law
    @given(width=st.floats(3, 8), phase=phases, finer=st.integers(1, 4))
    def test_taps_keep_mass_centroid_and_variance_at_any_phase(self, width, phase, finer):
        profile = tabulated(SliceProfile.gaussian(width, 1))
        offsets = (np.arange(-40 * finer, 40 * finer + 1) + phase) / finer
        sampled = profile.sampled(offsets, 1 / finer)
        assert sampled.sum() == pytest.approx(1, abs=1e-3)
        assert sampled @ offsets == pytest.approx(0, abs=5e-3)
        assert sampled @ offsets**2 == pytest.approx(profile.weights @ profile.offsets**2, rel=5e-3)

    @law
    @given(taps=any_taps, spacing=tap_spacings)
    def test_at_its_own_taps_it_is_itself(self, taps, spacing):
        profile = SliceProfile(taps, spacing)
        assert np.allclose(profile.sampled(profile.offsets, spacing), profile.weights)

    @law
    @given(width=st.floats(3, 8), ratio=st.floats(1, 4))
    def test_voxels_larger_than_a_tap_average_over_it(self, width, ratio):
        taps, closed = tabulated(SliceProfile.gaussian(width, 1)), SliceProfile.gaussian(width, 1)
        offsets = np.arange(-6, 7) * ratio
        assert np.allclose(taps.sampled(offsets, ratio), closed.sampled(offsets, ratio), atol=0.02)

    @law
    @given(make=shapes, width=st.floats(2, 8), tap_spacing=st.floats(0.4, 1.5))
    def test_resampling_a_closed_form_is_making_it_anew(self, make, width, tap_spacing):
        assert np.allclose(
            make(width, 1).resampled(tap_spacing).sampled(np.arange(-9, 10) * tap_spacing, tap_spacing),
            make(width, tap_spacing).sampled(np.arange(-9, 10) * tap_spacing, tap_spacing),
        )


class TestCentring:
    @law
    @given(width=st.floats(2, 6), shift=st.floats(-3, 3))
    def test_a_shifted_profile_is_brought_back(self, width, shift):
        closed = SliceProfile.gaussian(width, 1)
        shifted = SliceProfile(closed.sampled(np.arange(-15, 16) - shift, 1), 1)
        assert abs(shifted.centred().centroid_mm) < 0.01
        assert profile_error(shifted, closed) < 0.1

    @law
    @given(taps=any_taps)
    def test_any_profile_is_centred(self, taps):
        assert abs(SliceProfile(taps, 1).centred().centroid_mm) < 1e-6

    def test_trimming_keeps_what_is_not_zero(self):
        trimmed = SliceProfile(np.array([0, 0, 0, 1, 2, 0, 0.0]), 1).trimmed()
        assert trimmed.weights == pytest.approx([0, 1 / 3, 2 / 3])


class TestProfileError:
    @law
    @given(taps=any_taps, others=any_taps)
    def test_is_a_distance_of_at_most_two(self, taps, others):
        a, b = SliceProfile(taps, 1), SliceProfile(others, 1)
        assert profile_error(a, a) == pytest.approx(0, abs=1e-9)
        assert 0 <= profile_error(a, b) <= 2 + 1e-9
        assert profile_error(a, b) == pytest.approx(profile_error(b, a))

    def test_of_rects_is_what_does_not_overlap(self):
        # 1/3 on three taps against 1/5 on five: 3 (1/3 - 1/5) + 2/5.
        assert profile_error(SliceProfile.rect(3, 1), SliceProfile.rect(5, 1)) == pytest.approx(0.8)

    def test_a_shift_costs_nothing(self):
        taps = np.array([0, 0, 1, 3, 2, 0, 0.0])
        assert profile_error(SliceProfile(np.roll(taps, 1), 1), SliceProfile(taps, 1)) == pytest.approx(0, abs=1e-6)

    def test_tap_spacings_may_differ(self):
        assert profile_error(SliceProfile.gaussian(4, 0.5), SliceProfile.gaussian(4, 1)) < 0.02


class TestWindowedSinc:
    @law
    @given(
        fwhm=st.floats(1, 10),
        time_bandwidth=st.floats(2, 12),
        window=st.sampled_from([0.46, 0.5]),
        spacing=tap_spacings,
    )
    def test_is_symmetric_and_as_wide_as_asked(self, fwhm, time_bandwidth, window, spacing):
        profile = SliceProfile.windowed_sinc(fwhm, time_bandwidth, window, min(spacing, fwhm / 8))
        np.testing.assert_allclose(profile.weights, profile.weights[::-1], atol=1e-12)
        assert profile.fwhm_mm == pytest.approx(fwhm, rel=0.02)

    @pytest.mark.parametrize("time_bandwidth", [2.0, 5.0])
    @pytest.mark.parametrize("window", [0.0, 0.46, 0.5])
    def test_is_the_fourier_transform_of_its_pulse(self, time_bandwidth, window):
        """At a small flip angle, an excitation is the Fourier transform of the pulse."""
        u = np.linspace(-6, 6, 25)

        def pulse(t):
            return np.sinc(time_bandwidth * t) * (1 - window + window * np.cos(2 * np.pi * t))

        excited = [
            time_bandwidth * quad(lambda t, at=at: pulse(t) * np.cos(2 * np.pi * at * t), -0.5, 0.5)[0] for at in u
        ]
        np.testing.assert_allclose(windowed_sinc(u, time_bandwidth, window), excited, atol=1e-9)

    def test_is_steeper_the_larger_the_time_bandwidth_product(self):
        deviations = [SliceProfile.windowed_sinc(4, each, 0.5, 0.1).standard_deviation_mm for each in (1.5, 3, 8)]
        assert deviations == sorted(deviations, reverse=True)
        assert deviations[-1] > SliceProfile.rect(4, 0.1).standard_deviation_mm

    @pytest.mark.parametrize(("time_bandwidth", "window"), [(0.5, 0.5), (4, 0.6), (4, -0.1)])
    def test_no_pulse_is_refused(self, time_bandwidth, window):
        with pytest.raises(InputError, match="windowed sinc"):
            SliceProfile.windowed_sinc(4, time_bandwidth, window, 1)
