"""Answers the dialogs that would wait for a user, and keeps what they said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QWidget

_BUTTONS = QMessageBox.StandardButton
_ICONS = QMessageBox.Icon
_STATIC = {
    "question": _ICONS.Question,
    "information": _ICONS.Information,
    "warning": _ICONS.Warning,
    "critical": _ICONS.Critical,
}
_WAITING = [
    *((QMessageBox, name) for name in ("exec", "exec_", *_STATIC)),
    (QInputDialog, "getText"),
    (QFileDialog, "getOpenFileName"),
]


@dataclass(frozen=True)
class Message:
    """A message box as the user saw it."""

    text: str
    title: str
    icon: str
    detailed_text: str
    buttons: Any
    answer: Any


class Dialogs:
    """Stands in for the user in front of message boxes and input dialogs.

    Attributes:
        messages: the message boxes so far.
        answers: what the user clicks or types next, in order. A box with one button needs none.

    Args:
        violate: called with a sentence where a dialog asks and no answer was given; it is then declined.
    """

    def __init__(self, violate: Callable[[str], None]) -> None:
        self.messages: list[Message] = []
        self.answers: list[Any] = []
        self._violate = violate
        self._before = [(cls, name, cls.__dict__.get(name)) for cls, name in _WAITING]
        QMessageBox.exec = QMessageBox.exec_ = lambda box: self._answer(box)
        for name in _STATIC:
            setattr(QMessageBox, name, staticmethod(self._static(name)))
        QInputDialog.getText = staticmethod(self._type)
        QFileDialog.getOpenFileName = staticmethod(lambda *_, **__: self._type())

    def close(self) -> None:
        """Let dialogs wait for a user again."""
        for cls, name, function in self._before:
            if function is None:
                delattr(cls, name)
            else:
                setattr(cls, name, function)

    def _static(self, name: str) -> Callable[..., Any]:
        def show(parent: QWidget | None, title: str, text: str, buttons: Any = _BUTTONS.Ok, *_: Any) -> Any:
            return self._answer(QMessageBox(_STATIC[name], title, text, buttons, parent))

        return show

    def _answer(self, box: QMessageBox) -> Any:
        buttons = [_BUTTONS(button) for button in _BUTTONS if button & box.standardButtons]
        if self.answers:
            answer = self.answers.pop(0)
        elif len(buttons) <= 1:
            answer = buttons[0] if buttons else _BUTTONS.Ok
        else:
            self._violate(f"a dialog asks and the test gave no answer: {box.text}")
            answer = _BUTTONS.No if _BUTTONS.No in buttons else _BUTTONS.Cancel
        icon = QMessageBox.Icon(box.icon).name
        self.messages.append(
            Message(box.text, box.windowTitle.strip(), icon, box.detailedText, box.standardButtons, answer)
        )
        return int(answer.value) if hasattr(answer, "value") else answer

    def _type(self, parent: QWidget | None = None, title: str = "", *_: Any, **__: Any) -> tuple[str, bool]:
        if self.answers:
            return str(self.answers.pop(0)), True
        self._violate(f"a dialog asks for a text and the test gave no answer: {title}")
        return "", False
