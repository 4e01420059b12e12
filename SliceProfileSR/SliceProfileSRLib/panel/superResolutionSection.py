"""The section *Super-resolution*: method, output, and the comparison of scan and result."""

from __future__ import annotations

from typing import Any

from slicer.i18n import tr as _

from .. import resultVolumes, views
from ..choices import ProfileSource, SuperResolutionMethod
from ..jobs import Job
from ..profileTable import profileOfScan
from ..scanDescription import sentence
from .runControls import RunControls


class SuperResolutionSection:
    """Super-resolves the selected scan with the selected profile."""

    def __init__(self, ui: Any, panel: Any) -> None:
        self.ui = ui
        self.panel = panel
        self.controls = RunControls(ui, "superResolve", self.onSuperResolve)
        ui.compareButton.clicked.connect(self.onCompare)

    def update(self, parameterNode: Any, problem: str) -> None:
        """Show what the method needs, and what became of it."""
        learned = parameterNode.method is SuperResolutionMethod.SMORE
        self.ui.presetComboBox.enabled = self.ui.uncertaintyCheckBox.enabled = learned
        described = [parameterNode.method.description(), parameterNode.preset.description() if learned else ""]
        self.ui.methodDescriptionLabel.text = " ".join(text for text in described if text)
        if not problem and parameterNode.profileSource is ProfileSource.TABLE and parameterNode.profileTable is None:
            problem = _("Select the table of the slice profile.")
        self.controls.update(
            parameterNode.inputVolume, problem, _("Bring the scan to thin planes through its field of view")
        )
        result = parameterNode.outputVolume
        residual = result and resultVolumes.dataConsistencyRmse(result)
        self.ui.resultLabel.text = "" if residual is None else self._described(result, residual)
        self.ui.resultLabel.visible = residual is not None
        scan = parameterNode.inputVolume
        self.ui.compareButton.enabled = bool(scan and result and resultVolumes.scanOfResult(result) is scan)

    def _described(self, result: Any, residual: float) -> str:
        """How well a result explains the scan, and what to know that the other sections do not tell."""
        told = self.ui.scanDescriptionLabel.text + self.ui.profileWarningsLabel.text
        line = _("Sampled again like the scan, the result differs from it by {residual} times the scan's noise.")
        sentences = [sentence(warning) for warning in resultVolumes.warningsOfResult(result)]
        return "\n".join([line.format(residual=f"{residual:.2f}"), *(text for text in sentences if text not in told)])

    def release(self) -> None:
        """Let go of the run that is shown before it goes."""
        self.controls.release()

    def onSuperResolve(self) -> None:
        """Run on the selected scan."""
        parameterNode = self.panel.parameterNode
        self.panel.logic.startSuperResolution(
            parameterNode.inputVolume,
            self._profile(parameterNode),
            parameterNode.outputVolume,
            method=parameterNode.method.value,
            preset=parameterNode.preset.value,
            outputSpacing=parameterNode.outputSpacing,
            uncertainty=parameterNode.uncertainty and parameterNode.method is SuperResolutionMethod.SMORE,
            onFinished=self.onSuperResolved,
            **self.panel.computeSettings(),
        )

    def _profile(self, parameterNode: Any) -> Any:
        """The selected profile; None, so that one is estimated, where the scan has no estimate yet."""
        source = parameterNode.profileSource
        if source is ProfileSource.TABLE:
            return parameterNode.profileTable
        if source is ProfileSource.ESTIMATED:
            return profileOfScan(parameterNode.inputVolume)
        return self.panel.profileSection.makeProfile()

    def onSuperResolved(self, job: Job) -> None:
        """Select and show the result, if the user still looks at that scan."""
        parameterNode = self.panel.parameterNode or self.panel.logic.getParameterNode()
        if job.result is not None and parameterNode.inputVolume is job.task.volumeNode:
            parameterNode.outputVolume = job.result
            parameterNode.measuredVolume = job.result
            if job.task.estimates and parameterNode.profileSource is ProfileSource.ESTIMATED:
                parameterNode.profileTable = job.task.profileNode
            if self.panel.parameterNode:  # the user looks at the panel
                self.onCompare()
        self.panel.update()

    def onCompare(self, checked: bool = False) -> None:
        """Scan above result, in linked views."""
        views.showComparison(self.panel.parameterNode.inputVolume, self.panel.parameterNode.outputVolume)
