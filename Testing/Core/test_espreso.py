"""ESPRESO: the closed form follows the truth; the published game is built as described."""

from typing import Any

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from SuperResolveLib.data.geometry import slice_geometry
from SuperResolveLib.data.volume import Volume
from SuperResolveLib.errors import Cancelled, InputError
from SuperResolveLib.estimation.espreso import adversarial, closed_form
from SuperResolveLib.estimation.espreso.game import Settings
from SuperResolveLib.estimation.espreso.impulse import start_as_impulse
from SuperResolveLib.estimation.espreso.patches import DirectionPatches, PatchShape
from SuperResolveLib.estimation.reference import reference_of
from SuperResolveLib.estimation.result import EstimatedProfile
from SuperResolveLib.estimation.shapes import bell
from SuperResolveLib.networks.espreso import ProfileGenerator
from SuperResolveLib.physics.profile import SliceProfile
from SuperResolveLib.physics.simulation import simulate
from SuperResolveLib.workflows.estimate import estimate_profile, measure_resolution


def texture(shape: tuple[int, int, int], seed: int = 0) -> Volume:
    """Isotropic blobs with sharp edges, in voxels of 1 mm."""
    noise = np.random.default_rng(seed).standard_normal(shape)
    levels = np.digitize(gaussian_filter(noise, 2.5, mode="wrap"), np.array([-0.05, 0.0, 0.06]))
    return Volume((100.0 * levels).astype(np.float32), np.eye(4))


@pytest.fixture(scope="module")
def isotropic() -> Volume:
    return texture((112, 104, 120))


def scan_of(volume: Volume, fwhm: float, ratio: float, axis: str = "k") -> Volume:
    return simulate(volume, SliceProfile.gaussian(fwhm, 1.0), ratio, axis)


def espreso(scan: Volume, **settings: Any) -> EstimatedProfile:
    return estimate_profile(scan, method="espreso", **settings)


@pytest.mark.parametrize("axis", ["i", "j", "k"])
@pytest.mark.parametrize(("fwhm", "ratio"), [(2.0, 3.0), (4.0, 4.0), (7.0, 4.0), (5.0, 3.3)])
def test_follows_the_truth(isotropic: Volume, fwhm: float, ratio: float, axis: str) -> None:
    estimate = espreso(scan_of(isotropic, fwhm, ratio, axis))
    truth = SliceProfile.gaussian(fwhm, 1.0)
    assert estimate.standard_deviation_mm == pytest.approx(truth.standard_deviation_mm, rel=0.15)
    assert estimate.fwhm_mm == pytest.approx(truth.fwhm_mm, rel=0.25)
    low, high = estimate.interval_mm
    assert low <= estimate.fwhm_mm <= high


def test_result_is_a_profile(isotropic: Volume) -> None:
    estimate = espreso(scan_of(isotropic, 4.0, 4.0))
    assert estimate.weights.size % 2 == 1 and estimate.weights.size >= 21
    assert estimate.weights.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(estimate.weights, estimate.weights[::-1], atol=1e-12)
    assert estimate.tap_spacing == 1.0
    assert (estimate.method, estimate.preset, estimate.device) == ("espreso", "default", "cpu")


def test_does_not_depend_on_intensity_scale_orientation_or_seed(isotropic: Volume) -> None:
    scan = scan_of(isotropic, 4.0, 4.0)
    fwhm = espreso(scan).fwhm_mm
    scaled = Volume(3.7 * scan.data - 50, scan.affine)
    transposed = Volume(np.ascontiguousarray(scan.data.transpose(1, 0, 2)), scan.affine[:, [1, 0, 2, 3]])
    assert espreso(scan, seed=9).fwhm_mm == fwhm
    assert espreso(scaled).fwhm_mm == pytest.approx(fwhm, rel=1e-3)
    assert espreso(transposed).fwhm_mm == pytest.approx(fwhm, rel=1e-6)


def test_in_plane_voxels_need_not_be_square(isotropic: Volume) -> None:
    finer = Volume(isotropic.data, np.diag([1.0, 1.0, 1.0, 1.0]))
    scan = scan_of(finer, 4.0, 4.0)
    kernel = SliceProfile.rect(2.0, 1.0)
    coarse = simulate(scan, kernel, 2.0, "i")
    estimate = espreso(coarse, axis="k")
    assert estimate.tap_spacing == 1.0
    assert estimate.fwhm_mm == pytest.approx(4.0, rel=0.35)


def test_isotropic_volume_measures_as_isotropic_and_blurred_one_does_not(isotropic: Volume) -> None:
    assert measure_resolution(isotropic, method="espreso", axis="k").fwhm_mm < 1.3
    blurred = Volume(gaussian_filter(isotropic.data, (0, 0, 3.0 / 2.355)), isotropic.affine)
    assert measure_resolution(blurred, method="espreso", axis="k").fwhm_mm == pytest.approx(3.0, rel=0.25)


def test_thin_slices_far_apart_are_warned_of(isotropic: Volume) -> None:
    estimate = espreso(scan_of(isotropic, 2.0, 6.0))
    assert any("well under the slice spacing" in warning for warning in estimate.warnings)


