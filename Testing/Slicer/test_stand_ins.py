"""The stand-ins for Slicer's classes: their names are Slicer's, and they do and refuse what Slicer does and refuses."""

from __future__ import annotations

import ast
import inspect
import json
from types import SimpleNamespace

import pytest
import slicer
from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QApplication, QComboBox, QWidget

from host import cli_modules as stand_in_cli
from host import parameter_node, scripted_module, widgets
from host.node_selector import qMRMLNodeComboBox
from host.ui_files import CUSTOM
from plays import MODULE
from scans import scan_node

UI = MODULE / "Resources" / "UI" / "SliceProfileSR.ui"
#: What the stand-ins of Slicer's Python layer stand for: a module of Slicer, and the names in it.
PYTHON = [
    ("slicer.cli", stand_in_cli, ["createNode", "run", "runSync"]),
    ("slicer.i18n", scripted_module, ["tr", "translate"]),
    ("slicer.ScriptedLoadableModule", scripted_module, [
        "ScriptedLoadableModule", "ScriptedLoadableModuleWidget", "ScriptedLoadableModuleLogic",
        "ScriptedLoadableModuleTest",
    ]),
    ("slicer.parameterNodeWrapper.wrapper", parameter_node, ["parameterNodeWrapper"]),
    ("slicer.parameterNodeWrapper.validators", parameter_node, ["WithinRange"]),
]  # fmt: skip


@pytest.fixture(params=["v5.10.0", "v5.12.3"])
def slicers(request, data_folder) -> dict:
    """What a version of Slicer has, by its sources."""
    folder = data_folder.parent / "slicer_api"
    if not folder.is_dir():
        pytest.skip(f"the names of Slicer's sources are not here: there is no folder {folder}")
    return json.loads((folder / f"{request.param}.json").read_text(encoding="utf-8"))


def of_widget(table: dict, cls: str, kind: str) -> set[str]:
    """The properties, signals or slots of a widget and its bases, as far as they are Slicer's or CTK's own."""
    found = table.get(cls, {"bases": [], kind: []})
    return set(found[kind]).union(*(of_widget(table, base, kind) for base in found["bases"]))


@pytest.mark.parametrize("cls", CUSTOM)
def test_widgets_have_the_properties_signals_and_slots_of_slicer(slicers, cls):
    """Whatever a stand-in has of its own, and Qt's class has not, is Slicer's or begins with an underscore."""
    table, stand_in = slicers["widgets"], CUSTOM[cls]
    base = next(each for each in stand_in.__mro__ if each.__module__.startswith("PySide6"))
    own = {name for name in vars(stand_in) if not name.startswith("_") and not hasattr(base, name)}
    signals = {name for name in own if isinstance(vars(stand_in)[name], Signal)}
    properties = {name for name in own if type(vars(stand_in)[name]).__name__ == "Property"}
    methods = own - signals - properties
    assert signals <= of_widget(table, cls, "signals")
    assert properties <= of_widget(table, cls, "properties")
    known = of_widget(table, cls, "slots") | of_widget(table, cls, "invokables") | PUBLIC.get(cls, set())
    assert methods <= known


#: Public methods that PythonQt shows though they are neither slots nor properties: Slicer's documentation names them.
PUBLIC = {"qMRMLNodeComboBox": {"currentNode", "comboBox", "sortFilterProxyModel"}}


@pytest.mark.parametrize(("name", "module", "members"), PYTHON, ids=[name for name, *_ in PYTHON])
def test_the_python_layer_has_the_signatures_of_slicer(slicers, name, module, members):
    theirs = slicers["python"][name]
    for member in members:
        ours = getattr(module, member)
        if inspect.isfunction(ours):
            assert list(inspect.signature(ours).parameters) == theirs[member], member
            continue
        for method, arguments in theirs[member].items():
            if method in vars(ours) and not method.startswith("__"):
                assert list(inspect.signature(vars(ours)[method]).parameters) == arguments, f"{member}.{method}"
        own = {method for method, value in vars(ours).items() if inspect.isfunction(value)}
        assert {method for method in own if not method.startswith("_")} <= set(theirs[member]), member


