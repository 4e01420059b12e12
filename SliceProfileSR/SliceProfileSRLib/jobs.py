"""Running a task's CLI module: waiting for it, or in the background while the user goes on.

A run in the background is a CLI node in the scene that knows its kind and its volume; so every panel on the scene finds
it there, and needs no list of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import qt
import slicer
import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from . import dependencies
from .scanDescription import sentence
from .tasks import Task

#: What a CLI node knows of its run: its kind and volume, the user's nodes that it is about, and those of them that it
#: will change.
KIND, VOLUME, NODES, CHANGED = (f"SliceProfileSR.{what}" for what in ("kind", "volume", "nodes", "changed"))

#: Seconds within which Slicer has read all outputs after the first.
OUTPUTS_FOLLOW_WITHIN = 5.0
#: Milliseconds after which a run that has not ended is told again that it is cancelled.
CANCEL_AGAIN_AFTER = 500

CLINode = slicer.vtkMRMLCommandLineModuleNode


def run(task: Task) -> Any:
    """Run a task and wait for its result.

    Raises:
        ValueError: the input cannot be used or something is missing, in one sentence.
    """
    cliModule = prepare(task)
    cliNode = None
    try:
        cliNode = slicer.cli.runSync(cliModule, None, task.parameters(), update_display=False)
        if cliNode.GetStatus() != CLINode.Completed:
            raise ValueError(errorSentence(cliNode) or _("The run was cancelled."))
        return task.finish(cliNode)
    finally:
        task.scratch.clear()
        if cliNode is not None:
            slicer.mrmlScene.RemoveNode(cliNode)


def prepare(task: Task) -> Any:
    """The CLI module of a task that can be done, once all that it needs is there.

    Raises:
        ValueError: the input cannot be used, or something is missing; tells how to get it.
    """
    task.check()
    _refuseConflict(task)
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
        result: what the task made; None until then, and where it came to nothing.
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
        self._hasEnded = False
        self._waitsUntil = 0.0
        cliModule = prepare(task)
        forget(task.kind, task.volumeNode)
        self.cliNode = slicer.cli.createNode(cliModule, task.parameters())
        self.cliNode.SetSaveWithScene(False)
        self.cliNode.SetAttribute(KIND, task.kind)
        self.cliNode.SetAttribute(NODES, _ids(task.nodes))
        self.cliNode.SetAttribute(CHANGED, _ids(task.changedNodes))
        self.cliNode.SetNodeReferenceID(VOLUME, task.volumeNode.GetID())
        self._nodeIDs = {node.GetID() for node in (*task.nodes, *task.scratch.nodes, self.cliNode)}
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
        """End it; the user's nodes stay as they were."""
        cancel(self.cliNode)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def onNodeAboutToBeRemoved(self, caller: Any, event: Any, node: slicer.vtkMRMLNode) -> None:
        """Nobody reads outputs into a node that is gone."""
        if node.GetID() in self._nodeIDs:
            self.cancel()

    def onModified(self, caller: Any = None, event: Any = None) -> None:
        """Finish once the run has ended."""
        status = self.cliNode.GetStatus()
        if self._hasEnded or self.isBusy or status == CLINode.Idle or self._waitsForOutputs(status):
            return
        self._hasEnded = True
        self.removeObservers()
        try:
            if status == CLINode.Completed:
                self.result = self.task.finish(self.cliNode)
        except ValueError as error:
            self.cliNode.SetErrorText(f"error: {error}", False)
        finally:
            self.task.scratch.clear()
            if self.onFinished:
                self.onFinished(self)

    def _waitsForOutputs(self, status: int) -> bool:
        """Slicer may tell of a run's end when it has read the first of several outputs; the others follow at once."""
        if status != CLINode.Completed or self.task.scratch.isFilled:
            return False
        self._waitsUntil = self._waitsUntil or time.monotonic() + OUTPUTS_FOLLOW_WITHIN
        if time.monotonic() > self._waitsUntil:
            return False
        qt.QTimer.singleShot(100, self.onModified)
        return True


def cancel(cliNode: slicer.vtkMRMLCommandLineModuleNode) -> None:
    """End a run, whoever started it; again until it has ended, as Slicer forgets it while it writes a run's inputs."""
    if cliNode.GetStatus() in (CLINode.Scheduled, CLINode.Running):
        cliNode.Cancel()
    if cliNode.IsBusy():
        qt.QTimer.singleShot(CANCEL_AGAIN_AFTER, lambda: cancel(cliNode))


def _refuseConflict(task: Task) -> None:
    """Refuse a task that would change what a run in the background uses, or the other way round.

    Raises:
        ValueError: naming what is in use.
    """
    ours, changed = ({node.GetID() for node in nodes} for nodes in (task.nodes, task.changedNodes))
    for cliNode in _runs():
        if not cliNode.IsBusy():
            continue
        theirs, theirChanged = (set((cliNode.GetAttribute(name) or "").split()) for name in (NODES, CHANGED))
        shared = (changed & theirs) | (ours & theirChanged)
        if cliNode.GetAttribute(KIND) == "estimate" and task.kind == "superResolve":
            shared |= {task.volumeNode.GetID()} & theirs  # its profile is on the way
        if shared:
            name = slicer.mrmlScene.GetNodeByID(sorted(shared)[0]).GetName()
            raise ValueError(_("Another run is at work on {node}: wait for it, or cancel it.").format(node=name))


def _runs() -> list[slicer.vtkMRMLCommandLineModuleNode]:
    nodes = slicer.util.getNodesByClass("vtkMRMLCommandLineModuleNode")
    return [node for node in nodes if node.GetAttribute(KIND)]


def _ids(nodes: list[slicer.vtkMRMLNode]) -> str:
    return " ".join(node.GetID() for node in nodes)


def runOf(kind: str, volumeNode: slicer.vtkMRMLScalarVolumeNode | None) -> slicer.vtkMRMLCommandLineModuleNode | None:
    """The latest run of a kind on a volume, if there was one in this scene."""
    if volumeNode is None:
        return None
    runs = [
        node
        for node in _runs()
        if node.GetAttribute(KIND) == kind and node.GetNodeReferenceID(VOLUME) == volumeNode.GetID()
    ]
    return runs[-1] if runs else None


def isWaiting(cliNode: slicer.vtkMRMLCommandLineModuleNode) -> bool:
    """Whether a run waits for another, as Slicer runs one CLI module at a time."""
    if cliNode.GetStatus() != CLINode.Scheduled:
        return False
    others = slicer.util.getNodesByClass("vtkMRMLCommandLineModuleNode")
    return any(other is not cliNode and other.IsBusy() for other in others)


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
