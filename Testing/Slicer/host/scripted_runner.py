"""Plays runs of CLI modules at a test's command: one finishes, fails or goes on for ever as the test says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import slicer


class ScriptedRunner:
    """Implements the panel's ``CliRunner``.

    Attributes:
        runs: every run so far.
    """

    def __init__(self) -> None:
        self.runs: list[ScriptedRun] = []

    def check(self, module: str) -> None:
        """Every module is there."""

    def run(self, call: Any) -> ScriptedRun:
        run = self.start(call, lambda: None)
        run.complete()
        return run

    def start(self, call: Any, onChanged: Callable[[], None]) -> ScriptedRun:
        run = ScriptedRun(call, onChanged)
        self.runs.append(run)
        return run

    def close(self) -> None:
        """Nothing is left of what is played."""


class ScriptedRun:
    """Implements the panel's ``CliRun``.

    Attributes:
        call: what is run.
        isDiscarded: whether it was let go of.
    """

    def __init__(self, call: Any, on_changed: Callable[[], None]) -> None:
        from SliceProfileSRLib.cliRun import RunState

        self.call, self.isDiscarded = call, False
        self.state, self._states = RunState.RUNNING, RunState
        self.progress, self.stage, self.errorText = 0.0, "", ""
        self._on_changed = on_changed
        self._returned: dict[str, str] = {
            **dict.fromkeys(("fwhm", "fwhmLow", "fwhmHigh", "fwhmRatio", "noise", "dataConsistencyRmse"), "1.0"),
            "priorShare": "-1",
            "measuredAxis": "k",
            "choice": "",
            "volumes": "",
            "profileWarnings": "",
            "warnings": "",
        }

    def returned(self, name: str) -> str:
        return self._returned[name]

    def wait(self) -> None:
        self._become(self._states.WAITING)

    def tell(self, progress: float, stage: str = "") -> None:
        self.progress, self.stage = progress, stage
        self._become(self._states.RUNNING)

    def complete(self, **returned: object) -> None:
        """Let it end well: volumes are filled with ones, tables with a triangle."""
        for node in self.call.outputs:
            _fill(node)
        self._returned |= {name: str(value) for name, value in returned.items()}
        self._become(self._states.COMPLETED)

    def complete_without_outputs(self) -> None:
        """Let it end as if all was well."""
        self._become(self._states.COMPLETED)

    def fail(self, error: str) -> None:
        self.errorText = error
        self._become(self._states.FAILED)

    def cancel(self) -> None:
        if self.state.isBusy:
            self._become(self._states.CANCELLING)

    def end_cancelled(self) -> None:
        self._become(self._states.CANCELLED)

    def discard(self) -> None:
        self.isDiscarded = True

    def _become(self, state: Any) -> None:
        self.state = state
        self._on_changed()


def _fill(node: Any) -> None:
    if node.IsA("vtkMRMLVolumeNode"):
        slicer.util.updateVolumeFromArray(node, np.ones((4, 5, 6), np.float32))
    else:
        rows = {"offset_mm": np.arange(-2.0, 3.0) * 2, "weight": np.array([1.0, 2, 3, 2, 1]) / 9}
        slicer.util.updateTableFromArray(node, list(rows.values()), list(rows))
