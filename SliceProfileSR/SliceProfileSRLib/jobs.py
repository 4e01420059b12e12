"""Running a task's CLI module: waiting for it, or in the background while the user goes on.

A run in the background is a CLI node in the scene that knows its kind and its volume; so every panel on the scene finds
it there, and needs no list of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer
import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from . import dependencies
from .scanDescription import sentence
from .tasks import Task

KIND, VOLUME = "SliceProfileSR.kind", "SliceProfileSR.volume"

CLINode = slicer.vtkMRMLCommandLineModuleNode


def run(task: Task) -> Any:
    """Run a task and wait for its result.

    Raises:
        ValueError: the input cannot be used or something is missing, in one sentence.
    """
    cliModule = prepare(task)
    try:
        cliNode = slicer.cli.runSync(cliModule, None, task.parameters(), update_display=False)
        try:
            if cliNode.GetStatus() != CLINode.Completed:
                raise ValueError(errorSentence(cliNode) or _("The run was cancelled."))
            return task.finish(cliNode)
        finally:
            slicer.mrmlScene.RemoveNode(cliNode)
    except ValueError:
        task.discard()
        raise


def prepare(task: Task) -> Any:
    """The CLI module of a task that can be done, once all that it needs is there.

    Raises:
        ValueError: the input cannot be used, or something is missing; tells how to get it.
    """
    task.check()
    cliModule = getattr(slicer.modules, task.cliModuleName, None)
    if cliModule is None:
        raise ValueError(
            _("The CLI module {name} was not loaded: add the folder SuperResolve to the module paths.").format(
                name=task.cliModuleName
            )
        )
    dependencies.ensure(torch=task.needsTorch)
    return cliModule


class Job(VTKObservationMixin):
    """A task that runs in the background. It ends early when one of its nodes leaves the scene, or the scene closes.

    Attributes:
        cliNode: the run in the scene.
        result: what the task made; None until then.
    """

    def __init__(self, task: Task, onFinished: Callable[[Job], None] | None = None) -> None:
        """Start it.

        Args:
            task: what to do.
            onFinished: called with the job when it has ended, however that was.

        Raises:
            ValueError: the input cannot be used or something is missing, in one sentence.
        """
        VTKObservationMixin.__init__(self)
        self.task = task
        self.onFinished = onFinished
        self.result: Any = None
        cliModule = prepare(task)
        forget(task.kind, task.volumeNode)
        parameters = task.parameters()
        self.cliNode = slicer.cli.createNode(cliModule, parameters)
        self.cliNode.SetSaveWithScene(False)
        self.cliNode.SetAttribute(KIND, task.kind)
        self.cliNode.SetNodeReferenceID(VOLUME, task.volumeNode.GetID())
        self.nodeIDs = {value for value in parameters.values() if isinstance(value, str)} | {self.cliNode.GetID()}
        scene = slicer.mrmlScene
        self.addObserver(self.cliNode, vtk.vtkCommand.ModifiedEvent, self.onModified)
        self.addObserver(scene, slicer.vtkMRMLScene.NodeAboutToBeRemovedEvent, self.onNodeAboutToBeRemoved)
        self.addObserver(scene, slicer.vtkMRMLScene.StartCloseEvent, self.cancel)
        slicer.cli.run(cliModule, self.cliNode, update_display=False)

    @property
    def isBusy(self) -> bool:
        """Whether it waits or runs."""
        return self.cliNode.IsBusy()

    def cancel(self, caller: Any = None, event: Any = None) -> None:
        """End it; its outputs stay as they were."""
        self.cliNode.Cancel()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def onNodeAboutToBeRemoved(self, caller: Any, event: Any, node: slicer.vtkMRMLNode) -> None:
        """Nobody reads outputs into a node that is gone."""
        if node.GetID() in self.nodeIDs:
            self.cancel()

    def onModified(self, caller: Any = None, event: Any = None) -> None:
        """Finish once the run has ended."""
        if self.isBusy or self.cliNode.GetStatus() == CLINode.Idle:
            return
        self.removeObservers()
        if self.cliNode.GetStatus() == CLINode.Completed:
            try:
                self.result = self.task.finish(self.cliNode)
            except ValueError as error:
                self.cliNode.SetErrorText(f"error: {error}", False)
        if self.result is None:
            self.task.discard()
        if self.onFinished:
            self.onFinished(self)


def runOf(kind: str, volumeNode: slicer.vtkMRMLScalarVolumeNode | None) -> slicer.vtkMRMLCommandLineModuleNode | None:
    """The latest run of a kind on a volume, if there was one in this scene."""
    nodes = slicer.util.getNodesByClass("vtkMRMLCommandLineModuleNode") if volumeNode else []
    runs = [
        node
        for node in nodes
        if node.GetAttribute(KIND) == kind and node.GetNodeReferenceID(VOLUME) == volumeNode.GetID()
    ]
    return runs[-1] if runs else None


def forget(kind: str, volumeNode: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Remove the ended run of a kind on a volume.

    Raises:
        ValueError: it has not ended.
    """
    cliNode = runOf(kind, volumeNode)
    if cliNode is not None and cliNode.IsBusy():
        raise ValueError(_("This is already running on {volume}: wait for it.").format(volume=volumeNode.GetName()))
    if cliNode is not None:
        slicer.mrmlScene.RemoveNode(cliNode)


def errorSentence(cliNode: slicer.vtkMRMLCommandLineModuleNode) -> str:
    """What went wrong in a run, in the one sentence that it said of it; empty where nothing did."""
    lines = [line.strip() for line in cliNode.GetErrorText().splitlines() if line.strip()]
    told = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    if told:
        return sentence(told[-1])
    if cliNode.GetStatus() == CLINode.CompletedWithErrors:
        return sentence(lines[-1]) if lines else _("The run ended unexpectedly; the application's log may tell why.")
    return ""
