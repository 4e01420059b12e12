"""What the user chose for training, and the training that was looked at last, in the application's settings.

None of it is of a scene: a training outlives scenes, and names of folders may tell who the patients are, so that they
must not be handed on with one.
"""

from __future__ import annotations

import json
from typing import Any

import slicer

_GROUP = "SliceProfileSR/training"
#: The defaults, by name: "folder" is the work folder that the user chose, "workFolder" that of the training that was
#: looked at last, and "options" what only some methods have, as JSON.
DEFAULTS: dict[str, Any] = {
    "scans": "",
    "method": "",
    "preset": "",
    "network": "",
    "stages": "",
    "ratios": "",
    "options": "{}",
    "hours": 0.0,
    "synthetic": 0,
    "startModel": "",
    "model": "",
    "folder": "",
    "workFolder": "",
}


def choice(name: str) -> Any:
    """A choice, of its default's type; what cannot be read is its default."""
    default = DEFAULTS[name]
    stored = slicer.app.userSettings().value(f"{_GROUP}/{name}", default)
    try:
        return type(default)(stored if stored is not None else default)
    except (TypeError, ValueError):
        return default


def choose(**choices: Any) -> None:
    """Keep choices."""
    for name, value in choices.items():
        slicer.app.userSettings().setValue(f"{_GROUP}/{name}", type(DEFAULTS[name])(value))


def options() -> dict[str, str]:
    """What was chosen of what only some methods have, by name."""
    try:
        return {str(name): str(text) for name, text in json.loads(choice("options")).items()}
    except (ValueError, AttributeError):
        return {}


def chooseOption(name: str, text: str) -> None:
    """Keep one of these choices."""
    choose(options=json.dumps({**options(), name: text}))


def isTrainingKnown() -> bool:
    """Whether there is a training that was looked at last."""
    return bool(choice("workFolder"))
