"""The section *Check*: resolution of any volume, residual and uncertainty of a result, a table of the numbers."""

from __future__ import annotations

from typing import Any

from slicer.i18n import tr as _

from .. import resultVolumes, views
from ..jobs import Job
from ..measurements import measurementsTable, measurementText
from .runControls import RunControls


class CheckSection:
    """Measures resolution and shows what is left to explain."""

    def __init__(self, ui: Any, panel: Any) -> None:
        self.ui = ui
        self.panel = panel
        self.controls = RunControls(ui, "measure", self.onMeasure)
        ui.showResidualButton.clicked.connect(self.onShowResidual)
        ui.showUncertaintyButton.clicked.connect(self.onShowUncertainty)
        self._table: Any = None

    def update(self, parameterNode: Any) -> None:
        """Show the table, and what can be done with the selected volume."""
        volumeNode = parameterNode.measuredVolume
        self.controls.update(
            volumeNode,
            "" if volumeNode else _("Select a volume."),
            _("Measure how much worse one axis of this volume is than the two others"),
        )
        text = measurementText(volumeNode) if volumeNode else ""
        self.ui.measurementLabel.text = text
        self.ui.measurementLabel.visible = bool(text)
        hasResidual = bool(
            volumeNode and resultVolumes.residualOfResult(volumeNode) and resultVolumes.scanOfResult(volumeNode)
        )
        self.ui.showResidualButton.enabled = hasResidual
        self.ui.showResidualButton.toolTip = (
            _("Show the scan minus the degraded result below the scan")
            if hasResidual
            else _("Select a volume that was super-resolved here: only that has a residual.")
        )
        hasUncertainty = bool(volumeNode and resultVolumes.uncertaintyOfResult(volumeNode))
        self.ui.showUncertaintyButton.enabled = hasUncertainty
        self.ui.showUncertaintyButton.toolTip = (
            _("Show, below the result, how far it may be off: the redder, the less is certain")
            if hasUncertainty
            else _("Select a volume that was super-resolved by SMORE with an uncertainty map.")
        )
        self._showTable(measurementsTable())

    def release(self) -> None:
        """Let go of the run and the table that are shown before they go."""
        self.controls.release()
        self._showTable(None)

    def _showTable(self, tableNode: Any) -> None:
        if tableNode is not self._table:
            self.ui.measurementsTableView.setMRMLTableNode(tableNode)
            self._table = tableNode
        if tableNode is not None:
            self.ui.measurementsTableView.resizeColumnsToContents()
        self.ui.measurementsTableView.visible = tableNode is not None

    def onMeasure(self) -> None:
        """Measure the selected volume."""
        parameterNode = self.panel.parameterNode
        settings = self.panel.computeSettings()
        if parameterNode.measuredVolume is not parameterNode.inputVolume:
            settings.update(axis="auto", acquiredResolution="")  # these were told of the scan
        self.panel.logic.startMeasurement(parameterNode.measuredVolume, onFinished=self.onMeasured, **settings)

    def onMeasured(self, job: Job) -> None:
        """Show the new row."""
        self.panel.update()

    def onShowResidual(self, checked: bool = False) -> None:
        """The scan above the residual, in linked views."""
        volumeNode = self.panel.parameterNode.measuredVolume
        views.showComparison(resultVolumes.scanOfResult(volumeNode), resultVolumes.residualOfResult(volumeNode))

    def onShowUncertainty(self, checked: bool = False) -> None:
        """The result above its uncertainty, in linked views."""
        volumeNode = self.panel.parameterNode.measuredVolume
        views.showComparison(volumeNode, resultVolumes.uncertaintyOfResult(volumeNode))
