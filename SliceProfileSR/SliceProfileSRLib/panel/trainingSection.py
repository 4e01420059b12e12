"""The section *Train a Model*: what to learn from, and how the training stands, which goes on without Slicer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import qt
import slicer
from slicer.i18n import tr as _

from ..methodChoices import MethodChoices, stagesOf, trainingChoices
from ..operations import Operations
from ..parameterNode import ParameterAccess
from ..training.training import Phase, Training, TrainingReport
from ..training.trainingCall import SEPARATOR, listed, requested
from ..training.trainingChart import learningChart, updateLearningChart
from ..trainingChoices import choice, choose, chooseOption, options
from ..views import Views
from .methodBoxes import MethodBoxes, fill
from .methodOptions import MethodOptions
from .shortText import showShortly
from .showButton import ShowButton

if TYPE_CHECKING:
    from SuperResolveLib.workflows.training_options import Option

#: Milliseconds between looks at the work folder while a training goes on.
INTERVAL = 2000
#: The row of the form before which a method's own options go: that of the time.
ROW = 6
#: The letters that labels and buttons of the section have as their keys.
KEYS = "cdmgneitysfvworu"


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
        self._options = MethodOptions(
            ui.trainingForm, ROW, ui.trainingRatiosLineEdit, _offered(self._choices), KEYS, self._onOptionChosen
        )
        ui.trainingScansLineEdit.setText(choice("scans"))
        ui.trainingRatiosLineEdit.setText(choice("ratios"))
        ui.trainingHoursSpinBox.setValue(choice("hours"))
        ui.trainingSyntheticSpinBox.setValue(choice("synthetic"))
        ui.startModelPathLineEdit.setCurrentPath(choice("startModel"))
        ui.trainedModelPathLineEdit.setCurrentPath(choice("model"))
        ui.trainingFolderPathLineEdit.setCurrentPath(choice("folder"))
        self._showMethod()
        self._isShowing = False
        for edit in (ui.trainingScansLineEdit, ui.trainingRatiosLineEdit):
            edit.textChanged.connect(self._onChosen)
        for box in (ui.trainingHoursSpinBox, ui.trainingSyntheticSpinBox):
            box.valueChanged.connect(self._onChosen)
        for edit in (ui.startModelPathLineEdit, ui.trainedModelPathLineEdit):
            edit.currentPathChanged.connect(self._onChosen)
        ui.trainingNetworkComboBox.currentIndexChanged.connect(self._onNetworkChosen)
        ui.trainingStagesComboBox.currentIndexChanged.connect(self._onChosen)
        ui.trainingFolderPathLineEdit.currentPathChanged.connect(self._onFolderChosen)
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
        isBusy, wrong = report.phase.isBusy, self._wrong()
        ui.startTrainingButton.setEnabled(not (isBusy or wrong))
        going = _("A training goes on already: stop it first, or choose another work folder.") if isBusy else ""
        ui.startTrainingButton.setToolTip(going or wrong or _("Train from the beginning, beside Slicer"))
        ui.stopTrainingButton.setEnabled(report.phase in (Phase.STARTING, Phase.RUNNING))
        ui.resumeTrainingButton.setEnabled(report.phase.canResume)
        ui.trainingProgressBar.setVisible(isBusy)
        percent = round(100 * report.fraction)
        ui.trainingProgressBar.setRange(0, 100 if percent else 0)  # without a range it tells that something goes on
        ui.trainingProgressBar.setValue(percent)
        showShortly(ui.trainingStateLabel, "\n".join(part for part in (report.text, self._said()) if part), 3)
        failure = report.message if report.phase is Phase.FAILED else ""
        showShortly(ui.trainingMessageLabel, wrong or self._refusal or failure, 3)
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
        self._training = self._logic.startTraining(
            listed(choice("scans")),
            choice("model").strip(),
            startModel=choice("startModel").strip(),
            workFolder=choice("folder").strip(),
            device=self._parameters.node.device.value,
            seed=self._parameters.node.seed,
            hours=choice("hours"),
            synthetic=choice("synthetic"),
            **self._asked(),
        )
        choose(workFolder=str(self._training.workFolder))

    def _asked(self) -> dict[str, Any]:
        """What was chosen of the method, as far as it has it."""
        from SuperResolveLib.workflows.training_call import camel_case

        method, preset, network = self._chosenMethod()
        stages = [name for name in choice("stages").split(",") if name]
        if not set(stages) <= set(stagesOf(method, preset, network)):
            stages = []
        own = {camel_case(name): options().get(name, "") for name in self._choices.options(method)}
        named = {"preset": preset, "network": network, "stages": stages, "ratios": choice("ratios"), **own}
        return {"method": method, **{name: value for name, value in named.items() if value}}

    def _wrong(self) -> str:
        """Why what is chosen cannot be, in one sentence, as soon as it is typed; empty where it can."""
        try:
            requested([Path()], **self._asked())
        except ValueError as error:
            return str(error)
        return ""

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
        if report.phase in (Phase.FAILED, Phase.INTERRUPTED) and self._training and self._training.log:
            return _("What it printed is in {folder}.").format(folder=self._training.workFolder)
        return ""

    def _drawCurve(self) -> slicer.vtkMRMLPlotChartNode:
        entries = self._training.entries() if self._training else []
        name = Path(self._report.modelPath).stem or (self._training.workFolder.stem if self._training else "")
        return updateLearningChart(entries, _("Learning curve of {model}").format(model=name))

    def _chosenMethod(self) -> tuple[str, str, str]:
        """The chosen method with a preset and a network that it has."""
        method = self._choices.method(choice("method"))
        return (
            method,
            self._choices.preset(method, choice("preset")),
            self._choices.network(method, choice("network")),
        )

    def _showMethod(self) -> None:
        """Show the chosen method with its presets, networks, stages and options."""
        method, preset, network = self._chosenMethod()
        self._boxes.show(method, preset)
        ui, networks, stages = self._ui, self._choices.networks(method), stagesOf(method, preset, network)
        self._isShowing = True
        named = [(name, name, _("Which network is trained")) for name in networks]
        _show(ui.trainingNetworkLabel, ui.trainingNetworkComboBox, named, network)
        _show(ui.trainingStagesLabel, ui.trainingStagesComboBox, _runs(stages), choice("stages"))
        self._options.show(self._choices.options(method), options())
        self._isShowing = False
        ui.trainingMethodComboBox.setToolTip(self._choices.description(method, preset))

    def _onMethodChosen(self, method: str, preset: str) -> None:
        choose(method=method, **({"preset": preset} if preset else {}))
        self._showMethod()
        self.update()

    def _onNetworkChosen(self, row: Any = None) -> None:
        if not self._isShowing:
            choose(network=self._ui.trainingNetworkComboBox.property("currentData"))
            self._showMethod()
            self.update()

    def _onOptionChosen(self, name: str, text: str) -> None:
        chooseOption(name, text)
        self.update()

    def _onFolderChosen(self, path: str) -> None:
        """Look at the training in that folder, whoever began it."""
        choose(folder=path)
        if path.strip():
            self._training = self._logic.training(path.strip())
            self._refusal = ""
            self.refresh()
            if self._report.phase is not Phase.NONE:
                choose(workFolder=str(self._training.workFolder))

    def _onChosen(self, value: Any = None) -> None:
        """Keep what the user chose."""
        if self._isShowing:
            return
        ui = self._ui
        choose(
            scans=ui.trainingScansLineEdit.property("text"),
            stages=ui.trainingStagesComboBox.property("currentData") or "",
            ratios=ui.trainingRatiosLineEdit.property("text"),
            hours=ui.trainingHoursSpinBox.property("value"),
            synthetic=ui.trainingSyntheticSpinBox.property("value"),
            startModel=ui.startModelPathLineEdit.property("currentPath"),
            model=ui.trainedModelPathLineEdit.property("currentPath"),
        )
        self.update()


def _show(label: Any, box: Any, entries: Sequence[tuple[str, str, str]], chosen: str) -> None:
    """Show entries and which is chosen, the first unless there is such a one; hide all where there is no choice."""
    fill(box, entries)
    names = [name for name, *_rest in entries]
    if names:
        box.setCurrentIndex(names.index(chosen) if chosen in names else 0)
    for widget in (label, box):
        widget.setVisible(len(names) > 1)


def _runs(stages: Sequence[str]) -> list[tuple[str, str, str]]:
    """All stages, or some that follow each other, as they are named, for people, and with what that means."""
    count = len(stages)
    some = [stages[first:end] for first in range(count) for end in range(first + 1, count + 1) if end - first < count]
    toolTip = _("These alone; what goes on from an earlier stage needs a model to start from")
    return [
        ("", _("all: {stages}").format(stages=", ".join(stages)), _("All of the training")),
        *((",".join(names), ", ".join(names), toolTip) for names in some),
    ]


def _offered(choices: MethodChoices) -> dict[str, Option]:
    """What any method has that not all have, by name."""
    from SuperResolveLib.workflows.training_options import OPTIONS

    names = dict.fromkeys(name for method in choices.names for name in choices.options(method))
    return {name: OPTIONS[name] for name in names}
