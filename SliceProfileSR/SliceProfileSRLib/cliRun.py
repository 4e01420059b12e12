"""What the extension needs of whatever runs a CLI module for it.

In Slicer, :class:`SliceProfileSRLib.slicerCli.SlicerCliRunner` does; tests run the modules' scripts, or play a run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

import slicer
from slicer.i18n import tr as _

from .sentences import sentence


class RunState(Enum):
    """How a run stands."""

    WAITING = "waiting"  # for another run to end
    RUNNING = "running"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def isBusy(self) -> bool:
        """Whether the run has not ended."""
        return self in (RunState.WAITING, RunState.RUNNING, RunState.CANCELLING)


@dataclass(frozen=True)
class CliCall:
    """What to run.

    Attributes:
        module: the CLI module, as its script is called: "EstimateSliceProfile".
        parameters: values by the names of its XML, nodes by their IDs; what is left out takes the XML's default.
        outputs: those of the nodes that the module fills.
    """

    module: str
    parameters: Mapping[str, Any]
    outputs: Sequence[slicer.vtkMRMLStorableNode]


class CliRun(Protocol):
    """One run of a CLI module."""

    @property
    def state(self) -> RunState:
        """How it stands; COMPLETED only when all of its outputs have been read."""

    @property
    def progress(self) -> float:
        """How much of it is done, from 0 to 1; 0 while it has not told."""

    @property
    def stage(self) -> str:
        """What it does now, in its own words; may be empty."""

    @property
    def errorText(self) -> str:
        """What it wrote as errors, as it stands."""

    def returned(self, name: str) -> str:
        """A value that it returned, by the name of the XML; the XML's default where it returned none."""

    def cancel(self) -> None:
        """End it early, without waiting for that; nothing where it has ended."""

    def discard(self) -> None:
        """Let go of it once it has ended."""


class CliRunner(Protocol):
    """Runs CLI modules."""

    def check(self, module: str) -> None:
        """Refuse a module that is not there.

        Raises:
            ValueError: telling how to get it.
        """

    def run(self, call: CliCall) -> CliRun:
        """Run a module, and return when it has ended."""

    def start(self, call: CliCall, onChanged: Callable[[], None]) -> CliRun:
        """Start a module, and call a function whenever the run's state, progress or stage may have changed."""


def errorSentence(run: CliRun) -> str:
    """What went wrong in a run that failed, in one sentence: the last that it told as its error."""
    lines = [line.strip() for line in run.errorText.splitlines() if line.strip()]
    told = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    if told or lines:
        return sentence((told or lines)[-1])
    return _("The run ended unexpectedly; the application's log may tell why.")


def returnedNumber(run: CliRun, name: str) -> float:
    """A number that the CLI module returned; the XML's default, 0, where it returned none."""
    return float(run.returned(name))


def returnedWarnings(run: CliRun, name: str = "warnings") -> tuple[str, ...]:
    """What a run warned of, or those of its warnings that it returned by another name, a sentence each."""
    return tuple(text for text in run.returned(name).split(" | ") if text)
