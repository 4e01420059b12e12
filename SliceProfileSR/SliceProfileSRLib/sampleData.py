"""Two simulated scans under *Sample Data*, made here on request from the procedural head phantom.

Nothing is downloaded: the phantom is scanned as ``slice-profile-sr simulate`` does it, which takes a few seconds.
"""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import slicer
from slicer.i18n import tr as _

if TYPE_CHECKING:
    from SuperResolveLib import Volume

CATEGORY = "SliceProfileSR"
#: Voxels of the phantom, 1 mm each.
PHANTOM_SHAPE = (160, 192, 160)
#: Of the slice profile, a generalised Gaussian: the median of profiles measured on scanners.
EXPONENT = 4.6


@dataclass(frozen=True)
class SimulatedScan:
    """How a sample is scanned.

    Attributes:
        name: of the volume node.
        thickness: FWHM of the profile in mm.
        spacing: between slice centres in mm.
        axis: through-plane axis: "i" gives sagittal, "j" coronal, "k" axial slices.
    """

    name: str
    thickness: float
    spacing: float
    axis: Literal["i", "j", "k"]


SAMPLES = (
    SimulatedScan("SliceProfileSRAxial5mm", 5.0, 5.0, "k"),
    SimulatedScan("SliceProfileSRSagittal6mmOverlap", 6.0, 4.0, "i"),
)


def registerSampleData() -> None:
    """Add the samples to the module *Sample Data*."""
    import SampleData

    icon = os.path.join(os.path.dirname(__file__), "..", "Resources", "Icons", "SliceProfileSR.png")
    for sample in SAMPLES:
        SampleData.SampleDataLogic.registerCustomSampleDataSource(
            category=CATEGORY,
            sampleName=sample.name,
            thumbnailFileName=icon,
            uris="simulated:" + sample.name,  # Sample Data wants an address even where nothing is downloaded
            fileNames=sample.name + ".nrrd",
            nodeNames=sample.name,
            customDownloader=functools.partial(loadSample, sample),
        )


def loadSample(sample: SimulatedScan, source: object = None) -> slicer.vtkMRMLScalarVolumeNode:
    """Simulate a sample into a new volume node and show it."""
    import numpy as np

    from SuperResolveLib import SliceProfile
    from SuperResolveLib.physics.simulation import simulate

    slicer.util.showStatusMessage(_("Simulating {name}…").format(name=sample.name), 3000)
    with slicer.util.WaitCursor():
        profile = SliceProfile.generalised_gaussian(sample.thickness, EXPONENT, 1.0)
        scan = simulate(phantom(), profile, sample.spacing, sample.axis)
    voxels = np.ascontiguousarray(np.rint(scan.data).astype(np.int16).transpose(2, 1, 0))
    volumeNode = slicer.util.addVolumeFromArray(voxels, scan.affine, slicer.mrmlScene.GenerateUniqueName(sample.name))
    slicer.util.setSliceViewerLayers(background=volumeNode, fit=True)
    return volumeNode


@functools.lru_cache(maxsize=1)
def phantom() -> Volume:
    """The head that both samples show, isotropic."""
    from SuperResolveLib.physics.phantom.head_phantom import head_phantom

    return head_phantom(PHANTOM_SHAPE, spacing=1.0, seed=0)
