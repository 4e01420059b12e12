"""Slicer's processing: the jobs of CLI modules run in the application logic's thread, their results come back here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer
import vtk
from PySide6.QtCore import QObject, QTimer

_Node = slicer.vtkMRMLCommandLineModuleNode
_INTERVAL = 20  # ms between looks at what the thread has left for the main thread; Slicer looks 5 times a second
_DRAINED = 20
_FILES = ("image", "geometry", "transform", "table", "measurement", "pointfile")


class Processing(QObject):
    """Carries what the processing thread reports into the scene, as the application's timers do.

    Where Slicer would crash, because a node that a finished job writes to is gone, the node is put back for as long as
    the result is read, and the violation is reported.

    Args:
        app_logic: the application's logic.
        scene: the scene.
        violate: called with a sentence for what would crash Slicer.
    """

    def __init__(self, app_logic: Any, scene: Any, violate: Callable[[str], None]) -> None:
        super().__init__()
        self._app_logic, self._scene, self._violate = app_logic, scene, violate
        self._jobs: list[Any] = []
        self._removed: dict[str, Any] = {}
        self._tags = [
            scene.AddObserver(scene.NodeAddedEvent, self._on_added),
            scene.AddObserver(scene.NodeAboutToBeRemovedEvent, self._on_removed),
        ]
        self._timer = QTimer()
        self._timer.setInterval(_INTERVAL)
        self._timer.timeout.connect(self.process)
        app_logic.CreateProcessingThread()
        self._timer.start()

    def process(self) -> None:
        """Send the events and read the results that wait."""
        self._app_logic.ProcessModified()
        if self._app_logic.GetReadDataQueueSize():
            returned = self._return_missing()
            self._app_logic.ProcessReadData()
            for node in returned:
                self._scene.RemoveNode(node)
        self._app_logic.ProcessWriteData()

    def drain(self) -> None:
        """Send all events that wait, not one as the timer does: there are at most a few for each of a job's states."""
        for _ in range(_DRAINED):
            self.process()

    def busy_jobs(self) -> list[Any]:
        """The nodes of the jobs that have not ended."""
        return [node for node in self._jobs if node.IsBusy()]

    def close(self) -> None:
        """End the thread; a job that still runs must have been killed before."""
        self._timer.stop()
        self._app_logic.TerminateProcessingThread()
        for tag in self._tags:
            self._scene.RemoveObserver(tag)
        self._jobs.clear()
        self._removed.clear()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_added(self, _scene: Any, _event: str, node: Any) -> None:
        self._removed.pop(node.GetID(), None)
        if node.IsA("vtkMRMLCommandLineModuleNode") and node not in self._jobs:
            self._jobs.append(node)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_removed(self, _scene: Any, _event: str, node: Any) -> None:
        if self.busy_jobs():
            self._removed[node.GetID()] = node
        elif node in self._jobs:
            self._jobs.remove(node)

    def _return_missing(self) -> list[Any]:
        returned = []
        for job in self._jobs:
            if job.GetStatus() != _Node.Completing:
                continue
            for node_id in _written_nodes(job):
                if self._scene.GetNodeByID(node_id) is None and node_id in self._removed:
                    self._violate(
                        f"Slicer crashes: {job.GetModuleTitle()} has a result for {node_id}, which was removed"
                    )
                    returned.append(self._scene.AddNode(self._removed[node_id]))
        return returned


def _written_nodes(job: Any) -> list[str]:
    """The IDs of the nodes that a job's results are read into: its outputs, and itself for its return values."""
    found = [job.GetID()] if _returns_values(job) else []
    for group, index in _parameters(job):
        if job.GetParameterChannel(group, index) == "output" and job.GetParameterTag(group, index) in _FILES:
            node_id = job.GetParameterValue(group, index)
            if node_id:
                found.append(node_id)
    return found


def _returns_values(job: Any) -> bool:
    return any(
        job.GetParameterChannel(group, index) == "output" and job.GetParameterTag(group, index) not in _FILES
        for group, index in _parameters(job)
    )


def _parameters(job: Any) -> list[tuple[int, int]]:
    groups = range(job.GetNumberOfParameterGroups())
    return [(group, index) for group in groups for index in range(job.GetNumberOfParametersInGroup(group))]
