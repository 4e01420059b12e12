"""The row of a model's file: its card in words, and what of it does not fit the scan that is selected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..modelDescription import ModelDescription, describeModel, modelWarnings
from ..parameterNode import SliceProfileSRParameterNode
from .shortText import LINE, showCut, showShortly


class ModelChooser:
    """Lets the user choose a model.

    Attributes:
        warnings: where the scan lies outside what the model that is shown has learned; empty where that is nowhere.
        isTuned: whether the model that is shown was sharpened to look right.

    Args:
        ui: the panel's widgets.
        onChosen: called with the path that the user chose.
    """

    def __init__(self, ui: Any, onChosen: Callable[[str], None]) -> None:
        self._ui, self._onChosen = ui, onChosen
        self.warnings = ""
        self.isTuned = False
        self._isShowing = False
        ui.modelPathLineEdit.currentPathChanged.connect(self._onPathChanged)

    def show(self, parameterNode: SliceProfileSRParameterNode, isVisible: bool) -> str:
        """Show the chosen model and what its card says of the selected scan, or hide all of it.

        Returns:
            Why it cannot be used, in one sentence; empty where it can, or is not to be shown.
        """
        ui = self._ui
        for widget in (ui.modelLabel, ui.modelPathLineEdit):
            widget.setVisible(isVisible)
        if ui.modelPathLineEdit.property("currentPath") != parameterNode.model:
            self._isShowing = True
            ui.modelPathLineEdit.setCurrentPath(parameterNode.model)
            self._isShowing = False
        described = describeModel(parameterNode.model) if isVisible else ModelDescription("")
        showShortly(ui.modelCardLabel, described.text, 3)
        self.isTuned = described.card is not None and described.card.features is not None
        self.warnings = ""
        if described.card and parameterNode.inputVolume:
            told = modelWarnings(
                described.card, parameterNode.inputVolume, parameterNode.profileTable, parameterNode.axis.value
            )
            self.warnings = "\n".join(told)
        showCut(ui.modelWarningsLabel, self.warnings or described.refusal, 3 * LINE)
        return described.refusal

    def _onPathChanged(self, path: str) -> None:
        if not self._isShowing:
            self._onChosen(path)
