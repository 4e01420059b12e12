"""Positions of DICOM slices: rounded ones are an even stack, missing slices and varying gaps are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from SuperResolveLib.errors import InputError
from SuperResolveLib.image_io.dicom.slice_stack import SlicePlacement, stack_affine, stack_order
from SuperResolveLib.image_io.volumes import read_volume

OBLIQUE = Rotation.from_euler("xyz", (33, -28, 41), degrees=True).as_matrix()
ORIGIN = np.array([-101.234, -87.777, 13.579])


def placed(heights: np.ndarray, turned: np.ndarray, decimals: int | None, pixel: float = 0.9) -> list[SlicePlacement]:
    at = ORIGIN + heights[:, np.newaxis] * turned[:, 2]
    at = at if decimals is None else np.round(at, decimals)
    return [SlicePlacement(f"s{k}", p, turned[:, 0], turned[:, 1], (pixel, pixel)) for k, p in enumerate(at)]


def affine(placements: list[SlicePlacement]) -> tuple[np.ndarray, tuple[str, ...]]:
    assert stack_order(placements, Path("scan")) == list(range(len(placements)))
    return stack_affine(placements, Path("scan"))


@pytest.mark.parametrize("turned", [np.eye(3), OBLIQUE], ids=["axial", "oblique"])
@pytest.mark.parametrize("spacing", [0.8, 1.25, 3.85, 5.97, 10.03])
@pytest.mark.parametrize("count", [3, 5, 12, 160])
@pytest.mark.parametrize("decimals", [1, 2])
def test_rounded_positions_are_an_even_stack(turned: np.ndarray, spacing: float, count: int, decimals: int) -> None:
    exact, none = affine(placed(spacing * np.arange(count), turned, None))
    assert none == ()
    fitted, _warnings = affine(placed(spacing * np.arange(count), turned, decimals))
    corners = np.array([(i, j, k, 1.0) for i in (0, 255) for j in (0, 255) for k in (0, count - 1)]).T
    assert np.abs((fitted - exact) @ corners).max() < 0.15 * 10 ** (1 - decimals)
    assert np.linalg.norm(fitted[:3, 2]) == pytest.approx(spacing, abs=0.1 * 10 ** (1 - decimals) / (count - 1) ** 0.5)
    cosines = (fitted[:3, :2] / 0.9).T @ fitted[:3, 2] / np.linalg.norm(fitted[:3, 2])
    assert np.abs(cosines).max() < 0.005


def test_gaps_that_rounding_makes_vary_are_told() -> None:
    _affine, warnings = affine(placed(1.25 * np.arange(20), np.eye(3), 1))
    assert len(warnings) == 1 and "1.2 to 1.3 mm apart: an even slice spacing of 1.25 mm is taken" in warnings[0]


@pytest.mark.parametrize("turned", [np.eye(3), OBLIQUE], ids=["axial", "oblique"])
@pytest.mark.parametrize("spacing", [0.4, 1.25, 3.85, 10.03])
@pytest.mark.parametrize(("count", "missing"), [(4, 1), (4, 2), (12, 1), (12, 10), (160, 80)])
@pytest.mark.parametrize("decimals", [1, None])
def test_a_missing_slice_is_never_taken_for_rounding(
    turned: np.ndarray, spacing: float, count: int, missing: int, decimals: int | None
) -> None:
    heights = spacing * np.delete(np.arange(count), missing)
    with pytest.raises(InputError, match=rf"between s{missing - 1} and s{missing} "):
        affine(placed(heights, turned, decimals))


@pytest.mark.parametrize("moved", [0.3, 0.5, 1.0])
@pytest.mark.parametrize("where", [0, 5, 11])
def test_a_slice_out_of_place_is_refused(moved: float, where: int) -> None:
    heights = 5.0 * np.arange(12)
    heights[where] += moved
    with pytest.raises(InputError, match=r"varies from .* give evenly spaced slices"):
        affine(placed(heights, OBLIQUE, 1))


def test_gaps_that_grow_are_refused() -> None:
    """None differs from the next by 2 %, and the last slice lies 5 mm off an even grid."""
    with pytest.raises(InputError, match="varies from 5 to"):
        affine(placed(np.cumsum(np.r_[0, 5.0 * 1.01 ** np.arange(11)]), np.eye(3), None))


def test_the_reported_positions(data_folder: Path) -> None:
    volume = read_volume(data_folder / "cases" / "dicom_positions_rounded_0.1mm" / "d_round01")
    assert volume.shape[2] == 12 and volume.spacing[2] == pytest.approx(3.85, abs=0.005)
