"""What the user chose for training, and the training that was looked at last, in the application's settings.

None of it is of a scene: a training outlives scenes, and names of folders may tell who the patients are, so that they
must not be handed on with one.
"""

from __future__ import annotations

from typing import Any

import slicer

_GROUP = "SliceProfileSR/training"
#: The defaults, by name.
DEFAULTS: dict[str, Any] = {
    "scans": "",
    "method": "",
    "preset": "",
    "network": "",
    "hours": 0.0,
    "model": "",
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


def isTrainingKnown() -> bool:
    """Whether there is a training that was looked at last."""
    return bool(choice("workFolder"))
