"""What every task has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import slicer
from slicer.i18n import tr as _

from ..cliRun import CliCall, CliRun
from ..scanDescription import ScanDescription, describeScan
from ..scratch import Scratch

Settings = Mapping[str, Any]


class Task(ABC):
    """One run of a CLI module on a volume.

    Attributes:
        kind: "estimate", "superResolve", "measure" or "bringBack".
        cliModule: the CLI module that does it.
        volumeNode: the volume that it is about.
        settings: values by the names of the CLI module's XML; what is left out takes the XML's default.
        scratch: the hidden nodes of the run.
        estimates: whether it estimates the volume's slice profile.
    """

    estimates = False
    kind = ""
    cliModule = ""

    def __init__(self, volumeNode: slicer.vtkMRMLScalarVolumeNode | None, settings: Settings) -> None:
        if volumeNode is None:
            raise ValueError(_("No volume is selected: select one."))
        checkKind(volumeNode, "vtkMRMLScalarVolumeNode", _("the volume"))
        self.volumeNode = volumeNode
        self.settings = dict(settings)
        self.scratch = Scratch()

    @property
    @abstractmethod
    def needsTorch(self) -> bool:
        """Whether the run needs PyTorch."""

    @property
    def nodes(self) -> list[slicer.vtkMRMLNode]:
        """The user's nodes that the run reads or will change."""
        return [self.volumeNode, *self.changedNodes]

    @property
    def changedNodes(self) -> list[slicer.vtkMRMLNode]:
        """The user's nodes that the run will change."""
        return []

    @abstractmethod
    def check(self) -> None:
        """Refuse what cannot be used before anything is started.

        Raises:
            ValueError: telling why.
        """

    @abstractmethod
    def call(self) -> CliCall:
        """What to run; makes the hidden nodes that the CLI module reads and fills."""

    @abstractmethod
    def finish(self, run: CliRun) -> Any:
        """Make of the CLI module's outputs what the user asked for.

        Raises:
            ValueError: they are not there.
        """

    def checkScan(self) -> None:
        """Refuse what is no scan.

        Raises:
            ValueError: telling why.
        """
        refusal = self.describe().refusal
        if refusal:
            raise ValueError(refusal)
        self.takeHeader()

    def describe(self) -> ScanDescription:
        """The volume as a scan, seen with the task's settings."""
        return describeScan(
            self.volumeNode, self.settings.get("axis", "auto"), self.settings.get("acquiredResolution", "")
        )

    def takeHeader(self) -> None:
        """Pass on what the scan's header tells of the in-plane resolution, which the CLI module cannot see."""
        told = self.describe().acquiredResolution
        if told and not self.settings.get("acquiredResolution"):
            self.settings["acquiredResolution"] = told

    def parameters(self, **nodes: slicer.vtkMRMLNode) -> dict[str, Any]:
        """The CLI module's parameters: the volume, other nodes by their IDs, and the settings."""
        ids = {name: node.GetID() for name, node in nodes.items()}
        return {"inputVolume": self.volumeNode.GetID(), **self.settings, **ids}


def checkKind(node: Any, className: str, what: str) -> None:
    """Refuse, where a script gave it, what is no node of the kind that is wanted; None passes.

    Raises:
        ValueError: naming both.
    """
    kinds = {"vtkMRMLScalarVolumeNode": _("scalar volume"), "vtkMRMLTableNode": _("table")}
    isLabelMap = isinstance(node, slicer.vtkMRMLLabelMapVolumeNode)
    if node is None or (isinstance(node, getattr(slicer, className)) and not isLabelMap):
        return
    given = node.GetNodeTagName() if isinstance(node, slicer.vtkMRMLNode) else type(node).__name__
    raise ValueError(
        _("{given} cannot be {what}: give a {kind} node.").format(given=given, what=what, kind=kinds[className])
    )
