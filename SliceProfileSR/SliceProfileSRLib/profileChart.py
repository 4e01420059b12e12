"""The chart of slice profiles: one for all scans of the scene, with each profile and its half maximum.

What is drawn lies in a hidden table beside each profile's: weights per mm, which compare between scans of different
voxel size, and the line at half maximum.
"""

from __future__ import annotations

import slicer
from slicer.i18n import tr as _

from .profileTable import OFFSET, profileFacts, profileFromTable, setColumns

#: The series of a profile, and of its half maximum.
Series = tuple[slicer.vtkMRMLPlotSeriesNode, slicer.vtkMRMLPlotSeriesNode]

DENSITY, HALF_MAXIMUM = "weight_per_mm", "half_maximum_per_mm"

#: By this attribute the chart is found again, also in a scene that was saved and loaded.
CHART_ATTRIBUTE = "SliceProfileSR.chart"
#: Node references from a profile's table to what draws it, and from that back to the table.
PROFILE_SERIES, HALF_MAXIMUM_SERIES, DRAWN, DRAWN_OF = (
    f"SliceProfileSR.{what}" for what in ("profileSeries", "halfMaximumSeries", "drawn", "drawnOf")
)
#: Colours that also the colour-blind tell apart (Okabe and Ito).
COLORS = ((0.0, 0.45, 0.70), (0.84, 0.37, 0.0), (0.0, 0.62, 0.45), (0.80, 0.47, 0.65), (0.34, 0.71, 0.91))

#: The height of a row of the legend, as a share of the highest peak's.
LEGEND_ROW = 0.12


def updateChart(tableNode: slicer.vtkMRMLTableNode, keepOthers: bool = False) -> slicer.vtkMRMLPlotChartNode:
    """Put the profile in a table node into the chart, beside or instead of those of other scans.

    Raises:
        ValueError: the table holds no profile.
    """
    _draw(tableNode)
    chartNode = chart() or _newChart()
    profile, halfMaximum = seriesOf(tableNode) or _newSeries(tableNode)
    if not keepOthers:
        chartNode.RemoveAllPlotSeriesNodeIDs()
    for seriesNode in (profile, halfMaximum):
        if not chartNode.HasPlotSeriesNodeID(seriesNode.GetID()):
            chartNode.AddAndObservePlotSeriesNodeID(seriesNode.GetID())
    profile.SetName(_width(tableNode))
    halfMaximum.SetName(_("half maximum"))
    _colourByPlace(chartNode)
    chartNode.SetTitle(_title(chartNode))
    _makeRoomForLegend(chartNode)
    return chartNode


def redraw(tableNode: slicer.vtkMRMLTableNode) -> None:
    """Bring the chart up to date with a profile that has changed, if it shows it."""
    chartNode = chart()
    if chartNode is not None and tableNode in _tables(chartNode):
        updateChart(tableNode, keepOthers=True)


def chart() -> slicer.vtkMRMLPlotChartNode | None:
    """The chart of the scene, if there is one."""
    charts = slicer.util.getNodesByClass("vtkMRMLPlotChartNode")
    return next((node for node in charts if node.GetAttribute(CHART_ATTRIBUTE)), None)


def seriesOf(tableNode: slicer.vtkMRMLTableNode) -> Series | None:
    """The series of a table's profile and of its half maximum, if they were made."""
    profile, halfMaximum = (tableNode.GetNodeReference(role) for role in (PROFILE_SERIES, HALF_MAXIMUM_SERIES))
    return (profile, halfMaximum) if profile and halfMaximum else None


def _draw(tableNode: slicer.vtkMRMLTableNode) -> None:
    """Bring the hidden table of what is drawn up to date."""
    profile = profileFromTable(tableNode)
    density = profile.weights / profile.tap_spacing
    drawn = tableNode.GetNodeReference(DRAWN)
    if drawn is None:
        drawn = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", _("Drawn profile"))
        drawn.SetHideFromEditors(True)
        drawn.SetNodeReferenceID(DRAWN_OF, tableNode.GetID())
        tableNode.SetNodeReferenceID(DRAWN, drawn.GetID())
    with slicer.util.NodeModify(drawn):
        setColumns(drawn, {OFFSET: profile.offsets, DENSITY: density, HALF_MAXIMUM: [density.max() / 2] * density.size})


