"""The CLI modules' XML is the one list of names, ranges and defaults: panel, logic and choices hold to it."""

from __future__ import annotations

import inspect
from enum import Enum
from pathlib import Path

import pytest
import qt

from SuperResolveLib.slicer_cli.description import read_description

COMPUTATION = Path(__file__).resolve().parents[2] / "SuperResolve"
#: Parameters of the panel that a CLI module has too: the module, its name there, and the panel's.
SHARED = [
    *(("EstimateSliceProfile", name, own) for name, own in {
        "method": "estimationMethod", "preset": "estimationPreset", "axis": "axis", "device": "device", "seed": "seed",
        "acquiredResolution": "acquiredResolution", "prior": "prior",
    }.items()),
    *(("SuperResolve", name, name) for name in (
        "method", "preset", "axis", "device", "seed", "acquiredResolution", "outputSpacing", "profileWidth"
    )),
]  # fmt: skip


def described(module: str, name: str):
    return read_description(COMPUTATION / f"{module}.xml")[name]


@pytest.mark.parametrize(("module", "name", "own"), SHARED)
def test_panel_has_the_defaults_ranges_and_choices_of_the_xml(panel, module, name, own):
    parameter = described(module, name)
    value = getattr(panel.panel.parameters.node, own)
    if isinstance(value, Enum):
        assert [choice.value for choice in type(value)] == list(parameter.choices)
        assert value.value == parameter.default
    elif isinstance(value, str):
        assert value == (parameter.default or "")
    else:
        assert value == parameter.default
        widget = getattr(panel.ui, f"{own}SpinBox")
        assert (widget.minimum(), widget.maximum()) == (parameter.minimum, parameter.maximum)


@pytest.mark.parametrize(
    ("module", "box", "presets"),
    [
        ("EstimateSliceProfile", "estimationMethodComboBox", "estimationPresetComboBox"),
        ("SuperResolve", "methodComboBox", "presetComboBox"),
    ],
)
def test_every_method_of_the_panel_is_one_of_the_xml(panel, module, box, presets):
    methods, box = described(module, "method").choices, getattr(panel.ui, box)
    assert {box.itemData(row) for row in range(box.count())} - {"model"} == set(methods)
    presets, own = described(module, "preset").choices, getattr(panel.ui, presets)
    for row in range(box.count()):
        box.setCurrentIndex(row)
        assert {own.itemData(place) for place in range(own.count())} <= set(presets)


@pytest.mark.parametrize(
    ("method", "module", "nodes"),
    [
        ("estimateProfile", "EstimateSliceProfile", {"volumeNode", "profileNode"}),
        ("measureResolution", "EstimateSliceProfile", {"volumeNode"}),
        ("superResolve", "SuperResolve", {"volumeNode", "profileNode", "outputNode", "uncertainty"}),
        ("bringBackToSlices", "BringBackToSlices", {"thinNode", "scanNode", "profileNode", "outputNode"}),
        ("startTraining", "TrainSuperResolution", {"folders", "modelPath", "startModel", "workFolder", "options"}),
    ],
)
def test_logic_has_the_names_and_defaults_of_the_xml(logic, method, module, nodes):
    arguments = inspect.signature(getattr(logic, method)).parameters
    for name in set(arguments) - nodes:
        told, default = described(module, name).default, arguments[name].default
        assert ("" if default == () else default) == (told or "" if isinstance(told, tuple) else told), name


def test_every_choice_has_words_for_the_user(host):
    from SliceProfileSRLib import choices

    enums = [value for value in vars(choices).values() if inspect.isclass(value) and issubclass(value, choices.Enum)]
    labels = [choice.label() for enum in enums for choice in enum]
    assert len(labels) > 10
    assert all(labels)


def test_every_control_has_a_tool_tip(panel):
    kinds = (qt.QPushButton, qt.QComboBox, qt.QSpinBox, qt.QDoubleSpinBox, qt.QLineEdit, qt.QCheckBox)
    controls = [widget for name, widget in vars(panel.ui).items() if isinstance(widget, kinds) and name[:3] != "qt_"]
    assert len(controls) > 15
    assert not [widget.objectName() for widget in controls if not widget.toolTip()]
