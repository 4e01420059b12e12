"""Runs the extension's CLI modules for tests: their very scripts, as processes, with files in and out."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import slicer
from PySide6.QtCore import QProcess

from SuperResolveLib.slicer_cli.description import Description, read_description

_TOLD = re.compile(r"<(filter-progress|filter-comment)>(.*?)</\1>")


class ScriptRunner:
    """Implements the panel's ``CliRunner``; as Slicer does, it runs one module at a time.

    Args:
        folder: where the scripts are, each beside its XML.
    """

    def __init__(self, folder: Path) -> None:
        self.runs: list[ScriptRun] = []
        self._folder = folder

    def check(self, module: str) -> None:
        if not (self._folder / f"{module}.py").is_file():
            raise ValueError(f"There is no CLI module {module}.")

    def run(self, call: Any) -> ScriptRun:
        run = self.start(call, lambda: None)
        run.process.waitForFinished(-1)
        return run

    def start(self, call: Any, onChanged: Callable[[], None]) -> ScriptRun:
        run = ScriptRun(self._folder / f"{call.module}.py", call, onChanged, self.start_next)
        self.runs.append(run)
        self.start_next()
        return run

    def start_next(self) -> None:
        self.runs = [run for run in self.runs if run.state.isBusy]
        if self.runs:
            self.runs[0].begin()

    def close(self) -> None:
        for run in reversed(list(self.runs)):
            run.cancel()
            run.process.waitForFinished()


class ScriptRun:
    """A script as a process; implements the panel's ``CliRun``.

    Args:
        script: the script.
        call: what to run.
        on_changed: called whenever something about it may have changed.
        on_ended: called when it has ended, before that.
    """

    def __init__(self, script: Path, call: Any, on_changed: Callable[[], None], on_ended: Callable[[], None]) -> None:
        from SliceProfileSRLib.cliRun import RunState

        self.state, self._states = RunState.WAITING, RunState
        self.progress, self.stage, self.errorText = 0.0, "", ""
        self.process = QProcess()
        self._script, self._call, self._on_changed, self._on_ended = script, call, on_changed, on_ended
        self._description: Description = read_description(script.with_suffix(".xml"))
        self._folder = Path(tempfile.mkdtemp(prefix="script-run-"))
        self._files = {
            name: self._folder / f"{name}{'.nrrd' if self._description[name].tag == 'image' else '.tsv'}"
            for name in call.parameters
            if self._description[name].tag in ("image", "table")  # files of nodes
        }
        self._told: dict[str, str] = {}
        self.process.readyReadStandardOutput.connect(self._read_output)
        self.process.finished.connect(self._on_finished)

    def begin(self) -> None:
        if self.state is self._states.WAITING:
            self.state = self._states.RUNNING
            self._write_inputs()
            self.process.start(sys.executable, [str(self._script), *self._arguments()])
            self._on_changed()

    def returned(self, name: str) -> str:
        default = self._description[name].default
        return self._told.get(name, "" if default is None else str(default))

    def cancel(self) -> None:
        if self.state is self._states.WAITING:
            self._end(self._states.CANCELLED)
        elif self.state is self._states.RUNNING:
            self.state = self._states.CANCELLING
            self.process.kill()
            self._on_changed()

    def discard(self) -> None:
        """Let go of it, of which nothing is left."""

    def _arguments(self) -> list[str]:
        given, flags = dict(self._call.parameters), ["--returnparameterfile", str(self._folder / "returned.txt")]
        placed = sorted((p for p in self._description.parameters if p.index is not None), key=lambda p: p.index)
        for name, value in given.items():
            parameter = self._description[name]
            if parameter.index is None and value not in (False, ""):
                text = [] if value is True else [str(self._files.get(name, value))]
                flags += [f"--{parameter.longflag}", *text]
        return [*flags, *(str(self._files[parameter.name]) for parameter in placed)]

    def _write_inputs(self) -> None:
        for name, path in self._files.items():
            if self._description[name].channel == "input":
                storage, node = _storage(self._call.parameters[name], path)
                storage.WriteData(node)

    def _read_outputs(self) -> None:
        for line in (self._folder / "returned.txt").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(" = ")
            self._told[name] = value
        for name, path in self._files.items():
            if self._description[name].channel == "output":
                storage, node = _storage(self._call.parameters[name], path)
                storage.ReadData(node)

    def _read_output(self) -> None:
        for kind, text in _TOLD.findall(bytes(self.process.readAllStandardOutput().data()).decode()):
            if kind == "filter-progress":
                self.progress = float(text)
            else:
                self.stage = text
        self._on_changed()

    def _on_finished(self, code: int, _status: Any = None) -> None:
        self.errorText = bytes(self.process.readAllStandardError().data()).decode()
        if self.state is self._states.CANCELLING:
            self._end(self._states.CANCELLED)
        elif code:
            self._end(self._states.FAILED)
        else:
            self._read_outputs()
            self._end(self._states.COMPLETED)

    def _end(self, state: Any) -> None:
        self.state = state
        shutil.rmtree(self._folder, ignore_errors=True)
        self._on_ended()
        self._on_changed()


def _storage(node_id: str, path: Path) -> tuple[Any, Any]:
    node = slicer.mrmlScene.GetNodeByID(node_id)
    is_volume = node.IsA("vtkMRMLVolumeNode")
    storage = slicer.vtkMRMLVolumeArchetypeStorageNode() if is_volume else slicer.vtkMRMLTableStorageNode()
    storage.SetFileName(str(path))
    return storage, node
