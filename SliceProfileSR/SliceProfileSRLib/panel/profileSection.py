"""The section *Slice profile*: estimated, of a given shape, or from a table; its width in words and its chart."""

from __future__ import annotations

from typing import Any

from slicer.i18n import tr as _

from .. import views
from ..choices import EstimationMethod, ProfileSource
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
        for name in ("estimationMethod", "estimationPreset"):
            _setVisible(estimated, getattr(self.ui, f"{name}Label"), getattr(self.ui, f"{name}ComboBox"))
        _setVisible(estimated, self.ui.estimationDescriptionLabel, self.ui.estimateButton)
        shaped = not estimated and not table
        _setVisible(shaped, self.ui.profileWidthLabel, self.ui.profileWidthSpinBox, self.ui.makeProfileButton)
        self.ui.profileTableSelector.enabled = table  # of the other sources, it shows which is the scan's own
        method, preset = parameterNode.estimationMethod, parameterNode.estimationPreset
        matched = method is EstimationMethod.ESPRESO
        self.ui.estimationPresetComboBox.enabled = matched
        described = [method.description(), preset.description() if matched else ""]
        self.ui.estimationDescriptionLabel.text = " ".join(text for text in described if text)
        self.controls.update(parameterNode.inputVolume, problem, _("Estimate the slice profile from the scan itself"))
        self.ui.makeProfileButton.enabled = not problem
        self.ui.makeProfileButton.toolTip = problem or _("Make a profile table of this shape and width")
        self._showProfile(parameterNode.profileTable)

    def release(self) -> None:
        """Let go of the run that is shown before it goes."""
        self.controls.release()

    def _showProfile(self, tableNode: Any) -> None:
        text, warnings = _("No profile yet: super-resolution will make one."), ""
        if tableNode is not None:
            try:
                facts = profileFacts(tableNode)
                text = facts.text
                sentences = [sentence(warning) for warning in facts.warnings.split(" | ") if warning]
                told = self.panel.scanSection.description.text
                warnings = "\n".join(warning for warning in sentences if warning not in told)
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
            method=parameterNode.estimationMethod.value,
            preset=parameterNode.estimationPreset.value,
            onFinished=self.onEstimated,
            **self.panel.computeSettings(),
        )

    def onEstimated(self, job: Job) -> None:
        """Open the profile's chart, if the user still looks at that scan."""
        parameterNode = self.panel.parameterNode or self.panel.logic.getParameterNode()
        if job.result is not None and parameterNode.inputVolume is job.task.volumeNode:
            if parameterNode.profileSource is ProfileSource.ESTIMATED:
                parameterNode.profileTable = job.result
            if self.panel.parameterNode:  # the user looks at the panel
                self._showChart(job.result)
        self.panel.update()

    def makeProfile(self) -> Any:
        """Make the table of the chosen shape, and select it."""
        parameterNode = self.panel.parameterNode
        parameterNode.profileTable = self.panel.logic.makeProfile(
            parameterNode.inputVolume,
            parameterNode.profileSource.value,
            parameterNode.profileWidth,
            axis=parameterNode.axis.value,
        )
        return parameterNode.profileTable

    def onMakeProfile(self, checked: bool = False) -> None:
        """Make a table of the chosen shape, and show it."""
        self._showChart(self.makeProfile())
        self.panel.update()

    def onShowChart(self, checked: bool = False) -> None:
        """Open the chart of the selected profile."""
        self._showChart(self.panel.parameterNode.profileTable)

    def _showChart(self, tableNode: Any) -> None:
        try:
            views.showChart(updateChart(tableNode, self.panel.parameterNode.keepProfiles))
        except ValueError as error:
            self.ui.profileLabel.text = sentence(str(error))


def _setVisible(visible: bool, *widgets: Any) -> None:
    for widget in widgets:
        widget.visible = visible
