"""The choice *auto*: what has learned such scans and can do what is asked for, else what learns from the scan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from SuperResolveLib.data.geometry import scan_geometry
from SuperResolveLib.data.volume import Volume
from SuperResolveLib.errors import InputError
from SuperResolveLib.methods.registry import METHODS, automatic
from SuperResolveLib.methods.smore import super_resolve as smore
from SuperResolveLib.model import Model
from SuperResolveLib.physics.phantom.head_phantom import head_phantom
from SuperResolveLib.physics.profile import SliceProfile
from SuperResolveLib.physics.simulation import simulate
from SuperResolveLib.workflows import choice, shipped_models
from SuperResolveLib.workflows.choice import Choice, Request, choose
from SuperResolveLib.workflows.report import super_resolve_report
from SuperResolveLib.workflows.super_resolve import SuperResolved, super_resolve
from test_instant import model

PROFILE = SliceProfile.gaussian(6.0, 2.0)


@pytest.fixture(autouse=True)
def shipped(monkeypatch: pytest.MonkeyPatch) -> Model:
    """The model that ships: a small one, for ratios of 1.5 to 9 and profiles of 0.5 to 1.6 slice spacings."""
    ours = model()
    monkeypatch.setattr(choice, "shipped_model", lambda method: ours)
    monkeypatch.setitem(smore.PRESETS, "fast", smore.Preset("edsr", 8, 1, 5, 2, 1e-3))
    monkeypatch.setitem(smore.PRESETS, "quick", smore.Preset("edsr", 8, 1, 5, 2, 1e-3))
    return ours


@pytest.fixture(scope="module")
def scan() -> Volume:
    return simulate(head_phantom((40, 37, 36), spacing=2.0, seed=5), PROFILE, 3.0, "k", noise_sigma=1.0)


def scan_of(ratio: float) -> Volume:
    """One with that separation ratio."""
    return Volume(np.arange(8**3, dtype=np.float32).reshape(8, 8, 8), np.diag([1.0, 1.0, ratio, 1.0]))


def chosen(ratio: float = 4.0, width: float | None = 1.0, **asked: object) -> Choice:
    """What is chosen for a scan with that ratio, and a profile of so many slice spacings, if it is known."""
    profile = None if width is None else SliceProfile.gaussian(width * ratio, 0.02 * ratio)
    return choose(Request(**asked), scan_geometry(scan_of(ratio)), profile)


@given(ratio=st.floats(1.2, 15.0), width=st.none() | st.floats(0.3, 2.5))
def test_what_ships_is_chosen_where_it_has_learned_such_scans_and_smore_elsewhere(ratio, width):
    ends = [ratio / 1.5, ratio / 9, (width or 1) / 0.5, (width or 1) / 1.6]
    assume(min(abs(np.log(ends))) > 0.02)  # what a range is told rounded for
    inside = 1.5 <= ratio <= 9 and (width is None or 0.5 <= width <= 1.6)
    found = chosen(ratio, width)
    assert found.info.name == ("instant" if inside else "smore")
    assert bool(found.warnings) is not inside
    assert (found.settings.model is not None) is inside


def test_a_scan_inside_is_told_of_without_a_warning():
    found = chosen()
    assert found.told == "chosen automatically: instant, which has learned such scans" and not found.warnings


@pytest.mark.parametrize(
    ("ratio", "width", "because"),
    [
        (12.3, 1.0, "the slices are 12.3 in-plane voxels apart and instant has learned 1.5 to 9"),
        (4.0, 2.0, "the slice profile is 2 slice spacings wide and instant has learned 0.5 to 1.6"),
    ],
)
def test_a_scan_outside_is_smores_and_worth_a_warning(ratio, width, because):
    found = chosen(ratio, width)
    assert found.info.name == "smore" and found.settings.preset == "fast"
    assert found.told == f"chosen automatically: smore, because {because}"
    assert found.warnings == (found.told,)


def test_what_the_shipped_cannot_do_is_left_to_smore():
    found = chosen(preset="quick")
    assert found.info.name == "smore" and not found.warnings
    assert found.told == "chosen automatically: smore, because instant has no presets"
    assert found.settings.preset == "quick"


def test_what_both_can_do_changes_nothing():
    found = chosen(combine="fba", consistent=False, uncertainty=True)
    assert found.info.name == "instant" and found.settings.combine == "fba" and found.settings.uncertainty


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"preset": "huge"}, "smore has no preset 'huge'"),
        ({"combine": "max"}, "no combination 'max'"),
        ({"method": "tikhonov", "uncertainty": True}, "tikhonov cannot tell its uncertainty"),
        ({"method": "edssr", "consistent": False}, "edssr has no data-consistency step"),
    ],
)
def test_what_no_method_can_do_is_refused_before_the_profile_is_known(asked, message):
    with pytest.raises(InputError, match=message):
        chosen(width=None, **asked)


@pytest.mark.parametrize("damaged", [False, True])
def test_without_the_weights_smore_runs_and_it_is_said(monkeypatch, tmp_path, damaged):
    monkeypatch.setattr(choice, "shipped_model", shipped_models.shipped_model.__wrapped__)
    monkeypatch.setattr(shipped_models, "FOLDER", tmp_path)
    if damaged:
        (tmp_path / "instant.safetensors").write_bytes(b"torn")
    found = chosen()
    assert found.info.name == "smore"
    what = "damaged" if damaged else "missing from this installation"
    assert found.told == f"chosen automatically: smore, because the weights of the method instant are {what}"
    with pytest.raises(InputError, match=what):
        chosen(method="instant")


def test_who_names_a_method_is_told_of_no_choice():
    found = chosen(method="instant", ratio=12.0)
    assert found.info.name == "instant" and found.told is None and not found.warnings


def test_the_choice_declares_what_one_of_its_methods_can_do():
    info = automatic()
    assert (info.name, info.presets, info.operator) == ("auto", (), "profile")
    assert info.tells_uncertainty and info.combines and "instant" in info.summary and "smore" in info.summary
    assert info.name not in METHODS


def reported(result: SuperResolved, scan: Volume) -> dict[str, object]:
    return super_resolve_report(result, scan_geometry(scan))


def test_the_default_is_the_choice_and_the_report_names_what_ran(scan):
    result = super_resolve(scan, PROFILE, device="cpu")
    report = reported(result, scan)
    assert (report["method"], report["preset"], report["model"]["network"]) == ("instant", None, "gated-edsr")
    assert report["choice"] == "chosen automatically: instant, which has learned such scans"
    assert not any("automatically" in warning for warning in report["warnings"])
    again = super_resolve(scan, PROFILE, "auto", device="cpu")
    named = super_resolve(scan, PROFILE, "instant", device="cpu")
    np.testing.assert_array_equal(again.data, result.data)
    np.testing.assert_array_equal(named.data, result.data)
    assert named.choice is None


def test_outside_the_range_the_report_names_smore_and_warns(scan, monkeypatch, shipped):
    narrow = replace(shipped, card=replace(shipped.card, ratios=(4.0, 6.0)))
    monkeypatch.setattr(choice, "shipped_model", lambda method: narrow)
    result = super_resolve(scan, PROFILE, device="cpu")
    report = reported(result, scan)
    assert (report["method"], report["preset"], report["model"]) == ("smore", "fast", None)
    assert report["choice"].startswith("chosen automatically: smore, because the slices are 3 in-plane voxels apart")
    assert report["choice"] in report["warnings"]


@pytest.mark.parametrize("inside", [True, False])
def test_a_choice_that_waits_for_the_profile_keeps_progress_rising(scan, monkeypatch, shipped, inside):
    """The width alone decides, which is not known while the profile is estimated."""
    if not inside:
        narrow = replace(shipped, card=replace(shipped.card, fwhm_ratios=(0.5, 0.6)))
        monkeypatch.setattr(choice, "shipped_model", lambda method: narrow)
    fractions: list[float] = []
    result = super_resolve(scan, device="cpu", progress=lambda fraction, *_: fractions.append(fraction))
    assert result.method == ("instant" if inside else "smore")
    assert fractions == sorted(fractions) and fractions[0] >= 0 and fractions[-1] == 1.0
