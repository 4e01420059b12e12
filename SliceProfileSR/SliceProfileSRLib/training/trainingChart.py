"""The chart of a training: its validations against time, as lines that grow."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import slicer
from slicer.i18n import tr as _

from ..profileChart import COLORS
from ..profileTable import setColumns

#: By this attribute chart, table and series are found again.
ATTRIBUTE = "SliceProfileSR.training"
HOURS = "hours"
#: What entries hold beside losses and scores.
_PLACES = ("stage", "iteration", "seconds")

Entries = Sequence[Mapping[str, Any]]


def learningChart() -> slicer.vtkMRMLPlotChartNode | None:
    """The chart of the scene, if there is one."""
    found: slicer.vtkMRMLPlotChartNode | None = _found("vtkMRMLPlotChartNode", "chart")
    return found


def updateLearningChart(entries: Entries, title: str) -> slicer.vtkMRMLPlotChartNode:
    """Draw validations, PSNR where they have it and else losses; the chart is made where there is none."""
    chartNode = learningChart() or _new("vtkMRMLPlotChartNode", "chart", _("Learning curve"))
    tableNode = _found("vtkMRMLTableNode", "table") or _new("vtkMRMLTableNode", "table", _("Validations"))
    names = _drawn(entries)
    columns = {HOURS: [_number(entry.get("seconds")) / 3600 for entry in entries]}
    columns |= {name: [_number(entry.get(name)) for entry in entries] for name in names}
    with slicer.util.NodeModify(tableNode):
        setColumns(tableNode, columns)
    shown = [_series(name, place, tableNode) for place, name in enumerate(names)]
    if [chartNode.GetNthPlotSeriesNode(place) for place in range(chartNode.GetNumberOfPlotSeriesNodes())] != shown:
        chartNode.RemoveAllPlotSeriesNodeIDs()
        for seriesNode in shown:
            chartNode.AddAndObservePlotSeriesNodeID(seriesNode.GetID())
    chartNode.SetTitle(title.replace("$", r"\$"))  # VTK reads what lies between two of them as a formula
    chartNode.SetXAxisTitle(_("Time (hours)"))
    chartNode.SetYAxisTitle(_("PSNR (dB)") if _isScored(names) else _("Loss"))
    return chartNode


def _drawn(entries: Entries) -> list[str]:
    """What is drawn: every PSNR, or, where a training has none, every loss."""
    numbers = [
        name
        for name in dict.fromkeys(name for entry in entries for name in entry if name not in _PLACES)
        if any(isinstance(entry.get(name), int | float) for entry in entries)
    ]
    return [name for name in numbers if name.startswith("psnr")] or [name for name in numbers if name[:4] != "ssim"]


def _isScored(names: Sequence[str]) -> bool:
    return bool(names) and names[0].startswith("psnr")


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else math.nan


def _series(name: str, place: int, tableNode: slicer.vtkMRMLTableNode) -> slicer.vtkMRMLPlotSeriesNode:
    """The line of a column."""
    role = f"series {name}"
    seriesNode = _found("vtkMRMLPlotSeriesNode", role)
    if seriesNode is None:
        seriesNode = _new("vtkMRMLPlotSeriesNode", role, _titleOf(name))
        seriesNode.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter)
        seriesNode.SetXColumnName(HOURS)
        seriesNode.SetYColumnName(name)
        isModel = name == "psnr" or not name.startswith("psnr")
        style = slicer.vtkMRMLPlotSeriesNode.LineStyleSolid if isModel else slicer.vtkMRMLPlotSeriesNode.LineStyleDash
        seriesNode.SetLineStyle(style)
        seriesNode.SetMarkerStyle(slicer.vtkMRMLPlotSeriesNode.MarkerStyleNone)
        seriesNode.SetLineWidth(2)
    seriesNode.SetAndObserveTableNodeID(tableNode.GetID())
    seriesNode.SetColor(*COLORS[place % len(COLORS)])
    return seriesNode


def _titleOf(name: str) -> str:
    return {"psnr": _("model"), "psnr_tikhonov": _("Tikhonov"), "psnr_spline": _("spline")}.get(name, name)


def _found(className: str, role: str) -> Any:
    nodes = slicer.util.getNodesByClass(className)
    return next((node for node in nodes if node.GetAttribute(ATTRIBUTE) == role), None)


def _new(className: str, role: str, name: str) -> Any:
    """A node that is not saved with the scene: it belongs to the training, whose folder has all of it."""
    node = slicer.mrmlScene.AddNewNodeByClass(className, name)
    node.SetAttribute(ATTRIBUTE, role)
    node.SetSaveWithScene(False)
    if className == "vtkMRMLTableNode":
        node.SetHideFromEditors(True)
    return node
