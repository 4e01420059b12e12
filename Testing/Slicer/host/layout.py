"""The layout manager: the views that the scene's layout node asks for, each on its real node and real logic.

View nodes, composite nodes, slice logics and their linking are Slicer's; the host only paints their images.
"""

from __future__ import annotations

from typing import Any

import slicer
import vtk
from PySide6.QtCore import Property, QObject, QRect, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from . import painting
from .pythonqt import native


@native
class qMRMLSliceWidget(QWidget):
    """A slice view: what its slice logic reslices and blends."""

    def __init__(self, slice_node: Any, app_logic: Any) -> None:
        super().__init__()
        self._node = slice_node
        self._logic = slicer.vtkMRMLSliceLogic()
        self._logic.SetMRMLApplicationLogic(app_logic)
        self._logic.SetMRMLScene(slice_node.GetScene())
        self._logic.SetSliceNode(slice_node)
        self.setObjectName(f"qMRMLSliceWidget{slice_node.GetLayoutName()}")
        self.setMinimumSize(120, 120)

    sliceViewName = Property(str, lambda self: self._node.GetLayoutName())
    sliceOrientation = Property(
        str, lambda self: self._node.GetOrientation(), lambda self, name: self._node.SetOrientation(name)
    )

    def mrmlSliceNode(self) -> Any:
        """The view's slice node."""
        return self._node

    def mrmlAbstractViewNode(self) -> Any:
        """The view's slice node."""
        return self._node

    def mrmlSliceCompositeNode(self) -> Any:
        """What the view shows: background, foreground, label."""
        return self._logic.GetSliceCompositeNode()

    def sliceLogic(self) -> Any:
        """The view's logic."""
        return self._logic

    def sliceController(self) -> qMRMLSliceWidget:
        """The bar above the view: here the view itself."""
        return self

    def sliceView(self) -> qMRMLSliceWidget:
        """The image: here the view itself."""
        return self

    def fitSliceToBackground(self) -> None:
        """Show all of the background volume."""
        self._logic.FitSliceToBackground()

    def setSliceVisible(self, visible: bool) -> None:
        """Show the slice in 3D."""
        self._node.SetSliceVisible(visible)

    def scheduleRender(self) -> None:
        """Paint soon."""
        self.update()

    def forceRender(self) -> None:
        """Paint now."""
        self.repaint()

    def _image_rectangle(self) -> QRect:
        return self.rect.adjusted(0, painting.TITLE_HEIGHT, 0, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The slice node takes on the view's size, and keeps the size of its pixels."""
        area = self._image_rectangle()
        self._logic.ResizeSliceNode(max(area.width(), 1), max(area.height(), 1))
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the title and what the logic makes of the volumes."""
        painter = QPainter(self)
        painting.paint_slice(painter, self.rect, self._logic)


class _DataView(QWidget):
    """A view on a node that the selection or the view node names."""

    def __init__(self, view_node: Any) -> None:
        super().__init__()
        self._node = view_node
        self.setMinimumSize(160, 120)

    def mrmlAbstractViewNode(self) -> Any:
        """The view's node."""
        return self._node


@native
class qMRMLPlotWidget(_DataView):
    """A chart view."""

    def mrmlPlotViewNode(self) -> Any:
        """The view's node, which names the chart."""
        return self._node

    def plotView(self) -> qMRMLPlotWidget:
        """The chart: here the view itself."""
        return self

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the chart of the view node."""
        painting.paint_chart(QPainter(self), self.rect, self._node)


@native
class qMRMLTableWidget(_DataView):
    """A table view."""

    def mrmlTableViewNode(self) -> Any:
        """The view's node, which names the table."""
        return self._node

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the first rows of the table of the view node."""
        painting.paint_table(QPainter(self), self.rect, self._node)


@native
class qMRMLThreeDWidget(_DataView):
    """A 3D view, which the host does not render."""

    def mrmlViewNode(self) -> Any:
        """The view's node."""
        return self._node

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw Slicer's empty 3D view."""
        painting.paint_empty_3d(QPainter(self), self.rect)


_WIDGETS = {
    "vtkMRMLPlotViewNode": qMRMLPlotWidget,
    "vtkMRMLTableViewNode": qMRMLTableWidget,
    "vtkMRMLViewNode": qMRMLThreeDWidget,
}


@native
class qSlicerLayoutManager(QObject):
    """Makes the widgets of the scene's view nodes and follows the layout node.

    Args:
        scene: the scene.
        app_logic: the application's logic, which is told of the slice logics.
    """

    layoutChanged = Signal(int)
    _arranged = Signal()

    def __init__(self, scene: Any, app_logic: Any) -> None:
        super().__init__()
        self._scene, self._app_logic = scene, app_logic
        self._slice_logics = vtk.vtkCollection()
        self._widgets: dict[str, QWidget] = {}
        app_logic.SetSliceLogics(self._slice_logics)
        self._layout_logic = slicer.vtkMRMLLayoutLogic()
        self._layout_logic.SetMRMLApplicationLogic(app_logic)
        self._layout_logic.SetMRMLScene(scene)
        layout_node = self._layout_logic.GetLayoutNode()
        self._tag = layout_node.AddObserver("ModifiedEvent", lambda *_: self._follow())
        self._shown = None
        layout_node.SetViewArrangement(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
        self._follow()

    def mrmlScene(self) -> Any:
        """The scene."""
        return self._scene

    def layoutLogic(self) -> Any:
        """The logic that makes the view nodes of a layout."""
        return self._layout_logic

    def _get_layout(self) -> int:
        return self._layout_logic.GetLayoutNode().GetViewArrangement()

    def setLayout(self, layout: int) -> None:
        """Arrange the views otherwise; a layout that is not described gives the conventional one, as in Slicer."""
        node = self._layout_logic.GetLayoutNode()
        if not node.IsLayoutDescription(layout):
            layout = slicer.vtkMRMLLayoutNode.SlicerLayoutConventionalView
        node.SetViewArrangement(layout)

    layout = Property(int, _get_layout, setLayout)
    plotViewCount = Property(int, lambda self: len(self._of_class("vtkMRMLPlotViewNode")))
    tableViewCount = Property(int, lambda self: len(self._of_class("vtkMRMLTableViewNode")))
    threeDViewCount = Property(int, lambda self: len(self._of_class("vtkMRMLViewNode")))

    def sliceViewNames(self) -> list[str]:
        """The names of all slice views that were ever shown."""
        return [widget.mrmlSliceNode().GetLayoutName() for widget in self._of_class("vtkMRMLSliceNode")]

    def sliceWidget(self, name: str) -> qMRMLSliceWidget | None:
        """The slice view of a name, such as Red."""
        found = (w for w in self._of_class("vtkMRMLSliceNode") if w.mrmlSliceNode().GetLayoutName() == name)
        return next(found, None)

    def plotWidget(self, index: int) -> qMRMLPlotWidget | None:
        """A chart view by number."""
        return self._nth("vtkMRMLPlotViewNode", index)

    def tableWidget(self, index: int) -> qMRMLTableWidget | None:
        """A table view by number."""
        return self._nth("vtkMRMLTableViewNode", index)

    def threeDWidget(self, index: int) -> qMRMLThreeDWidget | None:
        """A 3D view by number."""
        return self._nth("vtkMRMLViewNode", index)

    def mrmlSliceLogics(self) -> Any:
        """The logics of all slice views."""
        return self._slice_logics

    def resetSliceViews(self) -> None:
        """Fit every slice view to its background."""
        for widget in self._of_class("vtkMRMLSliceNode"):
            widget.fitSliceToBackground()

    def resetThreeDViews(self) -> None:
        """Reset the 3D views."""

    def _of_class(self, class_name: str) -> list[Any]:
        return [w for w in self._widgets.values() if w.mrmlAbstractViewNode().GetClassName() == class_name]

    def _nth(self, class_name: str, index: int) -> Any:
        found = self._of_class(class_name)
        return found[index] if 0 <= index < len(found) else None

    def _follow(self) -> None:
        """Make the widgets that the layout needs and lacks, and tell who arranges them."""
        nodes = self._layout_logic.GetViewNodes()
        wanted = [nodes.GetItemAsObject(index) for index in range(nodes.GetNumberOfItems())]
        for node in wanted:
            self._widget(node)
        arrangement = self._get_layout()
        if arrangement != self._shown:
            self._shown = arrangement
            self.layoutChanged.emit(arrangement)
            self._arranged.emit()

    def _widget(self, node: Any) -> QWidget:
        """The widget of a view node, made if there is none."""
        known = self._widgets.get(node.GetID())
        if known is None or known.mrmlAbstractViewNode() is not node:
            known = self._make(node)
            self._widgets[node.GetID()] = known
        return known

    def _make(self, node: Any) -> QWidget:
        if not node.IsA("vtkMRMLSliceNode"):
            return _WIDGETS[node.GetClassName()](node)
        widget = qMRMLSliceWidget(node, self._app_logic)
        self._slice_logics.AddItem(widget.sliceLogic())
        return widget

    def _close(self) -> None:
        self._layout_logic.GetLayoutNode().RemoveObserver(self._tag)
        self._slice_logics.RemoveAllItems()
        for widget in self._widgets.values():
            widget.deleteLater()
        self._widgets.clear()
