"""The controls of one kind of job: its button, progress and stage, *Cancel*, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer
from slicer.i18n import tr as _

from ..cliRun import RunState
from ..jobs import Job, JobList
from .shortText import showShortly


class RunControls:
    """The panel's ``<kind>Button``, ``<kind>Progress``..., ``<kind>CancelButton`` and ``<kind>MessageLabel``."""

    def __init__(self, ui: Any, kind: str, jobs: JobList, start: Callable[[], object]) -> None:
        """Wire them.

        Args:
            ui: the panel's widgets.
            kind: of the task that they start.
            jobs: the list in which its job is found.
            start: starts it on the volume that was last given to :meth:`update`.
        """
        self._kind = kind
        self._jobs = jobs
        self._start = start
        self._button, self._bar, self._stageLabel, self._cancelButton, self._messageLabel = (
            getattr(ui, kind + name) for name in ("Button", "ProgressBar", "StageLabel", "CancelButton", "MessageLabel")
        )
        self._volumeNode: slicer.vtkMRMLScalarVolumeNode | None = None
        self._refusal = ""
        self._button.clicked.connect(self.onStart)
        self._cancelButton.clicked.connect(self.onCancel)

    def update(self, volumeNode: slicer.vtkMRMLScalarVolumeNode | None, refusal: str, toolTip: str) -> None:
        """Show how the job on a volume stands.

        Args:
            volumeNode: which volume's job.
            refusal: why the button cannot be used; empty where it can.
            toolTip: what the button does.
        """
        if volumeNode is not self._volumeNode:
            self._refusal = ""
        self._volumeNode = volumeNode
        job = self._jobs.latest(self._kind, volumeNode)
        isBusy = job is not None and job.isBusy
        self._button.setEnabled(not (refusal or isBusy))
        self._button.setToolTip(refusal or (_("This is running on the volume already.") if isBusy else toolTip))
        self._showProgress(job if isBusy else None)
        self._showMessage(self._refusal or (job.message if job else ""))

    def release(self) -> None:
        """Let go of the volume before it goes."""
        self._volumeNode = None

    def onStart(self, checked: bool = False) -> None:
        """Start, or say why not."""
        self._refusal = ""
        try:
            self._start()
        except ValueError as error:
            self._refusal = str(error)
            self._showMessage(self._refusal)

    def onCancel(self, checked: bool = False) -> None:
        """End the job on the volume that is shown."""
        job = self._jobs.latest(self._kind, self._volumeNode)
        if job:
            job.cancel()

    def _showProgress(self, job: Job | None) -> None:
        for widget in (self._bar, self._cancelButton):
            widget.setVisible(job is not None)
        self._stageLabel.setVisible(job is not None and bool(job.stage))
        self._cancelButton.setEnabled(job is not None and job.state is not RunState.CANCELLING)
        if job:
            percent = round(100 * job.progress)
            self._bar.setRange(0, 100 if percent else 0)  # a bar without a range tells that something goes on
            self._bar.setValue(percent)
            self._stageLabel.setText(job.stage)

    def _showMessage(self, message: str) -> None:
        showShortly(self._messageLabel, message)
