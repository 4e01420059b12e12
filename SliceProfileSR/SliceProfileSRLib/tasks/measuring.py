"""Measuring the resolution of a volume."""

from __future__ import annotations

from .. import measurements
from ..cliRun import CliCall, CliRun, returnedNumber, returnedWarnings
from ..measurement import Measurement
from ..volumes import volumeFromNode
from .task import Task


class MeasurementTask(Task):
    """Measure the resolution left in any volume."""

    kind = "measure"
    cliModule = "EstimateSliceProfile"
    needsTorch = False

    def check(self) -> None:
        volumeFromNode(self.volumeNode)
        self.takeHeader()

    def call(self) -> CliCall:
        return CliCall(self.cliModule, {**self.parameters(), "measure": True}, [])

    def finish(self, run: CliRun) -> Measurement:
        fwhm, low, high, ratio = (returnedNumber(run, name) for name in ("fwhm", "fwhmLow", "fwhmHigh", "fwhmRatio"))
        measurement = Measurement(
            fwhm=fwhm,
            fwhmLow=low,
            fwhmHigh=high,
            fwhmRatio=ratio,
            axis=run.returned("measuredAxis"),
            warnings=returnedWarnings(run),
        )
        measurements.record(self.volumeNode, measurement)
        return measurement
