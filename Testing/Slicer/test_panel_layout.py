"""How the panel lies on the screen, and how it is used from the keyboard."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from plays import MODULE
from scans import scan_node
from waiting import wait

WIDTH, SCREEN = 500, 1000  # pixels; Slicer's menus, tool bars and the module's head take about 200 of the screen
LONG = "sub-01234_2024-11-03_T2w_TSE_tra_p2_256_s3_of_a_hospital_that_leaves_nothing_out_of_a_name"
WARNINGS = (
    "the slice thickness of 1.70 mm is well under the slice spacing of 4.00 mm: neighbouring slices hardly overlap",
    "the scan hardly determines the slice thickness: anything from 1.11 to 2.97 mm fits it about as well",
)
TREE = ET.parse(MODULE / "Resources" / "UI" / "SliceProfileSR.ui").getroot()


@pytest.fixture
def used(panel, runner):
    """The panel of a scan with a long name, after every kind of run, each with warnings."""
    panel.ui.inputVolumeSelector.setCurrentNode(scan_node(LONG))
    told = {"fwhm": 6.0, "fwhmLow": 5.0, "fwhmHigh": 7.0, "priorShare": 0.4, "warnings": " | ".join(WARNINGS)}
    for button, more in (
        (panel.ui.estimateButton, ""),
        (panel.ui.superResolveButton, " | and one that only the result has"),
        (panel.ui.measureButton, ""),
    ):
        button.click()
        runner.runs[-1].complete(**{**told, "warnings": told["warnings"] + more})
    wait(0.1)
    return panel


def test_all_that_is_usually_shown_fits_a_small_screen(used):
    assert used.parent.layout().totalHeightForWidth(WIDTH) <= SCREEN - 200
    assert used.parent.layout().totalMinimumSize().width() <= WIDTH


def test_what_is_cut_stands_in_the_tool_tips(used):
    ui = used.ui
    assert "\n" not in ui.profileWarningsLabel.text() and ui.profileWarningsLabel.text().endswith("…")
    for warning in WARNINGS:
        assert warning[1:] in ui.profileWarningsLabel.toolTip()
        assert warning[1:] in ui.measurementLabel.toolTip()
    assert "only the result has" in ui.resultLabel.toolTip() and ui.resultLabel.text().endswith("(+1)")


def test_long_names_are_cut_in_the_middle(used, runner):
    used.ui.estimateButton.click()
    used.ui.superResolveButton.click()
    text = used.ui.superResolveMessageLabel.text()
    assert "sub-01234_" in text and "_of_a_name" in text and "…" in text
    assert LONG in used.ui.superResolveMessageLabel.toolTip()


def test_a_run_has_its_own_cancel_and_only_while_it_runs(used, runner):
    buttons = [used.ui.estimateCancelButton, used.ui.superResolveCancelButton, used.ui.measureCancelButton]
    assert all(button.isHidden() for button in buttons)
    used.ui.measureButton.click()
    assert [button.isHidden() for button in buttons] == [True, True, False]


def test_sections_do_not_lie_in_sections():
    sections = list(TREE.iter("widget"))
    nested = [each for each in sections if each.get("class") == "ctkCollapsibleButton"]
    assert len(nested) == 6
    assert not [inner for outer in nested for inner in outer.iter("widget") if inner in nested and inner is not outer]


def test_every_label_of_a_field_leads_to_it(panel):
    labels = [each for each in TREE.iter("widget") if each.get("class") == "QLabel" and told(each, "text")]
    assert len(labels) > 12
    for element in labels:
        buddy = getattr(panel.ui, element.get("name")).buddy()
        assert buddy is not None and buddy.objectName() == told(element, "buddy", "cstring"), element.get("name")


def test_every_label_and_button_has_a_key_and_each_its_own():
    sections = [each for each in TREE.iter("widget") if each.get("class") == "ctkCollapsibleButton"]
    keys = {
        each.get("name"): [key_of(widget) for widget in each.iter("widget") if has_key(widget)] for each in sections
    }
    assert all(keys.values())
    seldom = [keys.pop(f"{name}CollapsibleButton") for name in ("training", "advanced")]  # both are closed at first
    always = [letter for letters in keys.values() for letter in letters]
    for letters in (*seldom, always):
        assert sorted(letters) == sorted(set(letters))


def test_the_tab_key_goes_through_the_panel_in_order():
    stops = [each.text for each in TREE.find("tabstops")]
    fields = [each.get("name") for each in TREE.iter("widget")]
    assert stops == sorted(stops, key=fields.index) and len(stops) > 30


def told(element: ET.Element, name: str, kind: str = "string") -> str:
    """A property of a widget in the .ui file."""
    return next((each.findtext(kind) or "" for each in element.findall("property") if each.get("name") == name), "")


def has_key(element: ET.Element) -> bool:
    return element.get("class") in ("QLabel", "QPushButton", "QCheckBox") and bool(told(element, "text"))


def key_of(element: ET.Element) -> str:
    (letter,) = re.findall(r"&(\w)", told(element, "text"))
    return letter.lower()


def test_a_second_click_gives_the_users_layout_back(used, views):
    ui = used.ui
    buttons = [ui.showChartButton, ui.compareButton, ui.showResidualButton]
    for button in buttons:
        ui.showResidualButton.setChecked(False)
        views.giveBack()
        button.click()
        assert [each.isChecked() for each in buttons] == [each is button for each in buttons]
        button.click()
        assert views.shownID is None and not any(each.isChecked() for each in buttons)


def test_scan_and_result_are_compared_at_the_same_window_and_level(used):
    node = used.panel.parameters.node
    scan, result = node.inputVolume.GetDisplayNode(), node.outputVolume.GetDisplayNode()
    used.ui.compareButton.setChecked(False)
    for display, window in ((scan, 321.0), (result, 77.0)):
        display.SetAutoWindowLevel(False)
        display.SetWindowLevel(window, window / 2)
    used.ui.compareButton.click()
    assert (result.GetWindow(), result.GetLevel()) == (scan.GetWindow(), scan.GetLevel()) == (321.0, 160.5)