def test_parameter_nodes_have_the_methods_of_slicer(slicers):
    theirs = slicers["python"]["slicer.parameterNodeWrapper.wrapper"]
    for method in ("connectGui", "disconnectGui"):
        ours = inspect.signature(getattr(parameter_node._Wrapper, method))
        assert list(ours.parameters) == theirs[f"_{method}"]


# What the panel may do with widgets, so that PythonQt and PySide6 agree on it


def test_the_panel_uses_widgets_as_both_bindings_do():
    """PythonQt shows a property as an attribute, PySide6 as a method: so the panel reads with property() and calls
    setters.
    """
    getters = {"checked", "count", "currentData", "currentIndex", "currentText", "enabled", "text", "toolTip", "value"}
    offences = []
    for path in [*MODULE.rglob("panel/*.py"), MODULE / "SliceProfileSR.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = isinstance(node, ast.Call) and not node.args and isinstance(node.func, ast.Attribute)
            if called and node.func.attr in getters:
                offences.append(f"{path.name}:{node.lineno}: {node.func.attr}()")
            if isinstance(node, ast.Attribute) and node.attr in getters and is_widget(node.value):
                offences += [] if isinstance(node.ctx, ast.Load) else [f"{path.name}:{node.lineno}: {node.attr} = ..."]
    assert not offences


def is_widget(value: ast.expr) -> bool:
    endings = ("Label", "Button", "Box", "Bar", "Selector", "Edit")
    return isinstance(value, ast.Attribute) and value.attr.endswith(endings)


# Loading a .ui file


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('<property name="noneDisplay">', '<property name="noneText">'),
        ('class="qMRMLTableView" name', 'class="qMRMLNoSuchView" name'),
        ("<slot>setMRMLScene", "<slot>setScene"),
        ("<signal>mrmlSceneChanged", "<signal>sceneChanged"),
        ("<sender>SliceProfileSR</sender>", "<sender>Nobody</sender>"),
    ],
)
def test_mistakes_in_the_ui_file_are_refused(host, tmp_path, old, new):
    text = UI.read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "wrong.ui").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises((ValueError, RuntimeError)):
        slicer.util.loadUI(str(tmp_path / "wrong.ui"))


def test_a_selector_without_connection_stays_without_scene(host, tmp_path):
    text = UI.read_text(encoding="utf-8")
    start, end = text.index("<connections>"), text.index("</connections>")
    (tmp_path / "panel.ui").write_text(text[:start] + "<connections>" + text[end:], encoding="utf-8")
    top = slicer.util.loadUI(str(tmp_path / "panel.ui"))
    top.setMRMLScene(slicer.mrmlScene)
    selector = slicer.util.childWidgetVariables(top).inputVolumeSelector
    selector.setCurrentNode(scan_node())
    assert not selector.isEnabled() and selector.currentNode() is None


# Node selectors


@pytest.fixture
def selector(host):
    """A selector of volumes in the scene, and what it told."""
    made, heard = qMRMLNodeComboBox(), []
    made.setProperty("nodeTypes", ["vtkMRMLScalarVolumeNode"])
    made.setProperty("noneEnabled", True)
    made.setMRMLScene(slicer.mrmlScene)
    made.currentNodeChanged.connect(heard.append)
    return made, heard


def test_a_selector_follows_the_scene(selector):
    box, heard = selector
    first, other = scan_node("First"), scan_node("Other")
    box.setCurrentNode(first)
    first.SetName("Renamed")
    assert box.comboBox().currentText() == "Renamed"
    slicer.mrmlScene.RemoveNode(first)
    assert box.currentNode() is other
    other.SetHideFromEditors(True)
    other.Modified()
    assert box.currentNode() is None and box.comboBox().count() == 1  # None alone
    assert heard == [first, other, None]
    with pytest.raises(ValueError, match="vtkMRMLNode"):
        box.setCurrentNode("Scan")


