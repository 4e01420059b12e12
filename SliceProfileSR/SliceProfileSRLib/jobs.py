"""Tasks in the background, and the list of them that every panel on a scene shows.

A job is known by its kind and the ID of its volume; one that has ended keeps no node but its result, so that volumes
which are removed from the scene free their memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import slicer
import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from .cliRun import CliRun, CliRunner, RunState, errorSentence
from .nodes import nodeIDs
from .sentences import sentence
from .tasks import Task

OnFinished = Callable[["Job"], None]


class Job:
    """A task that runs in the background.

    Attributes:
        kind: that of its task.
        volumeID: the ID of the volume that it is about.
        usedIDs, changedIDs: the IDs of the user's nodes that it reads or will change, and of those that it will change.
        estimates: whether it estimates the slice profile of its volume.
        result: what the task made; None until then, and where it came to nothing.
    """

    def __init__(self, task: Task, runner: CliRunner, onChanged: OnFinished) -> None:
        """Start it.

        Args:
            task: what to do, once it has been checked.
            runner: what runs CLI modules.
            onChanged: called with the job whenever something about it may have changed.
        """
        self.kind = task.kind
        self.volumeID = task.volumeNode.GetID()
        self.estimates = task.estimates
        self.usedIDs, self.changedIDs = nodeIDs(task.nodes), nodeIDs(task.changedNodes)
        self.result: Any = None
        self._task: Task | None = task
        self._onChanged = onChanged
        self._isAbandoned = False
        self._outcome: RunState | None = None
        self._error = ""
        self._run: CliRun | None = None
        call = task.call()
        self._scratchIDs = nodeIDs(task.scratch.nodes)
        self._run = runner.start(call, self._runChanged)
        self._runChanged()  # it may have ended before the line above

    @property
    def state(self) -> RunState:
        """How it stands."""
        if self._outcome:
            return self._outcome
        return self._run.state if self._run else RunState.RUNNING

    @property
    def isBusy(self) -> bool:
        """Whether it waits or runs."""
        return self.state.isBusy

    @property
    def progress(self) -> float:
        """How much of it is done, from 0 to 1; 0 while that is not known."""
        return self._run.progress if self._run else 0.0

    @property
    def stage(self) -> str:
        """What it does now, in the words of the CLI module."""
        return self._run.stage if self._run else ""

    @property
    def message(self) -> str:
        """What the user should know of it, in one sentence; empty while it runs, and where all went well."""
        return {
            RunState.WAITING: _("Waits until another run has ended."),
            RunState.CANCELLING: _("Is being cancelled; where another run is at work, that ends first."),
            RunState.CANCELLED: _("Cancelled; nothing was changed."),
            RunState.FAILED: self._error,
        }.get(self.state, "")

    def isAbout(self, nodeID: str) -> bool:
        """Whether it reads or fills a node."""
        return nodeID in self.usedIDs or nodeID in self._scratchIDs

    def cancel(self) -> None:
        """End it; the user's nodes stay as they were."""
        if self._run:
            self._run.cancel()

    def abandon(self) -> None:
        """End it, and make nothing of what it may have done already, as the nodes that it is about go."""
        self._isAbandoned = True
        self.cancel()

    def discard(self) -> None:
        """Let go of the run, once it has ended.

        Slicer's thread sets the status of a run before the run tells of it: what is let go of in between ends here.
        """
        if self._run is None:
            return
        if self._task is not None:
            task, self._task, self._isAbandoned = self._task, None, True
            self._end(self._run, task)
        self._run.discard()

    def _runChanged(self) -> None:
        if self._run is None or self._task is None:
            return
        try:
            if not self._run.state.isBusy:
                task, self._task = self._task, None
                self._end(self._run, task)
        finally:
            self._onChanged(self)

    def _end(self, run: CliRun, task: Task) -> None:
        self._outcome = RunState.CANCELLED if self._isAbandoned else run.state
        try:
            if self._outcome is RunState.COMPLETED:
                self.result = task.finish(run)
            elif self._outcome is RunState.FAILED:
                self._error = errorSentence(run)
        except ValueError as error:
            self._outcome, self._error = RunState.FAILED, sentence(str(error))
        finally:
            task.scratch.clear()


