"""The section *Super-resolution*: method, output, and the comparison of scan and result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer
from slicer.i18n import tr as _

from .. import resultVolumes
from ..choices import ProfileSource
from ..jobs import Job
from ..methodChoices import AUTO, MODEL, superResolutionChoices
from ..operations import Operations
from ..parameterNode import ParameterAccess, SliceProfileSRParameterNode
from ..profileTable import profileOfScan
from ..sentences import sentence
from ..views import Views
from .methodBoxes import MethodBoxes
from .modelChooser import ModelChooser
from .runControls import RunControls
from .shortText import showShortly
from .showButton import ShowButton


class SuperResolutionSection:
    """Super-resolves the selected scan with the selected profile.

    Args:
        ui: the panel's widgets.
        parameters: what the user chose.
        logic: what super-resolves.
        views: where scan and result are compared.
        makeProfile: makes the profile of the chosen shape and width.
    """

    def __init__(
        self,
        ui: Any,
        parameters: ParameterAccess,
        logic: Operations,
        views: Views,
        makeProfile: Callable[[], slicer.vtkMRMLTableNode],
    ) -> None:
        self._ui, self._parameters, self._logic, self._views = ui, parameters, logic, views
        self._makeProfile = makeProfile
        self._choices = superResolutionChoices()
        self._boxes = MethodBoxes(ui, "method", "preset", self._choices, self._onMethodChosen)
        self._modelChooser = ModelChooser(ui, self._onModelChosen)
        self._controls = RunControls(ui, "superResolve", logic.jobs, self.onSuperResolve)
        self._compareButton = ShowButton(ui.compareButton, views, self.onCompare)

    def update(self, parameterNode: SliceProfileSRParameterNode, refusal: str, told: str) -> None:
        """Show what the method needs, and what became of it.

        Args:
            parameterNode: what the user chose.
            refusal: why the scan cannot be used; empty where it can.
            told: what the other sections say, which is not repeated.
        """
        self._boxes.show(parameterNode.method, parameterNode.preset)
        method = self._choices.method(parameterNode.method)
        self._ui.methodComboBox.setToolTip(self._choices.description(method, parameterNode.preset))
        if not refusal and parameterNode.profileSource is ProfileSource.TABLE and parameterNode.profileTable is None:
            refusal = _("Select the table of the slice profile.")
        modelRefusal = self._modelChooser.show(parameterNode, method == MODEL)
        self._ui.uncertaintyCheckBox.setEnabled(self._choices.tellsUncertainty(method))
        self._ui.uncertaintyCheckBox.setToolTip(self._aboutUncertainty(method))
        refusal = refusal or modelRefusal
        self._controls.update(
            parameterNode.inputVolume, refusal, _("Bring the scan to thin planes through its field of view")
        )
        scan, result = parameterNode.inputVolume, parameterNode.outputVolume
        text = _described(result, told + self._modelChooser.warnings) if result else ""
        showShortly(self._ui.resultLabel, text, 2 if result and resultVolumes.choiceOfResult(result) else 1)
        self._compareButton.update(
            result,
            scan and result and resultVolumes.scanOfResult(result) is scan,
            _("Show the scan above the result in linked slice views"),
            _("Super-resolve the scan first."),
        )

    def release(self) -> None:
        """Let go of the scan before it goes."""
        self._controls.release()

    def onSuperResolve(self) -> None:
        """Run on the selected scan."""
        node = self._parameters.node
        method = self._choices.method(node.method)
        preset = self._choices.preset(method, node.preset)
        chosen: dict[str, Any] = {"model": node.model} if method == MODEL else {"method": method}
        if preset:
            chosen["preset"] = preset
        self._logic.startSuperResolution(
            node.inputVolume,
            self._profile(node),
            node.outputVolume,
            outputSpacing=node.outputSpacing,
            uncertainty=node.uncertainty and self._choices.tellsUncertainty(method),
            prior=node.prior.value,
            onFinished=self.onSuperResolved,
            **chosen,
            **self._parameters.computing(),
        )

    def onSuperResolved(self, job: Job) -> None:
        """Select and show the result, if the user still looks at that scan."""
        node = self._parameters.node
        if job.result is None or node.inputVolume is None or node.inputVolume.GetID() != job.volumeID:
            return
        node.outputVolume = node.measuredVolume = job.result
        if self._parameters.shown:
            self.onCompare()

    def onCompare(self) -> None:
        """Scan above result, in linked views and the same window and level."""
        scan, result = self._parameters.node.inputVolume, self._parameters.node.outputVolume
        resultVolumes.displayLike(result, scan)
        self._views.compare(scan, result)

    def _aboutUncertainty(self, method: str) -> str:
        """What the map of uncertainty is, or why there can be none."""
        if method == AUTO:
            return _(
                "Also map how far the result may be off at every voxel; the run then takes longer, and many minutes "
                "for a scan such as was not learned ahead"
            )
        if self._choices.tellsUncertainty(method):
            return _(
                "Also map how far the result may be off at every voxel; the run then takes longer, up to three times"
            )
        if self._modelChooser.isTuned:
            return _("This model's results are sharpened to look right, and no map can tell where detail is invented.")
        return _("This method cannot tell how far its result may be off.")

    def _onMethodChosen(self, method: str, preset: str) -> None:
        node = self._parameters.shown
        if node:
            node.method = method
            node.preset = preset or node.preset

    def _onModelChosen(self, path: str) -> None:
        node = self._parameters.shown
        if node:
            node.model = path

    def _profile(self, parameterNode: SliceProfileSRParameterNode) -> slicer.vtkMRMLTableNode | None:
        """The selected profile; None, so that one is estimated, where the scan has no estimate yet."""
        source = parameterNode.profileSource
        if source is ProfileSource.TABLE:
            return parameterNode.profileTable
        if source is ProfileSource.ESTIMATED:
            return profileOfScan(parameterNode.inputVolume)
        return self._makeProfile()


def _described(result: slicer.vtkMRMLScalarVolumeNode, told: str) -> str:
    """What made a result, how well it explains the scan, and what to know that is not told yet; empty for others."""
    residual = resultVolumes.dataConsistencyRmse(result)
    if residual is None:
        return ""
    line = _("Sampled like the scan, it differs by {residual} times the scan's noise.")
    choice = sentence(resultVolumes.choiceOfResult(result))
    sentences = [sentence(warning) for warning in resultVolumes.warningsOfResult(result)]
    news = [text for text in sentences if text not in told and text != choice]
    return "\n".join([*([choice] if choice else []), line.format(residual=f"{residual:.2f}"), *news])
