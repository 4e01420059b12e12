"""``slicer.app.coreIOManager()``: reads and writes nodes and scenes with Slicer's real classes."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import slicer

_TYPES = {
    ".mrb": "SceneFile",
    ".mrml": "SceneFile",
    ".nrrd": "VolumeFile",
    ".nhdr": "VolumeFile",
    ".nii": "VolumeFile",
    ".gz": "VolumeFile",
    ".mha": "VolumeFile",
    ".tsv": "TableFile",
    ".csv": "TableFile",
    ".h5": "TransformFile",
    ".tfm": "TransformFile",
}


class IOManager:
    """Reads files into the scene and writes nodes and scenes.

    Args:
        scene: the scene.
        app_logic: the application's logic, which packs and unpacks scene bundles.
    """

    def __init__(self, scene: Any, app_logic: Any) -> None:
        self._scene, self._app_logic = scene, app_logic
        self._volumes = slicer.vtkSlicerVolumesLogic()
        self._volumes.SetMRMLApplicationLogic(app_logic)
        self._volumes.SetMRMLScene(scene)

    def fileType(self, filename: str) -> str:
        """What a file is, by its ending."""
        return _TYPES.get(Path(filename).suffix.lower(), "NoFile")

    def fileWriterFileType(self, node: Any) -> str:
        """The type of files that a node is written to."""
        return "NodeFile"

    def loadNodes(self, file_type: str, properties: dict[str, Any], loaded: Any = None, messages: Any = None) -> bool:
        """Read a file into the scene.

        Args:
            file_type: as `fileType` gives it.
            properties: ``fileName`` and what else the reader takes.
            loaded: a vtkCollection for the new nodes.
            messages: a vtkMRMLMessageCollection.

        Returns:
            Whether it was read.
        """
        if file_type == "SceneFile":
            return self._load_scene(properties)
        node = self._load_node(file_type, properties)
        if node is not None and loaded is not None:
            loaded.AddItem(node)
        return node is not None

    def saveNodes(self, file_type: str, properties: dict[str, Any], messages: Any = None) -> bool:
        """Write a node, or the scene."""
        path = str(properties["fileName"])
        if file_type == "SceneFile":
            return self._save_scene(path)
        node = self._scene.GetNodeByID(properties["nodeID"])
        storage = node.GetStorageNode()
        if storage is None:
            node.AddDefaultStorageNode(path)
            storage = node.GetStorageNode()
        storage.SetFileName(path)
        return bool(storage.WriteData(node))

    def _load_node(self, file_type: str, properties: dict[str, Any]) -> Any:
        path = str(properties["fileName"])
        name = properties.get("name") or Path(path).name.split(".")[0]
        if file_type == "VolumeFile":
            return self._load_volume(path, name, properties)
        classes = {"TableFile": "vtkMRMLTableNode", "TransformFile": "vtkMRMLTransformNode"}
        if file_type not in classes:
            return None
        node = self._scene.AddNewNodeByClass(classes[file_type], name)
        node.AddDefaultStorageNode(path)
        if not node.GetStorageNode().ReadData(node):
            self._scene.RemoveNode(node)
            return None
        return node

    def _load_volume(self, path: str, name: str, properties: dict[str, Any]) -> Any:
        """Read a volume and show it in the slice views, unless told not to."""
        node = self._volumes.AddArchetypeVolume(path, name, int(bool(properties.get("labelmap"))))
        if node is not None and properties.get("show", True):
            self._app_logic.GetSelectionNode().SetActiveVolumeID(node.GetID())
            self._app_logic.PropagateVolumeSelection()
        return node

    def _load_scene(self, properties: dict[str, Any]) -> bool:
        path = str(properties["fileName"])
        if properties.get("clear"):
            self._scene.Clear(False)
        if path.endswith(".mrb"):
            folder = tempfile.mkdtemp(dir=self._app_logic.GetTemporaryPath())
            return bool(self._app_logic.OpenSlicerDataBundle(path, folder))
        self._scene.SetURL(path)
        return bool(self._scene.Import())

    def _save_scene(self, path: str) -> bool:
        if not path.endswith(".mrb"):
            self._scene.SetURL(path)
            return bool(self._scene.Commit(path))
        folder = Path(tempfile.mkdtemp(dir=self._app_logic.GetTemporaryPath())) / Path(path).stem
        folder.mkdir()
        written = self._app_logic.SaveSceneToSlicerDataBundleDirectory(str(folder), None)
        zipped = bool(written) and bool(self._app_logic.Zip(path, str(folder)))
        shutil.rmtree(folder.parent)
        return zipped
