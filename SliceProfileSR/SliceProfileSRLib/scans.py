"""Which volumes of the scene may be scans: what this module writes beside a result is none, nor is a single slice."""

from __future__ import annotations

import slicer

#: By this attribute a map that is no image of the patient, such as a residual, is told from one.
MAP_ATTRIBUTE = "SliceProfileSR.map"


def markMap(volumeNode: slicer.vtkMRMLScalarVolumeNode, kind: str) -> None:
    """Mark a volume as a map of that kind, "residual" or "uncertainty"."""
    volumeNode.SetAttribute(MAP_ATTRIBUTE, kind)


def mayBeScan(volumeNode: slicer.vtkMRMLVolumeNode) -> bool:
    """Whether a volume is offered as a scan: scalar and no label map, no map of ours, of more than one slice."""
    if volumeNode.GetClassName() != "vtkMRMLScalarVolumeNode" or volumeNode.GetAttribute(MAP_ATTRIBUTE):
        return False
    image = volumeNode.GetImageData()
    return image is None or min(image.GetDimensions()) > 1  # without voxels, they may still come


def scans() -> list[slicer.vtkMRMLScalarVolumeNode]:
    """The volumes of the scene that may be scans, in order; runs have hidden ones."""
    volumes = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    return [node for node in volumes if mayBeScan(node) and not node.GetHideFromEditors()]


def othersThanScans() -> list[str]:
    """The IDs of the volumes that are not to be offered as scans."""
    return [node.GetID() for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") if not mayBeScan(node)]
