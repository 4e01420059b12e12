"""A training by its work folder: started, resumed, stopped, and how it stands, whoever started it and when."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from slicer.i18n import tr as _

from ..sentences import sentence
from .detachedScript import DetachedScript

#: The file in the work folder that takes what the process prints.
LOG = "training.log"
#: How much of the end of a log is searched for an error, in bytes.
LOG_END = 20_000

#: The processes that this Slicer started, by their work folders: one that has ended is to be waited for.
_processes: dict[Path, subprocess.Popen[bytes]] = {}


class Phase(Enum):
    """How a training stands."""

    NONE = "none"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"  # its process ended without a word, as when the computer was switched off

    @property
    def isBusy(self) -> bool:
        """Whether a process is at work."""
        return self in (Phase.STARTING, Phase.RUNNING, Phase.STOPPING)

    @property
    def canResume(self) -> bool:
        """Whether there is something to go on with."""
        return self in (Phase.STOPPED, Phase.FAILED, Phase.INTERRUPTED)


@dataclass(frozen=True)
class TrainingReport:
    """How a training stands, as far as its work folder tells.

    Attributes:
        phase: in a word.
        fraction: how much of it is done, from 0 to 1.
        stage: what it does now, in the words of the script.
        started: when its process began, in seconds since 1970; 0 where that is not known.
        secondsLeft: about how long it still takes; None while that is not known.
        message: what it said last, or why it failed.
        modelPath: the file of the model that it makes.
    """

    phase: Phase
    fraction: float = 0.0
    stage: str = ""
    started: float = 0.0
    secondsLeft: float | None = None
    message: str = ""
    modelPath: str = ""

    @property
    def text(self) -> str:
        """In words."""
        percent, begun = f"{100 * self.fraction:.0f}", time.strftime("%Y-%m-%d %H:%M", time.localtime(self.started))
        match self.phase:
            case Phase.STARTING:
                return _("Starting…")
            case Phase.RUNNING:
                text = _("Goes on, started {begun}, {percent} %").format(begun=begun, percent=percent)
                if self.secondsLeft is not None:
                    text = _("{text}, about {time} left").format(text=text, time=_inWords(self.secondsLeft))
                return f"{text}. {sentence(self.stage.partition(',')[0])}".strip()  # which tells a time left, too
            case Phase.STOPPING:
                return _("Is being stopped: it ends once a checkpoint has been saved.")
            case Phase.DONE:
                return _("Done: the model is {path}.").format(path=self.modelPath)
            case Phase.STOPPED:
                return _("Stopped at {percent} %: Resume goes on from there.").format(percent=percent)
            case Phase.FAILED:
                return _("Ended by an error: once that is mended, Resume goes on from the last checkpoint.")
            case Phase.INTERRUPTED:
                return _("Ended without finishing, at {percent} %: Resume goes on from the last checkpoint.").format(
                    percent=percent
                )
        return ""


class Training:
    """A training, known by its work folder.

    Attributes:
        workFolder: where its state, checkpoints, validations and log are.
    """

    def __init__(self, workFolder: Path) -> None:
        self.workFolder = workFolder

    @property
    def pid(self) -> int | None:
        """The number of its process; None where none has told."""
        from SuperResolveLib.workflows.training_state import read_state

        state = read_state(self.workFolder)
        return state.pid if state else None

    @property
    def log(self) -> Path | None:
        """What its process printed; None where that went elsewhere, as when the command began it."""
        path = self.workFolder / LOG
        return path if path.is_file() else None

    def state(self) -> TrainingReport:
        """How it stands now."""
        from SuperResolveLib.workflows import training_state as states

        isOurs, told = self._isRunning(), states.read_state(self.workFolder)
        if told is None:
            if isOurs:
                return TrainingReport(Phase.STARTING)
            if not (self.workFolder / states.CALL).is_file():
                return TrainingReport(Phase.NONE)
            error = self._loggedError()
            return TrainingReport(Phase.FAILED if error else Phase.INTERRUPTED, message=error)
        phase = {states.DONE: Phase.DONE, states.FAILED: Phase.FAILED, states.CANCELLED: Phase.STOPPED}.get(told.state)
        if phase is None:
            isAsked = (self.workFolder / states.STOP).exists()
            phase = (Phase.STOPPING if isAsked else Phase.RUNNING) if told.is_alive else Phase.INTERRUPTED
        return TrainingReport(
            phase, told.fraction, told.stage, told.started, told.seconds_left, sentence(told.message), told.model
        )

    def entries(self) -> list[dict[str, Any]]:
        """The validations so far, as in ``metrics.jsonl``; a line that is being written is left out."""
        from SuperResolveLib.workflows.training_state import METRICS

        try:
            text = (self.workFolder / METRICS).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return []
        found = []
        for line in text.splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict):
                found.append(entry)
        return found

    def stop(self) -> None:
        """Let it save a checkpoint and end, without waiting for that; nothing where it has ended.

        Raises:
            ValueError: the work folder cannot be written to.
        """
        from SuperResolveLib.workflows.training_state import ask_to_stop

        phase = self.state().phase
        if not phase.isBusy:
            return
        if phase is Phase.STARTING:  # when it does not yet look for what asks it to end
            _processes[self.workFolder].terminate()
            return
        try:
            ask_to_stop(self.workFolder)
        except OSError as error:
            raise _unwritable(self.workFolder, error) from error

    def start(self, values: Mapping[str, Any], launcher: DetachedScript) -> None:
        """Begin it anew.

        Args:
            values: by the names of the CLI module's XML.
            launcher: starts the script.

        Raises:
            ValueError: it goes on already, the folder holds the training of another model, or it cannot be started.
        """
        from SuperResolveLib.workflows.training_state import read_call, write_call

        self._refuseBusy()
        earlier = (read_call(self.workFolder) or values).get("modelFile")
        if earlier != values["modelFile"]:
            raise ValueError(
                _("{folder} holds the training of {model}: choose another work folder.").format(
                    folder=self.workFolder, model=earlier
                )
            )
        try:
            self.workFolder.mkdir(parents=True, exist_ok=True)
            write_call(values, self.workFolder)
        except OSError as error:
            raise _unwritable(self.workFolder, error) from error
        self._launch(_commandLine(launcher.script, values), launcher)

    def resume(self, launcher: DetachedScript) -> None:
        """Go on from the last checkpoint, with what was asked for when it began.

        Raises:
            ValueError: there is nothing to go on with, it goes on already, or it cannot be started.
        """
        from SuperResolveLib.workflows.training_state import read_call

        self._refuseBusy()
        try:
            arguments = _commandLine(launcher.script, {**(read_call(self.workFolder) or {}), "resume": True})
        except KeyError:  # nothing was asked for, or by another version
            raise ValueError(
                _("There is no training in {folder} to go on with: start one.").format(folder=self.workFolder)
            ) from None
        self._launch(arguments, launcher)

    def _launch(self, arguments: Sequence[str], launcher: DetachedScript) -> None:
        from SuperResolveLib.workflows.training_state import STATE, STOP

        for name in (STATE, STOP):
            (self.workFolder / name).unlink(missing_ok=True)
        _processes[self.workFolder] = launcher.start(arguments, self.workFolder / LOG)

    def _refuseBusy(self) -> None:
        if self.state().phase.isBusy:
            raise ValueError(
                _("A training goes on in {folder}: stop it first, or choose another file for the model.").format(
                    folder=self.workFolder
                )
            )

    def _isRunning(self) -> bool:
        """Whether a process that this Slicer started runs; one that has ended is let go of."""
        process = _processes.get(self.workFolder)
        if process is not None and process.poll() is not None:
            del _processes[self.workFolder]
        return self.workFolder in _processes

    def _loggedError(self) -> str:
        """The last error that the process printed; empty where there is none."""
        try:
            with (self.workFolder / LOG).open("rb") as file:
                file.seek(0, 2)
                file.seek(max(0, file.tell() - LOG_END))
                lines = file.read().decode("utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
        return sentence(errors[-1]) if errors else ""


def _commandLine(script: Path, values: Mapping[str, Any]) -> list[str]:
    """The arguments of a script for values by the names of its XML.

    Raises:
        KeyError: there is no such name, or one that has to be there is missing.
    """
    from SuperResolveLib.slicer_cli.description import read_description

    description = read_description(script.with_suffix(".xml"))
    flags: list[str] = []
    for name, value in values.items():
        parameter = description[name]
        if parameter.index is None and value not in (False, "", None):
            flags += [f"--{parameter.longflag}", *([] if value is True else [str(value)])]
    placed = sorted(
        (parameter.index, parameter.name) for parameter in description.parameters if parameter.index is not None
    )
    return [*flags, "--", *(str(values[name]) for _index, name in placed)]


def _unwritable(folder: Path, error: OSError) -> ValueError:
    return ValueError(
        _("{folder} cannot be written to ({reason}): choose another file for the model.").format(
            folder=folder, reason=error.strerror or str(error)
        )
    )


def _inWords(seconds: float) -> str:
    """A time, as people say it."""
    if seconds < 90:
        return _("{count} seconds").format(count=max(1, round(seconds)))
    if seconds < 90 * 60:
        return _("{count} minutes").format(count=round(seconds / 60))
    return _("{count} hours").format(count=f"{seconds / 3600:.1f}")
