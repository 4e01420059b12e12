"""Quality measures: known values, grids brought together by affine, and the head mask."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from SuperResolveLib.data.volume import Volume
from SuperResolveLib.errors import InputError
from SuperResolveLib.metrics.image_quality import compare, head_mask, inside_field_of_view, resample, same_grid

law = settings(deadline=None, max_examples=25)
AFFINE = np.array([[0.9, 0.2, 0, -10], [-0.2, 0.9, 0, 5], [0, 0, 1.1, 3], [0, 0, 0, 1]], float)


@pytest.fixture(scope="module")
def truth() -> Volume:
    random = np.random.default_rng(0)
    return Volume(gaussian_filter(random.standard_normal((24, 26, 28)), 1.5).astype(np.float32) * 100, AFFINE)


def moved(volume: Volume, shift: tuple[float, float, float]) -> Volume:
    """The same voxels, elsewhere: by so many voxels."""
    affine = volume.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ shift
    return volume.on_grid(volume.data, affine)


class TestMeasures:
    def test_the_truth_itself_is_perfect(self, truth):
        found = compare(truth, truth, None)
        assert (found.psnr, found.ssim, found.rmse, found.hfen) == (np.inf, pytest.approx(1), 0, 0)
        assert found.voxels == truth.data.size and not found.resampled

    def test_a_constant_offset_has_its_closed_form(self, truth):
        found = compare(truth, truth.on_grid(truth.data + 5, AFFINE), None)
        assert found.rmse == pytest.approx(5, rel=1e-4)
        assert found.psnr == pytest.approx(20 * np.log10(np.ptp(truth.data) / 5), abs=1e-3)
        assert found.hfen == pytest.approx(0, abs=1e-4)

    def test_hfen_of_a_scaled_image_is_the_change_of_scale(self, truth):
        assert compare(truth, truth.on_grid(truth.data * 0.75, AFFINE), None).hfen == pytest.approx(0.25, rel=1e-4)

    def test_ssim_is_that_of_scikit_image(self, truth):
        from skimage.metrics import structural_similarity

        random = np.random.default_rng(1)
        result = truth.data + random.standard_normal(truth.shape).astype(np.float32)
        _, similarity = structural_similarity(
            truth.data,
            result,
            data_range=np.ptp(truth.data),
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            full=True,
        )
        assert compare(truth, truth.on_grid(result, AFFINE), None).ssim == pytest.approx(similarity.mean(), abs=1e-5)

    @law
    @given(scale=st.floats(0.01, 100), offset=st.floats(-50, 50))
    def test_relative_measures_do_not_depend_on_the_intensity_unit(self, truth, scale, offset):
        blurred = gaussian_filter(truth.data, 1)
        here = compare(truth, truth.on_grid(blurred, AFFINE), None)
        there = compare(
            truth.on_grid(truth.data * np.float32(scale) + np.float32(offset), AFFINE),
            truth.on_grid(blurred * np.float32(scale) + np.float32(offset), AFFINE),
            None,
        )
        assert there.rmse == pytest.approx(scale * here.rmse, rel=1e-2)
        assert there.psnr == pytest.approx(here.psnr, abs=0.05)
        assert there.hfen == pytest.approx(here.hfen, rel=2e-2)

    def test_worse_is_worse_in_every_measure(self, truth):
        found = [compare(truth, truth.on_grid(gaussian_filter(truth.data, s), AFFINE), None) for s in (0.5, 1, 2)]
        for better, worse in itertools.pairwise(found):
            assert better.psnr > worse.psnr and better.ssim > worse.ssim
            assert better.rmse < worse.rmse and better.hfen < worse.hfen

    def test_only_the_mask_counts(self, truth):
        mask = np.zeros(truth.shape, bool)
        mask[:12] = True
        spoilt = truth.data.copy()
        spoilt[23] += 1000  # further from the mask than any window reaches
        found = compare(truth, truth.on_grid(spoilt, AFFINE), mask)
        assert found.rmse == 0 and found.hfen == 0 and found.ssim == pytest.approx(1)
        assert found.voxels == mask.sum()


class TestGrids:
    def test_the_index_means_nothing_the_affine_everything(self, truth):
        turned = Volume(
            np.ascontiguousarray(truth.data.transpose(2, 0, 1)[::-1]),
            AFFINE @ np.array([[0, 1, 0, 0], [0, 0, 1, 0], [-1, 0, 0, truth.shape[2] - 1], [0, 0, 0, 1]], float),
        )
        found = compare(truth, turned, None)
        assert found.resampled
        assert found.rmse < 1e-4 * np.ptp(truth.data)
        assert found.voxels == truth.data.size

    def test_shifted_voxels_are_seen_as_shifted(self, truth):
        assert compare(truth, moved(truth, (1, 0, 0)), None).rmse > 1

    def test_only_the_common_field_of_view_counts(self, truth):
        part = truth.on_grid(truth.data[5:], moved(truth, (5, 0, 0)).affine)
        found = compare(truth, part, None)
        assert found.resampled
        assert found.voxels == truth.data[5:].size
        assert found.rmse < 1e-3 and found.ssim == pytest.approx(1, abs=1e-5)

    def test_a_thousandth_of_a_voxel_is_the_same_grid(self, truth):
        assert same_grid(truth, moved(truth, (0, 5e-4, 0)))
        assert not same_grid(truth, moved(truth, (0, 5e-3, 0)))
        assert not same_grid(truth, truth.on_grid(truth.data[1:], AFFINE))

    def test_a_smooth_image_survives_resampling(self):
        def image(volume: Volume) -> np.ndarray:
            x, y, z = np.indices(volume.shape)
            points = np.stack([x, y, z, np.ones_like(x)], -1) @ volume.affine.T
            return np.sin(points[..., :3] / [4, 5, 6]).sum(axis=-1).astype(np.float32)

        grid = Volume(np.zeros((20, 20, 20), np.float32), np.eye(4))
        source = Volume(np.zeros((30, 32, 34), np.float32), np.diag([0.8, 0.75, 0.7, 1]) + np.eye(4, k=3) * -1.3)
        source = source.on_grid(image(source), source.affine)
        inside = inside_field_of_view(grid, source)
        inner = inside.copy()
        inner[:3] = inner[:, :3] = inner[:, :, :3] = inner[-3:] = inner[:, -3:] = inner[:, :, -3:] = False
        assert np.abs(resample(source, grid) - image(grid))[inner].max() < 2e-3

    def test_no_overlap_is_refused(self, truth):
        with pytest.raises(InputError, match="overlap"):
            compare(truth, moved(truth, (500, 0, 0)), None)

    def test_field_of_view_ends_half_a_voxel_beyond_the_outer_centres(self):
        fine = Volume(np.zeros((40, 3, 3), np.float32), np.diag([0.25, 1, 1, 1]))
        coarse = Volume(np.zeros((5, 3, 3), np.float32), np.diag([2.0, 1, 1, 1]))
        assert inside_field_of_view(fine, coarse)[:, 1, 1].sum() == 37  # centres from 0 to 9 mm, a quarter apart


class TestMasks:
    def test_a_mask_volume_may_lie_on_another_grid(self, truth):
        affine = AFFINE @ np.diag([2.0, 2, 2, 1])
        mask = Volume(np.ones((5, 13, 14), np.float32), affine)
        found = compare(truth, truth, mask)
        assert found.voxels == truth.data[:10].size  # centres up to 8, and half of a 2-voxel one beyond

    @pytest.mark.parametrize(
        ("mask", "message"),
        [(np.zeros((24, 26, 28), bool), "empty"), (np.ones((3, 3, 3), bool), "shape")],
    )
    def test_a_mask_that_cannot_be_used_is_refused(self, truth, mask, message):
        with pytest.raises(InputError, match=message):
            compare(truth, truth, mask)

    def test_a_constant_truth_is_refused(self):
        flat = Volume(np.ones((20, 20, 20), np.float32), np.eye(4))
        with pytest.raises(InputError, match="constant"):
            compare(flat, flat, None)

    def test_a_thin_volume_is_refused(self):
        thin = Volume(np.random.default_rng(0).random((20, 20, 5), dtype=np.float32), np.eye(4))
        with pytest.raises(InputError, match="SSIM needs at least 11"):
            compare(thin, thin, None)


def ball(shape: tuple[int, int, int], radius: float) -> np.ndarray:
    centred = [(np.arange(n) - (n - 1) / 2) for n in shape]
    x, y, z = np.ix_(*centred)
    return np.sqrt(x**2 + y**2 + z**2) < radius


class TestHeadMask:
    shape = (48, 50, 52)

    def head(self, background: float, tissue: float, noise: float) -> Volume:
        """A ball with a dark shell and dark holes in it, a few very bright voxels, and a speck beside it."""
        random = np.random.default_rng(0)
        data = np.where(ball(self.shape, 18), tissue, background)
        data = np.where(ball(self.shape, 16) & ~ball(self.shape, 14), background, data)
        data = np.where(ball(self.shape, 4), background, data)
        data[24, 24, 30:34] = tissue + 20 * (tissue - background)
        data[2:4, 2:4, 2:4] = tissue
        return Volume((data + noise * random.standard_normal(self.shape)).astype(np.float32), np.eye(4))

    @pytest.mark.parametrize(
        ("background", "tissue", "noise"), [(0, 100, 0), (0, 100, 5), (-1, 1, 0.02), (-1000, 40, 20)], ids=str
    )
    def test_is_the_whole_ball_and_nothing_else(self, background, tissue, noise):
        found, expected = head_mask(self.head(background, tissue, noise)), ball(self.shape, 18)
        overlap = 2 * (found & expected).sum() / (found.sum() + expected.sum())
        assert overlap > 0.9  # half a voxel more all round, by which smoothing spreads the edge
        assert (found & expected).sum() > 0.999 * expected.sum()
        assert not found[:5, :5, :5].any()

    def test_is_what_compare_takes_unless_told(self):
        head = self.head(0, 100, 5)
        assert compare(head, head).voxels == head_mask(head).sum()

    def test_reaches_the_border_where_the_head_does(self):
        head = self.head(0, 100, 0)
        cut = head.on_grid(head.data[:, :, :30], head.affine)
        assert head_mask(cut)[24, 35, -1]
