"""A model restores a scan as its card says."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from functools import partial
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import nn

from command_line import run_python
from SuperResolveLib.data.geometry import slice_geometry
from SuperResolveLib.data.output_grid import output_grid
from SuperResolveLib.data.volume import Volume
from SuperResolveLib.errors import InputError
from SuperResolveLib.methods import tiles
from SuperResolveLib.methods.learned import info_of, start_matrix, warnings_for
from SuperResolveLib.methods.registry import METHODS
from SuperResolveLib.model import Card, Model
from SuperResolveLib.networks.generator import Generator
from SuperResolveLib.physics.acquisition import along
from SuperResolveLib.physics.degradation import cubic_reading
from SuperResolveLib.physics.phantom.head_phantom import head_phantom
from SuperResolveLib.physics.problem import Problem
from SuperResolveLib.physics.profile import SliceProfile
from SuperResolveLib.physics.simulation import simulate
from SuperResolveLib.workflows.report import super_resolve_report
from SuperResolveLib.workflows.super_resolve import super_resolve
from test_storage_order import STORED, permuted, reversed_along

PROFILE = SliceProfile.gaussian(6.0, 2.0)
CARD = Card(
    method="supervised",
    network="tiny",
    network_arguments={"channels": 3},
    operator="profile",
    consistent=True,
    start="tikhonov",
    ratios=(2.0, 6.0),
    fwhm_ratios=(0.5, 1.5),
    voxels_mm=(1.5, 2.5),
    halo=2,
    preset="fast",
)


class Tiny(Generator):
    """Two convolutions that are not alike in any two directions, added to the start ``share`` times."""

    receptive_radius = 2

    def __init__(self, share: float) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Sequential(nn.Conv3d(1, 3, 3, padding=1), nn.ReLU(), nn.Conv3d(3, 1, 3, padding=1))
        self.share = share

    def forward(self, start: torch.Tensor) -> torch.Tensor:
        answer: torch.Tensor = start + self.share * self.body(start)
        return answer


@pytest.fixture(autouse=True)
def networks(monkeypatch):
    """In a model's tensor ``share`` lies how much its network adds."""
    module = ModuleType("networks")
    module.load_network = lambda model: Tiny(float(model.tensors["share"][0]))
    monkeypatch.setitem(sys.modules, "SuperResolveLib.methods.networks", module)


def model(share: float = 0.5, **of_card: object) -> Model:
    return Model(replace(CARD, **of_card), {"share": np.array([share], np.float32)})


@pytest.fixture(scope="module")
def scan() -> Volume:
    """Odd and even sizes; planes lie on the slices' centres."""
    truth = head_phantom((40, 37, 36), spacing=2.0, seed=5)
    return simulate(truth, PROFILE, 3.0, "k", noise_sigma=1.0)


def problem_of(scan: Volume, card: Card) -> Problem:
    geometry = slice_geometry(scan)
    return Problem.of(scan, geometry, PROFILE, output_grid(scan, geometry), card.operator)


@pytest.mark.parametrize("operator", ["profile", "select"])
@pytest.mark.parametrize("start", ["tikhonov", "spline", "cubic"])
def test_a_network_of_zeros_gives_the_start_made_consistent(scan, operator, start):
    nothing = model(0.0, operator=operator, start=start)
    problem = problem_of(scan, nothing.card)
    expected = along(start_matrix(nothing.card, problem), scan.data, 2)
    if start == "tikhonov":
        np.testing.assert_allclose(
            expected, problem.stack.operator.regularised_inverse(scan.data, problem.stack.tikhonov_damping(2.0))
        )
    free = super_resolve(scan, PROFILE, model=nothing, consistent=False)
    np.testing.assert_allclose(free.data, expected, atol=1e-5 * np.ptp(expected))
    change = problem.stack.make_consistent(expected)
    result = super_resolve(scan, PROFILE, model=nothing)
    np.testing.assert_allclose(result.data, expected, atol=1e-4 * np.ptp(expected))
    assert result.data_consistency_change == pytest.approx(change / problem.stack.noise, rel=1e-2, abs=1e-3)
    assert (result.operator, result.method, result.preset) == (operator, "supervised", "fast")
    assert result.model is nothing.card


def test_cubic_convolution_reads_where_it_is_told():
    positions = np.array([-0.6, 0.0, 0.25, 3.5, 7.0, 7.4])
    matrix = cubic_reading(8, positions)
    np.testing.assert_allclose(matrix.sum(axis=1), 1.0)
    np.testing.assert_allclose(matrix[[1, 4]], np.eye(8)[[0, 7]])
    np.testing.assert_allclose((matrix @ np.arange(8.0))[3], 3.5)
    assert matrix[3].max() == pytest.approx(9 / 16)


def test_tiles_are_not_seen(scan, monkeypatch):
    whole = super_resolve(scan, PROFILE, model=model())
    monkeypatch.setattr(tiles, "answers_in_tiles", partial(tiles.answers_in_tiles, voxels_at_once=1000))
    np.testing.assert_allclose(
        super_resolve(scan, PROFILE, model=model()).data, whole.data, atol=1e-5 * np.ptp(scan.data)
    )


