"""The panel: its sections, kept up to date with the scene, the user's choices and the jobs."""

from __future__ import annotations

from typing import Any

import slicer
import vtk
from slicer.util import VTKObservationMixin

from ..choices import ProfileSource
from ..operations import Operations
from ..parameterNode import ParameterAccess, SliceProfileSRParameterNode
from ..views import Views
from .checkSection import CheckSection
from .profileSection import ProfileSection
from .scanSection import ScanSection
from .superResolutionSection import SuperResolutionSection


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
        self._guiTag: Any = None
        self._watched: list[tuple[slicer.vtkMRMLScalarVolumeNode, int]] = []  # the mixin would keep it in memory
        self._lastScanID: str | None = None
        self._lastSource: ProfileSource | None = None
        self._isUpdating = False
        logic.jobs.listen(self.update)

    def show(self, parameterNode: SliceProfileSRParameterNode) -> None:
        """Show a parameter node, and what it names, until :meth:`hide`."""
        self.hide()
        self.parameters.shown = parameterNode
        self._guiTag = parameterNode.connectGui(self._ui)
        self.addObserver(parameterNode, vtk.vtkCommand.ModifiedEvent, self.update)
        self.addObserver(slicer.mrmlScene, slicer.vtkMRMLScene.NodeRemovedEvent, self.update)
        self.update()

    def hide(self) -> None:
        """Show nothing, and hold no node, while the user is elsewhere."""
        if self.parameters.shown:
            self.parameters.shown.disconnectGui(self._guiTag)
        self.removeObservers()
        self._watch(None)
        self.parameters.shown = None
        for section in (self._profileSection, self._superResolutionSection, self._checkSection):
            section.release()

    def forget(self) -> None:
        """Show nothing, and know of no node, as the scene closes."""
        self.hide()
        self._lastScanID = None

    def close(self) -> None:
        """Show nothing any more."""
        self.forget()
        self._logic.jobs.unlisten(self.update)

    def update(self, caller: Any = None, event: Any = None) -> None:
        """Bring every section up to date, unless the scene is being closed or loaded, which ends with an update."""
        node = self.parameters.shown
        if node is None or self._isUpdating or slicer.mrmlScene.IsClosing() or slicer.mrmlScene.IsImporting():
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
        finally:
            self._isUpdating = False

    def _follow(self, parameterNode: SliceProfileSRParameterNode) -> None:
        """Watch the selected scan's voxels; another scan or source brings its own profile along."""
        scan, source = parameterNode.inputVolume, parameterNode.profileSource
        scanID = scan.GetID() if scan else None
        self._watch(scan)
        if scanID != self._lastScanID:
            self._scanSection.bringAlong(parameterNode)
        elif source is not self._lastSource or parameterNode.profileTable is None:
            self._scanSection.bringProfile(parameterNode)
        self._lastScanID, self._lastSource = scanID, source

    def _watch(self, scan: slicer.vtkMRMLScalarVolumeNode | None) -> None:
        """Follow the voxels of the selected scan, and of no other."""
        if self._watched and self._watched[0][0] is scan:
            return
        for node, tag in self._watched:
            node.RemoveObserver(tag)
        events = (vtk.vtkCommand.ModifiedEvent, slicer.vtkMRMLVolumeNode.ImageDataModifiedEvent)
        self._watched = [(scan, scan.AddObserver(event, self.update)) for event in events] if scan else []
