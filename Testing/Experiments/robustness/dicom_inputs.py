"""The scan of :mod:`.inputs` as DICOM: a series of single slices, plain and compressed, and one enhanced file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    EnhancedMRImageStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MRImageStorage,
    RLELossless,
)

from .inputs import SHAPE, Input, scan


def _common(kind: str, syntax: str) -> Dataset:
    """What slices and enhanced files share."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.SOPClassUID = kind
    dataset.SOPInstanceUID = "1.2.3.4.1"
    dataset.StudyInstanceUID = "1.2.3"
    dataset.SeriesInstanceUID = "1.2.3.4"
    dataset.SeriesNumber = 3
    dataset.SeriesDescription = "T2 tra"
    dataset.Modality = "MR"
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    dataset.Rows, dataset.Columns = SHAPE[1], SHAPE[0]
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 0
    return dataset


def _geometry() -> tuple[list[str], list[float], np.ndarray]:
    """Orientation and pixel spacing as DICOM has them, and the affine in LPS."""
    lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ scan().affine
    steps = np.linalg.norm(lps[:3, :3], axis=0)
    orientation = [f"{value:.9f}" for value in (lps[:3, :2] / steps[:2]).T.ravel()]
    return orientation, [round(float(steps[1]), 6), round(float(steps[0]), 6)], lps


def _series(syntax: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        orientation, pixel, lps = _geometry()
        inside = folder / "scan"
        inside.mkdir()
        for k in range(SHAPE[2]):
            uncompressed = ExplicitVRLittleEndian if syntax == RLELossless else syntax
            dataset = _common(MRImageStorage, uncompressed)
            dataset.SOPInstanceUID = f"1.2.3.4.{k + 1}"
            dataset.InstanceNumber = k + 1
            dataset.ImageOrientationPatient, dataset.PixelSpacing = orientation, pixel
            dataset.ImagePositionPatient = [f"{value:.6f}" for value in (lps @ (0, 0, k, 1))[:3]]
            dataset.SliceThickness, dataset.SpacingBetweenSlices = 4, 5
            dataset.RescaleSlope, dataset.RescaleIntercept = 2, -10
            dataset.PixelData = scan().data[:, :, k].T.astype("<u2").tobytes()
            if syntax == RLELossless:
                dataset.compress(RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)
            dataset.save_as(inside / f"s{k:02}.dcm", enforce_file_format=True)
        return inside

    return write


def _item(**tags: Any) -> list[Dataset]:
    item = Dataset()
    for keyword, value in tags.items():
        setattr(item, keyword, value)
    return [item]


def _enhanced(folder: Path) -> Path:
    orientation, pixel, lps = _geometry()
    dataset = _common(EnhancedMRImageStorage, ExplicitVRLittleEndian)
    dataset.NumberOfFrames = SHAPE[2]
    dataset.SharedFunctionalGroupsSequence = _item(
        PixelMeasuresSequence=_item(PixelSpacing=pixel, SliceThickness=4, SpacingBetweenSlices=5),
        PlaneOrientationSequence=_item(ImageOrientationPatient=orientation),
    )
    frames = []
    for k in range(SHAPE[2]):
        position = [f"{value:.6f}" for value in (lps @ (0, 0, k, 1))[:3]]
        frames += _item(
            PlanePositionSequence=_item(ImagePositionPatient=position),
            PixelValueTransformationSequence=_item(RescaleSlope=2, RescaleIntercept=-10, RescaleType="US"),
            FrameContentSequence=_item(StackID="1", InStackPositionNumber=k + 1, DimensionIndexValues=[1, k + 1]),
        )
    dataset.PerFrameFunctionalGroupsSequence = frames
    dataset.PixelData = scan().data.transpose(2, 1, 0).astype("<u2").tobytes()
    path = folder / "scan.dcm"
    dataset.save_as(path, enforce_file_format=True)
    return path


SERIES = (
    Input("DICOM", _series(ExplicitVRLittleEndian)),
    Input("DICOM implicit", _series(ImplicitVRLittleEndian)),
    Input("DICOM deflated", _series(DeflatedExplicitVRLittleEndian)),
    Input("DICOM RLE", _series(RLELossless)),
    Input("DICOM enhanced", _enhanced),
)
