"""The two ways a run ends early: the input is bad, or the user cancelled."""

from __future__ import annotations


class InputError(ValueError):
    """Bad input, told in one sentence: what is wrong, where, and what to do."""


class Cancelled(Exception):
    """Raised by a progress callback to end a run; nothing is written."""