class JobList(VTKObservationMixin):
    """The jobs on a scene's volumes: those that run, and the last one of each kind on each volume.

    A job ends early when one of its nodes leaves the scene, or the scene closes.
    """

    _ofScene: ClassVar[JobList | None] = None

    def __init__(self, scene: slicer.vtkMRMLScene) -> None:
        VTKObservationMixin.__init__(self)
        self.scene = scene
        self._jobs: list[Job] = []
        self._onFinished: dict[Job, OnFinished] = {}
        self._listeners: list[Callable[[], None]] = []

    @classmethod
    def ofScene(cls, scene: slicer.vtkMRMLScene) -> JobList:
        """The one list of a scene, whoever asks."""
        if cls._ofScene is None or cls._ofScene.scene is not scene:
            cls._ofScene = cls(scene)
        return cls._ofScene

    def listen(self, listener: Callable[[], None]) -> None:
        """Call a function whenever something about a job may have changed."""
        self._listeners.append(listener)

    def unlisten(self, listener: Callable[[], None]) -> None:
        """Call it no longer."""
        self._listeners = [other for other in self._listeners if other != listener]

    def start(self, task: Task, runner: CliRunner, onFinished: OnFinished | None = None) -> Job:
        """Start a task that was checked.

        Args:
            task: what to do.
            runner: what runs CLI modules.
            onFinished: called with the job when it has ended, however that was.
        """
        previous = self.latest(task.kind, task.volumeNode)
        if previous:
            self.forget(previous)
        job = Job(task, runner, self._onJobChanged)
        self._jobs.append(job)
        self._observe()
        if onFinished:
            self._onFinished[job] = onFinished
        self._onJobChanged(job)
        return job

    def latest(self, kind: str, volumeNode: slicer.vtkMRMLVolumeNode | None) -> Job | None:
        """The last job of a kind on a volume, if there was one in this scene."""
        jobs = [job for job in self._jobs if volumeNode and (job.kind, job.volumeID) == (kind, volumeNode.GetID())]
        return jobs[-1] if jobs else None

    def refuseConflict(self, task: Task) -> None:
        """Refuse a task that would change what a busy job uses, or the other way round.

        Raises:
            ValueError: naming what is in use.
        """
        ours, changed, volumeID = nodeIDs(task.nodes), nodeIDs(task.changedNodes), task.volumeNode.GetID()
        for job in (job for job in self._jobs if job.isBusy):
            if (job.kind, job.volumeID) == (task.kind, volumeID):
                name = task.volumeNode.GetName()
                raise ValueError(_("This is already running on {volume}: wait for it.").format(volume=name))
            shared = (changed & job.usedIDs) | (ours & job.changedIDs)
            if {job.kind, task.kind} == {"estimate", "superResolve"} and (job.estimates or task.estimates):
                shared |= {volumeID} & job.usedIDs  # its profile is on the way
            if shared:
                name = self.scene.GetNodeByID(min(shared)).GetName()
                raise ValueError(_("Another run is at work on {node}: wait for it, or cancel it.").format(node=name))

    def forget(self, job: Job) -> None:
        """Drop a job from the list."""
        self._jobs = [other for other in self._jobs if other is not job]
        if not job.isBusy:
            job.discard()
        if not self._jobs:
            self.removeObservers()

    def _observe(self) -> None:
        """Follow the scene while there is a job."""
        scene = slicer.vtkMRMLScene
        if not self.Observations:
            self.addObserver(self.scene, scene.NodeAboutToBeRemovedEvent, self._onNodeAboutToBeRemoved)
            self.addObserver(self.scene, scene.StartCloseEvent, self._onSceneStartClose)

    def _onJobChanged(self, job: Job) -> None:
        if not job.isBusy and job in self._onFinished:
            self._onFinished.pop(job)(job)
        if not job.isBusy and job not in self._jobs:
            job.discard()
        for listener in list(self._listeners):
            listener()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _onNodeAboutToBeRemoved(self, caller: Any, event: Any, node: slicer.vtkMRMLNode) -> None:
        """Nobody reads outputs into a node that is gone."""
        for job in list(self._jobs):
            if job.isBusy and job.isAbout(node.GetID()):
                job.abandon()
            if node.GetID() == job.volumeID or node is job.result:
                self.forget(job)
                job.result = None  # whoever still holds the job must not keep the node

    def _onSceneStartClose(self, caller: Any, event: Any) -> None:
        """IDs of nodes begin anew in an empty scene, so that nothing of the old one may stay."""
        for job in list(self._jobs):
            job.abandon()
            self.forget(job)
