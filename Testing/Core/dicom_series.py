"""A DICOM series, written slice by slice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.uid import UID, ExplicitVRLittleEndian, MRImageStorage
from scipy.spatial.transform import Rotation

COUNT, ROWS, COLUMNS = 9, 12, 10
#: The slices' row and column directions and normal, in LPS, as columns.
TURNED = Rotation.from_euler("xyz", (12, -20, 5), degrees=True).as_matrix()
ORIGIN = np.array([-40.0, -70.5, 33.25])


def pixels(index: int) -> np.ndarray:
    return np.random.default_rng(index).integers(0, 1000, (ROWS, COLUMNS)).astype(np.uint16)


def save_slice(path: Path, position: Sequence[float], index: int = 0, **changed: Any) -> None:
    """One slice; ``changed`` sets tags by keyword, or removes them where the value is ``None``."""
    tags: dict[str, Any] = {
        "SOPClassUID": MRImageStorage,
        "SOPInstanceUID": f"1.2.3.4.{abs(hash(path.name)) % 10**9}",
        "SeriesInstanceUID": "1.2.3.4",
        "StudyInstanceUID": "1.2.3",
        "Modality": "MR",
        "SeriesDescription": "T2 tra",
        "SeriesNumber": 3,
        "InstanceNumber": index + 1,
        "ImageType": ["ORIGINAL", "PRIMARY"],
        "ImagePositionPatient": [f"{value:.10g}" for value in position],
        "ImageOrientationPatient": [f"{value:.10g}" for value in TURNED[:, :2].T.ravel()],
        "PixelSpacing": [0.9, 0.8],
        "SliceThickness": 4,
        "SpacingBetweenSlices": 5,
        "AcquisitionMatrix": [0, 9, 5, 0],
        "InPlanePhaseEncodingDirection": "ROW",
        "Rows": ROWS,
        "Columns": COLUMNS,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 0,
        "PixelData": pixels(index).tobytes(),
    }
    save_dataset(path, tags | changed)


def save_dataset(path: Path, tags: dict[str, Any], syntax: str = ExplicitVRLittleEndian) -> None:
    dataset = pydicom.Dataset()
    for keyword, value in tags.items():
        if value is not None:
            setattr(dataset, keyword, value)
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.save_as(path, enforce_file_format=True)


def positions(heights: Sequence[float], tilt: float = 0.0) -> list[np.ndarray]:
    """First voxels of slices at heights along the normal, leaning by ``tilt`` degrees."""
    step = TURNED[:, 2] + np.tan(np.radians(tilt)) * TURNED[:, 1]
    return [ORIGIN + height * step for height in heights]


def save_series(folder: Path, at: Sequence[np.ndarray], prefix: str = "s", **changed: Any) -> Path:
    for index, position in enumerate(at):
        save_slice(folder / f"{prefix}{index}.dcm", position, index, **changed)
    return folder
