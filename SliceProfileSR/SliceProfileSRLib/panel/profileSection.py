"""The section *Slice profile*: estimated, of a given shape, or from a table; its width in words and its chart."""

from __future__ import annotations

from typing import Any

from slicer.i18n import tr as _

from .. import views
from ..choices import ProfileSource
from ..jobs import Job
from ..profileChart import updateChart
from ..profileTable import profileFacts
from ..scanDescription import sentence
from .runControls import RunControls


class ProfileSection:
    """Makes the slice profile that super-resolution uses."""

    def __init__(self, ui: Any, panel: Any) -> None:
        self.ui = ui
        self.panel = panel
        self.controls = RunControls(ui, "estimate", self.onEstimate)
        ui.makeProfileButton.clicked.connect(self.onMakeProfile)
        ui.showChartButton.clicked.connect(self.onShowChart)

    def update(self, parameterNode: Any, problem: str) -> None:
        """Show the rows that the chosen source needs, and the profile."""
        source = parameterNode.profileSource
        estimated, table = source is ProfileSource.ESTIMATED, source is ProfileSource.TABLE
        _setVisible(
            estimated,
            *(getattr(self.ui, name) for name in ("estimationMethodLabel", "estimationMethodComboBox")),
            *(getattr(self.ui, name) for name in ("estimationPresetLabel", "estimationPresetComboBox")),
            *(getattr(self.ui, name) for name in ("estimationDescriptionLabel", "estimateButton")),
            self.ui.estimateCancelButton,
        )
        _setVisible(not estimated and not table, self.ui.profileWidthLabel, self.ui.profileWidthSpinBox)
        _setVisible(not estimated and not table, self.ui.makeProfileButton)
        self.ui.estimationDescriptionLabel.text = parameterNode.estimationPreset.description()
        self.controls.update(parameterNode.inputVolume, problem, _("Estimate the slice profile from the scan itself"))
        self.ui.makeProfileButton.enabled = not problem
        self.ui.makeProfileButton.toolTip = problem or _("Make a profile table of this shape and width")
        self._showProfile(parameterNode.profileTable)

    def _showProfile(self, tableNode: Any) -> None:
        text, warnings = _("No profile yet: super-resolution will estimate one."), ""
        if tableNode is not None:
            try:
                facts = profileFacts(tableNode)
                text = facts.text
                warnings = "\n".join(sentence(warning) for warning in facts.warnings.split(" | ") if warning)
            except ValueError as error:
                text = sentence(str(error))
        self.ui.profileLabel.text = text
        self.ui.profileWarningsLabel.text = warnings
        self.ui.profileWarningsLabel.visible = bool(warnings)
        self.ui.showChartButton.enabled = tableNode is not None

    def onEstimate(self) -> None:
        """Estimate the profile of the selected scan, into its table where it has one."""
        parameterNode = self.panel.parameterNode
        self.panel.logic.startEstimation(
            parameterNode.inputVolume,
            parameterNode.profileTable if self._isOwn(parameterNode) else None,
            method=parameterNode.estimationMethod.value,
            preset=parameterNode.estimationPreset.value,
            onFinished=self.onEstimated,
            **self.panel.computeSettings(),
        )

    def _isOwn(self, parameterNode: Any) -> bool:
        """Whether the selected table is the scan's own, and may be written over."""
        from ..profileTable import profileOfScan

        tableNode = parameterNode.profileTable
        return tableNode is not None and tableNode is profileOfScan(parameterNode.inputVolume)

    def onEstimated(self, job: Job) -> None:
        """Select the profile and open its chart, if the user still looks at that scan."""
        parameterNode = self.panel.parameterNode
        if job.result is not None and parameterNode and parameterNode.inputVolume is job.task.volumeNode:
            parameterNode.profileTable = job.result
            self.onShowChart()
        self.panel.update()

    def onMakeProfile(self, checked: bool = False) -> None:
        """Make a table of the chosen shape."""
        parameterNode = self.panel.parameterNode
        parameterNode.profileTable = self.panel.logic.makeProfile(
            parameterNode.inputVolume,
            parameterNode.profileSource.value,
            parameterNode.profileWidth,
            parameterNode.profileTable if self._isOwn(parameterNode) else None,
        )
        self.onShowChart()
        self.panel.update()

    def onShowChart(self, checked: bool = False) -> None:
        """Open the chart beside the slices."""
        parameterNode = self.panel.parameterNode
        try:
            views.showChart(updateChart(parameterNode.profileTable, parameterNode.keepProfiles))
        except ValueError as error:
            self.ui.profileLabel.text = sentence(str(error))


def _setVisible(visible: bool, *widgets: Any) -> None:
    for widget in widgets:
        widget.visible = visible
