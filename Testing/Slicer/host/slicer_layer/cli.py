"""Slicer's functions for running command-line modules."""

from __future__ import annotations

from typing import Any

import slicer


def createNode(cliModule: Any, parameters: dict[str, Any] | None = None) -> Any:
    """Make a node for a CLI module and set its parameters."""
    if not cliModule:
        return None
    node = cliModule.logic().CreateNodeInScene()
    setNodeParameters(node, parameters)
    return node


def setNodeParameters(node: Any, parameters: dict[str, Any] | None) -> None:
    """Set parameters of a CLI module's node, each by what its value is."""
    for name, value in (parameters or {}).items() if node else ():
        _setParameter(node, name, value)


def _setParameter(node: Any, name: str, value: Any) -> None:
    if isinstance(value, str):
        node.SetParameterAsString(name, value)
    elif isinstance(value, bool):
        node.SetParameterAsBool(name, value)
    elif isinstance(value, int):
        node.SetParameterAsInt(name, value)
    elif isinstance(value, float):
        node.SetParameterAsDouble(name, value)
    elif isinstance(value, slicer.vtkMRMLNode):
        node.SetParameterAsNode(name, value)
    elif isinstance(value, list | tuple):
        node.SetParameterAsString(name, str(value)[1:-1])
    else:
        slicer.app._host.violate(f"the parameter {name} has a value that slicer.cli leaves out: {value!r}")
    if not _hasParameter(node, name):
        slicer.app._host.violate(f"{node.GetModuleTitle()} has no parameter '{name}', and Slicer does not say so")


def _hasParameter(node: Any, name: str) -> bool:
    groups = range(node.GetNumberOfParameterGroups())
    return any(
        node.GetParameterName(group, index) == name
        for group in groups
        for index in range(node.GetNumberOfParametersInGroup(group))
    )


def run(
    module: Any,
    node: Any = None,
    parameters: dict[str, Any] | None = None,
    wait_for_completion: bool = False,
    delete_temporary_files: bool = True,
    update_display: bool = True,
    hide_window: bool = True,
) -> Any:
    """Run a CLI module, in the background unless told to wait; returns its node."""
    if node:
        setNodeParameters(node, parameters)
    else:
        node = createNode(module, parameters)
    if not node:
        return None
    logic = module.logic()
    logic.SetDeleteTemporaryFiles(int(delete_temporary_files))
    logic.SetHideWindow(int(hide_window))
    if wait_for_completion:
        logic.ApplyAndWait(node, update_display)
    else:
        logic.Apply(node, update_display)
    return node


def runSync(
    module: Any,
    node: Any = None,
    parameters: dict[str, Any] | None = None,
    delete_temporary_files: bool = True,
    update_display: bool = True,
    hide_window: bool = True,
) -> Any:
    """Run a CLI module and wait for its end; returns its node."""
    return run(module, node, parameters, True, delete_temporary_files, update_display, hide_window)


def cancel(node: Any) -> None:
    """Does nothing in Slicer; a node's own Cancel() is what ends a job."""
    slicer.app._host.violate("slicer.cli.cancel() does nothing in Slicer: call the node's Cancel()")