def _newChart() -> slicer.vtkMRMLPlotChartNode:
    chartNode = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotChartNode", _("Slice profiles"))
    chartNode.SetAttribute(CHART_ATTRIBUTE, "true")
    chartNode.SetXAxisTitle(_("Offset from the slice centre (mm)"))
    chartNode.SetYAxisTitle(_("Weight (1/mm)"))
    return chartNode


def _newSeries(tableNode: slicer.vtkMRMLTableNode) -> Series:
    profile, halfMaximum = (slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotSeriesNode") for _role in range(2))
    styles = (slicer.vtkMRMLPlotSeriesNode.LineStyleSolid, slicer.vtkMRMLPlotSeriesNode.LineStyleDash)
    marks = (slicer.vtkMRMLPlotSeriesNode.MarkerStyleCircle, slicer.vtkMRMLPlotSeriesNode.MarkerStyleNone)
    for seriesNode, column, style, mark in zip(
        (profile, halfMaximum), (DENSITY, HALF_MAXIMUM), styles, marks, strict=True
    ):
        seriesNode.SetAndObserveTableNodeID(tableNode.GetNodeReferenceID(DRAWN))
        seriesNode.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter)
        seriesNode.SetXColumnName(OFFSET)
        seriesNode.SetYColumnName(column)
        seriesNode.SetLineStyle(style)
        seriesNode.SetMarkerStyle(mark)
        seriesNode.SetLineWidth(2)
    tableNode.SetNodeReferenceID(PROFILE_SERIES, profile.GetID())
    tableNode.SetNodeReferenceID(HALF_MAXIMUM_SERIES, halfMaximum.GetID())
    return profile, halfMaximum


def _tables(chartNode: slicer.vtkMRMLPlotChartNode) -> list[slicer.vtkMRMLTableNode]:
    """The profile tables that a chart shows, in order, each once."""
    count = chartNode.GetNumberOfPlotSeriesNodes()
    drawn = [chartNode.GetNthPlotSeriesNode(index).GetTableNode() for index in range(count)]
    tables = [table.GetNodeReference(DRAWN_OF) for table in drawn if table]
    return list(dict.fromkeys(table for table in tables if table))


def _colourByPlace(chartNode: slicer.vtkMRMLPlotChartNode) -> None:
    for place, tableNode in enumerate(_tables(chartNode)):
        for seriesNode in seriesOf(tableNode) or ():
            seriesNode.SetColor(*COLORS[place % len(COLORS)])


def _makeRoomForLegend(chartNode: slicer.vtkMRMLPlotChartNode) -> None:
    """Where the title does not tell all, a legend does, above the profiles, whose peaks would lie under it."""
    tables = _tables(chartNode)
    hasLegend = len(tables) > 1
    chartNode.SetLegendVisibility(hasLegend)
    chartNode.SetYAxisRangeAuto(not hasLegend)
    if hasLegend:
        profiles = [profileFromTable(tableNode) for tableNode in tables]
        peak = max(float(profile.weights.max() / profile.tap_spacing) for profile in profiles)
        chartNode.SetYAxisRange(0.0, peak * (1.0 + LEGEND_ROW * chartNode.GetNumberOfPlotSeriesNodes()))


def _title(chartNode: slicer.vtkMRMLPlotChartNode) -> str:
    tables = _tables(chartNode)
    if len(tables) == 1:
        return _("Slice profile of {scan}").format(scan=_width(tables[0]))
    return _("Slice profiles of {count} scans").format(count=len(tables))


def _width(tableNode: slicer.vtkMRMLTableNode) -> str:
    """Whose profile it is, and how wide."""
    facts = profileFacts(tableNode)
    scan = facts.scanName.replace("$", r"\$")  # VTK reads what lies between two of them as a formula
    return _("{scan}: FWHM {width} mm").format(scan=scan, width=f"{facts.fwhm:.2f}")
