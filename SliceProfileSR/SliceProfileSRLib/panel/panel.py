"""The panel: its sections, kept up to date with the scene, the user's choices and the jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import slicer
import vtk
from slicer.util import VTKObservationMixin

from ..choices import ProfileSource
from ..measurements import measuredVolumes
from ..operations import Operations
from ..parameterNode import ParameterAccess, SliceProfileSRParameterNode
from ..trainingChoices import isTrainingKnown
from ..views import Views
from .bringingBackSection import BringingBackSection
from .checkSection import CheckSection
from .profileSection import ProfileSection
from .scanSection import ScanSection
from .superResolutionSection import SuperResolutionSection

if TYPE_CHECKING:
    from .trainingSection import TrainingSection


class Panel(VTKObservationMixin):
    """The sections of one panel on a scene.

    Args:
        ui: the panel's widgets.
        logic: what the sections do.
        views: where they show volumes and charts.
        parameters: what the user chose.
    """

    def __init__(self, ui: Any, logic: Operations, views: Views, parameters: ParameterAccess) -> None:
        VTKObservationMixin.__init__(self)
        self.parameters = parameters
        self._ui, self._logic = ui, logic
        self._scanSection = ScanSection(ui)
        self._profileSection = ProfileSection(ui, parameters, logic, views)
        self._superResolutionSection = SuperResolutionSection(
            ui, parameters, logic, views, self._profileSection.makeProfile
        )
        self._checkSection = CheckSection(ui, parameters, logic, views)
        self._bringingBackSection = BringingBackSection(ui, parameters, logic, views)
        self._trainingSection: TrainingSection | None = None
        ui.trainingCollapsibleButton.contentsCollapsed.connect(self._onTrainingCollapsed)
        self._guiTag: Any = None
        self._watched: list[tuple[slicer.vtkMRMLNode, int]] = []  # the mixin would keep them in memory
        self._lastScanID: str | None = None
        self._lastSource: ProfileSource | None = None
        self._isUpdating = False
        logic.jobs.listen(self.update)
        self._views = views
        views.listen(self.update)
        if isTrainingKnown():
            self._openTraining()

    def show(self, parameterNode: SliceProfileSRParameterNode) -> None:
        """Show a parameter node, and what it names, until :meth:`hide`."""
        self.hide()
        self.parameters.shown = parameterNode
        self._guiTag = parameterNode.connectGui(self._ui)
        self.addObserver(parameterNode, vtk.vtkCommand.ModifiedEvent, self.update)
        for event in (slicer.vtkMRMLScene.NodeAddedEvent, slicer.vtkMRMLScene.NodeRemovedEvent):
            self.addObserver(slicer.mrmlScene, event, self.update)
        self.addObserver(slicer.mrmlScene, slicer.vtkMRMLScene.EndBatchProcessEvent, self.update)
        self.update()

    def hide(self) -> None:
        """Show nothing, and hold no node, while the user is elsewhere."""
        if self.parameters.shown:
            self.parameters.shown.disconnectGui(self._guiTag)
        self.removeObservers()
        self._watch([])
        self.parameters.shown = None
        for section in (
            self._profileSection,
            self._superResolutionSection,
            self._checkSection,
            self._bringingBackSection,
        ):
            section.release()

    def forget(self) -> None:
        """Show nothing, and know of no node, as the scene closes."""
        self.hide()
        self._views.shownID = None  # IDs of nodes begin anew
        self._lastScanID = None

    def close(self) -> None:
        """Show nothing any more."""
        self.forget()
        if self._trainingSection:
            self._trainingSection.close()
        self._logic.jobs.unlisten(self.update)
        self._views.listen(lambda: None)

    def update(self, caller: Any = None, event: Any = None) -> None:
        """Bring every section up to date, but not while the scene is closed or read, which ends with an update."""
        node = self.parameters.shown
        if node is None or self._isUpdating or slicer.mrmlScene.IsBatchProcessing():
            return
        self._isUpdating = True  # what the sections select modifies the parameter node again
        try:
            self._follow(node)
            self._scanSection.update(node)
            description = self._scanSection.description
            self._profileSection.update(node, description)
            told = description.text + self._profileSection.warnings
            self._superResolutionSection.update(node, description.refusal, told)
            self._checkSection.update(node)
            self._bringingBackSection.update(node, description.refusal)
            if self._trainingSection:
                self._trainingSection.update()
        finally:
            self._isUpdating = False

    def _onTrainingCollapsed(self, isCollapsed: bool) -> None:
        """Make the section when it is first opened: few users train, and all others need nothing of it."""
        if not isCollapsed and self._trainingSection is None:
            self._openTraining()

    def _openTraining(self) -> None:
        """Make the section, and unfold it where a training goes on or ended without a word while Slicer was closed."""
        from .trainingSection import TrainingSection

        self._trainingSection = TrainingSection(self._ui, self.parameters, self._logic, self._views)
        if self._trainingSection.needsAttention:
            self._ui.trainingCollapsibleButton.setProperty("collapsed", False)

    def _follow(self, parameterNode: SliceProfileSRParameterNode) -> None:
        """Watch the selected scan's voxels; another scan or source brings its own profile along."""
        scan, source = parameterNode.inputVolume, parameterNode.profileSource
        scanID = scan.GetID() if scan else None
        self._watch([*([scan] if scan else []), *(node for node in measuredVolumes() if node is not scan)])
        if scanID != self._lastScanID:
            self._scanSection.bringAlong(parameterNode)
        elif source is not self._lastSource or parameterNode.profileTable is None:
            self._scanSection.bringProfile(parameterNode)
        self._lastScanID, self._lastSource = scanID, source

    def _watch(self, volumes: list[slicer.vtkMRMLScalarVolumeNode]) -> None:
        """Follow the voxels and names of the selected scan and of what was measured, and of no others."""
        if [node for node, _tag in self._watched[::3]] == volumes:
            return
        for node, tag in self._watched:
            node.RemoveObserver(tag)
        events = (
            vtk.vtkCommand.ModifiedEvent,
            slicer.vtkMRMLVolumeNode.ImageDataModifiedEvent,
            slicer.vtkMRMLTransformableNode.TransformModifiedEvent,
        )
        self._watched = [(node, node.AddObserver(event, self.update)) for node in volumes for event in events]
