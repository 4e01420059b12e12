"""Slicer's typed parameter nodes, as far as panels with plain values, choices and nodes need them.

Values are stored in the vtkMRMLScriptedModuleNode under the keys and in the formats of Slicer's own wrapper, so that
scenes can be exchanged. Types that this one does not know are refused when the class is decorated.
"""

from .annotations import (
    Choice,
    Decimals,
    Default,
    Exclude,
    Maximum,
    Minimum,
    NotNone,
    SingleStep,
    Validator,
    WithinRange,
)
from .connectors import GuiConnector, createGuiConnector
from .wrapper import (
    SlicerParameterNamePropertyName,
    findChildWidgetForParameter,
    isParameterNodeWrapper,
    parameterNodeWrapper,
)

__all__ = [
    "Choice",
    "Decimals",
    "Default",
    "Exclude",
    "GuiConnector",
    "Maximum",
    "Minimum",
    "NotNone",
    "SingleStep",
    "SlicerParameterNamePropertyName",
    "Validator",
    "WithinRange",
    "createGuiConnector",
    "findChildWidgetForParameter",
    "isParameterNodeWrapper",
    "parameterNodeWrapper",
]
