"""How a result joins the scan that it was made from: place, transform, window and colour."""

from __future__ import annotations

import slicer
from slicer.i18n import tr as _

#: Node references from a result to what it was made from, and to its residual and its uncertainty.
SCAN_OF_RESULT, PROFILE_OF_RESULT, RESIDUAL_OF_RESULT, UNCERTAINTY_OF_RESULT = (
    f"SliceProfileSR.{what}" for what in ("scan", "usedProfile", "residual", "uncertainty")
)
#: How far the residual's colours reach, in standard deviations of the scan's noise.
RESIDUAL_REACH = 3.0
#: The percentile of an uncertainty up to which its colours reach.
UNCERTAINTY_REACH = 99.5
_COLORS_ATTRIBUTE = "SliceProfileSR.residualColors"
_RESIDUAL_ATTRIBUTE, _WARNINGS_ATTRIBUTE = "SliceProfileSR.dataConsistencyRmse", "SliceProfileSR.warnings"


def joinScan(resultNode: slicer.vtkMRMLScalarVolumeNode, scanNode: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Put a result beside its scan in the subject hierarchy and under the same transform, and refer to it."""
    resultNode.SetAndObserveTransformNodeID(scanNode.GetTransformNodeID())
    resultNode.SetNodeReferenceID(SCAN_OF_RESULT, scanNode.GetID())
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    scanItem, resultItem = hierarchy.GetItemByDataNode(scanNode), hierarchy.GetItemByDataNode(resultNode)
    if scanItem and resultItem:
        hierarchy.SetItemParent(resultItem, hierarchy.GetItemParent(scanItem))


def displayLike(resultNode: slicer.vtkMRMLScalarVolumeNode, scanNode: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Give a result the scan's window, level and colours."""
    resultNode.CreateDefaultDisplayNodes()
    ours, theirs = resultNode.GetDisplayNode(), scanNode.GetDisplayNode()
    if theirs is None:
        return
    ours.SetAutoWindowLevel(False)
    ours.SetWindowLevel(theirs.GetWindow(), theirs.GetLevel())
    ours.SetInterpolate(theirs.GetInterpolate())
    if theirs.GetColorNodeID():
        ours.SetAndObserveColorNodeID(theirs.GetColorNodeID())


def displayResidual(residualNode: slicer.vtkMRMLScalarVolumeNode, noise: float) -> None:
    """Show a residual in diverging colours about zero, up to some standard deviations of the noise."""
    residualNode.CreateDefaultDisplayNodes()
    display = residualNode.GetDisplayNode()
    display.SetAndObserveColorNodeID(residualColors().GetID())
    display.SetAutoWindowLevel(False)
    display.SetWindowLevel(2 * RESIDUAL_REACH * max(noise, 1e-6), 0.0)


def displayUncertainty(uncertaintyNode: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Show an uncertainty in the residual's colours: the redder, the less is certain."""
    import numpy as np

    sample = slicer.util.arrayFromVolume(uncertaintyNode)[::2, ::2, ::2]
    reach = float(np.percentile(sample, UNCERTAINTY_REACH))
    uncertaintyNode.CreateDefaultDisplayNodes()
    display = uncertaintyNode.GetDisplayNode()
    display.SetAndObserveColorNodeID(residualColors().GetID())
    display.SetAutoWindowLevel(False)
    display.SetWindowLevel(2 * max(reach, 1e-6), 0.0)


def residualColors() -> slicer.vtkMRMLColorTableNode:
    """The colour table for what is best at zero: blue below, white at it and red above; made once a scene."""
    tables = slicer.util.getNodesByClass("vtkMRMLColorTableNode")
    found = next((node for node in tables if node.GetAttribute(_COLORS_ATTRIBUTE)), None)
    return found or _newResidualColors()


def _newResidualColors() -> slicer.vtkMRMLColorTableNode:
    colorNode = slicer.vtkMRMLColorTableNode()
    colorNode.SetTypeToUser()
    colorNode.SetName(_("Residual and uncertainty (blue, white, red)"))
    colorNode.SetAttribute("Category", "SliceProfileSR")
    colorNode.SetAttribute(_COLORS_ATTRIBUTE, "true")
    colorNode.HideFromEditorsOff()
    count = 255  # odd, so that one colour belongs to zero
    colorNode.SetNumberOfColors(count)
    for index in range(count):
        away = 2 * index / (count - 1) - 1  # -1 to 1
        fade = 1 - abs(away)
        colour = (fade, fade, 1.0) if away < 0 else (1.0, fade, fade)
        colorNode.SetColor(index, f"{away:+.2f}", *colour, 1.0)
    return slicer.mrmlScene.AddNode(colorNode)


def remember(
    resultNode: slicer.vtkMRMLScalarVolumeNode,
    profileNode: slicer.vtkMRMLTableNode,
    residualNode: slicer.vtkMRMLScalarVolumeNode,
    dataConsistencyRmse: float,
    warnings: tuple[str, ...],
) -> None:
    """Keep with a result which profile it was made with, how it degrades back to the scan, and what to know of it."""
    resultNode.SetNodeReferenceID(PROFILE_OF_RESULT, profileNode.GetID())
    resultNode.SetNodeReferenceID(RESIDUAL_OF_RESULT, residualNode.GetID())
    resultNode.SetAttribute(_RESIDUAL_ATTRIBUTE, f"{dataConsistencyRmse:.6g}")
    resultNode.SetAttribute(_WARNINGS_ATTRIBUTE, " | ".join(warnings))


def rememberUncertainty(
    resultNode: slicer.vtkMRMLScalarVolumeNode, uncertaintyNode: slicer.vtkMRMLScalarVolumeNode | None
) -> None:
    """Keep with a result how far it may be off, or that it has no such map."""
    resultNode.SetNodeReferenceID(UNCERTAINTY_OF_RESULT, uncertaintyNode.GetID() if uncertaintyNode else None)


def warningsOfResult(resultNode: slicer.vtkMRMLScalarVolumeNode) -> list[str]:
    """What to know before trusting a result, sentences."""
    return [text for text in (resultNode.GetAttribute(_WARNINGS_ATTRIBUTE) or "").split(" | ") if text]


def dataConsistencyRmse(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> float | None:
    """How far a result, degraded, is from its scan, in units of the scan's noise; None for other volumes."""
    told = volumeNode.GetAttribute(_RESIDUAL_ATTRIBUTE)
    return float(told) if told else None


def residualOfResult(resultNode: slicer.vtkMRMLScalarVolumeNode) -> slicer.vtkMRMLScalarVolumeNode | None:
    """The scan minus the degraded result, if a volume was super-resolved here."""
    return resultNode.GetNodeReference(RESIDUAL_OF_RESULT)


def uncertaintyOfResult(resultNode: slicer.vtkMRMLScalarVolumeNode) -> slicer.vtkMRMLScalarVolumeNode | None:
    """How far a result may be off at every voxel, if that was mapped with it."""
    return resultNode.GetNodeReference(UNCERTAINTY_OF_RESULT)


def scanOfResult(resultNode: slicer.vtkMRMLScalarVolumeNode) -> slicer.vtkMRMLScalarVolumeNode | None:
    """The scan that a volume was made from, if it was made here."""
    return resultNode.GetNodeReference(SCAN_OF_RESULT)


def resultOfScan(scanNode: slicer.vtkMRMLScalarVolumeNode) -> slicer.vtkMRMLScalarVolumeNode | None:
    """The latest super-resolved volume that was made from a scan, if there is one."""
    volumes = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    results = [
        node
        for node in volumes
        if node.GetNodeReferenceID(SCAN_OF_RESULT) == scanNode.GetID() and node.GetAttribute(_RESIDUAL_ATTRIBUTE)
    ]
    return results[-1] if results else None
