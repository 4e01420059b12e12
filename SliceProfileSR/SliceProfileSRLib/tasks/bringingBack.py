"""Bringing what was made, or found, on thin planes back to the slices of a scan."""

from __future__ import annotations

from typing import Any

import slicer
from slicer.i18n import tr as _

from .. import profileTable, resultVolumes
from ..cliRun import CliCall, CliRun
from ..nodes import moveVolume, newNode
from ..scratch import holdsData
from ..segmentations import fillLabelMap, fillSegmentation
from .task import Settings, Task, checkKind

_VOLUME, _LABEL_MAP, _SEGMENTATION = (
    f"vtkMRML{kind}Node" for kind in ("ScalarVolume", "LabelMapVolume", "Segmentation")
)


class BringingBackTask(Task):
    """Bring an image, a label map or a segmentation back to the slices of a scan, into a node of its kind.

    The slice profile is that of a table, or else the one that the image was made with, the scan's own, or estimated.
    """

    kind = "bringBack"
    cliModule = "BringBackToSlices"
    needsTorch = False

    def __init__(
        self,
        thinNode: slicer.vtkMRMLDisplayableNode | None,
        scanNode: slicer.vtkMRMLScalarVolumeNode | None,
        profileNode: slicer.vtkMRMLTableNode | None,
        outputNode: slicer.vtkMRMLDisplayableNode | None,
        settings: Settings,
    ) -> None:
        self.className = _classOf(thinNode)
        self.thinNode: Any = thinNode
        super().__init__(scanNode or (resultVolumes.scanOfResult(thinNode)), settings)
        checkKind(profileNode, "vtkMRMLTableNode", _("the slice profile"))
        if outputNode is not None and (outputNode is thinNode or _classOf(outputNode) != self.className):
            raise ValueError(_("The result needs a node of its own, of the same kind: choose another output."))
        used = thinNode and thinNode.GetNodeReference(resultVolumes.PROFILE_OF_RESULT)
        self.profileNode = profileNode or used or profileTable.profileOfScan(self.volumeNode)
        self.outputNode = outputNode

    @property
    def nodes(self) -> list[slicer.vtkMRMLNode]:
        return [*super().nodes, self.thinNode, *([self.profileNode] if self.profileNode else [])]

    @property
    def changedNodes(self) -> list[slicer.vtkMRMLNode]:
        return [self.outputNode] if self.outputNode else []

    def check(self) -> None:
        self.checkScan()
        if self.className != _SEGMENTATION and not holdsData(self.thinNode):
            raise ValueError(_("{volume} has no voxels.").format(volume=self.thinNode.GetName()))
        if self.profileNode:
            profileTable.profileFromTable(self.profileNode)  # raises what is wrong with it

    def call(self) -> CliCall:
        labels = self.className != _VOLUME
        kind = _LABEL_MAP if labels else _VOLUME
        thinNode = self.thinNode
        if self.className == _SEGMENTATION:
            thinNode = self.scratch.addOutput(_LABEL_MAP)
            fillLabelMap(thinNode, self.thinNode)
        self._onSlices = self.scratch.addOutput(kind)
        nodes = {"inputVolume": thinNode, "scanVolume": self.volumeNode, "outputVolume": self._onSlices}
        if self.profileNode:
            nodes["profileTable"] = self.scratch.addTable(profileTable.textColumns(self.profileNode))
        return CliCall(self.cliModule, {**self.parameters(**nodes), "labels": labels}, [self._onSlices])

    def finish(self, run: CliRun) -> slicer.vtkMRMLDisplayableNode:
        if not holdsData(self._onSlices):
            raise ValueError(_("The run gave no volume back; the application's log may tell why."))
        name = self.thinNode.GetName()
        self.outputNode = self.outputNode or newNode(self.className, _("{scan} on slices"), name)
        if self.className == _SEGMENTATION:
            fillSegmentation(self.outputNode, self._onSlices, self.thinNode)
        else:
            moveVolume(self._onSlices, self.outputNode)
        resultVolumes.joinScan(self.outputNode, self.volumeNode)
        resultVolumes.rememberVolumes(self.outputNode, "\n".join(map(self._volumeLine, _volumes(run))))
        if self.className == _VOLUME:
            resultVolumes.displayLike(self.outputNode, self.volumeNode)
        else:
            self.outputNode.CreateDefaultDisplayNodes()
        return self.outputNode

    def _volumeLine(self, told: tuple[int, str, str]) -> str:
        """What became of the volume of a label, or of the segment that it stands for."""
        label, before, after = told
        if self.className == _SEGMENTATION:
            name = self.thinNode.GetSegmentation().GetNthSegment(label - 1).GetName()
        else:
            name = _("Label {label}").format(label=label)
        return _("{name}: {before} ml, on the slices {after} ml").format(name=name, before=before, after=after)


def _volumes(run: CliRun) -> list[tuple[int, str, str]]:
    """Labels as the run told them, with their volumes before and after in ml, as texts."""
    told = [each.split() for each in run.returned("volumes").split(" | ") if each]
    return [(int(label), f"{float(before):.4g}", f"{float(after):.4g}") for label, before, after in told]


def _classOf(node: Any) -> str:
    """The kind of what is brought back, by its class; the most special first, as a label map is a volume too.

    Raises:
        ValueError: it is of no such kind.
    """
    for className in (_SEGMENTATION, _LABEL_MAP, _VOLUME):
        if node is not None and isinstance(node, getattr(slicer, className)):
            return className
    raise ValueError(_("Nothing is selected that could be brought back: give a volume, label map or segmentation."))
