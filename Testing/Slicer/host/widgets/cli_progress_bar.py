"""Slicer's progress bar of a command-line module: status, progress, stage, and the log behind an arrow."""

from __future__ import annotations

import html
import re
import time
from typing import Any

import slicer
from PySide6.QtCore import Property, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QGridLayout, QLabel, QProgressBar, QSizePolicy, QTextBrowser, QWidget

from ..pythonqt import native
from .ctk_buttons import ctkExpandButton
from .mrml import checked
from .observations import Observations

_Node = slicer.vtkMRMLCommandLineModuleNode
_REFRESH = 3.0  # seconds between updates of the log while a job runs
_NUMBERS = ("Progress", "Stage Progress", "ElapsedTime")
_FIELDS = {name: re.compile(rf"^ *{name}: *(.*)$", re.MULTILINE) for name in _NUMBERS}
_MESSAGE = re.compile(r"^ *ProgressMessage: (.*)$", re.MULTILINE)


def _visibility_of(name: str) -> Property:
    """A property that tells when a part is shown."""

    def get(self: Any) -> int:
        return self._visibility[name]

    def put(self: Any, visibility: int) -> None:
        self._visibility[name] = visibility
        self._update()

    return Property(int, get, put)


@native
class qSlicerCLIProgressBar(QWidget):
    """Follows a vtkMRMLCommandLineModuleNode."""

    AlwaysHidden, AlwaysVisible, HiddenWhenIdle, VisibleAfterCompletion = range(4)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._node, self._details_updated = None, None
        self._observations = Observations(self)
        self._visibility = {
            "name": self.AlwaysHidden,
            "status": self.AlwaysVisible,
            "progress": self.VisibleAfterCompletion,
            "stage": self.HiddenWhenIdle,
        }
        self._build()
        self._update()

    def _build(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        self._name_label = _named(QLabel(), "NameLabel")
        self._status_title = _named(QLabel("Status:"), "StatusLabelLabel")
        self._status_title.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._status_title.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._status = _named(QLabel("Idle"), "StatusLabel")
        self._expand = _named(ctkExpandButton(), "DetailsTextExpandButton")
        self._expand.setToolTip("Show details")
        self._details = _named(QTextBrowser(), "DetailsTextBrowser")
        self._details.setVisible(False)
        self._progress = _named(QProgressBar(), "ProgressBar")
        self._stage = _named(QProgressBar(), "StageProgressBar")
        grid.addWidget(self._name_label, 1, 0)
        grid.addWidget(self._status_title, 1, 0)
        grid.addWidget(self._status, 1, 1)
        grid.addWidget(self._expand, 1, 2)
        for row, widget in enumerate((self._details, self._progress, self._stage), start=2):
            grid.addWidget(widget, row, 0, 1, 3)
        self._expand.toggled.connect(self._show_details)

    nameVisibility = _visibility_of("name")
    statusVisibility = _visibility_of("status")
    progressVisibility = _visibility_of("progress")

    def commandLineModuleNode(self) -> _Node | None:
        """The node that is followed."""
        return self._node

    def setCommandLineModuleNode(self, node: _Node | None) -> None:
        """Follow another node."""
        if checked(node, "vtkMRMLCommandLineModuleNode", "setCommandLineModuleNode") is self._node:
            return
        self._observations.end()
        if self._node is not None and self._expand.isChecked():
            self._node.EndContinuousOutputUpdate()
        self._node = node
        if node is not None:
            self._observations.add(node, "ModifiedEvent", lambda bar, _: bar._update())
            if self._expand.isChecked():
                node.StartContinuousOutputUpdate()
        self._update()

    def _show_details(self, shown: bool) -> None:
        if self._node is not None:
            self._node.StartContinuousOutputUpdate() if shown else self._node.EndContinuousOutputUpdate()
        self._update()

    def _is_visible(self, visibility: int) -> bool:
        if visibility in (self.AlwaysHidden, self.AlwaysVisible):
            return visibility == self.AlwaysVisible
        if self._node is None:
            return False
        ended = self._node.GetStatus() in (_Node.Completed, _Node.CompletedWithErrors)
        return bool(self._node.IsBusy()) or (visibility == self.VisibleAfterCompletion and ended)

    def _update(self) -> None:
        self._name_label.setVisible(self._is_visible(self._visibility["name"]))
        self._status_title.setVisible(self._is_visible(self._visibility["status"]))
        self._status.setVisible(self._is_visible(self._visibility["status"]))
        self._progress.setVisible(self._is_visible(self._visibility["progress"]))
        self._stage.setVisible(self._is_visible(self._visibility["stage"]))
        if self._node is None:
            self._status.setText("")
            self._progress.setMaximum(0)
            self._stage.setMaximum(0)
            self._details.setVisible(self._expand.isChecked())
            self._details_updated = None
            return
        self._name_label.setText(self._node.GetName())
        self._update_progress(self._node.GetStatus())
        self._update_details(self._node.GetStatus())

    def _update_progress(self, status: int) -> None:
        process = _process_information(self._node)
        text = self._node.GetDisplayableStatusString()
        has_run = status in (_Node.Running, _Node.Completed, _Node.CompletedWithErrors)
        self._status.setText(f"{text} ({process['ElapsedTime']:.1f}s)" if has_run and process["ElapsedTime"] else text)
        if status in (_Node.Cancelled, _Node.Scheduled):
            self._progress.setMaximum(0)
        elif status == _Node.Running:
            self._progress.setMaximum(100 if process["Progress"] else 0)
            self._progress.setValue(int(process["Progress"] * 100))
            self._stage.setMaximum(100)
            self._stage.setFormat(_progress_message(self._node))
            self._stage.setValue(int(process["Stage Progress"] * 100))
        elif status in (_Node.Completed, _Node.CompletedWithErrors):
            self._progress.setMaximum(100)
            self._progress.setValue(100)

    def _update_details(self, status: int) -> None:
        error = self._node.GetErrorText()
        opened = self._expand.isChecked()
        shown = opened or (status == _Node.CompletedWithErrors and bool(error))
        self._details.setVisible(shown)
        recent = self._details_updated is not None and time.monotonic() - self._details_updated < _REFRESH
        if not shown or (status == _Node.Running and recent):
            return
        output = self._node.GetOutputText() if opened else ""
        line = QFontMetrics(self._details.document.defaultFont).lineSpacing()
        self._details.setFixedHeight(line * (15 if opened else 5))
        if status == _Node.Running:
            output, error = _last_lines(output, 30), _last_lines(error, 10)
        rule = "<hr/>" if output and error else ""
        red = f'<span style = "color:#FF0000;">{html.escape(error)}</span>' if error else ""
        self._details.setText(f"<pre>{html.escape(output)}{rule}{red}</pre>")
        bar = self._details.verticalScrollBar()
        bar.setValue(bar.maximum)
        self._details_updated = time.monotonic()


def _named(widget: QWidget, name: str) -> Any:
    widget.setObjectName(name)
    return widget


def _process_information(node: _Node) -> dict[str, float]:
    """What the process has reported, from the description as text: Python has no other way to it."""
    text = node.GetModuleDescriptionAsString()
    found = {name: pattern.search(text) for name, pattern in _FIELDS.items()}
    return {name: float(match.group(1)) if match else 0.0 for name, match in found.items()}


def _progress_message(node: _Node) -> str:
    match = _MESSAGE.search(node.GetModuleDescriptionAsString())
    return match.group(1).strip() if match else ""


def _last_lines(text: str, count: int) -> str:
    lines = text.splitlines()
    return text if len(lines) <= count else "..." + "\n".join(lines[-count:])
