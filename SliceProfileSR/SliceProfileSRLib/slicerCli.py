"""Runs CLI modules by Slicer's own means: a node in the scene, by which Slicer's logic runs the module's process."""

from __future__ import annotations

import logging
import math
import re
import time
from collections.abc import Callable, Sequence
from typing import Any

import qt
import slicer
import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from .cliRun import CliCall, RunState
from .scratch import holdsData

#: Seconds within which Slicer has read all outputs after the first.
OUTPUTS_FOLLOW_WITHIN = 5.0
#: Milliseconds after which a run that has not ended is told again that it is cancelled.
CANCEL_AGAIN_AFTER = 500

CLINode = slicer.vtkMRMLCommandLineModuleNode
_PROGRESS = re.compile(r"^ *Progress: *([0-9.eE+-]+)$", re.MULTILINE)
_STAGE = re.compile(r"^ *ProgressMessage: *(.*)$", re.MULTILINE)


class SlicerCliRunner:
    """Runs CLI modules through ``slicer.cli``."""

    def check(self, module: str) -> None:
        self._module(module)

    def run(self, call: CliCall) -> SlicerCliRun:
        module = self._module(call.module)
        cliNode = slicer.cli.runSync(module, None, dict(call.parameters), update_display=False)
        return SlicerCliRun(cliNode, call.outputs)

    def start(self, call: CliCall, onChanged: Callable[[], None]) -> SlicerCliRun:
        module = self._module(call.module)
        cliNode = slicer.cli.createNode(module, dict(call.parameters))
        cliNode.SetSaveWithScene(False)
        run = SlicerCliRun(cliNode, call.outputs, onChanged)
        slicer.cli.run(module, cliNode, update_display=False)
        return run

    def _module(self, name: str) -> Any:
        module = getattr(slicer.modules, name.lower(), None)
        if module is None:
            raise ValueError(
                _("The CLI module {name} was not loaded: add the folder SuperResolve to the module paths.").format(
                    name=name
                )
            )
        return module


class SlicerCliRun(VTKObservationMixin):
    """A run by its CLI node.

    Args:
        cliNode: the node.
        outputs: the nodes that the module fills.
        onChanged: called whenever something about the run may have changed; None for a run that was waited for.
    """

    def __init__(
        self,
        cliNode: slicer.vtkMRMLCommandLineModuleNode,
        outputs: Sequence[slicer.vtkMRMLStorableNode] = (),
        onChanged: Callable[[], None] | None = None,
    ) -> None:
        VTKObservationMixin.__init__(self)
        self.cliNode = cliNode
        self._outputs = outputs
        self._onChanged = onChanged
        self._isCancelled = False
        self._waitsUntil = math.inf if onChanged else 0.0
        self._isLogged = False
        self._isTelling = False
        if onChanged:
            self.addObserver(cliNode, vtk.vtkCommand.ModifiedEvent, self._onModified)
            self.addObserver(slicer.mrmlScene, slicer.vtkMRMLScene.EndCloseEvent, self._onSceneEndClose)

    @property
    def state(self) -> RunState:
        status = self.cliNode.GetStatus()
        if status in (CLINode.Cancelled, CLINode.Completed, CLINode.CompletedWithErrors) and self._isCancelled:
            return RunState.CANCELLED
        if status == CLINode.Completed:
            return RunState.RUNNING if self._waitsForOutputs() else RunState.COMPLETED
        if status in (CLINode.Cancelled, CLINode.CompletedWithErrors):
            return RunState.CANCELLED if status == CLINode.Cancelled else RunState.FAILED
        if self._isCancelled or status == CLINode.Cancelling:
            return RunState.CANCELLING
        return RunState.WAITING if status == CLINode.Scheduled and self._isQueued() else RunState.RUNNING

    @property
    def progress(self) -> float:
        told = _PROGRESS.search(self.cliNode.GetModuleDescriptionAsString())
        return float(told[1]) if told else 0.0

    @property
    def stage(self) -> str:
        told = _STAGE.search(self.cliNode.GetModuleDescriptionAsString())
        return told[1].strip() if told else ""

    @property
    def errorText(self) -> str:
        return str(self.cliNode.GetErrorText())

    def returned(self, name: str) -> str:
        return str(self.cliNode.GetParameterAsString(name))

    def cancel(self) -> None:
        """End the run; told again until it has ended, as Slicer forgets it while it writes a run's inputs."""
        if not self.cliNode.IsBusy():
            return
        self._isCancelled = True
        if self.cliNode.GetStatus() in (CLINode.Scheduled, CLINode.Running):
            self.cliNode.Cancel()
        qt.QTimer.singleShot(CANCEL_AGAIN_AFTER, self.cancel)

    def discard(self) -> None:
        self.removeObservers()
        if self._isTelling:  # Slicer is not yet done with the node
            qt.QTimer.singleShot(0, self._removeNode)
        else:
            self._removeNode()

    def _removeNode(self) -> None:
        if slicer.mrmlScene.IsNodePresent(self.cliNode):
            slicer.mrmlScene.RemoveNode(self.cliNode)

    def _isQueued(self) -> bool:
        """Whether another run is at work: Slicer runs one CLI module at a time."""
        others = slicer.util.getNodesByClass("vtkMRMLCommandLineModuleNode")
        return any(other is not self.cliNode and other.IsBusy() for other in others)

    def _waitsForOutputs(self) -> bool:
        """Slicer may tell of a run's end when it has read the first of several outputs; the others follow at once."""
        return time.monotonic() < self._waitsUntil and not all(holdsData(node) for node in self._outputs)

    def _onSceneEndClose(self, caller: Any, event: Any) -> None:
        """Slicer looks for the node in the scene when it reads what a run returned, and crashes where it is gone."""
        if self.cliNode.IsBusy() and not slicer.mrmlScene.IsNodePresent(self.cliNode):
            slicer.mrmlScene.AddNode(self.cliNode)

    def _onModified(self, caller: Any = None, event: Any = None) -> None:
        if self.cliNode.GetStatus() == CLINode.Completed and self._waitsForOutputs():
            self._waitsUntil = min(self._waitsUntil, time.monotonic() + OUTPUTS_FOLLOW_WITHIN)
            qt.QTimer.singleShot(100, self._onModified)
        if self.state is RunState.FAILED and not self._isLogged:
            self._isLogged = True
            logging.error("%s\n%s", self.cliNode.GetOutputText(), self.cliNode.GetErrorText())
        if self._onChanged:
            self._isTelling = True
            try:
                self._onChanged()
            finally:
                self._isTelling = False
