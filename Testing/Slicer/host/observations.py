"""What a widget observes, for as long as Qt has it."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import vtk
from PySide6.QtCore import QObject


class Observations:
    """Observations of VTK objects, which end with the widget that they belong to, as qvtkConnect's do.

    VTK would go on calling into a widget that Qt has destroyed, whatever Python thinks of it; so the observations are
    taken back as soon as Qt tells of the destruction.

    Args:
        owner: the widget.
    """

    def __init__(self, owner: QObject) -> None:
        self._owner = weakref.ref(owner)
        self._made: list[tuple[Any, int]] = []
        owner.destroyed.connect(self.end)

    def add(self, observed: Any, event: Any, callback: Callable[[Any, Any], object], priority: float = 0.0) -> None:
        """Observe an object.

        Args:
            observed: the VTK object.
            event: its event.
            callback: a function of the owner and the node that the event is about, or else the object that sent it.
            priority: those with a higher one are called first.
        """

        @vtk.calldata_type(vtk.VTK_OBJECT)
        def call(caller: Any, _event: str, node: Any = None) -> None:
            owner = self._owner()
            if owner is not None:
                callback(owner, caller if node is None else node)

        self._made.append((observed, observed.AddObserver(event, call, priority)))

    def end(self, *_: Any) -> None:
        """Observe nothing any longer."""
        made, self._made = self._made, []
        for observed, tag in made:
            observed.RemoveObserver(tag)
