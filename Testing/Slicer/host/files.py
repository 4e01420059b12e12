"""``slicer.app.coreIOManager()``: reads and writes volumes, tables and scenes with Slicer's real classes."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import slicer


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

    def fileWriterFileType(self, node: Any) -> str:
        return "NodeFile"

    def loadNodes(self, file_type: str, properties: dict[str, Any], loaded: Any = None, messages: Any = None) -> bool:
        path = str(properties["fileName"])
        if file_type == "SceneFile":
            return bool(self._app_logic.OpenSlicerDataBundle(path, tempfile.mkdtemp(dir=self._folder())))
        name = Path(path).name.split(".")[0]
        if file_type == "VolumeFile":
            node = self._volumes.AddArchetypeVolume(path, name, 0)
        else:
            node = self._scene.AddNewNodeByClass("vtkMRMLTableNode", name)
            node.AddDefaultStorageNode(path)
            if not node.GetStorageNode().ReadData(node):
                self._scene.RemoveNode(node)
                return False
        if node is not None:
            loaded.AddItem(node)
        return node is not None

    def saveNodes(self, file_type: str, properties: dict[str, Any], messages: Any = None) -> bool:
        path = str(properties["fileName"])
        if file_type == "SceneFile":
            return self._save_scene(path)
        node = self._scene.GetNodeByID(properties["nodeID"])
        if node.GetStorageNode() is None:
            node.AddDefaultStorageNode(path)
        node.GetStorageNode().SetFileName(path)
        return bool(node.GetStorageNode().WriteData(node))

    def _save_scene(self, path: str) -> bool:
        folder = Path(tempfile.mkdtemp(dir=self._folder())) / Path(path).stem
        folder.mkdir()
        written = self._app_logic.SaveSceneToSlicerDataBundleDirectory(str(folder), None)
        zipped = bool(written) and bool(self._app_logic.Zip(path, str(folder)))
        shutil.rmtree(folder.parent)
        return zipped

    def _folder(self) -> str:
        return str(self._app_logic.GetTemporaryPath())
