"""Qt properties of the stand-ins that only hold a value."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Property

_numbers = itertools.count()
_ACCEPTED: dict[Any, tuple[type, ...]] = {bool: (bool, int), int: (int,), float: (int, float), str: (str,)}


def stored(type_: Any, default: Any, changed: Callable[[Any], object] | None = None) -> Property:
    """A property that holds a value of a type.

    Args:
        type_: the type, as QtCore.Property takes it.
        default: the value until one is set.
        changed: called with the object after its value was set.
    """
    key = f"_stored{next(_numbers)}"

    def get(self: Any) -> Any:
        return getattr(self, key, default)

    def put(self: Any, value: Any) -> None:
        accepted = _ACCEPTED.get(type_)
        if accepted and not isinstance(value, accepted):
            raise TypeError(f"{type(self).__name__} takes no {value!r} here, but a {type_.__name__}")
        setattr(self, key, value)
        if changed:
            changed(self)

    return Property(type_, get, put)
