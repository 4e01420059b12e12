"""Texts that fit the panel: long names are cut in the middle, and what is left out stands in the tool tip."""

from __future__ import annotations

import re
from typing import Any

#: About as many letters as a line of a panel of usual width holds; a longer word would be cut off.
LINE, WORD = 66, 36


def showShortly(label: Any, text: str, lines: int = 2) -> None:
    """Show the first lines of a text in a label, and all of it in the label's tool tip; hide the label without text."""
    told = [line for line in text.split("\n") if line]
    shown = [_withShortWords(line) for line in told[:lines]]
    if len(told) > lines:
        shown[-1] = f"{middleElided(shown[-1], LINE)} (+{len(told) - lines})"
    label.setText("\n".join(shown))
    label.setToolTip(text)
    label.setVisible(bool(told))


def showCut(label: Any, text: str, letters: int = LINE) -> None:
    """As :func:`showShortly`, but as one paragraph, whose end is left out where it is longer than that."""
    showShortly(label, text.replace("\n", " "), 1)
    shown = label.property("text")
    if len(shown) > letters:
        label.setText(shown[: letters - 1].rstrip() + "…")
    label.setToolTip(text)


def middleElided(text: str, length: int) -> str:
    """A text with its middle left out where it is longer than that: of names, beginning and end tell most."""
    if len(text) <= length:
        return text
    head = (length - 1) // 2
    return f"{text[:head]}…{text[len(text) - (length - 1 - head) :]}"


def _withShortWords(line: str) -> str:
    return re.sub(rf"\S{{{WORD + 1},}}", lambda word: middleElided(word.group(), WORD), line)
