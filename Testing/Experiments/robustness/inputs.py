"""A small scan in every format that is read, and profile tables: whole inputs, to be mutated."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from SuperResolveLib.data.volume import Volume
from SuperResolveLib.image_io.profile_table import write_profile
from SuperResolveLib.image_io.volumes import write_volume
from SuperResolveLib.physics.profile import SliceProfile

SHAPE = (20, 18, 12)
#: Oblique, left-handed, 5 mm apart.
AFFINE = np.array([[-0.9, 0.05, 0.2, 40.0], [0.05, 0.95, 0.3, -30.0], [-0.03, -0.06, 5.0, 12.0], [0, 0, 0, 1.0]])
AFFINE[:3, :3] = np.linalg.qr(AFFINE[:3, :3])[0] * (0.9, 0.95, 5.0)


@dataclass(frozen=True)
class Input:
    """A kind of input.

    Attributes:
        name: what the report calls it.
        write: writes it into a folder and returns what is given to the command, which names all other files there.
        checksummed: whether damage to the voxels can be seen, since the format holds a checksum of them.
        textual: whether the header is text.
    """

    name: str
    write: Callable[[Path], Path]
    checksummed: bool = False
    textual: bool = False


def scan() -> Volume:
    """A scan of smooth blobs in noise, as int16."""
    random = np.random.default_rng(7)
    grid = np.moveaxis(np.indices(SHAPE), 0, -1)
    data = random.normal(20, 4, SHAPE)
    for _ in range(40):
        centre, width = random.uniform(0, 1, 3) * SHAPE, random.uniform(1.5, 5, 3)
        data += random.uniform(20, 200) * np.exp(-(((grid - centre) / width) ** 2).sum(axis=-1))
    return Volume(np.rint(np.abs(data)).astype(np.float32), AFFINE, stored_type=np.dtype(np.int16))


def _written(ending: str, compress: bool = True) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = folder / f"scan{ending}"
        write_volume(scan(), path, keep_type=True, compress=compress)
        return path

    return write


def _nifti(version: int, order: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        import nibabel

        volume, path = scan(), folder / "scan.nii"
        kind: Any = nibabel.Nifti2Image if version == 2 else nibabel.Nifti1Image
        header = kind.header_class(endianness=order)
        image: Any = kind(volume.data.astype(np.int16), volume.affine, header)
        image.header.set_slope_inter(1.0, 0.0)
        path.write_bytes(image.to_bytes())
        return path

    return write


def _with_sidecar(folder: Path) -> Path:
    tags = {
        "SliceThickness": 4.0,
        "SpacingBetweenSlices": 5.0,
        "AcquisitionMatrixPE": 18,
        "BaseResolution": 20,
        "InPlanePhaseEncodingDirectionDICOM": "COL",
        "ImageOrientationPatientDICOM": [1, 0, 0, 0, 1, 0],
    }
    (folder / "scan.json").write_text(json.dumps(tags))
    return _written(".nii")(folder)


def _detached(header: str, data: str, compressed: bool) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        volume = scan()
        lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ volume.affine
        contents = volume.data.astype("<i2").tobytes(order="F")
        if compressed:
            import gzip
            import zlib

            contents = gzip.compress(contents) if header == ".nhdr" else zlib.compress(contents)
        (folder / data).write_bytes(contents)
        text = _nhdr(lps, data, compressed) if header == ".nhdr" else _mhd(lps, data, compressed, len(contents))
        (folder / f"scan{header}").write_text(text)
        return folder / f"scan{header}"

    return write


def _numbers(values: ArrayLike, between: str = " ") -> str:
    return between.join(f"{value:.12g}" for value in np.ravel(values))


def _mhd(lps: np.ndarray, data: str, compressed: bool, size: int) -> str:
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    return (
        "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
        f"CompressedData = {compressed}\n"
        + (f"CompressedDataSize = {size}\n" if compressed else "")
        + f"TransformMatrix = {_numbers((lps[:3, :3] / spacing).T)}\nOffset = {_numbers(lps[:3, 3])}\n"
        f"CenterOfRotation = 0 0 0\nElementSpacing = {_numbers(spacing)}\nDimSize = {_numbers(SHAPE)}\n"
        f"ElementType = MET_SHORT\nElementDataFile = {data}\n"
    )


def _nhdr(lps: np.ndarray, data: str, compressed: bool) -> str:
    directions, origin = (f"({_numbers(lps[:3, axis], ',')})" for axis in range(3)), _numbers(lps[:3, 3], ",")
    return (
        "NRRD0004\ntype: short\ndimension: 3\nspace: left-posterior-superior\n"
        f"sizes: {_numbers(SHAPE)}\nspace directions: {' '.join(directions)}\n"
        f"kinds: domain domain domain\nendian: little\nencoding: {'gzip' if compressed else 'raw'}\n"
        f"space origin: ({origin})\ndata file: {data}\n"
    )


def _table(folder: Path) -> Path:
    path = folder / "profile.tsv"
    write_profile(SliceProfile.gaussian(5.0, 0.9), path)
    return path


IMAGES = (
    Input("NIfTI-1", _nifti(1, "<")),
    Input("NIfTI-1 big-endian", _nifti(1, ">")),
    Input("NIfTI-2", _nifti(2, "<")),
    Input("NIfTI gzip", _written(".nii.gz"), checksummed=True),
    Input("NIfTI with sidecar", _with_sidecar),
    Input("MGH", _written(".mgh")),
    Input("MGZ", _written(".mgz"), checksummed=True),
    Input("MetaImage", _written(".mha", compress=False), textual=True),
    Input("MetaImage zlib", _written(".mha"), checksummed=True, textual=True),
    Input("MetaImage detached", _detached(".mhd", "scan.raw", False), textual=True),
    Input("MetaImage detached zlib", _detached(".mhd", "scan.zraw", True), checksummed=True, textual=True),
    Input("NRRD", _written(".nrrd", compress=False), textual=True),
    Input("NRRD gzip", _written(".nrrd"), checksummed=True, textual=True),
    Input("NRRD detached", _detached(".nhdr", "scan.raw", False), textual=True),
    Input("NRRD detached gzip", _detached(".nhdr", "scan.raw.gz", True), checksummed=True, textual=True),
)
TABLE = Input("profile table", _table, textual=True)