def test_a_selector_waits_while_the_scene_closes(selector, host):
    box, heard = selector
    box.setCurrentNode(scan_node())
    filled = []
    host.scene.AddObserver("AnyEvent", lambda *_: host.scene.IsClosing() and filled.append(box.comboBox().count()))
    host.close_scene()
    assert set(filled) == {2}  # as it was before
    assert box.currentNode() is None and box.comboBox().count() == 1
    assert heard[-1] is None


def test_what_a_widget_observes_ends_with_the_widget(host):
    parent, called = QWidget(), []
    box = qMRMLNodeComboBox(parent)
    box._of_scene.add(host.scene, "UserEvent", lambda *_: called.append(1))
    host.scene.InvokeEvent("UserEvent")
    parent.deleteLater()  # by Qt, whatever Python still holds
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not host.scene.HasObserver("UserEvent")
    host.scene.InvokeEvent("UserEvent")
    assert called == [1]


# Parameter nodes


@pytest.fixture
def parameters(host):
    """The module's parameter node, wrapped."""
    return host.make_logic().getParameterNode()


def test_parameters_lie_in_the_node_as_slicer_stores_them(parameters):
    node, scan = parameters.parameterNode, scan_node()
    parameters.inputVolume, parameters.uncertainty, parameters.profileWidth = scan, True, 3.5
    stored = {name: node.GetParameter(name) for name in node.GetParameterNames()}
    expected = {
        "inputVolume.0": "", "profileTable.1": "True", "outputVolume.1": "True", "measuredVolume.1": "True",
        "profileSource": "ESTIMATED", "estimationMethod": "auto", "estimationPreset": "default",
        "profileWidth": "3.5", "keepProfiles": "False", "method": "auto", "preset": "fast", "outputSpacing": "0.0",
        "uncertainty": "True", "prior": "SCANNER", "device": "AUTO", "seed": "0", "axis": "AUTO",
        "acquiredResolution": "",
    }  # fmt: skip
    assert {name: text for name, text in stored.items() if name in expected} == expected
    assert node.GetNodeReference("inputVolume.0") is scan
    parameters.inputVolume = None
    assert node.GetParameter("inputVolume.1") == "True" and not node.HasParameter("inputVolume.0")
    assert parameters.inputVolume is None


@pytest.mark.parametrize(
    ("name", "value"), [("profileWidth", 101.0), ("seed", 1.5), ("device", "gpu"), ("method", None), ("seed", -1)]
)
def test_parameters_refuse_what_they_cannot_hold(parameters, name, value):
    with pytest.raises((TypeError, ValueError)):
        setattr(parameters, name, value)


def test_parameters_and_widgets_are_bound_both_ways(panel):
    node, ui = panel.panel.parameters.node, panel.ui
    scan = scan_node()
    ui.inputVolumeSelector.setCurrentNode(scan)
    ui.profileWidthSpinBox.setValue(7.5)
    ui.deviceComboBox.setCurrentIndex(1)
    ui.keepProfilesCheckBox.setChecked(True)
    ui.acquiredResolutionLineEdit.setText("1.2")
    assert (node.inputVolume, node.profileWidth, node.device.name) == (scan, 7.5, "CPU")
    assert (node.keepProfiles, node.acquiredResolution) == (True, "1.2")
    node.seed, node.acquiredResolution, node.inputVolume = 5, "", None
    assert (ui.seedSpinBox.value(), ui.acquiredResolutionLineEdit.text()) == (5, "")
    assert ui.inputVolumeSelector.currentNode() is None


def test_a_text_is_not_shown_in_a_combo_box(host, parameters):
    """Slicer can show a text in a combo box only with a fixed list of choices."""
    box = QComboBox()
    box.setProperty("SlicerParameterName", "method")
    with pytest.raises(RuntimeError, match="cannot show method"):
        parameters.connectGui(SimpleNamespace(box=box))


def test_a_section_collapses_to_its_header(panel):
    section = panel.ui.scanCollapsibleButton
    section.setProperty("collapsed", True)
    assert section.maximumHeight() < 40 and widgets.ctkCollapsibleButton is type(section)
    section.setProperty("collapsed", False)
    assert section.maximumHeight() > 1000
