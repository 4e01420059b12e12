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
_COLORS_ATTRIBUTE = "SliceProfileSR.colors"
_RESIDUAL_ATTRIBUTE, _WARNINGS_ATTRIBUTE = "SliceProfileSR.dataConsistencyRmse", "SliceProfileSR.warnings"
_CHOICE_ATTRIBUTE = "SliceProfileSR.choice"
_VOLUMES_ATTRIBUTE = "SliceProfileSR.volumes"


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
    _showLegend(residualNode, _("Residual (scan's intensity)"), RESIDUAL_REACH * noise)


def displayUncertainty(uncertaintyNode: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Show an uncertainty from white to red: the redder, the less is certain."""
    import numpy as np

    sample = slicer.util.arrayFromVolume(uncertaintyNode)[::2, ::2, ::2]
    reach = float(np.percentile(sample, UNCERTAINTY_REACH))
    uncertaintyNode.CreateDefaultDisplayNodes()
    display = uncertaintyNode.GetDisplayNode()
    display.SetAndObserveColorNodeID(uncertaintyColors().GetID())
    display.SetAutoWindowLevel(False)
    display.SetWindowLevel(max(reach, 1e-6), max(reach, 1e-6) / 2)
    _showLegend(uncertaintyNode, _("Standard deviation (scan's intensity)"), reach)


def residualColors() -> slicer.vtkMRMLColorTableNode:
    """The colour table for what is best at zero: blue below, white at it and red above; made once a scene."""
    return _colors(_("Residual (blue, white, red)"), "residual", -1.0)


def uncertaintyColors() -> slicer.vtkMRMLColorTableNode:
    """The colour table for what is best at zero and never below it: from white to red; made once a scene."""
    return _colors(_("Uncertainty (white, red)"), "uncertainty", 0.0)


def _colors(name: str, kind: str, lowest: float) -> slicer.vtkMRMLColorTableNode:
    """The scene's colour table of that kind, from a lowest value, with white at 0, to red at 1."""
    tables = slicer.util.getNodesByClass("vtkMRMLColorTableNode")
    found = next((node for node in tables if node.GetAttribute(_COLORS_ATTRIBUTE) == kind), None)
    return found or _newColors(name, kind, lowest)


def _newColors(name: str, kind: str, lowest: float) -> slicer.vtkMRMLColorTableNode:
    colorNode = slicer.vtkMRMLColorTableNode()
    colorNode.SetTypeToUser()
    colorNode.SetName(name)
    colorNode.SetAttribute("Category", "SliceProfileSR")
    colorNode.SetAttribute(_COLORS_ATTRIBUTE, kind)
    colorNode.HideFromEditorsOff()
    count = 255  # odd, so that one colour belongs to zero
    colorNode.SetNumberOfColors(count)
    for index in range(count):
        away = lowest + (1 - lowest) * index / (count - 1)
        fade = 1 - abs(away)
        colour = (fade, fade, 1.0) if away < 0 else (1.0, fade, fade)
        colorNode.SetColor(index, f"{away:+.2f}", *colour, 1.0)
    return slicer.mrmlScene.AddNode(colorNode)


def _showLegend(volumeNode: slicer.vtkMRMLScalarVolumeNode, title: str, reach: float) -> None:
    """Put a legend beside a map, in whatever view shows the map.

    Args:
        volumeNode: the map.
        title: what its values are, and in which unit.
        reach: up to which value its colours go, which decides how many decimals the legend shows.
    """
    import math

    legend = slicer.modules.colors.logic().AddDefaultColorLegendDisplayNode(volumeNode)
    legend.SetTitleText(title)
    decimals = max(0, 1 - math.floor(math.log10(max(reach, 1e-6))))
    legend.SetLabelFormat(f"%.{decimals}f")
    legend.SetNumberOfLabels(5)  # zero among them
    legend.SetVisibility(True)


def remember(
    resultNode: slicer.vtkMRMLScalarVolumeNode,
    profileNode: slicer.vtkMRMLTableNode,
    residualNode: slicer.vtkMRMLScalarVolumeNode,
    dataConsistencyRmse: float,
    choice: str,
    warnings: tuple[str, ...],
) -> None:
    """Keep with a result which profile it was made with, how it degrades back to the scan, and what to know of it.

    ``choice`` is the sentence of :func:`choiceOfResult`.
    """
    resultNode.SetNodeReferenceID(PROFILE_OF_RESULT, profileNode.GetID())
    resultNode.SetNodeReferenceID(RESIDUAL_OF_RESULT, residualNode.GetID())
    resultNode.SetAttribute(_RESIDUAL_ATTRIBUTE, f"{dataConsistencyRmse:.6g}")
    resultNode.SetAttribute(_CHOICE_ATTRIBUTE, choice)
    resultNode.SetAttribute(_WARNINGS_ATTRIBUTE, " | ".join(warnings))


def rememberUncertainty(
    resultNode: slicer.vtkMRMLScalarVolumeNode, uncertaintyNode: slicer.vtkMRMLScalarVolumeNode | None
) -> None:
    """Keep with a result how far it may be off, or that it has no such map."""
    resultNode.SetNodeReferenceID(UNCERTAINTY_OF_RESULT, uncertaintyNode.GetID() if uncertaintyNode else None)


def rememberVolumes(resultNode: slicer.vtkMRMLDisplayableNode, volumes: str) -> None:
    """Keep with labels or segments that were brought back to slices what became of their volumes, a line each."""
    resultNode.SetAttribute(_VOLUMES_ATTRIBUTE, volumes)


def volumesOfResult(resultNode: slicer.vtkMRMLDisplayableNode) -> str:
    """What became of the volumes of labels or segments, a line each; empty for others."""
    return resultNode.GetAttribute(_VOLUMES_ATTRIBUTE) or ""


def choiceOfResult(resultNode: slicer.vtkMRMLScalarVolumeNode) -> str:
    """Which method was chosen automatically and why, in a sentence; empty where the user chose."""
    return resultNode.GetAttribute(_CHOICE_ATTRIBUTE) or ""


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
