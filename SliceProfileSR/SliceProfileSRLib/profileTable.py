"""A slice profile as a table node.

Its columns are ``offset_mm`` and ``weight``, one row a tap, as in the computation's tables. What else is known of the
profile lies in the node's attributes, so that it is saved with the scene.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import slicer
import vtk
from slicer.i18n import tr as _

if TYPE_CHECKING:
    from SuperResolveLib import SliceProfile

OFFSET, WEIGHT = "offset_mm", "weight"
#: The node references from a scan to the table of its profile: the estimated one, and one of a given shape.
PROFILE_OF_SCAN, SHAPE_OF_SCAN = "SliceProfileSR.profile", "SliceProfileSR.shape"
_PREFIX = "SliceProfileSR."


@dataclass(frozen=True)
class ProfileFacts:
    """What is known of the profile in a table.

    Attributes:
        source: "estimated", "gaussian", "rect" or "table".
        scanName: of the scan it belongs to.
        fwhm, fwhmLow, fwhmHigh: width at half maximum in mm and its 80 % interval; all three alike where it was given.
        warnings: sentences, separated by " | ".
        priorShare: how much of an estimate is prior knowledge rather than from the scan, 0 to 1; None where unknown.
    """

    source: str
    scanName: str
    fwhm: float
    fwhmLow: float
    fwhmHigh: float
    warnings: str = ""
    priorShare: float | None = None

    @property
    def text(self) -> str:
        """The slice thickness in a line."""
        width = f"{self.fwhm:.2f}"
        if self.source == "estimated":
            text = _("Slice thickness (FWHM) {width} mm, with 80 % probability {low} to {high} mm").format(
                width=width, low=f"{self.fwhmLow:.2f}", high=f"{self.fwhmHigh:.2f}"
            )
            if self.priorShare is None:
                return text
            return _("{text}; {share} % of this is prior knowledge").format(
                text=text, share=f"{100 * self.priorShare:.0f}"
            )
        kind = {"gaussian": _("Gaussian"), "rect": _("box (rect)")}.get(self.source, _("from the table"))
        return _("Slice thickness (FWHM) {width} mm, {kind}").format(width=width, kind=kind)


def profileFromTable(tableNode: slicer.vtkMRMLTableNode) -> SliceProfile:
    """The profile in a table node.

    Raises:
        ValueError: it lacks a column, or its rows make up no profile.
    """
    from SuperResolveLib.image_io.profile_table import profile_of_columns

    name = tableNode.GetName()
    return profile_of_columns(_numbers(tableNode, OFFSET), _numbers(tableNode, WEIGHT), name)


def setProfile(tableNode: slicer.vtkMRMLTableNode, profile: SliceProfile, facts: ProfileFacts) -> None:
    """Put a profile and what is known of it into a table node, in place of what it held."""
    with slicer.util.NodeModify(tableNode):
        setColumns(tableNode, {OFFSET: profile.offsets, WEIGHT: profile.weights})
        tableNode.SetColumnUnitLabel(OFFSET, "mm")
        for name, value in asdict(facts).items():
            tableNode.SetAttribute(_PREFIX + name, "" if value is None else str(value))


def setColumns(tableNode: slicer.vtkMRMLTableNode, columns: dict[str, Any]) -> None:
    """Columns of numbers, in place of what a table held."""
    tableNode.RemoveAllColumns()
    for name, values in columns.items():
        column = vtk.vtkDoubleArray()
        column.SetName(name)
        for value in values:
            column.InsertNextValue(float(value))
        tableNode.AddColumn(column)


def textColumns(tableNode: slicer.vtkMRMLTableNode) -> dict[str, list[str]]:
    """The profile in a table node as text, with every digit.

    Raises:
        ValueError: it is no profile table.
    """
    profile = profileFromTable(tableNode)
    return {
        OFFSET: [repr(float(offset)) for offset in profile.offsets],
        WEIGHT: [repr(float(weight)) for weight in profile.weights],
    }


def profileFacts(tableNode: slicer.vtkMRMLTableNode) -> ProfileFacts:
    """What is known of the profile in a table node; of one from elsewhere, what its columns tell.

    Raises:
        ValueError: it is no profile table.
    """
    width = profileFromTable(tableNode).fwhm_mm

    def told(name: str) -> str:
        return tableNode.GetAttribute(_PREFIX + name) or ""

    fwhm, low, high = (float(told(name) or 0) for name in ("fwhm", "fwhmLow", "fwhmHigh"))
    if not told("source") or abs(fwhm - width) > 0.01 * width:  # not ours, or edited since
        return ProfileFacts("table", tableNode.GetName(), width, width, width)
    priorShare = float(told("priorShare")) if told("priorShare") else None
    return ProfileFacts(told("source"), told("scanName"), fwhm, low, high, told("warnings"), priorShare)


def profileOfScan(
    volumeNode: slicer.vtkMRMLScalarVolumeNode, source: str = "estimated"
) -> slicer.vtkMRMLTableNode | None:
    """The table of a scan's profile from that source, if it has one."""
    return volumeNode.GetNodeReference(_role(source))


def joinScan(tableNode: slicer.vtkMRMLTableNode, volumeNode: slicer.vtkMRMLScalarVolumeNode, source: str) -> None:
    """Make a table that of the scan's profile from a source."""
    volumeNode.SetNodeReferenceID(_role(source), tableNode.GetID())


def _role(source: str) -> str:
    return PROFILE_OF_SCAN if source == "estimated" else SHAPE_OF_SCAN


def _numbers(tableNode: slicer.vtkMRMLTableNode, columnName: str) -> Any:
    """A column as float64, whatever its type: tables read from text hold text."""
    import numpy as np

    from SuperResolveLib import InputError

    column = tableNode.GetTable().GetColumnByName(columnName)
    if column is None:
        raise InputError(
            _("{table} is no profile table: it needs the columns {columns}").format(
                table=tableNode.GetName(), columns=f"{OFFSET}, {WEIGHT}"
            )
        )
    try:
        values = np.array([column.GetVariantValue(row).ToString() for row in range(column.GetNumberOfValues())], float)
    except ValueError:
        values = np.array([np.nan])
    if values.size == 0 or not np.isfinite(values).all():
        raise InputError(
            _("the column {column} of {table} holds something other than numbers").format(
                column=columnName, table=tableNode.GetName()
            )
        )
    return values
