"""A model in place of a method: its card in the panel, what does not fit the scan, and a run of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scans import small_scan_node
from SuperResolveLib.image_io.model_file import write_model
from SuperResolveLib.model import Card, Model

CARD = Card(
    method="supervised",
    network="dcsrn",
    network_arguments={"growth": 2, "units": 1},
    operator="profile",
    consistent=True,
    start="tikhonov",
    ratios=(2.0, 6.0),
    fwhm_ratios=(0.5, 1.5),
    voxels_mm=(1.5, 2.5),
    halo=4,
    preset="fast",
    stages=("regression",),
    trained_on={"scans": 12, "subjects": 9},
)


def model_file(path: Path, **changes: object) -> Path:
    """A small network that has learned nothing, with a card."""
    import torch

    from SuperResolveLib.methods.networks import build_network, tensors_of

    torch.manual_seed(0)
    card = replace(CARD, **changes)
    write_model(Model(card, tensors_of(build_network(card.network, card.network_arguments))), path)
    return path


def choose(panel, path: object) -> None:
    panel.ui.methodComboBox.setCurrentIndex(panel.ui.methodComboBox.findData("model"))
    panel.ui.modelPathLineEdit.setCurrentPath(str(path))


@pytest.fixture
def used(panel):
    """The panel with a scan whose slices are four in-plane voxels apart."""
    panel.ui.inputVolumeSelector.setCurrentNode(small_scan_node())
    return panel


def test_the_card_is_told_in_words_and_settings_give_way(used, tmp_path):
    ui = used.ui
    assert ui.modelLabel.isHidden() and ui.modelCardLabel.isHidden()
    choose(used, model_file(tmp_path / "m.safetensors"))
    assert not ui.modelPathLineEdit.isHidden() and ui.presetComboBox.isHidden()
    assert "12 scans of 9 subjects" in ui.modelCardLabel.text() and "dcsrn" in ui.modelCardLabel.toolTip()
    assert ui.modelWarningsLabel.isHidden() and ui.superResolveButton.isEnabled()
    assert not ui.uncertaintyCheckBox.isEnabled()
    ui.methodComboBox.setCurrentIndex(ui.methodComboBox.findData("smore"))
    assert ui.modelCardLabel.isHidden() and not ui.presetComboBox.isHidden()


def test_what_does_not_fit_the_scan_is_told(used, tmp_path):
    choose(used, model_file(tmp_path / "m.safetensors", ratios=(6.0, 8.0), voxels_mm=(0.4, 0.5)))
    told = used.ui.modelWarningsLabel.toolTip()
    assert "the model has learned 6 to 8" in told and "0.4 to 0.5 mm" in told
    assert used.ui.superResolveButton.isEnabled()
    used.ui.profileSourceComboBox.setCurrentIndex(1)
    used.ui.profileWidthSpinBox.setValue(30.0)
    used.ui.makeProfileButton.click()
    assert "slice spacings wide" in used.ui.modelWarningsLabel.toolTip()


def test_what_was_tuned_by_features_says_that_detail_may_be_invented(used, tmp_path):
    choose(used, model_file(tmp_path / "m.safetensors", features={"name": "vgg16@torchvision", "hash": "sha256:00"}))
    told = "sharpened to look right: detail may be invented"
    assert used.ui.modelWarningsLabel.text() == f"The result is {told}."
    assert told in used.ui.modelCardLabel.toolTip() and used.ui.superResolveButton.isEnabled()
    assert not used.ui.uncertaintyCheckBox.isEnabled() and "invented" in used.ui.uncertaintyCheckBox.toolTip()
    used.ui.methodComboBox.setCurrentIndex(0)
    assert used.ui.uncertaintyCheckBox.isEnabled() and "invented" not in used.ui.uncertaintyCheckBox.toolTip()


@pytest.mark.parametrize(("content", "told"), [(None, "There is no file"), (b"{}", "safetensors"), (b"", "")])
def test_what_is_no_model_is_refused_in_a_sentence(used, tmp_path, content, told):
    path = tmp_path / "m.safetensors"
    if content is not None:
        path.write_bytes(content)
    choose(used, path)
    assert told in used.ui.modelWarningsLabel.toolTip() and used.ui.modelWarningsLabel.toolTip()
    assert not used.ui.superResolveButton.isEnabled()
    with pytest.raises(ValueError, match=r"m\.safetensors"):
        used.logic.superResolve(small_scan_node("Other"), model=path)


def test_the_run_is_handed_the_model_alone(used, runner, tmp_path):
    path = model_file(tmp_path / "m.safetensors")
    choose(used, path)
    used.ui.superResolveButton.click()
    given = runner.runs[-1].call.parameters
    assert given["model"] == str(path) and not {"method", "preset"} & set(given)


def test_it_goes_with_the_scene(used, tmp_path, host):
    path = model_file(tmp_path / "m.safetensors")
    choose(used, path)
    again = host.open()
    assert again.ui.modelPathLineEdit.property("currentPath") == str(path)
    assert again.ui.methodComboBox.property("currentData") == "model"
    host.close_scene()
    host.enter(used)
    assert used.ui.modelPathLineEdit.property("currentPath") == ""


def test_what_a_run_warns_of_the_model_is_told_once(used, runner, tmp_path):
    """And not of the profile that was estimated on the way."""
    from SliceProfileSRLib.modelDescription import describeModel, modelWarnings

    path = model_file(tmp_path / "m.safetensors", ratios=(6.0, 8.0))
    choose(used, path)
    scan = used.ui.inputVolumeSelector.currentNode()
    about = modelWarnings(describeModel(str(path)).card, scan, None)[0]
    used.ui.superResolveButton.click()
    given = {"warnings": f"{about[0].lower()}{about[1:-1]} | the scan is dark", "profileWarnings": "the scan is dark"}
    runner.runs[-1].complete(fwhm=6, fwhmLow=5, fwhmHigh=7, **given)
    labels = (used.ui.modelWarningsLabel, used.ui.profileWarningsLabel, used.ui.resultLabel)
    assert [about in label.toolTip() for label in labels] == [True, False, False]
    assert "The scan is dark." in used.ui.profileWarningsLabel.toolTip()


def test_the_console_super_resolves_with_it(logic, tmp_path):
    path, scan = model_file(tmp_path / "m.safetensors"), small_scan_node()
    profile = logic.makeProfile(scan, "gaussian", 8.0)
    assert logic.superResolve(scan, profile, model=path).GetSpacing()[2] == pytest.approx(2.0)
