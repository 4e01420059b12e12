"""The section *Check*: resolution of any volume, residual and uncertainty of a result, a table of the numbers."""

from __future__ import annotations

from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from .. import resultVolumes
from ..measurements import follow, measurementsTable, measurementText
from ..operations import Operations
from ..parameterNode import ParameterAccess, SliceProfileSRParameterNode
from ..views import Views
from .runControls import RunControls
from .shortText import LINE, showCut
from .showButton import ShowButton

#: Of the table's column of names, at most, in pixels.
NAME_WIDTH = 160


class CheckSection:
    """Measures resolution and shows what is left to explain.

    Args:
        ui: the panel's widgets.
        parameters: what the user chose.
        logic: what measures.
        views: where residual and uncertainty are shown.
    """

    def __init__(self, ui: Any, parameters: ParameterAccess, logic: Operations, views: Views) -> None:
        self._ui, self._parameters, self._logic, self._views = ui, parameters, logic, views
        self._controls = RunControls(ui, "measure", logic.jobs, self.onMeasure)
        self._table: slicer.vtkMRMLTableNode | None = None
        ui.measurementsTableView.setTextElideMode(qt.Qt.ElideMiddle)
        self._residualButton = ShowButton(ui.showResidualButton, views, self.onShowResidual)
        self._uncertaintyButton = ShowButton(ui.showUncertaintyButton, views, self.onShowUncertainty)

    def update(self, parameterNode: SliceProfileSRParameterNode) -> None:
        """Show the table, and what can be done with the selected volume."""
        volumeNode = parameterNode.measuredVolume
        self._controls.update(
            volumeNode,
            "" if volumeNode else _("Select a volume."),
            _("Measure how much worse one axis of this volume is than the two others"),
        )
        showCut(self._ui.measurementLabel, measurementText(volumeNode) if volumeNode else "", 2 * LINE)
        residual = resultVolumes.residualOfResult(volumeNode) if volumeNode else None
        self._residualButton.update(
            residual,
            residual and resultVolumes.scanOfResult(volumeNode),
            _("Show the scan minus the degraded result below the scan"),
            _("Select a volume that was super-resolved here: only that has a residual."),
        )
        uncertainty = resultVolumes.uncertaintyOfResult(volumeNode) if volumeNode else None
        self._uncertaintyButton.update(
            uncertainty,
            uncertainty,
            _("Show, below the result, how far it may be off: the redder, the less is certain"),
            _("Select a volume that was super-resolved with an uncertainty map."),
        )
        tableNode = measurementsTable()
        if tableNode is not None:
            follow(tableNode)
        self._showTable(tableNode)

    def release(self) -> None:
        """Let go of the volume and the table that are shown before they go."""
        self._controls.release()
        self._showTable(None)

    def onMeasure(self) -> None:
        """Measure the selected volume."""
        node, settings = self._parameters.node, self._parameters.computing()
        if node.measuredVolume is not node.inputVolume:
            settings.update(axis="auto", acquiredResolution="")  # these were told of the scan
        self._logic.startMeasurement(node.measuredVolume, **settings)

    def onShowResidual(self) -> None:
        """The scan above the residual, in linked views."""
        volumeNode = self._parameters.node.measuredVolume
        self._views.compare(resultVolumes.scanOfResult(volumeNode), resultVolumes.residualOfResult(volumeNode))

    def onShowUncertainty(self) -> None:
        """The result above its uncertainty, in linked views."""
        volumeNode = self._parameters.node.measuredVolume
        self._views.compare(volumeNode, resultVolumes.uncertaintyOfResult(volumeNode))

    def _showTable(self, tableNode: slicer.vtkMRMLTableNode | None) -> None:
        view = self._ui.measurementsTableView
        if tableNode is not self._table:
            view.setMRMLTableNode(tableNode)
            self._table = tableNode
        if tableNode is not None:
            view.resizeColumnsToContents()
            view.setColumnWidth(0, min(view.columnWidth(0), NAME_WIDTH))
        view.setVisible(tableNode is not None)
