"""The combo boxes of a method and its presets, filled from what the library tells."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..methodChoices import MethodChoices

_TOOL_TIP = 3  # Qt.ToolTipRole


class MethodBoxes:
    """Lets the user choose a method, and one of that method's own presets, where it has any.

    Args:
        ui: the panel's widgets.
        method, preset: what the combo boxes are called there, without ``ComboBox``.
        choices: what can be chosen.
        onChosen: called when the user chose, with the names of method and preset; the preset's is empty where the user
            chose a method, which is to keep the preset where it has one of that name.
    """

    def __init__(
        self, ui: Any, method: str, preset: str, choices: MethodChoices, onChosen: Callable[[str, str], None]
    ) -> None:
        self._methodLabel, self._methodBox = getattr(ui, f"{method}Label"), getattr(ui, f"{method}ComboBox")
        self._presetLabel, self._presetBox = getattr(ui, f"{preset}Label"), getattr(ui, f"{preset}ComboBox")
        self._choices = choices
        self._onChosen = onChosen
        self._isShowing = True
        fill(self._methodBox, ((name, choices.title(name), choices.description(name, "")) for name in choices.names))
        self._methodBox.currentIndexChanged.connect(self._onMethodChanged)
        self._presetBox.currentIndexChanged.connect(self._onPresetChanged)
        self._listed = ""
        self._isShowing = False

    def show(self, method: str, preset: str, isVisible: bool = True) -> None:
        """Show a method and a preset, or, where there is none of that name, the first; or hide them all."""
        self._isShowing = True
        try:
            method = self._choices.method(method)
            self._methodBox.setCurrentIndex(self._choices.names.index(method))
            presets = self._choices.presets(method)
            if method != self._listed:
                fill(self._presetBox, ((each.name, each.title, each.summary) for each in presets))
                self._listed = method
            names = [each.name for each in presets]
            for widget in (self._methodLabel, self._methodBox):
                widget.setVisible(isVisible)
            for widget in (self._presetLabel, self._presetBox):
                widget.setVisible(isVisible and bool(names))
            if names:
                self._presetBox.setCurrentIndex(names.index(self._choices.preset(method, preset)))
        finally:
            self._isShowing = False

    def _onMethodChanged(self, index: Any = None) -> None:
        if not self._isShowing:
            self._onChosen(self._methodBox.property("currentData"), "")

    def _onPresetChanged(self, index: Any = None) -> None:
        if not self._isShowing:
            self._onChosen(*(box.property("currentData") for box in (self._methodBox, self._presetBox)))


def fill(box: Any, entries: Iterable[tuple[str, str, str]]) -> None:
    """List names, each by its title and with its tool tip."""
    box.clear()
    for row, (name, title, toolTip) in enumerate(entries):
        box.addItem(title, name)
        box.setItemData(row, toolTip, _TOOL_TIP)
