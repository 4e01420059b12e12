"""Profile tables and the profiles that the command line names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from SuperResolveLib.errors import InputError
from SuperResolveLib.image_io.profile_table import parse_profile, read_profile, write_profile
from SuperResolveLib.physics.profile import SliceProfile


def table(folder: Path, text: str) -> Path:
    path = folder / "profile.tsv"
    path.write_text(text, encoding="utf-8")
    return path


def rows(*pairs: tuple[object, object]) -> str:
    return "offset_mm\tweight\n" + "".join(f"{offset}\t{weight}\n" for offset, weight in pairs)


@pytest.mark.parametrize("tap_spacing", [0.79861110448837, 1 / 3, 1.0])
def test_a_profile_comes_back_from_its_table(tmp_path: Path, tap_spacing: float) -> None:
    profile = SliceProfile(np.random.default_rng(1).random(21), tap_spacing)
    write_profile(profile, tmp_path / "p.tsv")
    again = read_profile(tmp_path / "p.tsv")
    np.testing.assert_allclose(again.weights, profile.weights, rtol=1e-14)
    assert again.tap_spacing == pytest.approx(tap_spacing, rel=1e-15)
    assert [path.name for path in tmp_path.iterdir()] == ["p.tsv"]


def test_the_table_is_tab_separated_with_named_columns(tmp_path: Path) -> None:
    write_profile(SliceProfile(np.array([0.25, 0.5, 0.25]), 0.8), tmp_path / "p.tsv")
    assert (tmp_path / "p.tsv").read_text() == "offset_mm\tweight\n-0.8\t0.25\n0.0\t0.5\n0.8\t0.25\n"


def test_a_single_tap_keeps_its_interval(tmp_path: Path) -> None:
    write_profile(SliceProfile(np.ones(1), 0.7), tmp_path / "p.tsv")
    again = read_profile(tmp_path / "p.tsv")
    assert again.weights.tolist() == [0, 1, 0]
    assert again.tap_spacing == pytest.approx(0.7)


def test_a_lone_row_is_a_single_tap(tmp_path: Path) -> None:
    path = table(tmp_path, rows((0, 3)))
    assert read_profile(path, 0.8).weights.tolist() == [1.0]
    assert parse_profile(str(path), 0.6).tap_spacing == 0.6


def test_a_table_of_any_sum_order_and_further_columns(tmp_path: Path) -> None:
    path = table(tmp_path, "name\tweight\toffset_mm\n\na\t2\t1\nb\t4\t0\nc\t2\t-1\n\n")
    assert read_profile(path).weights.tolist() == [0.25, 0.5, 0.25]


def test_a_table_off_centre_is_filled_up_with_zeros(tmp_path: Path) -> None:
    profile = read_profile(table(tmp_path, rows((-0.5, 1), (0, 2), (0.5, 3), (1.0, 4))))
    np.testing.assert_allclose(profile.weights, np.array([0, 1, 2, 3, 4]) / 10)
    np.testing.assert_allclose(profile.offsets, [-1, -0.5, 0, 0.5, 1])


def test_rounded_offsets_are_even_enough(tmp_path: Path) -> None:
    text = rows(*((round(tap * 0.7986, 2), 1) for tap in range(-3, 4)))
    assert read_profile(table(tmp_path, text)).tap_spacing == pytest.approx(0.7986, rel=5e-3)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "first line must be"),
        ("0\t1\n", "first line must be"),
        ("offset_mm\tvalue\n0\t1\n", "first line must be"),
        ("offset_mm,weight\n0,1\n", "first line must be"),
        ("offset_mm\tweight\n", "has no taps"),
        (rows((-1, 1), (0, 1), (2, 1)), "not evenly spaced"),
        (rows((0, 1), (0, 1)), "not evenly spaced"),
        (rows((-0.5, 1), (0.5, 1)), "offset_mm 0"),
        (rows((1, 1), (2, 1), (3, 1)), "offset_mm 0"),
        (rows((-1, 1), (0, "wide"), (1, 1)), "row '0 wide'"),
        (rows((-1, 1), (0, "nan"), (1, 1)), "row '0 nan'"),
        ("offset_mm\tweight\n0\n", "row '0'"),
        (rows((-1, -0.1), (0, 1), (1, 0)), "not negative"),
        (rows((-1, 0), (0, 0), (1, 0)), "not all zero"),
    ],
)
def test_a_table_that_is_no_profile_is_refused(tmp_path: Path, text: str, told: str) -> None:
    path = table(tmp_path, text)
    with pytest.raises(InputError, match=told) as refusal:
        read_profile(path)
    assert str(path) in str(refusal.value)


def test_a_file_that_is_no_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p.tsv").write_bytes(bytes(range(256)))
    with pytest.raises(InputError, match="not text"):
        read_profile(tmp_path / "p.tsv")
    with pytest.raises(InputError, match="cannot be read"):
        read_profile(tmp_path)


def test_named_profiles(tmp_path: Path) -> None:
    assert parse_profile("gaussian:4.5", 0.5).fwhm_mm == pytest.approx(4.5, rel=0.02)
    assert parse_profile("Rect:5", 1.0).weights.tolist() == pytest.approx([0.2] * 5)
    write_profile(parse_profile("rect:3", 1.0), tmp_path / "a:b.tsv")
    assert parse_profile(str(tmp_path / "a:b.tsv"), 9.0).weights.size == 3


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("gaussian:abc", "not a number"),
        ("gaussian:", "not a number"),
        ("gaussian:0", "not between"),
        ("rect:-3", "not between"),
        ("rect:nan", "not between"),
        ("gaussian:1e9", "not between"),
        ("gaussian:1e-300", "where 0.009 to 100 mm are plausible"),
        ("gaussian:0.01", "far less than the in-plane voxel of 1 mm"),
        ("triangle:3", "give gaussian:MM, rect:MM"),
        ("gaussian", "give gaussian:MM, rect:MM"),
        ("nowhere/profile.tsv", "'nowhere/profile.tsv' is no profile"),
        ("", "is no profile"),
    ],
)
def test_a_profile_by_no_known_name_is_refused(text: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        parse_profile(text, 1.0)


def gaussian_rows(millimetres: float) -> str:
    """A Gaussian of 5 mm in a table whose offsets are in another unit, of so many to the millimetre."""
    profile = SliceProfile.gaussian(5.0, 0.8)
    return rows(*zip((profile.offsets * millimetres).tolist(), profile.weights.tolist(), strict=True))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (rows((-1e-6, 1), (0, 1), (1e-6, 1)), "distance between a slice profile's taps is 1e-06 mm"),
        (rows((-1e-6, 1), (1e-6, 1)), "distance between"),
        (rows((-1e-300, 1), (1e-300, 1)), "distance between"),
        (rows((-1e308, 1), (0, 1), (1e308, 1)), "distance between"),
        (gaussian_rows(1e-3), "taps is 0.0008 mm, where 0.009 to 100 mm are plausible: give it in mm"),
        (gaussian_rows(1e3), "taps is 800 mm"),
        (gaussian_rows(40), "width is .* mm"),
        (rows((-1, 1e-300), (0, 2e-300), (1, 1e-300)), "weights sum to 4e-300: scale them"),
        (rows((-1, 0), (0, 5e-324), (1, 0)), "weights sum to"),
        (rows((-1, 1e308), (0, 1e308), (1, 1e308)), "weights sum to inf: scale them"),
        ("offset_mm\tweight\n" + "0\t1\n" * 300_000, "far too long"),
    ],
)
def test_a_table_that_is_implausible_is_refused_at_once(tmp_path: Path, text: str, told: str) -> None:
    path = table(tmp_path, text)
    with pytest.raises(InputError, match=told) as refusal:
        read_profile(path)
    assert str(path) in str(refusal.value) and "\n" not in str(refusal.value)


def test_a_table_in_metres_with_coarse_taps_is_told_by_the_scans_voxels(tmp_path: Path) -> None:
    """A slice of 11 mm on taps of 9 mm: implausible not by itself, as of a mouse, but beside voxels of 0.8 mm."""
    path = table(tmp_path, rows((-0.009, 0.2), (0, 1), (0.009, 0.2)))
    assert parse_profile(str(path), 0.02).fwhm_mm == pytest.approx(0.01125)
    with pytest.raises(InputError, match=r"0\.0112 mm wide, far less than the in-plane voxel of 0\.8 mm"):
        parse_profile(str(path), 0.8)


def test_the_finest_taps_that_are_plausible_are_used(tmp_path: Path) -> None:
    """A profile from a simulation of the pulse, on taps of 0.01 mm, is the same on voxels of 0.8 mm."""
    write_profile(SliceProfile.gaussian(5.0, 0.01), tmp_path / "p.tsv")
    profile = read_profile(tmp_path / "p.tsv")
    assert profile.fwhm_mm == pytest.approx(5.0, rel=1e-3)
    np.testing.assert_allclose(profile.resampled(0.8).weights, SliceProfile.gaussian(5.0, 0.8).weights, atol=1e-4)
