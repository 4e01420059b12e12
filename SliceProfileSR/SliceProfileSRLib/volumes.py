"""A volume node as the computation's :class:`SuperResolveLib.Volume`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import slicer
import vtk
from slicer.i18n import tr as _

if TYPE_CHECKING:
    from SuperResolveLib import Volume

#: The DICOM tags from which the acquisition is read, by keyword.
DICOM_TAGS = {
    "SliceThickness": "0018,0050",
    "SpacingBetweenSlices": "0018,0088",
    "AcquisitionMatrix": "0018,1310",
    "InPlanePhaseEncodingDirection": "0018,1312",
    "Rows": "0028,0010",
    "Columns": "0028,0011",
    "PixelSpacing": "0028,0030",
}


def volumeFromNode(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> Volume:
    """The voxels of a volume node, indexed (i, j, k), with its IJK-to-RAS matrix and what its origin tells.

    Parent transforms do not enter: they move the scan and its result alike.

    Raises:
        ValueError: it has no voxels, or is no scalar 3-D image on a rectangular grid of plausible size.
    """
    from SuperResolveLib.image_io.checks import single_precision

    empty = emptyVolumeFromNode(volumeNode)
    voxels = slicer.util.arrayFromVolume(volumeNode).transpose(2, 1, 0)
    data, _filled = single_precision(voxels, Path(volumeNode.GetName()))
    return withAcquisition(replace(empty, data=data), volumeNode)


def emptyVolumeFromNode(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> Volume:
    """As :func:`volumeFromNode`, but for the voxels, which are all 0 and take no memory.

    Raises:
        ValueError: it has no voxels, or is no scalar 3-D image on a rectangular grid of plausible size.
    """
    import numpy as np

    from SuperResolveLib import Volume
    from SuperResolveLib.image_io.checks import check_affine, check_scalar, check_shape

    name, image = Path(volumeNode.GetName()), volumeNode.GetImageData()
    if image is None or image.GetNumberOfPoints() == 0:
        raise ValueError(_("{volume} has no voxels: load or select another volume.").format(volume=name))
    check_scalar(image.GetNumberOfScalarComponents(), False, name)
    shape = check_shape(image.GetDimensions(), name)
    affine = check_affine(ijkToRAS(volumeNode), shape, name)
    return Volume(np.broadcast_to(np.float32(0), shape), affine)


def ijkToRAS(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> Any:
    """A volume node's own 4x4 matrix from voxel indices to RAS mm."""
    matrix = vtk.vtkMatrix4x4()
    volumeNode.GetIJKToRASMatrix(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)


def worldMatrix(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> Any:
    """The 4x4 matrix of a volume node's transforms, from its own RAS mm to the world's, where they are linear."""
    matrix = vtk.vtkMatrix4x4()
    transform = volumeNode.GetParentTransformNode()
    if transform is not None and transform.IsTransformToWorldLinear():
        transform.GetMatrixTransformToWorld(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)


def withAcquisition(volume: Volume, volumeNode: slicer.vtkMRMLScalarVolumeNode) -> Volume:
    """The volume with what the DICOM database, or the JSON sidecar of the node's file, says of its acquisition."""
    from SuperResolveLib.image_io.acquisition_tags import acquisition_header
    from SuperResolveLib.image_io.sidecar import sidecar_header

    tags = dicomTags(volumeNode)
    if tags:
        header, warnings = acquisition_header(tags, volume.affine, volume.shape, (0, 1))
        return replace(volume, header=header, warnings=(*volume.warnings, *warnings))
    storage = volumeNode.GetStorageNode()
    path = Path(storage.GetFileName() or "") if storage else Path()
    ending = storage.GetSupportedFileExtension(str(path)) if path.name else ""
    return sidecar_header(volume, path, ending) if ending else volume


def dicomTags(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> dict[str, str]:
    """The acquisition's DICOM tags of a volume that was loaded from the DICOM database; empty for others."""
    instances = (volumeNode.GetAttribute("DICOM.instanceUIDs") or "").split()
    database = getattr(slicer, "dicomDatabase", None)
    if not instances or not database or not database.isOpen:
        return {}
    path = database.fileForInstance(instances[0])
    values = {keyword: database.fileValue(path, tag) for keyword, tag in DICOM_TAGS.items()} if path else {}
    return {keyword: value for keyword, value in values.items() if value}
