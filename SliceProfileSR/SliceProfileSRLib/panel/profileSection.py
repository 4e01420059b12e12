"""The section *Slice profile*: estimated, of a given shape, or from a table; its width in words and its chart."""

from __future__ import annotations

from typing import Any

import slicer
from slicer.i18n import tr as _

from ..choices import ProfileSource
from ..jobs import Job
from ..methodChoices import estimationChoices
from ..operations import Operations
from ..parameterNode import ParameterAccess, SliceProfileSRParameterNode
from ..profileChart import chart, updateChart
from ..profileTable import profileFacts
from ..scanDescription import ScanDescription
from ..sentences import sentence
from ..views import Views
from .methodBoxes import MethodBoxes
from .runControls import RunControls
from .shortText import showCut, showShortly
from .showButton import ShowButton


class ProfileSection:
    """Makes the slice profile that super-resolution uses.

    Attributes:
        warnings: what to know before trusting the profile that is shown; empty where that is nothing.

    Args:
        ui: the panel's widgets.
        parameters: what the user chose.
        logic: what estimates and makes profiles.
        views: where charts are shown.
    """

    def __init__(self, ui: Any, parameters: ParameterAccess, logic: Operations, views: Views) -> None:
        self.warnings = ""
        self._ui, self._parameters, self._logic, self._views = ui, parameters, logic, views
        self._choices = estimationChoices()
        self._boxes = MethodBoxes(ui, "estimationMethod", "estimationPreset", self._choices, self._onMethodChosen)
        self._controls = RunControls(ui, "estimate", logic.jobs, self.onEstimate)
        ui.makeProfileButton.clicked.connect(self.onMakeProfile)
        self._chartButton = ShowButton(ui.showChartButton, views, self.onShowChart)

    def update(self, parameterNode: SliceProfileSRParameterNode, description: ScanDescription) -> None:
        """Show the rows that the chosen source needs, and the profile."""
        ui, source, refusal = self._ui, parameterNode.profileSource, description.refusal
        isEstimated, isTable = source is ProfileSource.ESTIMATED, source is ProfileSource.TABLE
        ui.estimateButton.setVisible(isEstimated)
        for widget in (ui.profileWidthLabel, ui.profileWidthSpinBox, ui.makeProfileButton):
            widget.setVisible(not isEstimated and not isTable)
        for widget in (ui.profileTableLabel, ui.profileTableSelector):
            widget.setVisible(isTable)
        self._boxes.show(parameterNode.estimationMethod, parameterNode.estimationPreset, isEstimated)
        method = self._choices.method(parameterNode.estimationMethod)
        ui.estimationMethodComboBox.setToolTip(self._choices.description(method, parameterNode.estimationPreset))
        self._controls.update(parameterNode.inputVolume, refusal, _("Estimate the slice profile from the scan itself"))
        ui.makeProfileButton.setEnabled(not refusal)
        ui.makeProfileButton.setToolTip(refusal or _("Make a profile table of this shape and width"))
        self._showProfile(parameterNode.profileTable, description.text)

    def release(self) -> None:
        """Let go of the scan before it goes."""
        self._controls.release()

    def makeProfile(self) -> slicer.vtkMRMLTableNode:
        """Make the table of the chosen shape, and select it."""
        node = self._parameters.node
        node.profileTable = self._logic.makeProfile(
            node.inputVolume, node.profileSource.value, node.profileWidth, axis=node.axis.value
        )
        return node.profileTable

    def onEstimate(self) -> None:
        """Estimate the profile of the selected scan, into its table where it has one."""
        node = self._parameters.node
        method = self._choices.method(node.estimationMethod)
        preset = self._choices.preset(method, node.estimationPreset)
        self._logic.startEstimation(
            node.inputVolume,
            method=method,
            prior=node.prior.value,
            onFinished=self.onEstimated,
            **({"preset": preset} if preset else {}),
            **self._parameters.computing(),
        )

    def onEstimated(self, job: Job) -> None:
        """Open the profile's chart, if the user still looks at that scan."""
        node = self._parameters.node
        if job.result is None or node.inputVolume is None or node.inputVolume.GetID() != job.volumeID:
            return
        if node.profileSource is ProfileSource.ESTIMATED:
            node.profileTable = job.result
        if self._parameters.shown:
            self._showChart(job.result)

    def onMakeProfile(self, checked: bool = False) -> None:
        """Make a table of the chosen shape, and show it."""
        self._showChart(self.makeProfile())

    def onShowChart(self) -> None:
        """Open the chart of the selected profile."""
        self._showChart(self._parameters.node.profileTable)

    def _onMethodChosen(self, method: str, preset: str) -> None:
        node = self._parameters.shown
        if node:
            node.estimationMethod = method
            node.estimationPreset = preset or node.estimationPreset

    def _showProfile(self, tableNode: slicer.vtkMRMLTableNode | None, told: str) -> None:
        text, self.warnings = _("No profile yet: super-resolution will make one."), ""
        if tableNode is not None:
            try:
                facts = profileFacts(tableNode)
                text = facts.text
                sentences = [sentence(warning) for warning in facts.warnings.split(" | ") if warning]
                self.warnings = "\n".join(warning for warning in sentences if warning not in told)
            except ValueError as error:
                text = sentence(str(error))
        showShortly(self._ui.profileLabel, text)
        showCut(self._ui.profileWarningsLabel, self.warnings)
        self._chartButton.update(
            chart(),
            tableNode is not None,
            _("Open the chart of the profile beside the slices"),
            _("There is no profile yet to be drawn."),
        )

    def _showChart(self, tableNode: slicer.vtkMRMLTableNode) -> None:
        try:
            self._views.showChart(updateChart(tableNode, self._parameters.node.keepProfiles))
        except ValueError as error:
            showShortly(self._ui.profileLabel, sentence(str(error)))
