"""What the extension does to nodes, each as a task: which CLI module runs, with what, and what becomes of its results.

A task creates the nodes that its CLI module fills, so that a cancelled or failed run can take them away again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import slicer
from slicer.i18n import tr as _

from . import measurements, profileTable, resultVolumes
from .profileTable import ProfileFacts
from .scanDescription import describeScan
from .volumes import volumeFromNode

Settings = Mapping[str, Any]


class Task:
    """One run of a CLI module on a volume.

    Attributes:
        kind: "estimate", "superResolve" or "measure".
        volumeNode: the volume that it is about.
        settings: values by the names of the CLI module's XML; what is left out takes the XML's default.
    """

    kind = ""
    cliModuleName = ""

    def __init__(self, volumeNode: slicer.vtkMRMLScalarVolumeNode | None, settings: Settings) -> None:
        if volumeNode is None:
            raise ValueError(_("No volume is selected: select one."))
        self.volumeNode = volumeNode
        self.settings = dict(settings)
        self.createdNodes: list[slicer.vtkMRMLNode] = []

    @property
    def needsTorch(self) -> bool:
        """Whether the run needs PyTorch."""
        raise NotImplementedError

    def parameters(self) -> dict[str, Any]:
        """The CLI module's parameters; creates the nodes that it fills."""
        return {"inputVolume": self.volumeNode.GetID(), **self.settings}

    def finish(self, cliNode: slicer.vtkMRMLCommandLineModuleNode) -> Any:
        """Make of the CLI module's outputs what the user asked for."""
        raise NotImplementedError

    def discard(self) -> None:
        """Remove the nodes that were created for a run that came to nothing."""
        for node in self.createdNodes:
            if slicer.mrmlScene.IsNodePresent(node):
                slicer.mrmlScene.RemoveNode(node)
        self.createdNodes = []

    def create(self, className: str, name: str) -> slicer.vtkMRMLNode:
        """A new node for an output."""
        node = slicer.mrmlScene.AddNewNodeByClass(className, slicer.mrmlScene.GenerateUniqueName(name))
        self.createdNodes.append(node)
        return node

    def check(self) -> None:
        """Refuse what cannot be used before anything is started.

        Raises:
            ValueError: telling why.
        """

    def checkScan(self) -> None:
        """Refuse what is no scan, and take from its header what the CLI module cannot see.

        Raises:
            ValueError: telling why.
        """
        description = describeScan(self.volumeNode, self.settings.get("axis", "auto"))
        if description.problem:
            raise ValueError(description.problem)
        if not self.settings.get("acquiredResolution") and description.acquiredResolution:
            self.settings["acquiredResolution"] = description.acquiredResolution


class EstimationTask(Task):
    """Estimate the slice profile of a scan into a table node."""

    kind = "estimate"
    cliModuleName = "estimatesliceprofile"

    def __init__(
        self,
        volumeNode: slicer.vtkMRMLScalarVolumeNode | None,
        profileNode: slicer.vtkMRMLTableNode | None,
        settings: Settings,
    ) -> None:
        super().__init__(volumeNode, settings)
        self.profileNode = profileNode

    @property
    def needsTorch(self) -> bool:
        from SuperResolveLib.estimation import ESTIMATORS

        return _needsTorch(ESTIMATORS, self.settings.get("method", "espreso"), self.settings.get("preset"))

    def check(self) -> None:
        self.checkScan()

    def parameters(self) -> dict[str, Any]:
        name = _("{scan} slice profile").format(scan=self.volumeNode.GetName())
        self.profileNode = self.profileNode or self.create("vtkMRMLTableNode", name)
        return {**super().parameters(), "profileTable": self.profileNode.GetID()}

    def finish(self, cliNode: slicer.vtkMRMLCommandLineModuleNode) -> slicer.vtkMRMLTableNode:
        return _finishProfile(self.profileNode, self.volumeNode, cliNode)


@dataclass(frozen=True)
class Measurement:
    """The resolution of a volume along its worst axis.

    Attributes:
        fwhm, fwhmLow, fwhmHigh: FWHM of the relative profile left in mm, and its 80 % interval.
        fwhmRatio: FWHM in in-plane voxels; 1 or less is as good as in plane.
        axis: "i", "j" or "k".
        warnings: what to know before trusting it, sentences.
    """

    fwhm: float
    fwhmLow: float
    fwhmHigh: float
    fwhmRatio: float
    axis: str
    warnings: tuple[str, ...]

    @property
    def text(self) -> str:
        """The measurement in a line."""
        return _(
            "FWHM {width} mm along {axis} (80 % interval {low} to {high} mm), {ratio} times the in-plane voxel"
        ).format(
            width=f"{self.fwhm:.2f}",
            axis=self.axis,
            low=f"{self.fwhmLow:.2f}",
            high=f"{self.fwhmHigh:.2f}",
            ratio=f"{self.fwhmRatio:.2f}",
        )


