"""*Bring Back to Slices*, under *Check*: what was made or found on thin planes, as the scan's slices show it."""

from __future__ import annotations

from typing import Any

from slicer.i18n import tr as _

from .. import resultVolumes
from ..jobs import Job
from ..operations import Operations
from ..parameterNode import ParameterAccess, SliceProfileSRParameterNode
from ..views import Views
from .runControls import RunControls
from .shortText import showShortly


class BringingBackSection:
    """Brings the chosen node back to the slices of the selected scan, by the profile that the panel shows.

    Args:
        ui: the panel's widgets.
        parameters: what the user chose.
        logic: what brings it back.
        views: where an image is shown below the scan.
    """

    def __init__(self, ui: Any, parameters: ParameterAccess, logic: Operations, views: Views) -> None:
        self._ui, self._parameters, self._logic, self._views = ui, parameters, logic, views
        self._controls = RunControls(ui, "bringBack", logic.jobs, self.onBringBack)

    def update(self, parameterNode: SliceProfileSRParameterNode, refusal: str) -> None:
        """Show what can be done, and what the last run on the scan made of the volumes of labels or segments.

        Args:
            parameterNode: what the user chose.
            refusal: why the scan cannot be used; empty where it can.
        """
        scan, thinNode = parameterNode.inputVolume, parameterNode.thinNode
        if not refusal and thinNode is None:
            refusal = _("Select a volume, label map or segmentation on thin planes.")
        elif not refusal and thinNode is scan:
            refusal = _("Select what was made or found on thin planes, not the scan itself.")
        self._controls.update(scan, refusal, _("Show what the scan's slices would show of this"))
        job = self._logic.jobs.latest("bringBack", scan)
        result = job.result if job else None
        showShortly(self._ui.bringBackLabel, resultVolumes.volumesOfResult(result) if result else "")

    def release(self) -> None:
        """Let go of the scan before it goes."""
        self._controls.release()

    def onBringBack(self) -> None:
        """Run on the chosen node, into a new one of its kind."""
        node, settings = self._parameters.node, self._parameters.computing()
        self._logic.startBringingBack(
            node.thinNode,
            node.inputVolume,
            node.profileTable,
            onFinished=self.onBroughtBack,
            axis=settings["axis"],
            acquiredResolution=settings["acquiredResolution"],
        )

    def onBroughtBack(self, job: Job) -> None:
        """Show an image below the scan, if the user still looks at that; segmentations are shown as they come."""
        scan = self._parameters.node.inputVolume
        if job.result is None or scan is None or scan.GetID() != job.volumeID or not self._parameters.shown:
            return
        if job.result.GetClassName() == "vtkMRMLScalarVolumeNode":
            self._views.compare(scan, job.result)
