"""What the choice "auto" is likely to take for a scan, before it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import slicer

from .profileTable import profileFromTable
from .volumes import emptyVolumeFromNode

if TYPE_CHECKING:
    from SuperResolveLib.data.geometry import AxisName


def automaticNeedsTorch(
    volumeNode: slicer.vtkMRMLScalarVolumeNode,
    profileNode: slicer.vtkMRMLTableNode | None,
    uncertainty: bool,
    axis: str = "auto",
    device: str = "auto",
) -> bool:
    """Whether what is likely to be chosen for a scan needs PyTorch.

    Args:
        volumeNode: the scan.
        profileNode: the table of its slice profile; None where it is to be estimated, so that its width is not known.
        uncertainty: whether a map of the uncertainty is asked for.
        axis: the through-plane axis.
        device: where it is to compute.
    """
    from SuperResolveLib.data.geometry import slice_geometry
    from SuperResolveLib.workflows.choice import Request, choose

    try:
        geometry = slice_geometry(emptyVolumeFromNode(volumeNode), cast("AxisName", axis))
        profile = profileFromTable(profileNode) if profileNode else None
        return choose(Request(uncertainty=uncertainty, device=device), geometry, profile).runs_on_torch
    except ValueError:  # what is wrong with scan or profile is told by the task's check, or by the run
        return True