def test_image_too_small_in_plane_is_told() -> None:
    rng = np.random.default_rng(0)
    scan = Volume(rng.random((12, 12, 20)).astype(np.float32), np.diag([1.0, 1.0, 6.0, 1.0]))
    with pytest.raises(InputError, match="too small in plane"):
        espreso(scan)
    with pytest.raises(InputError, match="too small in plane"):
        espreso(scan, preset="paper")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"method": "magic"}, "no estimation method"), ({"method": "espreso", "preset": "x"}, "no preset 'x'")],
)
def test_unknown_names_are_refused(isotropic: Volume, wrong: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        estimate_profile(scan_of(isotropic, 4.0, 4.0), **wrong)


@pytest.mark.parametrize("preset", ["default", "paper"])
def test_can_be_cancelled(isotropic: Volume, preset: str) -> None:
    def cancel(fraction: float, stage: str, stage_fraction: float | None = None) -> None:
        if fraction > 0:
            raise Cancelled

    with pytest.raises(Cancelled):
        espreso(scan_of(isotropic, 4.0, 4.0), preset=preset, progress=cancel)


def test_advantage_is_least_near_the_truth(isotropic: Volume) -> None:
    scan = scan_of(isotropic, 5.0, 4.0)
    reference = reference_of(scan, slice_geometry(scan))
    advantages = {
        width: closed_form.advantage(reference, closed_form.Candidate(width, 2.0))
        for width in (2.0, 3.5, 5.0, 7.0, 10.0)
    }
    assert min(advantages, key=advantages.__getitem__) == 5.0


@pytest.mark.parametrize("exponent", [1.5, 2.0, 4.0, 8.0])
def test_bells_have_their_width(exponent: float) -> None:
    assert bell(6.0, exponent, 0.05).fwhm_mm == pytest.approx(6.0, abs=0.02)


def test_bell_of_exponent_two_is_gaussian() -> None:
    gaussian, bell_of_two = SliceProfile.gaussian(4.0, 1.0).weights, bell(4.0, 2.0, 1.0, fewest_taps=7).weights
    np.testing.assert_allclose(bell_of_two, gaussian, atol=2e-3)  # the bell ends at 1 % of its maximum


# ---- as published


def test_generator_starts_as_an_impulse_and_no_further() -> None:
    torch.manual_seed(0)
    generator = ProfileGenerator(21)
    start_as_impulse(generator)
    weights = generator().detach()
    assert float(weights[10]) > 0.99
    start_as_impulse(generator)
    assert torch.equal(generator().detach(), weights)


def test_generated_samples_are_convolved_and_taken_every_ratio_voxels(isotropic: Volume) -> None:
    scan = scan_of(isotropic, 4.0, 4.0)
    reference = reference_of(scan, slice_geometry(scan))
    shape = PatchShape.fitting(reference, 21)
    direction = DirectionPatches(reference.directions[0], reference, shape, torch.device("cpu"))
    torch.manual_seed(0)
    patches = direction.draw(4)
    profile = torch.as_tensor(SliceProfile.gaussian(4.0, 1.0).weights, dtype=torch.float32)
    profile = torch.nn.functional.pad(profile, ((21 - len(profile)) // 2,) * 2)
    samples = direction.generate(profile, patches)
    assert samples.shape == (4, shape.rows, shape.columns)
    blurred = torch.nn.functional.conv2d(patches[:, None], profile.view(1, 1, -1, 1))[:, 0]
    first = next(f for f in range(4) if torch.allclose(blurred[:, f], samples[:, 0], atol=1e-5))
    expected = blurred[:, first::4][:, : shape.rows]
    assert torch.allclose(samples, expected, atol=1e-5)


def test_patches_come_from_the_scan_and_favour_edges(isotropic: Volume) -> None:
    data = np.zeros((96, 24, 24), np.float32)
    data[:, :12, 12:] = 1.0  # edges only in the first half of the lines
    scan = Volume(data, np.diag([1.0, 1.0, 3.0, 1.0]))
    reference = reference_of(scan, slice_geometry(scan))
    direction = DirectionPatches(reference.directions[0], reference, PatchShape(8, 16, 11), torch.device("cpu"))
    torch.manual_seed(0)
    patches = direction.draw(64)
    assert bool((patches.amax((1, 2)) > patches.amin((1, 2))).float().mean() > 0.95)


def test_game_is_reproducible_and_leaves_the_impulse(isotropic: Volume) -> None:
    scan = scan_of(isotropic, 6.0, 4.0)
    geometry = slice_geometry(scan)
    settings = Settings(iterations=30, learning_rate=2e-3)
    first, second = (adversarial.estimate(scan, geometry, "cpu", 3, lambda *_: None, settings) for _ in range(2))
    np.testing.assert_array_equal(first.weights, second.weights)
    assert first.fwhm_mm > 1.015
    assert first.weights.sum() == pytest.approx(1.0)
    assert first.centroid_mm == pytest.approx(0.0, abs=0.02)
