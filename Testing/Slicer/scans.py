"""Scans in the scene, which several tests of the panel share."""

from __future__ import annotations

from functools import cache

import numpy as np
import slicer
import vtk

from SuperResolveLib import SliceProfile, Volume
from SuperResolveLib.physics.phantom.head_phantom import head_phantom
from SuperResolveLib.physics.simulation import simulate

#: Of the simulated scan, in mm.
THICKNESS, SPACING = 8.0, 8.0


@cache
def simulated_scan() -> Volume:
    """A small head with thick axial slices."""
    truth = head_phantom((72, 80, 72), spacing=2.0, seed=3)
    return simulate(truth, SliceProfile.gaussian(THICKNESS, 2.0), SPACING / 2.0, "k")


def oblique(degrees: float = 20.0) -> np.ndarray:
    """A rotation about the patient's x axis, 4x4."""
    turn = np.radians(degrees)
    matrix = np.eye(4)
    matrix[1:3, 1:3] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    return matrix


def scan_node(name: str = "Scan", turn: np.ndarray | None = None) -> slicer.vtkMRMLScalarVolumeNode:
    """The simulated scan in the scene, turned if asked for."""
    scan = simulated_scan()
    affine = scan.affine if turn is None else turn @ scan.affine
    return slicer.util.addVolumeFromArray(np.ascontiguousarray(scan.data.transpose(2, 1, 0)), affine, name)


def small_scan_node(name: str = "Small") -> slicer.vtkMRMLScalarVolumeNode:
    """The middle of the simulated scan, small enough to learn from in a test."""
    scan = simulated_scan()
    voxels = scan.data[16:56, 20:60, 3:15].transpose(2, 1, 0)
    return slicer.util.addVolumeFromArray(np.ascontiguousarray(voxels), scan.affine, name)


def isotropic_node(name: str = "Isotropic") -> slicer.vtkMRMLScalarVolumeNode:
    """A volume that is no 2-D multi-slice scan."""
    voxels = np.random.default_rng(0).random((24, 24, 24), dtype=np.float32)
    return slicer.util.addVolumeFromArray(voxels, np.eye(4), name)


def ijk_to_ras(node: slicer.vtkMRMLScalarVolumeNode) -> np.ndarray:
    """A volume node's own matrix."""
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)


def node_names(class_name: str) -> list[str]:
    """The names of the nodes of a class in the scene, without those that Slicer hides."""
    return [node.GetName() for node in slicer.util.getNodesByClass(class_name) if not node.GetHideFromEditors()]


def scratch_nodes() -> list[str]:
    """The IDs of the hidden nodes of runs that are in the scene."""
    return [node.GetID() for node in slicer.util.getNodesByClass("vtkMRMLNode") if "scratch" in (node.GetName() or "")]
