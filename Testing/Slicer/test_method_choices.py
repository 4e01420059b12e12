"""The panel's model of what can be chosen: filled by the library, methods of others included."""

from __future__ import annotations

import pytest

from SuperResolveLib.estimation.registry import ESTIMATORS
from SuperResolveLib.methods.method import MethodInfo
from SuperResolveLib.methods.registry import METHODS
from SuperResolveLib.registry import Preset


class Nearest:
    """A way to super-resolve that does not come with the library."""

    info = MethodInfo(
        name="nearest",
        title="Nearest neighbour",
        summary="Repeats slices.",
        learns_from="nothing",
        presets=(Preset("plain", "plain", "In no time."), Preset("deep", "deep", "Slowly.", needs_torch=True)),
        tells_uncertainty=True,
    )


@pytest.fixture
def choices(host):
    """The module with the class of the model."""
    from SliceProfileSRLib import methodChoices

    return methodChoices


def test_what_the_registries_hold_can_be_chosen(choices):
    assert choices.superResolutionChoices().names == ("auto", *METHODS, "model")
    assert choices.estimationChoices().names == ("auto", *ESTIMATORS)


@pytest.fixture
def with_nearest(monkeypatch):
    """The library with a method more; as it is now, since reloading the module imports it anew."""
    from SuperResolveLib.methods.registry import METHODS

    monkeypatch.setitem(METHODS.homes, "nearest", "nowhere:Nearest")
    found = type(METHODS).__getitem__

    def get(self, name):
        return Nearest if name == "nearest" else found(self, name)

    monkeypatch.setattr(type(METHODS), "__getitem__", get)


def test_a_method_of_others_is_found_with_its_presets(with_nearest, choices):
    model = choices.superResolutionChoices()
    assert model.names[-2] == "nearest" and model.title("nearest") == "Nearest neighbour"
    assert [preset.name for preset in model.presets("nearest")] == ["plain", "deep"]
    assert model.preset("nearest", "fast") == "plain"
    assert model.description("nearest", "plain") == "Repeats slices. In no time. Needs nothing besides Slicer."
    assert model.description("nearest", "deep") == "Repeats slices. Slowly. Needs PyTorch."
    assert model.needsTorch("nearest", "deep") and not model.needsTorch("nearest", "plain")
    assert model.tellsUncertainty("nearest") and not model.tellsUncertainty("tikhonov")


def test_a_method_of_others_is_in_the_panel(with_nearest, panel):
    box, presets = panel.ui.methodComboBox, panel.ui.presetComboBox
    box.setCurrentIndex(box.findData("nearest"))
    assert box.currentText() == "Nearest neighbour"
    assert [presets.itemText(row) for row in range(presets.count())] == ["plain", "deep"]
    assert panel.ui.methodComboBox.toolTip().startswith("Repeats slices. In no time.")
    assert panel.ui.uncertaintyCheckBox.isEnabled()


@pytest.mark.parametrize("kind", ["estimation", "superResolution"])
def test_automatic_comes_first_and_has_no_presets(choices, kind):
    model = getattr(choices, f"{kind}Choices")()
    assert model.names[0] == "auto" and model.title("auto") == "Automatic"
    assert model.presets("auto") == () and model.preset("auto", "paper") == ""


def test_automatic_tells_what_it_takes(choices):
    estimation, superResolution = choices.estimationChoices(), choices.superResolutionChoices()
    first = ESTIMATORS.infos()[0]
    told = f"Takes {first.name}. {first.summary} Needs nothing besides Slicer."
    assert estimation.description("auto", "paper") == told
    told = superResolution.description("auto", "paper")
    assert "Takes instant for scans such as it has learned" in told and "smore" in told and "Needs PyTorch." in told


def test_automatic_can_do_what_one_of_its_methods_can(choices):
    model = choices.superResolutionChoices()
    assert model.tellsUncertainty("auto") and model.tellsUncertainty("instant")
    assert not model.tellsUncertainty("tikhonov")
    assert model.needsTorch("auto", "paper") and not choices.trainingChoices().needsTorch("auto", None)


def test_only_the_published_network_estimates_with_torch(choices):
    model = choices.estimationChoices()
    assert model.needsTorch("espreso", "paper")
    assert not model.needsTorch("espreso", "default")
    assert not model.needsTorch("auto", "paper")  # which auto ignores


@pytest.mark.parametrize("unknown", ["", "SMORE", "of the future"])
def test_an_unknown_method_is_the_first_and_an_unknown_preset_the_default(choices, unknown):
    model = choices.superResolutionChoices()
    assert model.method(unknown) == model.names[0]
    assert model.preset("smore", unknown) == METHODS.info("smore").presets[0].name
    assert not model.needsTorch(unknown, None)
