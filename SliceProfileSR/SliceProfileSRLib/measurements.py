"""The table of what was measured: a row a volume, in one table node a scene."""

from __future__ import annotations

import slicer
import vtk
from slicer.i18n import tr as _

from .measurement import Measurement
from .resultVolumes import dataConsistencyRmse
from .sentences import sentence

_TABLE_ATTRIBUTE = "SliceProfileSR.measurements"
#: Node references from the table to its volumes, a row each, in order. A copy of a volume has no row of its own.
_ROWS = "SliceProfileSR.measured"


def columnNames() -> tuple[str, ...]:
    """The table's columns."""
    return (
        _("Volume"),
        _("Axis"),
        _("FWHM (mm)"),
        _("80 % interval"),
        _("FWHM / voxel"),
        _("Residual / noise"),
        _("In words"),
    )


def measurementsTable() -> slicer.vtkMRMLTableNode | None:
    """The table, if anything was measured in this scene."""
    tables = slicer.util.getNodesByClass("vtkMRMLTableNode")
    return next((node for node in tables if node.GetAttribute(_TABLE_ATTRIBUTE)), None)


def record(volumeNode: slicer.vtkMRMLScalarVolumeNode, measurement: Measurement | None) -> slicer.vtkMRMLTableNode:
    """Write a volume's row, in place of an earlier one; without a measurement, its residual alone."""
    tableNode = measurementsTable() or _newTable()
    follow(tableNode)
    row = _rowOf(tableNode, volumeNode)
    if row is None:
        row = tableNode.AddEmptyRow()
        tableNode.AddNodeReferenceID(_ROWS, volumeNode.GetID())
    residual = dataConsistencyRmse(volumeNode)
    cells = [volumeNode.GetName(), "", "", "", "", "" if residual is None else f"{residual:.3f}", ""]
    if measurement is not None:
        cells[1:5] = [
            measurement.axis,
            f"{measurement.fwhm:.3f}",
            f"{measurement.fwhmLow:.2f} – {measurement.fwhmHigh:.2f}",
            f"{measurement.fwhmRatio:.3f}",
        ]
        cells[6] = " ".join([measurement.text + ".", *map(sentence, measurement.warnings)])
    for column, text in enumerate(cells):
        tableNode.SetCellText(row, column, text)
    return tableNode


def follow(tableNode: slicer.vtkMRMLTableNode) -> None:
    """Bring the rows up to date with their volumes: names as they are now, and no row of one that is gone."""
    for row in reversed(range(tableNode.GetNumberOfNodeReferences(_ROWS))):
        volumeNode = tableNode.GetNthNodeReference(_ROWS, row)
        if volumeNode is None:
            tableNode.RemoveNthNodeReferenceID(_ROWS, row)
            tableNode.RemoveRow(row)
        elif tableNode.GetCellText(row, 0) != volumeNode.GetName():
            tableNode.SetCellText(row, 0, volumeNode.GetName())


def measuredVolumes() -> list[slicer.vtkMRMLScalarVolumeNode]:
    """The volumes that have a row."""
    tableNode = measurementsTable()
    if tableNode is None:
        return []
    rows = range(tableNode.GetNumberOfNodeReferences(_ROWS))
    return [node for node in (tableNode.GetNthNodeReference(_ROWS, row) for row in rows) if node]


def measurementText(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> str:
    """The latest measurement of a volume, and what to know before trusting it; empty where there is none."""
    tableNode = measurementsTable()
    row = None if tableNode is None else _rowOf(tableNode, volumeNode)
    if tableNode is None or row is None:
        return ""
    return str(tableNode.GetCellText(row, len(columnNames()) - 1))


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


def _rowOf(tableNode: slicer.vtkMRMLTableNode, volumeNode: slicer.vtkMRMLScalarVolumeNode) -> int | None:
    """The row of a volume, if it has one."""
    rows = range(tableNode.GetNumberOfNodeReferences(_ROWS))
    return next((row for row in rows if tableNode.GetNthNodeReferenceID(_ROWS, row) == volumeNode.GetID()), None)
