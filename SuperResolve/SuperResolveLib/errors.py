"""The two ways a run ends early: the input is bad, or the user cancelled."""

from __future__ import annotations


class InputError(ValueError):
    """Bad input, told in one sentence: what is wrong, where, and what to do.

    Characters that would break or garble its line, which names of files and headers may hold, are escaped.
    """

    def __init__(self, message: str) -> None:
        super().__init__("".join(each if each.isprintable() else repr(each)[1:-1] for each in message))


class Cancelled(Exception):
    """Raised by a progress callback to end a run; nothing is written."""