@pytest.mark.parametrize("axes", [(0,), (2,), (0, 1, 2)])
def test_the_order_of_storage_does_not_matter_where_it_is_reversed(scan, axes):
    straight = super_resolve(scan, PROFILE, model=model())
    again = reversed_along(super_resolve(reversed_along(scan, axes), PROFILE, model=model()), axes)
    np.testing.assert_allclose(again.affine, straight.affine, atol=1e-9)
    np.testing.assert_allclose(again.data, straight.data, atol=2e-4 * np.ptp(scan.data))


@pytest.mark.parametrize("order", [(1, 0, 2), (2, 0, 1), (2, 1, 0)])
def test_the_order_of_storage_does_not_matter_where_axes_are_exchanged(scan, order):
    straight = super_resolve(scan, PROFILE, model=model())
    again = super_resolve(STORED[f"axes {order}"](scan), PROFILE, model=model())
    np.testing.assert_allclose(again.data, permuted(straight, order).data, atol=2e-4 * np.ptp(scan.data))


def test_nor_does_the_unit_of_intensity(scan):
    straight = super_resolve(scan, PROFILE, model=model())
    other = super_resolve(replace(scan, data=scan.data * np.float32(8) + np.float32(100)), PROFILE, model=model())
    np.testing.assert_allclose((other.data - 100) / 8, straight.data, atol=1e-4 * np.ptp(scan.data))


def test_a_model_that_selects_returns_the_slices_and_says_that_they_are_as_thick(scan):
    result = super_resolve(scan, PROFILE, model=model(operator="select", start="spline", fwhm_ratios=None))
    off = result.data[:, :, 1::3] - scan.data
    assert np.sqrt(np.mean(off**2)) < result.noise
    assert result.data_consistency_rmse < 1
    assert any("not their thickness" in warning for warning in result.warnings)
    free = super_resolve(scan, PROFILE, model=model(operator="select", start="spline"), consistent=False)
    assert free.data_consistency_rmse > result.data_consistency_rmse


def test_a_card_without_consistency_is_obeyed_and_told(scan):
    paper = model(operator="select", start="cubic", consistent=False, preset="paper")
    result = super_resolve(scan, PROFILE, model=paper)
    assert (result.data_consistency_change, result.operator, result.preset) == (0.0, "select", "paper")
    assert sum("without data consistency" in warning for warning in result.warnings) == 1
    assert sum("not their thickness" in warning for warning in result.warnings) == 1
    report = super_resolve_report(result, slice_geometry(scan), "ab12")
    json.dumps(report)
    told = report["model"]
    assert (told["consistent"], told["network"], told["sha256"]) == (False, "tiny", "ab12")
    with pytest.raises(InputError, match="no data-consistency step"):
        super_resolve(scan, PROFILE, model=paper, consistent=False)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"method": "smore"}, "takes the place of method and preset"),
        ({"preset": "fast"}, "takes the place of method and preset"),
        ({"combine": "fba"}, "nothing is combined"),
        ({"uncertainty": True}, "supervised cannot tell its uncertainty: choose smore"),
    ],
)
def test_what_a_model_cannot_do_is_refused(scan, wrong, message):
    with pytest.raises(InputError, match=message):
        super_resolve(scan, PROFILE, model=model(), **wrong)


def test_a_scan_like_those_that_were_learned_from_gives_no_warning(scan):
    assert warnings_for(CARD, slice_geometry(scan), PROFILE) == ()


@pytest.mark.parametrize(
    ("of_card", "message"),
    [
        ({"ratios": (4.0, 6.0)}, "the slices are 3 in-plane voxels apart and the model has learned 4 to 6: "),
        ({"ratios": (2.0, 2.0)}, "has learned 2: "),
        (
            {"fwhm_ratios": (0.4, 0.8)},
            "the slice profile is 1.04 slice spacings wide and the model has learned 0.4 to 0.8",
        ),
        (
            {"voxels_mm": (0.5, 1.0)},
            "the in-plane voxels are 2 mm and the model has learned from voxels of 0.5 to 1 mm",
        ),
    ],
)
def test_a_scan_outside_what_was_learned_is_told(scan, of_card, message):
    (warning,) = warnings_for(replace(CARD, **of_card), slice_geometry(scan), PROFILE)
    assert message in warning
    assert warning in super_resolve(scan, PROFILE, model=model(**of_card)).warnings


def test_what_it_declares_is_told_by_the_card():
    assert info_of(model()).operator == "profile" and info_of(model(consistent=False)).operator is None
    info = info_of(model())
    assert (info.learns_from, info.needs_torch, info.tells_uncertainty, info.presets) == (
        "a collection",
        True,
        False,
        (),
    )
    assert info.name not in METHODS


def test_what_a_model_is_good_for_is_told_without_torch():
    loaded = run_python("import sys; from SuperResolveLib.methods import learned; print('torch' in sys.modules)")
    assert loaded.strip() == "False"
