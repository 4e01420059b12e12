"""Estimating a slice profile."""

from __future__ import annotations

from collections.abc import Sequence

import slicer
from slicer.i18n import tr as _

from .. import profileChart, profileTable
from ..cliRun import CliCall, CliRun, returnedNumber, returnedWarnings
from ..methodChoices import AUTO, estimationChoices
from ..nodes import newNode
from ..profileTable import ProfileFacts
from .task import Settings, Task, checkKind


class EstimationTask(Task):
    """Estimate the slice profile of a scan into a table node: the one given, the scan's own, or a new one."""

    kind = "estimate"
    estimates = True
    cliModule = "EstimateSliceProfile"

    def __init__(
        self,
        volumeNode: slicer.vtkMRMLScalarVolumeNode | None,
        profileNode: slicer.vtkMRMLTableNode | None,
        settings: Settings,
    ) -> None:
        super().__init__(volumeNode, settings)
        checkKind(profileNode, "vtkMRMLTableNode", _("the slice profile"))
        self.profileNode = profileNode or profileTable.profileOfScan(self.volumeNode)

    @property
    def needsTorch(self) -> bool:
        return estimationChoices().needsTorch(self.settings.get("method", AUTO), self.settings.get("preset"))

    @property
    def changedNodes(self) -> list[slicer.vtkMRMLNode]:
        return [self.profileNode] if self.profileNode else []

    def check(self) -> None:
        self.checkScan()

    def call(self) -> CliCall:
        self._estimate = self.scratch.addOutput("vtkMRMLTableNode")
        return CliCall(self.cliModule, self.parameters(profileTable=self._estimate), [self._estimate])

    def finish(self, run: CliRun) -> slicer.vtkMRMLTableNode:
        self.profileNode = finishProfile(self._estimate, self.profileNode, self.volumeNode, run, returnedWarnings(run))
        return self.profileNode


def finishProfile(
    estimate: slicer.vtkMRMLTableNode,
    tableNode: slicer.vtkMRMLTableNode | None,
    volumeNode: slicer.vtkMRMLScalarVolumeNode,
    run: CliRun,
    warnings: Sequence[str],
) -> slicer.vtkMRMLTableNode:
    """Bring an estimate from where the CLI module wrote it into the scan's profile table.

    Args:
        estimate: where it was written.
        tableNode: the scan's profile table; a new one where there is none.
        volumeNode: the scan.
        run: the run, which tells the width.
        warnings: what to know before trusting the profile, a sentence each.

    Raises:
        ValueError: the run gave no profile back.
    """
    profile = profileTable.profileFromTable(estimate)
    fwhm, low, high = (returnedNumber(run, name) for name in ("fwhm", "fwhmLow", "fwhmHigh"))
    if not min(fwhm, low, high) > 0:
        raise ValueError(_("The run told no slice thickness; the application's log may tell why."))
    told = " | ".join(warnings)
    facts = ProfileFacts("estimated", volumeNode.GetName(), fwhm, low, high, told, _priorShare(run))
    tableNode = tableNode or newNode("vtkMRMLTableNode", _("{scan} slice profile"), volumeNode.GetName())
    profileTable.setProfile(tableNode, profile, facts)
    profileTable.joinScan(tableNode, volumeNode, "estimated")
    profileChart.redraw(tableNode)
    return tableNode


def _priorShare(run: CliRun) -> float | None:
    """How much of an estimate is prior; None where its method, or the module, does not tell."""
    told = run.returned("priorShare")
    return float(told) if told and float(told) >= 0 else None
