"""Paints views from real nodes: slices from the slice logics' images, charts and tables from their nodes."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import slicer
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter
from vtk.util.numpy_support import vtk_to_numpy

TITLE_HEIGHT = 20  # pixels
_TABLE_ROW = 20  # pixels
_DASHES = {0: "None", 1: "-", 2: "--", 3: ":", 4: "-.", 5: (0, (4, 2, 1, 2, 1, 2))}
_MARKERS = {0: "None", 1: "x", 2: "+", 3: "s", 4: "o", 5: "D"}


def paint_slice(painter: QPainter, area: QRect, logic: Any) -> None:
    """Paint a slice view: its title in the view's colour, its image, the names of its volumes.

    Args:
        painter: where to paint.
        area: the view.
        logic: the view's vtkMRMLSliceLogic.
    """
    node = logic.GetSliceNode()
    painter.fillRect(area, Qt.GlobalColor.black)
    image = slice_image(logic)
    if image is not None:
        painter.drawImage(area.left(), area.top() + TITLE_HEIGHT, image)
    title = QRect(area.left(), area.top(), area.width(), TITLE_HEIGHT)
    painter.fillRect(title, QColor.fromRgbF(*node.GetLayoutColor()))
    painter.setPen(Qt.GlobalColor.black)
    offset = logic.GetSliceOffset()
    painter.drawText(
        title.adjusted(6, 0, -6, 0), Qt.AlignmentFlag.AlignVCenter, f"{node.GetLayoutName()}: {offset:.2f} mm"
    )
    painter.setPen(QColor(220, 220, 220))
    names = "\n".join(_volume_names(logic.GetSliceCompositeNode()))
    painter.drawText(area.adjusted(6, 0, -6, -4), Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, names)


def slice_image(logic: Any) -> QImage | None:
    """The image of a slice logic, or None where it shows no volume."""
    composite = logic.GetSliceCompositeNode()
    if composite is None or not _volume_names(composite):
        return None
    logic.UpdatePipeline()
    connection = logic.GetImageDataConnection()
    if connection is None:
        return None
    producer = connection.GetProducer()
    producer.Update()
    image = producer.GetOutputDataObject(connection.GetIndex())
    width, height, _ = image.GetDimensions()
    if not width * height or image.GetPointData().GetScalars() is None:
        return None
    pixels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(height, width, -1)[::-1, :, :3]
    pixels = np.ascontiguousarray(pixels, dtype=np.uint8)
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def _volume_names(composite: Any) -> list[str]:
    ids = (("F", composite.GetForegroundVolumeID()), ("B", composite.GetBackgroundVolumeID()))
    found = [(layer, slicer.mrmlScene.GetNodeByID(node_id)) for layer, node_id in ids if node_id]
    return [f"{layer}: {node.GetName()}" for layer, node in found if node]


def paint_chart(painter: QPainter, area: QRect, view: Any) -> None:
    """Paint the chart that a plot view node names; an empty view where it names none."""
    painter.fillRect(area, Qt.GlobalColor.white)
    chart = view.GetPlotChartNode()
    if chart is not None:
        painter.drawImage(area.topLeft(), chart_image(chart, area.width(), area.height()))


def chart_image(chart: Any, width: int, height: int) -> QImage:
    """A chart as an image.

    Args:
        chart: the vtkMRMLPlotChartNode.
        width: in pixels.
        height: in pixels.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / 100, height / 100), dpi=100, layout="constrained")
    axes = figure.add_subplot()
    for index in range(chart.GetNumberOfPlotSeriesNodes()):
        _draw_series(axes, chart.GetNthPlotSeriesNode(index))
    axes.set_title(chart.GetTitle() if chart.GetTitleVisibility() else "", fontsize=10)
    axes.set_xlabel(chart.GetXAxisTitle() if chart.GetXAxisTitleVisibility() else "")
    axes.set_ylabel(chart.GetYAxisTitle() if chart.GetYAxisTitleVisibility() else "")
    if not chart.GetXAxisRangeAuto():
        axes.set_xlim(chart.GetXAxisRange())
    if not chart.GetYAxisRangeAuto():
        axes.set_ylim(chart.GetYAxisRange())
    axes.grid(bool(chart.GetGridVisibility()), alpha=0.4)
    if chart.GetLegendVisibility() and axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=8)
    picture = io.BytesIO()
    FigureCanvasAgg(figure).print_png(picture)
    return QImage.fromData(picture.getvalue())


def _draw_series(axes: Any, series: Any) -> None:
    table = series.GetTableNode() if series else None
    if table is None:
        return
    y = _column(table, series.GetYColumnName())
    x = _column(table, series.GetXColumnName()) if series.GetXColumnName() else np.arange(len(y))
    color, name = series.GetColor(), series.GetName()
    kind = series.GetPlotType()
    if kind in (series.PlotTypeBar, series.PlotTypeScatterBar):
        axes.bar(x, y, color=color, label=name)
        return
    axes.plot(
        x,
        y,
        color=color,
        label=name,
        linewidth=series.GetLineWidth(),
        linestyle=_DASHES.get(series.GetLineStyle(), "-"),
        marker=_MARKERS.get(series.GetMarkerStyle(), "None"),
        markersize=series.GetMarkerSize() / 2,
    )


def _column(table: Any, name: str) -> np.ndarray:
    array = table.GetTable().GetColumnByName(name)
    return np.array(
        [array.GetVariantValue(row).ToDouble() for row in range(array.GetNumberOfValues())] if array else []
    )


def paint_table(painter: QPainter, area: QRect, view: Any) -> None:
    """Paint the first rows of the table that a table view node names."""
    painter.fillRect(area, Qt.GlobalColor.white)
    table = view.GetTableNode()
    if table is None or not table.GetNumberOfColumns():
        return
    columns, rows = table.GetNumberOfColumns(), table.GetNumberOfRows()
    width = area.width() // columns
    painter.setPen(Qt.GlobalColor.black)
    for column in range(columns):
        texts = [table.GetColumnName(column), *(table.GetCellText(row, column) for row in range(rows))]
        for line, text in enumerate(texts[: area.height() // _TABLE_ROW]):
            cell = QRect(column * width + 4, line * _TABLE_ROW, width - 8, _TABLE_ROW)
            painter.drawText(cell, Qt.AlignmentFlag.AlignVCenter, text)


def paint_empty_3d(painter: QPainter, area: QRect) -> None:
    """Paint the background of Slicer's 3D view."""
    gradient = QLinearGradient(0, area.bottom(), 0, area.top())
    gradient.setColorAt(0, QColor(116, 121, 201))
    gradient.setColorAt(1, QColor(193, 195, 232))
    painter.fillRect(area, gradient)
