"""The controls of one kind of run: its button, progress bar with stage and log, *Cancel*, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer
from slicer.i18n import tr as _

from .. import jobs
from ..jobs import CLINode


class RunControls:
    """The panel's ``<kind>Button``, ``<kind>ProgressBar``, ``<kind>CancelButton`` and ``<kind>MessageLabel``."""

    def __init__(self, ui: Any, kind: str, start: Callable[[], None]) -> None:
        """Wire them.

        Args:
            ui: the panel's widgets.
            kind: of the task that they start.
            start: starts it on the volume that was last given to :meth:`update`.
        """
        self.kind = kind
        self.button, self.progressBar, self.cancelButton, self.messageLabel = (
            getattr(ui, kind + name) for name in ("Button", "ProgressBar", "CancelButton", "MessageLabel")
        )
        self._start = start
        self._shown: CLINode | None = None
        self._volumeNode: slicer.vtkMRMLScalarVolumeNode | None = None
        self._refusal = ""
        self.button.clicked.connect(self.onStart)
        self.cancelButton.clicked.connect(self.onCancel)

    def update(self, volumeNode: slicer.vtkMRMLScalarVolumeNode | None, problem: str, toolTip: str) -> None:
        """Show how the run on a volume stands.

        Args:
            volumeNode: which volume's run.
            problem: why the button cannot be used; empty where it can.
            toolTip: what the button does.
        """
        if volumeNode is not self._volumeNode:
            self._refusal = ""
        self._volumeNode = volumeNode
        run = jobs.runOf(self.kind, volumeNode)
        busy = run is not None and run.IsBusy()
        self.button.enabled = not (problem or busy)
        self.button.toolTip = problem or (_("This is running on the volume already.") if busy else toolTip)
        self.cancelButton.enabled = busy and run.GetStatus() != CLINode.Cancelling
        self._show(run)
        message = self._refusal or (_message(run) if run else "")
        self.messageLabel.text = message
        self.messageLabel.visible = bool(message)

    def onStart(self, checked: bool = False) -> None:
        """Start, or say why not."""
        self._refusal = ""
        try:
            self._start()
        except ValueError as error:
            self._refusal = str(error)
            self.messageLabel.text = self._refusal
            self.messageLabel.visible = True

    def onCancel(self, checked: bool = False) -> None:
        """End the run on the volume that is shown."""
        run = jobs.runOf(self.kind, self._volumeNode)
        if run is not None:
            jobs.cancel(run)

    def release(self) -> None:
        """Let go of the run that is shown, before its node goes."""
        self._show(None)

    def _show(self, run: CLINode | None) -> None:
        if run is not self._shown:
            self.progressBar.setCommandLineModuleNode(run)
            self._shown = run  # kept, as the progress bar itself does not keep the node alive
        self.progressBar.visible = run is not None and (run.IsBusy() or run.GetStatus() == CLINode.CompletedWithErrors)


def _message(run: CLINode) -> str:
    """What a run says beside its progress bar."""
    status = run.GetStatus()
    if jobs.isWaiting(run):
        return _("Waits until another run has ended.")
    if status == CLINode.Cancelling:
        return _("Is being cancelled; where another run is at work, that ends first.")
    if status == CLINode.Cancelled:
        return _("Cancelled; nothing was changed.")
    return jobs.errorSentence(run)
