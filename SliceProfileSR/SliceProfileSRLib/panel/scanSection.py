"""The section *Scan*: which volume, and what it is in words."""

from __future__ import annotations

from typing import Any

from slicer.i18n import tr as _

from ..choices import ProfileSource
from ..parameterNode import SliceProfileSRParameterNode
from ..profileTable import profileOfScan
from ..resultVolumes import resultOfScan, scanOfResult
from ..scanDescription import ScanDescription, describeScan
from ..scans import othersThanScans
from .shortText import showShortly


class ScanSection:
    """Describes the selected scan; another scan brings its own profile and result along.

    Attributes:
        description: of the scan that is selected.
    """

    def __init__(self, ui: Any) -> None:
        self.description = ScanDescription("")
        self._selector = ui.inputVolumeSelector
        self._descriptionLabel, self._refusalLabel = ui.scanDescriptionLabel, ui.scanRefusalLabel

    def update(self, parameterNode: SliceProfileSRParameterNode) -> None:
        """Offer what may be a scan, and show what the selected volume is."""
        offered = self._selector.sortFilterProxyModel()
        others = othersThanScans()
        if list(offered.hiddenNodeIDs) != others:
            offered.hiddenNodeIDs = others
        volumeNode = parameterNode.inputVolume
        if volumeNode is None:
            self.description = ScanDescription("", _("Select a scan."))
        else:
            self.description = describeScan(
                volumeNode, parameterNode.axis.value, parameterNode.acquiredResolution.strip()
            )
        for label, text in (
            (self._descriptionLabel, self.description.text),
            (self._refusalLabel, self.description.refusal),
        ):
            showShortly(label, text, 3)

    def bringAlong(self, parameterNode: SliceProfileSRParameterNode) -> None:
        """Select what belongs to a newly selected scan, in place of what belongs to another."""
        volumeNode, output = parameterNode.inputVolume, parameterNode.outputVolume
        self.bringProfile(parameterNode)
        if volumeNode is None or output is None or scanOfResult(output) not in (None, volumeNode):
            parameterNode.outputVolume = resultOfScan(volumeNode) if volumeNode else None

    def bringProfile(self, parameterNode: SliceProfileSRParameterNode) -> None:
        """Select the scan's profile from the chosen source; a table that the user chooses stays."""
        volumeNode, source = parameterNode.inputVolume, parameterNode.profileSource
        if source is not ProfileSource.TABLE:
            parameterNode.profileTable = profileOfScan(volumeNode, source.value) if volumeNode else None
