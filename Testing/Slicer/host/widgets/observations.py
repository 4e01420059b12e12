"""Observations of VTK objects that end with the widget they belong to, as qvtkConnect's do."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import vtk
from PySide6.QtCore import QObject
from shiboken6 import isValid


class Observations:
    """What a widget observes.

    Args:
        owner: the widget; none of its methods is called once Qt has destroyed it.
    """

    def __init__(self, owner: QObject) -> None:
        self._owner = weakref.ref(owner)
        self._made: list[tuple[Any, int]] = []
        owner.destroyed.connect(self.end)

    def add(self, observed: Any, event: Any, callback: Callable[[Any, Any], None], priority: float = 0.0) -> None:
        """Observe an object.

        Args:
            observed: the VTK object.
            event: its event.
            callback: a function of the owner and the node that the event speaks of, or else the object that sent it.
            priority: of the observation; those with a higher one are called first.
        """

        @vtk.calldata_type(vtk.VTK_OBJECT)
        def call(caller: Any, _: str, node: Any = None) -> None:
            owner = self._owner()
            if owner is not None and isValid(owner):
                callback(owner, caller if node is None else node)

        self._made.append((observed, observed.AddObserver(event, call, priority)))

    def end(self, *_: Any) -> None:
        """Observe nothing any longer."""
        made, self._made = self._made, []
        for observed, tag in made:
            observed.RemoveObserver(tag)