class MeasurementTask(Task):
    """Measure the resolution left in any volume."""

    kind = "measure"
    cliModuleName = "estimatesliceprofile"
    needsTorch = False

    def check(self) -> None:
        volumeFromNode(self.volumeNode)

    def parameters(self) -> dict[str, Any]:
        return {**super().parameters(), "measure": True}

    def finish(self, cliNode: slicer.vtkMRMLCommandLineModuleNode) -> Measurement:
        measurement = Measurement(
            *(_returned(cliNode, name) for name in ("fwhm", "fwhmLow", "fwhmHigh", "fwhmRatio")),
            axis=cliNode.GetParameterAsString("measuredAxis"),
            warnings=warningsOf(cliNode),
        )
        measurements.record(self.volumeNode, measurement)
        return measurement


class SuperResolutionTask(Task):
    """Super-resolve a scan into a volume node, with the profile in a table node or one estimated on the way."""

    kind = "superResolve"
    cliModuleName = "superresolve"

    def __init__(
        self,
        volumeNode: slicer.vtkMRMLScalarVolumeNode | None,
        profileNode: slicer.vtkMRMLTableNode | None,
        outputNode: slicer.vtkMRMLScalarVolumeNode | None,
        settings: Settings,
    ) -> None:
        super().__init__(volumeNode, settings)
        if outputNode is not None and outputNode is volumeNode:
            raise ValueError(_("The result cannot replace the scan itself: choose another output volume."))
        self.profileNode = profileNode
        self.estimates = profileNode is None
        self.outputNode = outputNode
        self.residualNode = outputNode and outputNode.GetNodeReference(resultVolumes.RESIDUAL_OF_RESULT)

    @property
    def needsTorch(self) -> bool:
        from SuperResolveLib.methods import METHODS

        return _needsTorch(METHODS, self.settings.get("method", "smore"), self.settings.get("preset"))

    def check(self) -> None:
        self.checkScan()
        if not self.estimates:
            profileTable.profileFromTable(self.profileNode)  # raises what is wrong with it

    def parameters(self) -> dict[str, Any]:
        name = self.volumeNode.GetName()
        volume = "vtkMRMLScalarVolumeNode"
        self.outputNode = self.outputNode or self.create(volume, _("{scan} super-resolved").format(scan=name))
        self.residualNode = self.residualNode or self.create(volume, _("{scan} residual").format(scan=name))
        if self.estimates:
            self.profileNode = profileTable.profileOfScan(self.volumeNode) or self.create(
                "vtkMRMLTableNode", _("{scan} slice profile").format(scan=name)
            )
        return {
            **super().parameters(),
            "outputVolume": self.outputNode.GetID(),
            "residualVolume": self.residualNode.GetID(),
            "usedProfileTable" if self.estimates else "profileTable": self.profileNode.GetID(),
        }

    def finish(self, cliNode: slicer.vtkMRMLCommandLineModuleNode) -> slicer.vtkMRMLScalarVolumeNode:
        if self.estimates:
            _finishProfile(self.profileNode, self.volumeNode, cliNode)
        for node in (self.outputNode, self.residualNode):
            resultVolumes.joinScan(node, self.volumeNode)
        resultVolumes.displayLike(self.outputNode, self.volumeNode)
        resultVolumes.displayResidual(self.residualNode, _returned(cliNode, "noise"))
        resultVolumes.remember(
            self.outputNode, self.profileNode, self.residualNode, _returned(cliNode, "dataConsistencyRmse")
        )
        measurements.record(self.outputNode, None)
        return self.outputNode


def warningsOf(cliNode: slicer.vtkMRMLCommandLineModuleNode) -> tuple[str, ...]:
    """What a run warned of, a sentence each."""
    return tuple(text for text in cliNode.GetParameterAsString("warnings").split(" | ") if text)


def _finishProfile(
    tableNode: slicer.vtkMRMLTableNode,
    volumeNode: slicer.vtkMRMLScalarVolumeNode,
    cliNode: slicer.vtkMRMLCommandLineModuleNode,
) -> slicer.vtkMRMLTableNode:
    """Turn the text that was read into a profile table that knows its scan and widths."""
    widths = [_returned(cliNode, name) for name in ("fwhm", "fwhmLow", "fwhmHigh")]
    facts = ProfileFacts("estimated", volumeNode.GetName(), *widths, " | ".join(warningsOf(cliNode)))
    profileTable.setProfile(tableNode, profileTable.profileFromTable(tableNode), facts)
    volumeNode.SetNodeReferenceID(profileTable.PROFILE_OF_SCAN, tableNode.GetID())
    return tableNode


def _returned(cliNode: slicer.vtkMRMLCommandLineModuleNode, name: str) -> float:
    """A number that the CLI module returned."""
    return float(cliNode.GetParameterAsString(name))


def _needsTorch(registry: Mapping[str, Any], name: str, preset: str | None) -> bool:
    return name in registry and registry[name].runs_on_torch(preset)
