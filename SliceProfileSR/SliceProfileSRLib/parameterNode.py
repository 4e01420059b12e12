"""What the user chose, saved with the scene, and the panel's access to it."""

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

from slicer import vtkMRMLDisplayableNode, vtkMRMLScalarVolumeNode, vtkMRMLScriptedModuleNode, vtkMRMLTableNode
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper

from .choices import Axis, Device, Prior, ProfileSource


@parameterNodeWrapper
class SliceProfileSRParameterNode:
    """What the user chose, saved with the scene.

    Attributes:
        inputVolume: the scan.
        profileSource: where its profile comes from; the next three belong to it.
        estimationMethod, estimationPreset: how it is estimated, by the names of the library's registry.
        profileWidth: FWHM of a given shape, in mm.
        profileTable: the profile.
        keepProfiles: whether the chart keeps other scans' profiles.
        method, preset: how the scan is super-resolved, by the names of the library's registry; "auto" has no preset.
        model: the path of a model, where that is chosen in place of a method.
        outputVolume: the result; None makes a new one.
        outputSpacing: between its planes in mm; 0 takes the in-plane voxel.
        uncertainty: whether to map, too, how far the result may be off, by a method that can tell.
        measuredVolume: of which the resolution is measured.
        thinNode: what is brought back to the scan's slices: a volume, label map or segmentation.
        device, seed, axis, acquiredResolution: as in the CLI modules.
        prior, device, seed, axis, acquiredResolution: as in the CLI modules.
    """

    inputVolume: vtkMRMLScalarVolumeNode | None
    profileSource: ProfileSource = ProfileSource.ESTIMATED
    estimationMethod: str = "auto"
    estimationPreset: str = "default"
    profileWidth: Annotated[float, WithinRange(0.1, 100.0)] = 5.0
    profileTable: vtkMRMLTableNode | None
    keepProfiles: bool = False
    method: str = "auto"
    preset: str = "fast"
    model: str = ""
    outputVolume: vtkMRMLScalarVolumeNode | None
    outputSpacing: Annotated[float, WithinRange(0.0, 100.0)] = 0.0
    uncertainty: bool = False
    measuredVolume: vtkMRMLScalarVolumeNode | None
    thinNode: vtkMRMLDisplayableNode | None
    prior: Prior = Prior.SCANNER
    device: Device = Device.AUTO
    seed: Annotated[int, WithinRange(0, 2147483647)] = 0
    axis: Axis = Axis.AUTO
    acquiredResolution: str = ""

    if TYPE_CHECKING:  # what the decorator adds

        def __init__(self, parameterNode: Any) -> None: ...

        def connectGui(self, gui: Any) -> int: ...

        def disconnectGui(self, guiTag: int) -> None: ...


#: Parameters of which only some texts can be read: what Slicer's wrapper raises on must not be there.
_ENUMS: dict[str, type[Enum]] = {"profileSource": ProfileSource, "prior": Prior, "device": Device, "axis": Axis}
_RANGES = {"profileWidth": (0.1, 100.0), "outputSpacing": (0.0, 100.0), "seed": (0, 2147483647)}


def dropUnreadable(scriptNode: vtkMRMLScriptedModuleNode) -> None:
    """Take out of a scene's parameters what cannot be read, as of another version, so that it takes its default."""
    for name, kind in _ENUMS.items():
        if (scriptNode.GetParameter(name) or "") not in ("", *kind.__members__):
            scriptNode.UnsetParameter(name)
    for name, (lowest, highest) in _RANGES.items():
        text = scriptNode.GetParameter(name) or ""
        try:
            readable = not text or lowest <= (int if name == "seed" else float)(text) <= highest
        except ValueError:
            readable = False
        if not readable:
            scriptNode.UnsetParameter(name)


class ParameterAccess:
    """The parameters, for the sections of a panel.

    Attributes:
        shown: the parameter node while the panel shows it; None while the user is elsewhere, or the scene closes.

    Args:
        stored: gives the scene's parameter node, whether it is shown or not.
    """

    def __init__(self, stored: Callable[[], SliceProfileSRParameterNode]) -> None:
        self.shown: SliceProfileSRParameterNode | None = None
        self._stored = stored

    @property
    def node(self) -> SliceProfileSRParameterNode:
        """The parameter node that is shown, or else the scene's."""
        return self.shown or self._stored()

    def computing(self) -> dict[str, Any]:
        """The settings under *Advanced*, by the names that the CLI modules have for them."""
        return {
            "axis": self.node.axis.value,
            "acquiredResolution": self.node.acquiredResolution.strip(),
            "device": self.node.device.value,
            "seed": self.node.seed,
        }
