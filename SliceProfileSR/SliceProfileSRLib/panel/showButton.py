"""A button that shows something in the views while it is down, and then gives the user's layout back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer
from slicer.i18n import tr as _

from ..views import Views


class ShowButton:
    """Wires a checkable button.

    Args:
        button: of the panel.
        views: what it shows something in.
        show: shows it.
    """

    def __init__(self, button: Any, views: Views, show: Callable[[], None]) -> None:
        self._button, self._views, self._show = button, views, show
        button.clicked.connect(self.onClicked)

    def update(self, node: slicer.vtkMRMLNode | None, isPossible: Any, toolTip: str, refusal: str) -> None:
        """Say what it does, or why it cannot.

        Args:
            node: what would be shown.
            isPossible: whether it can be.
            toolTip: what the button does.
            refusal: why it cannot.
        """
        isShown = node is not None and node.GetID() == self._views.shownID
        self._button.setChecked(isShown)
        self._button.setEnabled(bool(isPossible or isShown))
        self._button.setToolTip(_("Back to the layout of before") if isShown else toolTip if isPossible else refusal)

    def onClicked(self, checked: bool = False) -> None:
        """Show it, or no longer."""
        if checked:
            self._show()
        else:
            self._views.giveBack()
