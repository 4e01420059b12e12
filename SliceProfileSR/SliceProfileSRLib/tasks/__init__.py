"""What the extension does to nodes, each as a task: which CLI module runs, with what, and what becomes of its results.

A CLI module writes into hidden nodes; the user's nodes are made or changed by :meth:`Task.finish` alone, so that a
cancelled or failed run leaves nothing.
"""

from .bringingBack import BringingBackTask
from .estimation import EstimationTask
from .measuring import MeasurementTask
from .superResolution import SuperResolutionTask
from .task import Task

__all__ = ["BringingBackTask", "EstimationTask", "MeasurementTask", "SuperResolutionTask", "Task"]
