"""The table of what was measured: a row a volume, in one table node a scene."""

from __future__ import annotations

import slicer
import vtk
from slicer.i18n import tr as _

from .measurement import Measurement
from .resultVolumes import dataConsistencyRmse
from .sentences import sentence

_TABLE_ATTRIBUTE, _TEXT_ATTRIBUTE, _ROW_ATTRIBUTE = (
    f"SliceProfileSR.{what}" for what in ("measurements", "measurement", "row")
)


def columnNames() -> tuple[str, ...]:
    """The table's columns."""
    return (
        _("Volume"),
        _("Axis"),
        _("FWHM (mm)"),
        _("80 % interval"),
        _("FWHM / voxel"),
        _("Residual / noise"),
    )


def measurementsTable() -> slicer.vtkMRMLTableNode | None:
    """The table, if anything was measured in this scene."""
    tables = slicer.util.getNodesByClass("vtkMRMLTableNode")
    return next((node for node in tables if node.GetAttribute(_TABLE_ATTRIBUTE)), None)


def record(volumeNode: slicer.vtkMRMLScalarVolumeNode, measurement: Measurement | None) -> slicer.vtkMRMLTableNode:
    """Write a volume's row, in place of an earlier one; without a measurement, its residual alone."""
    tableNode = measurementsTable() or _newTable()
    row = _rowOf(tableNode, volumeNode)
    residual = dataConsistencyRmse(volumeNode)
    cells = [volumeNode.GetName(), "", "", "", "", "" if residual is None else f"{residual:.3f}"]
    volumeNode.RemoveAttribute(_TEXT_ATTRIBUTE)  # what was measured of voxels that are no more
    if measurement is not None:
        volumeNode.SetAttribute(
            _TEXT_ATTRIBUTE, "\n".join([measurement.text + ".", *map(sentence, measurement.warnings)])
        )
        cells[1:5] = [
            measurement.axis,
            f"{measurement.fwhm:.3f}",
            f"{measurement.fwhmLow:.2f} – {measurement.fwhmHigh:.2f}",
            f"{measurement.fwhmRatio:.3f}",
        ]
    for column, text in enumerate(cells):
        tableNode.SetCellText(row, column, text)
    return tableNode


def measurementText(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> str:
    """The latest measurement of a volume, and what to know before trusting it; empty where there is none."""
    return volumeNode.GetAttribute(_TEXT_ATTRIBUTE) or ""


def _newTable() -> slicer.vtkMRMLTableNode:
    tableNode = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", _("Resolution measurements"))
    tableNode.SetAttribute(_TABLE_ATTRIBUTE, "true")
    for name in columnNames():
        column = vtk.vtkStringArray()
        column.SetName(name)
        tableNode.AddColumn(column)
    tableNode.SetUseColumnTitleAsColumnHeader(True)
    tableNode.SetLocked(True)  # what was measured is not edited
    return tableNode


def _rowOf(tableNode: slicer.vtkMRMLTableNode, volumeNode: slicer.vtkMRMLScalarVolumeNode) -> int:
    """The row of a volume; a new one at the end where it has none."""
    told = volumeNode.GetAttribute(_ROW_ATTRIBUTE)
    if told is not None and int(told) < tableNode.GetNumberOfRows():
        return int(told)
    row = tableNode.AddEmptyRow()
    volumeNode.SetAttribute(_ROW_ATTRIBUTE, str(row))
    return row
