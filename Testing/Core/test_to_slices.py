"""What was made or found on thin planes, brought back to the scan's slices."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from SuperResolveLib import (
    InputError,
    SliceProfile,
    Volume,
    fractions_on_slices,
    read_volume,
    super_resolve,
    to_slices,
    write_volume,
)
from SuperResolveLib.command.main import main
from SuperResolveLib.data.geometry import scan_geometry
from SuperResolveLib.data.output_grid import output_grid
from SuperResolveLib.physics.problem import Acquisition
from test_storage_order import AXES, ORDERS, permuted, reversed_along

PROFILE = SliceProfile.gaussian(4.5, 1.0)
OBLIQUE = np.array([[0.9, 0.1, -0.4, 3.0], [-0.1, 1.0, 0.2, -20.0], [0.4, -0.2, 0.9, 50.0], [0.0, 0.0, 0.0, 1.0]])


def volume_of(data: np.ndarray, spacing: float = 1.0) -> Volume:
    """Voxels in an oblique place, 1 mm in plane and as given along k."""
    rotation, _ = np.linalg.qr(OBLIQUE[:3, :3])
    affine = OBLIQUE.copy()
    affine[:3, :3] = rotation * [1.0, 1.0, spacing]
    return Volume(data.astype(np.float32), affine)


def scan_over(planes: Volume, ratio: float) -> Volume:
    """A scan whose field of view is that of the planes, with slices ``ratio`` planes apart along k."""
    count = round(planes.shape[2] / ratio)
    affine = planes.affine.copy()
    affine[:3, 3] += affine[:3, 2] * (ratio - 1) / 2
    affine[:3, 2] *= ratio
    noise = np.random.default_rng(1).normal(100, 5, (*planes.shape[:2], count))
    return replace(planes, data=noise.astype(np.float32), affine=affine)


def blocks(seed: int, shape: tuple[int, int, int] = (12, 14, 60)) -> Volume:
    """Some labelled boxes, so far from the ends that no slice that is cut off there sees them."""
    random = np.random.default_rng(seed)
    data = np.zeros(shape)
    for label in (1, 2, 7):
        start = random.integers((0, 0, 18), (8, 8, 38))
        size = random.integers(1, (6, 6, 6))
        data[tuple(slice(low, low + many) for low, many in zip(start, size, strict=True))] = label
    return replace(volume_of(data), stored_type=np.dtype(np.uint8))


@pytest.fixture(scope="module")
def scan() -> Volume:
    data = np.random.default_rng(0).normal(100, 20, (12, 14, 9))
    return volume_of(data, 4.3)


@pytest.mark.parametrize("spacing", [None, 0.7])
@pytest.mark.parametrize("method", ["tikhonov", "bspline"])
def test_an_image_is_degraded_by_the_methods_own_operator(scan: Volume, spacing: float | None, method: str) -> None:
    result = super_resolve(scan, PROFILE, method, spacing=spacing)
    geometry = scan_geometry(scan)
    own = Acquisition.of(scan, geometry, PROFILE, output_grid(scan, geometry, spacing)).operator.degrade(result.data)
    np.testing.assert_allclose(to_slices(result, scan, PROFILE).data, own, atol=1e-4)
    np.testing.assert_allclose(scan.data - own, result.residual.data, atol=1e-4)


def test_it_lies_where_the_scan_lies(scan: Volume) -> None:
    """A volume whose intensity is a coordinate of the world gives slices whose intensity is it too."""
    planes = super_resolve(scan, PROFILE, "bspline")

    def coordinate(volume: Volume) -> np.ndarray:
        points = np.einsum("ab,bijk->aijk", volume.affine[:3, :3], np.indices(volume.shape))
        return np.asarray((points + volume.affine[:3, 3, None, None, None])[2], dtype=np.float32)

    on_slices = to_slices(replace(planes, data=coordinate(planes)), scan, PROFILE)
    np.testing.assert_array_equal(on_slices.affine, scan.affine)
    inner = (..., slice(2, -2))  # at the ends, the profile is cut off
    np.testing.assert_allclose(on_slices.data[inner], coordinate(scan)[inner], atol=2e-3)


@given(seed=st.integers(0, 99), ratio=st.sampled_from([2, 4, 5, 8]))
def test_volumes_are_kept_where_slices_touch(seed: int, ratio: int) -> None:
    """With a rectangular profile as wide as slices are apart, every voxel is seen once."""
    planes = blocks(seed)
    found = fractions_on_slices(planes, scan_over(planes, ratio), SliceProfile.rect(ratio, 1.0))
    for volume in found.volumes:
        assert volume.after_ml == pytest.approx(volume.before_ml, rel=1e-5)


@given(seed=st.integers(0, 99), fwhm=st.floats(2.0, 5.0), ratio=st.sampled_from([3, 4, 5]))
def test_on_average_over_where_slices_lie_volumes_are_kept(seed: int, fwhm: float, ratio: int) -> None:
    """Also with gaps and overlaps, as the columns of A, over all phases, sum to the ratio of slices to planes."""
    planes = blocks(seed)
    scan, totals = scan_over(planes, ratio), []
    for phase in range(ratio):
        moved = scan.affine.copy()
        moved[:3, 3] += planes.affine[:3, 2] * phase
        found = fractions_on_slices(planes, replace(scan, affine=moved), SliceProfile.gaussian(fwhm, 1.0))
        totals.append([volume.after_ml for volume in found.volumes])
    np.testing.assert_allclose(np.mean(totals, axis=0), [volume.before_ml for volume in found.volumes], rtol=1e-3)


@given(label=st.integers(-3, 300), fwhm=st.floats(1.0, 8.0))
def test_a_constant_label_stays(label: int, fwhm: float) -> None:
    planes = volume_of(np.full((3, 4, 40), label))
    result = to_slices(planes, scan_over(planes, 4), SliceProfile.gaussian(fwhm, 1.0), labels=True)
    assert (result.data == label).all()


@given(seed=st.integers(0, 99), fwhm=st.floats(1.0, 8.0))
def test_fractions_sum_to_one_and_the_largest_is_the_label(seed: int, fwhm: float) -> None:
    planes = blocks(seed)
    scan, profile = scan_over(planes, 4), SliceProfile.gaussian(fwhm, 1.0)
    maps = fractions_on_slices(planes, scan, profile).maps
    everything = replace(planes, data=np.where(planes.data == 0, 99, planes.data).astype(np.float32))
    background = fractions_on_slices(everything, scan, profile).maps[99].data
    stack = np.stack([background, *(part.data for part in maps.values())])
    np.testing.assert_allclose(stack.sum(axis=0), 1, atol=1e-5)
    chosen = to_slices(planes, scan, profile, labels=True).data
    indices = np.searchsorted([0, *maps], chosen)
    assert (np.take_along_axis(stack, indices[None], 0)[0] >= stack.max(axis=0) - 2e-5).all()


def test_a_tie_goes_to_the_smaller_label() -> None:
    data = np.zeros((2, 2, 32))
    data[..., 14:18] = 1  # two of four planes in each of two slices
    planes = volume_of(data)
    assert not to_slices(planes, scan_over(planes, 4), SliceProfile.rect(4.0, 1.0), labels=True).data.any()


def stored_otherwise(volume: Volume, axes: tuple[int, ...], order: tuple[int, ...]) -> Volume:
    return permuted(reversed_along(volume, axes), order)


@given(axes=st.sampled_from(AXES), order=st.sampled_from(ORDERS), labels=st.booleans())
def test_the_order_of_storage_does_not_matter(axes: tuple[int, ...], order: tuple[int, ...], labels: bool) -> None:
    planes = blocks(3)
    scan = scan_over(planes, 4)
    wanted = to_slices(planes, scan, PROFILE, labels)
    np.testing.assert_array_equal(
        to_slices(stored_otherwise(planes, axes, order), scan, PROFILE, labels).data, wanted.data
    )
    turned = to_slices(planes, stored_otherwise(scan, axes, order), PROFILE, labels)
    expected = stored_otherwise(replace(scan, data=wanted.data), axes, order)
    np.testing.assert_allclose(turned.affine, expected.affine)
    np.testing.assert_allclose(turned.data, expected.data, atol=1e-5)


@given(seed=st.integers(0, 99))
def test_a_label_map_may_be_cropped_to_what_is_in_it(seed: int) -> None:
    planes = blocks(seed)
    scan = scan_over(planes, 4)
    where = np.argwhere(planes.data)
    low, high = where.min(axis=0), where.max(axis=0) + 1
    affine = planes.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ low
    box = tuple(slice(start, end) for start, end in zip(low, high, strict=True))
    cropped = replace(planes, data=planes.data[box], affine=affine)
    wanted = fractions_on_slices(planes, scan, PROFILE)
    found = fractions_on_slices(cropped, scan, PROFILE)
    assert found.volumes == wanted.volumes
    for label, part in found.maps.items():
        np.testing.assert_array_equal(part.data, wanted.maps[label].data)


def test_an_image_must_cover_the_scan() -> None:
    planes = blocks(0)
    scan = scan_over(planes, 4)
    with pytest.raises(InputError, match="does not cover the scan in plane"):
        to_slices(replace(planes, data=planes.data[1:]), scan, PROFILE)
    with pytest.raises(InputError, match="does not cover the scan's slices"):
        to_slices(replace(planes, data=planes.data[..., :50]), scan, PROFILE)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (np.diag([1.1, 1.1, 1.0, 1.0]), "in-plane voxels"),
        (np.array([[1, 0, 0, 0.5], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]), "in-plane voxels"),
        (np.array([[1, 0, 0, 0], [0, 1, 0.1, 0], [0, -0.1, 1, 0], [0, 0, 0, 1.0]]), "not parallel"),
        (np.diag([1.0, 1.0, 4.5, 1.0]), "farther apart"),
    ],
)
def test_other_grids_are_refused(change: np.ndarray, told: str) -> None:
    planes = blocks(0)
    with pytest.raises(InputError, match=told):
        to_slices(replace(planes, affine=planes.affine @ change), scan_over(planes, 4), PROFILE, labels=True)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """``planes.nii.gz`` and ``scan.nii.gz``, and the process there."""
    monkeypatch.chdir(tmp_path)
    planes = blocks(5)
    write_volume(planes, "planes.nii.gz", keep_type=True)
    write_volume(scan_over(planes, 4), "scan.nii.gz")
    return tmp_path


def run(line: str) -> int:
    return main(["to-slices", *line.split()])


def test_the_command_writes_labels_and_their_volumes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("planes.nii.gz --like scan.nii.gz -o out.nrrd --labels --profile rect:4 --json out.json") == 0
    told, result = capsys.readouterr(), read_volume("out.nrrd")
    assert told.err == ""
    assert "label    7: " in told.out
    assert result.stored_type == np.uint8
    report = json.loads(Path("out.json").read_text())
    assert [volume["label"] for volume in report["volumes"]] == [1, 2, 7]
    assert report["volumes"][0]["after_ml"] == np.count_nonzero(result.data == 1) * 4 / 1000
    assert (report["input"], report["like"], report["output"]) == ("planes.nii.gz", "scan.nii.gz", ["out.nrrd"])


def test_the_command_writes_a_file_for_each_fraction(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("out.nii.gz").touch()  # is not what is written
    line = "planes.nii.gz --like scan.nii.gz -o out.nii.gz --fraction --profile rect:4"
    assert run(line) == 0
    assert sorted(path.name for path in folder.glob("out_*")) == [f"out_{label}.nii.gz" for label in (1, 2, 7)]
    assert 0 < read_volume("out_1.nii.gz").data.max() <= 1
    Path("out_1.nii.gz").unlink()
    assert run(line) == 2
    assert "out_2.nii.gz exists already" in capsys.readouterr().err
    assert not Path("out_1.nii.gz").exists()


def test_the_command_estimates_the_profile_unless_it_is_given(folder: Path, data_folder: Path) -> None:
    scan = data_folder / "aniso" / "tcga_fg6692_flair.nii.gz"
    assert (
        main(["super-resolve", str(scan), "-o", "sharp.nii.gz", "--profile", "gaussian:5", "--method", "bspline"]) == 0
    )
    assert run(f"sharp.nii.gz --like {scan} -o back.nii.gz --json back.json") == 0
    assert json.loads(Path("back.json").read_text())["interval_mm"] is not None


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--labels --fraction", "--labels and --fraction both say"),
        ("--labels --profile gaussian:80", "is not plausible"),
        ("--profile gaussian:4 -o scan.nii.gz --overwrite", "given both as"),
    ],
)
def test_the_command_refuses(folder: Path, capsys: pytest.CaptureFixture[str], options: str, told: str) -> None:
    assert run(f"planes.nii.gz --like scan.nii.gz -o out.nii.gz {options}") == 2
    assert told in capsys.readouterr().err


def test_an_image_is_no_label_map(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("scan.nii.gz --like scan.nii.gz -o out.nii.gz --labels --profile gaussian:4") == 2
    assert "whole numbers" in capsys.readouterr().err
    empty = read_volume("planes.nii.gz")
    write_volume(replace(empty, data=empty.data * 0), "empty.nii.gz", keep_type=True)
    assert run("empty.nii.gz --like scan.nii.gz -o out.nii.gz --fraction --profile gaussian:4") == 2
    assert "no label" in capsys.readouterr().err
    assert run("empty.nii.gz --like scan.nii.gz -o out.nii.gz --labels --profile gaussian:4") == 0
