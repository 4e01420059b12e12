"""The section *Train a Model*: what to learn from, and how the training stands, which goes on without Slicer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from ..methodChoices import trainingChoices
from ..operations import Operations
from ..parameterNode import ParameterAccess
from ..training.training import Phase, Training, TrainingReport
from ..training.trainingCall import SEPARATOR, listed
from ..training.trainingChart import learningChart, updateLearningChart
from ..trainingChoices import choice, choose
from ..views import Views
from .methodBoxes import MethodBoxes, fill
from .shortText import showShortly
from .showButton import ShowButton

#: Milliseconds between looks at the work folder while a training goes on.
INTERVAL = 2000


class TrainingSection:
    """Starts, stops and resumes a training, and shows what its work folder tells.

    Args:
        ui: the panel's widgets.
        parameters: of which device and seed are taken.
        logic: what trains.
        views: where the learning curve is shown.
    """

    def __init__(self, ui: Any, parameters: ParameterAccess, logic: Operations, views: Views) -> None:
        self._ui, self._parameters, self._logic, self._views = ui, parameters, logic, views
        self._choices = trainingChoices()
        self._training: Training | None = logic.training(choice("workFolder")) if choice("workFolder") else None
        self._report, self._refusal = TrainingReport(Phase.NONE), ""
        self._isShowing = True
        self._boxes = MethodBoxes(ui, "trainingMethod", "trainingPreset", self._choices, self._onMethodChosen)
        ui.trainingScansLineEdit.setText(choice("scans"))
        ui.trainingHoursSpinBox.setValue(choice("hours"))
        ui.trainedModelPathLineEdit.setCurrentPath(choice("model"))
        self._showMethod()
        self._isShowing = False
        ui.trainingScansLineEdit.textChanged.connect(self._onChosen)
        ui.trainingHoursSpinBox.valueChanged.connect(self._onChosen)
        ui.trainedModelPathLineEdit.currentPathChanged.connect(self._onChosen)
        ui.trainingNetworkComboBox.currentIndexChanged.connect(self._onChosen)
        ui.addTrainingFolderButton.clicked.connect(self.onAddFolder)
        ui.startTrainingButton.clicked.connect(self.onStart)
        ui.stopTrainingButton.clicked.connect(self.onStop)
        ui.resumeTrainingButton.clicked.connect(self.onResume)
        self._curveButton = ShowButton(ui.showLearningCurveButton, views, self.onShowCurve)
        self._timer = qt.QTimer()
        self._timer.setInterval(INTERVAL)
        self._timer.timeout.connect(self.refresh)
        self.refresh()

    @property
    def needsAttention(self) -> bool:
        """Whether a training goes on, or ended without a word."""
        return self._report.phase.isBusy or self._report.phase is Phase.INTERRUPTED

    def refresh(self) -> None:
        """Look into the work folder, and again after a while where a training goes on there."""
        self._report = self._training.state() if self._training else TrainingReport(Phase.NONE)
        if self._report.phase.isBusy:
            self._timer.start()
        else:
            self._timer.stop()
        if learningChart() is not None and not slicer.mrmlScene.IsBatchProcessing():
            self._drawCurve()
        self.update()

    def update(self) -> None:
        """Show how the training stood when it was last looked at."""
        ui, report = self._ui, self._report
        isBusy = report.phase.isBusy
        ui.startTrainingButton.setEnabled(not isBusy)
        ui.startTrainingButton.setToolTip(
            _("A training goes on already: stop it first.") if isBusy else _("Train from the beginning, beside Slicer")
        )
        ui.stopTrainingButton.setEnabled(report.phase in (Phase.STARTING, Phase.RUNNING))
        ui.resumeTrainingButton.setEnabled(report.phase.canResume)
        ui.trainingProgressBar.setVisible(isBusy)
        percent = round(100 * report.fraction)
        ui.trainingProgressBar.setRange(0, 100 if percent else 0)  # without a range it tells that something goes on
        ui.trainingProgressBar.setValue(percent)
        showShortly(ui.trainingStateLabel, "\n".join(part for part in (report.text, self._said()) if part), 3)
        isWrong = report.phase is Phase.FAILED
        showShortly(ui.trainingMessageLabel, self._refusal or (report.message if isWrong else ""), 3)
        self._curveButton.update(
            learningChart(),
            self._training is not None and report.phase is not Phase.NONE,
            _("Open the chart of the validations beside the slices"),
            _("There is no training yet whose validations could be drawn."),
        )

    def close(self) -> None:
        """Look no more; the training goes on."""
        self._timer.stop()

    def onAddFolder(self, checked: bool = False) -> None:
        """Let the user choose a folder, beside those that are listed."""
        folder = qt.QFileDialog.getExistingDirectory(None, _("Scans to learn from"))
        if folder:
            folders = [*listed(choice("scans")), str(folder)]
            self._ui.trainingScansLineEdit.setText(f"{SEPARATOR} ".join(dict.fromkeys(folders)))

    def onStart(self, checked: bool = False) -> None:
        """Begin a training with what is chosen."""
        self._try(self._start)

    def onStop(self, checked: bool = False) -> None:
        """Let the training save a checkpoint and end."""
        if self._training:
            self._try(self._training.stop)

    def onResume(self, checked: bool = False) -> None:
        """Go on with the training that was stopped."""
        self._try(self._resume)

    def onShowCurve(self) -> None:
        """Open the chart of the validations."""
        self._views.showChart(self._drawCurve())

    def _start(self) -> None:
        method = self._choices.method(choice("method"))
        preset = self._choices.preset(method, choice("preset"))
        network = self._choices.network(method, choice("network"))
        named = {"preset": preset, "network": network}
        self._training = self._logic.startTraining(
            listed(choice("scans")),
            choice("model").strip(),
            method=method,
            hours=choice("hours"),
            device=self._parameters.node.device.value,
            seed=self._parameters.node.seed,
            **{name: value for name, value in named.items() if value},
        )
        choose(workFolder=str(self._training.workFolder))

    def _resume(self) -> None:
        if self._training:
            self._logic.resumeTraining(self._training.workFolder)

    def _try(self, action: Any) -> None:
        """Do something, or say why not."""
        self._refusal = ""
        try:
            action()
        except ValueError as error:
            self._refusal = str(error)
        self.refresh()

    def _said(self) -> str:
        """What the training said last, and where all that it printed is."""
        report = self._report
        if report.phase in (Phase.RUNNING, Phase.DONE):
            return report.message
        if report.phase in (Phase.FAILED, Phase.INTERRUPTED) and self._training:
            return _("What it printed is in {folder}.").format(folder=self._training.workFolder)
        return ""

    def _drawCurve(self) -> slicer.vtkMRMLPlotChartNode:
        entries = self._training.entries() if self._training else []
        name = Path(self._report.modelPath).stem or (self._training.workFolder.stem if self._training else "")
        return updateLearningChart(entries, _("Learning curve of {model}").format(model=name))

    def _showMethod(self) -> None:
        """Show the chosen method with its presets and networks."""
        method = self._choices.method(choice("method"))
        self._boxes.show(method, choice("preset"))
        networks = self._choices.networks(method)
        box = self._ui.trainingNetworkComboBox
        self._isShowing = True
        fill(box, ((name, name, _("Which network is trained")) for name in networks))
        if networks:
            box.setCurrentIndex(networks.index(self._choices.network(method, choice("network"))))
        self._isShowing = False
        for widget in (self._ui.trainingNetworkLabel, box):
            widget.setVisible(len(networks) > 1)
        self._ui.trainingMethodComboBox.setToolTip(self._choices.description(method, choice("preset")))

    def _onMethodChosen(self, method: str, preset: str) -> None:
        choose(method=method, **({"preset": preset} if preset else {}))
        self._showMethod()

    def _onChosen(self, value: Any = None) -> None:
        """Keep what the user chose."""
        if self._isShowing:
            return
        ui = self._ui
        choose(
            scans=ui.trainingScansLineEdit.property("text"),
            hours=ui.trainingHoursSpinBox.property("value"),
            model=ui.trainedModelPathLineEdit.property("currentPath"),
            network=ui.trainingNetworkComboBox.property("currentData") or choice("network"),
        )
