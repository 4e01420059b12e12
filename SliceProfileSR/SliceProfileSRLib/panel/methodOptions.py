"""The rows of what only some methods have, made from what the library tells of these options."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import qt
from slicer.i18n import tr as _

from .methodBoxes import fill

if TYPE_CHECKING:
    from SuperResolveLib.workflows.training_options import Option

#: Kinds of paths that lead to folders.
_FOLDERS = ("folder", "scans")


class MethodOptions:
    """Shows the options of one method at a time, each in a row of a form.

    Args:
        form: the widget whose layout takes the rows.
        row: of that layout, before which they go.
        before: the widget before them in the order of the tab key.
        options: all that any method has, by name.
        keys: letters that other widgets have as their keys.
        onChosen: called when the user chose, with an option's name and its text; that is empty for nothing.
    """

    def __init__(
        self,
        form: Any,
        row: int,
        before: Any,
        options: Mapping[str, Option],
        keys: str,
        onChosen: Callable[[str, str], None],
    ) -> None:
        self._onChosen = onChosen
        self._isShowing = False
        self._rows: dict[str, _Row] = {}
        for place, (name, option) in enumerate(options.items()):
            made = _Row(form, _withKey(option.title, keys), option, partial(self._onText, name))
            keys += made.key
            form.layout().insertRow(row + place, made.label, made.field)
            for widget in made.stops:
                qt.QWidget.setTabOrder(before, widget)
                before = widget
            self._rows[name] = made

    def show(self, names: Sequence[str], texts: Mapping[str, str]) -> None:
        """Show the options of a method, with what was chosen for them, and hide all others."""
        self._isShowing = True
        for name, row in self._rows.items():
            row.show(texts.get(name, ""), name in names)
        self._isShowing = False

    def _onText(self, name: str, text: str) -> None:
        if not self._isShowing:
            self._onChosen(name, text)


class _Row:
    """A label, a box with the choices of an option, in which other texts may be typed, and a button for a path.

    Attributes:
        label, field: the row's widgets.
        key: the letter of its key.
        stops: its widgets that the tab key leads to.
    """

    def __init__(self, form: Any, title: str, option: Option, onText: Callable[[str], None]) -> None:
        self._option, self._onText = option, onText
        self.label, self.box = qt.QLabel(f"{title}:", form), qt.QComboBox(form)
        self.key = title.partition("&")[2][:1].lower()
        self.label.setBuddy(self.box)
        toolTip = f"{option.summary}."
        choices = {"": option.otherwise, **option.choices}
        fill(self.box, ((text, title, toolTip) for text, title in choices.items()))
        if option.path or option.example:
            self.box.setEditable(True)
            self.box.setInsertPolicy(qt.QComboBox.NoInsert)
            self.box.setCompleter(None)  # what is typed stays as it is
        self.box.setSizeAdjustPolicy(qt.QComboBox.AdjustToMinimumContentsLengthWithIcon)
        self.box.setToolTip(toolTip)
        self.box.currentTextChanged.connect(self._onTextChanged)
        self.field, self.stops = self.box, [self.box]
        if option.path:
            self.field = qt.QWidget(form)
            button, layout = qt.QToolButton(self.field), qt.QHBoxLayout(self.field)
            button.setText("…")
            button.setToolTip(_("Choose a folder") if option.path in _FOLDERS else _("Choose a file"))
            button.clicked.connect(self.onBrowse)
            layout.setContentsMargins(0, 0, 0, 0)
            layout.addWidget(self.box, 1)
            layout.addWidget(button)
            self.stops.append(button)

    def show(self, text: str, isVisible: bool) -> None:
        """Show a text, as people call it where it is one of the choices."""
        if text != self._text():
            row = self.box.findData(text)
            self.box.setCurrentIndex(row)
            if row < 0:
                self.box.setEditText(text)
        for widget in (self.label, self.field):
            widget.setVisible(isVisible)

    def onBrowse(self, checked: bool = False) -> None:
        """Let the user choose a path."""
        if self._option.path in _FOLDERS:
            found = qt.QFileDialog.getExistingDirectory(None, self._option.title)
        else:
            writes = self._option.path == "output"
            choose = qt.QFileDialog.getSaveFileName if writes else qt.QFileDialog.getOpenFileName
            endings = " ".join(f"*{ending}" for ending in self._option.endings)
            found = choose(None, self._option.title, "", f"{self._option.title} ({endings})")
            found = found if isinstance(found, str) else found[0]  # PythonQt gives the path alone
        if found:
            self.box.setEditText(self._option.of_path(str(found), self._text()))

    def _text(self) -> str:
        """What is given: a choice by its text, or what was typed."""
        typed = self.box.property("currentText").strip()
        row = self.box.findText(typed)
        return str(self.box.itemData(row) or "") if row >= 0 else str(typed)

    def _onTextChanged(self, typed: str) -> None:
        self._onText(self._text())


def _withKey(title: str, taken: str) -> str:
    """A title with the first of its letters that is still free as its key."""
    place = next((place for place, letter in enumerate(title) if letter.isalpha() and letter.lower() not in taken), -1)
    return title if place < 0 else f"{title[:place]}&{title[place:]}"
