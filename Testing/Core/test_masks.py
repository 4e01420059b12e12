"""Masks that were drawn on slices, brought to thin planes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from SuperResolveLib import InputError, SliceProfile, Volume, mask_on_planes, read_volume, super_resolve, write_volume
from SuperResolveLib.command.main import main
from SuperResolveLib.data.shape_interpolation import interpolate_labels, signed_distance
from test_storage_order import AXES, ORDERS, permuted, reversed_along
from test_to_slices import volume_of

PROFILE = SliceProfile.gaussian(4.5, 1.0)
SQUARE = (1.0, 1.0)


def disc(centre: tuple[float, float], radius: float, size: int = 40) -> np.ndarray:
    i, j = np.indices((size, size))
    return ((i - centre[0]) ** 2 + (j - centre[1]) ** 2 < radius**2).astype(np.float32)


def between(*slices: np.ndarray, at: float | list[float]) -> np.ndarray:
    planes = interpolate_labels(np.stack(slices, axis=2), np.atleast_1d(at), 2, SQUARE)
    return planes[..., 0] if np.isscalar(at) else planes


def random_labels(seed: int, count: int = 5) -> np.ndarray:
    """Discs of some labels in every slice, over one another."""
    random = np.random.default_rng(seed)
    data = np.zeros((40, 40, count), np.float32)
    for k in range(count):
        for label in random.permutation([1, 2, 3]):
            data[..., k][disc(random.uniform(8, 32, 2), random.uniform(1, 8)) > 0] = label
    return data


@given(seed=st.integers(0, 999), axis=st.integers(0, 2))
def test_on_the_slices_a_label_map_is_itself(seed: int, axis: int) -> None:
    data = np.moveaxis(random_labels(seed), 2, axis)
    np.testing.assert_array_equal(interpolate_labels(data, np.arange(5.0), axis, SQUARE), data)


@given(share=st.floats(0.05, 0.95), first=st.floats(4, 14), last=st.floats(4, 14))
def test_a_radius_changes_in_proportion(share: float, first: float, last: float) -> None:
    ends = disc((20, 20), first), disc((20, 20), last)
    start, found, end = (np.sqrt(plane.sum() / np.pi) for plane in (ends[0], between(*ends, at=share), ends[1]))
    assert found == pytest.approx((1 - share) * start + share * end, abs=0.6)


@given(share=st.floats(0.05, 0.95), shift=st.floats(0, 7))
def test_a_disc_that_moves_moves_in_proportion(share: float, shift: float) -> None:
    found = np.argwhere(between(disc((16, 20), 9), disc((16 + shift, 20), 9), at=share)).mean(axis=0)
    assert found == pytest.approx([16 + share * shift, 20], abs=0.8)


def test_what_is_in_one_slice_alone_reaches_half_a_slice_to_each_side() -> None:
    empty, found = np.zeros((40, 40), np.float32), disc((20, 20), 5)
    planes = between(empty, found, empty, at=[0.45, 0.55, 1.0, 1.45, 1.55])
    for plane, wanted in zip(np.moveaxis(planes, 2, 0), (empty, found, found, found, empty), strict=True):
        np.testing.assert_array_equal(plane, wanted)


@given(share=st.floats(0, 1))
def test_parts_that_do_not_touch_do_not_matter_to_one_another(share: float) -> None:
    here, there = (disc((8, 8), 6), disc((10, 9), 4)), (disc((30, 30), 5), np.zeros((40, 40), np.float32))
    both = between(*(np.maximum(a, b) for a, b in zip(here, there, strict=True)), at=share)
    np.testing.assert_array_equal(both, np.maximum(between(*here, at=share), between(*there, at=share)))


@given(seed=st.integers(0, 999), share=st.floats(0, 1))
def test_labels_leave_no_gap_where_there_is_none_in_the_slices(seed: int, share: float) -> None:
    data = random_labels(seed, 2)
    plane = interpolate_labels(data, np.array([share]), 2, SQUARE)[..., 0]
    assert plane[(data != 0).all(axis=2)].all()
    assert not plane[(data == 0).all(axis=2)].any()
    assert np.isin(plane, data).all()


@settings(max_examples=20)
@given(seed=st.integers(0, 999), ratio=st.integers(2, 7))
def test_a_mask_of_slices_that_are_alike_keeps_its_volume(seed: int, ratio: int) -> None:
    data = np.repeat(random_labels(seed, 1), 4, axis=2)
    positions = (np.arange(4 * ratio) - (ratio - 1) / 2) / ratio
    np.testing.assert_array_equal(interpolate_labels(data, positions, 2, SQUARE), np.repeat(data, ratio, axis=2))


def test_beyond_the_field_of_view_there_is_nothing() -> None:
    planes = between(disc((20, 20), 5), disc((20, 20), 5), at=[-0.6, -0.4, 1.4, 1.6])
    assert [bool(planes[..., n].any()) for n in range(4)] == [False, True, True, False]


def test_a_ball_is_rounder_than_its_slices() -> None:
    """Its volume is right to 2 %, and little more than half as many voxels are wrong as in the slices repeated."""
    fine = (np.arange(48) - 23.5) ** 2
    ball = (fine[:, None, None] + fine[:, None] + fine < 19.0**2).astype(np.float32)
    drawn, positions = ball[..., 3::6], (np.arange(48) - 3) / 6
    found = interpolate_labels(drawn, positions, 2, SQUARE)
    repeated = drawn[..., np.clip(np.rint(positions), 0, 7).astype(int)]
    assert found.sum() == pytest.approx(ball.sum(), rel=0.02)
    assert (found != ball).sum() < 0.55 * (repeated != ball).sum()


@given(sizes=st.tuples(st.floats(0.3, 3), st.floats(0.3, 3)), radius=st.floats(2, 10))
def test_distances_are_in_mm_and_change_sign_at_the_outline(sizes: tuple[float, float], radius: float) -> None:
    mask = disc((20, 20), radius) > 0
    distance = signed_distance(mask, sizes)
    np.testing.assert_array_equal(distance > 0, mask)
    across = np.zeros((20, 300), bool)
    across[:10] = True
    found = signed_distance(across, sizes)[6:14, 150]
    np.testing.assert_allclose(found, (3.5 - np.arange(8)) * sizes[0], rtol=1e-5)


@pytest.fixture(scope="module")
def scan() -> Volume:
    return volume_of(np.random.default_rng(0).normal(100, 20, (40, 40, 9)), 4.3)


@pytest.fixture(scope="module")
def mask(scan: Volume) -> Volume:
    return replace(scan, data=random_labels(4, 9), stored_type=np.dtype(np.uint8))


@pytest.fixture(scope="module")
def planes(scan: Volume) -> Volume:
    return super_resolve(scan, PROFILE, "bspline")


def test_it_lies_on_the_result(scan: Volume, mask: Volume, planes: Volume) -> None:
    found = mask_on_planes(mask, scan, planes)
    np.testing.assert_allclose(found.affine, planes.affine, atol=1e-9)
    assert found.shape == planes.shape
    assert found.stored_type == np.uint8
    for volume in found.volumes:
        for side, ml in ((mask, volume.before_ml), (found, volume.after_ml)):
            voxel = np.prod(side.spacing) / 1000
            assert ml == pytest.approx(np.count_nonzero(side.data == volume.label) * voxel)


@settings(max_examples=20)
@given(axes=st.sampled_from(AXES), order=st.sampled_from(ORDERS))
def test_the_order_of_storage_does_not_matter(
    scan: Volume, mask: Volume, planes: Volume, axes: tuple[int, ...], order: tuple[int, ...]
) -> None:
    wanted = mask_on_planes(mask, scan, planes)
    found = mask_on_planes(permuted(reversed_along(mask, axes), order), scan, planes)
    np.testing.assert_array_equal(found.data, wanted.data)


def test_a_mask_may_be_cropped(scan: Volume, planes: Volume) -> None:
    data = np.zeros(scan.shape, np.float32)
    data[5:20, 8:30, 2:6] = random_labels(1, 4)[5:20, 8:30]
    affine = scan.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ [5, 8, 2]
    cropped = Volume(data[5:20, 8:30, 2:6], affine)
    wanted = mask_on_planes(replace(scan, data=data), scan, planes)
    np.testing.assert_array_equal(mask_on_planes(cropped, scan, planes).data, wanted.data)


def test_a_mask_on_other_voxels_is_refused(scan: Volume, mask: Volume, planes: Volume) -> None:
    with pytest.raises(InputError, match="drawn on the scan itself"):
        mask_on_planes(replace(planes, data=np.rint(planes.data)), scan, planes)
    with pytest.raises(InputError, match="in-plane voxels of the mask"):
        mask_on_planes(replace(mask, affine=mask.affine @ np.diag([1.2, 1.2, 1, 1])), scan, planes)
    with pytest.raises(InputError, match="whole numbers"):
        mask_on_planes(scan, scan, planes)


@pytest.fixture
def folder(tmp_path: Path, scan: Volume, mask: Volume, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_volume(scan, "scan.nii.gz")
    write_volume(mask, "lesions.nii.gz", keep_type=True)
    write_volume(replace(mask, data=np.sign(mask.data)), "head.nrrd", keep_type=True)
    return tmp_path


LINE = ["super-resolve", "scan.nii.gz", "-o", "sharp.nii.gz", "--profile", "gaussian:4.5", "--method", "bspline"]


def test_the_command_brings_masks_along(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*LINE, "--masks", "lesions.nii.gz", "--masks", "head.nrrd", "--json", "sharp.json"]) == 0
    told = capsys.readouterr()
    assert "mask     lesions.nii.gz, 3: " in told.out
    assert "label map" not in told.err
    lesions, head, sharp = (read_volume(f"sharp{name}.nii.gz") for name in ("_lesions", "_head", ""))
    np.testing.assert_allclose(lesions.affine, sharp.affine, atol=1e-5)
    assert lesions.stored_type == np.uint8 and set(np.unique(head.data)) == {0, 1}
    report = json.loads(Path("sharp.json").read_text())["masks"]
    assert [each["output"] for each in report] == ["sharp_lesions.nii.gz", "sharp_head.nii.gz"]
    assert [volume["label"] for volume in report[0]["volumes"]] == [1, 2, 3]


def test_a_mask_that_cannot_be_used_is_told_before_the_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = read_volume("lesions.nii.gz")
    write_volume(replace(other, affine=other.affine @ np.diag([1.3, 1.3, 1, 1])), "other.nii.gz", keep_type=True)
    assert main([*LINE, "--masks", "other.nii.gz"]) == 2
    assert "the in-plane voxels of other.nii.gz" in capsys.readouterr().err
    assert main([*LINE, "--masks", "head.nrrd", "--masks", "none.nii.gz"]) == 2
    assert "none.nii.gz" in capsys.readouterr().err
    assert not list(folder.glob("sharp*"))
