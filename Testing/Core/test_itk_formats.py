"""NRRD and MetaImage as ITK reads and writes them: every number type, byte order, encoding and way to tell the grid."""

from __future__ import annotations

import bz2
import gzip
import zlib
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from scipy.spatial.transform import Rotation

from command_line import run_python
from SuperResolveLib.data.volume import Volume
from SuperResolveLib.errors import InputError
from SuperResolveLib.image_io.volumes import read_volume, write_volume

SHAPE = (7, 6, 5)
TYPES = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64")
UNORIENTED = ("the header tells no orientation: left and right may be swapped",)


def voxels(kind: str = "int16") -> np.ndarray:
    """Voxels in the order (i, j, k)."""
    random = np.random.default_rng(4).integers(0, 120, SHAPE)
    return (random - (50 if np.dtype(kind).kind != "u" else 0)).astype(kind)


def oblique(kind: str = "int16") -> sitk.Image:
    image = sitk.GetImageFromArray(np.ascontiguousarray(voxels(kind).T))
    image.SetSpacing((0.7, 0.8, 5.5))
    image.SetDirection(
        (Rotation.from_euler("xyz", (18, -35, 7), degrees=True).as_matrix() * (1, 1, -1)).ravel().tolist()
    )
    image.SetOrigin((-101.5, 33.25, 12.125))
    return image


def affine_of(image: sitk.Image) -> np.ndarray:
    """The affine of an ITK image, in RAS mm."""
    count = image.GetDimension()
    affine = np.eye(4)
    affine[:3, :3] = (np.reshape(image.GetDirection(), (count, count)) * image.GetSpacing())[:3, :3]
    affine[:3, 3] = image.GetOrigin()[:3]
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine


def assert_read_as_by_itk(path: Path, warnings: tuple[str, ...] = ()) -> Volume:
    volume, image = read_volume(path), sitk.ReadImage(str(path))
    np.testing.assert_array_equal(volume.data, sitk.GetArrayFromImage(image).reshape(volume.shape[::-1]).T)
    np.testing.assert_allclose(volume.affine, affine_of(image), rtol=0, atol=1e-12)
    assert volume.warnings == warnings
    return volume


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("ending", [".nrrd", ".nhdr", ".mha", ".mhd"])
def test_what_itk_writes_is_read_as_itk_reads_it(tmp_path: Path, ending: str, kind: str, compress: bool) -> None:
    path = tmp_path / f"a{ending}"
    sitk.WriteImage(oblique(kind), str(path), useCompression=compress)
    volume = assert_read_as_by_itk(path)
    assert volume.stored_type == (np.dtype(kind) if np.dtype(kind).kind in "iu" else np.float32)


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("kind", [kind for kind in TYPES if kind != "float64"])
@pytest.mark.parametrize("ending", [".nrrd", ".mha"])
def test_what_is_written_is_read_by_itk(tmp_path: Path, ending: str, kind: str, compress: bool) -> None:
    sitk.WriteImage(oblique(kind), str(tmp_path / "a.nrrd"))
    volume = read_volume(tmp_path / "a.nrrd")
    write_volume(volume, tmp_path / f"b{ending}", keep_type=True, compress=compress)
    again = sitk.ReadImage(str(tmp_path / f"b{ending}"))
    there = sitk.GetArrayFromImage(again).T
    assert there.dtype == np.dtype(kind)
    np.testing.assert_array_equal(there, voxels(kind))
    np.testing.assert_allclose(affine_of(again), volume.affine, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(read_volume(tmp_path / f"b{ending}").data, volume.data)


def test_a_fourth_axis_of_one_is_dropped(tmp_path: Path) -> None:
    image = sitk.JoinSeries([oblique()])
    for name, warnings in (("a.nrrd", UNORIENTED), ("a.mha", ())):  # ITK names no space in 4-D NRRD
        sitk.WriteImage(image, str(tmp_path / name))
        assert assert_read_as_by_itk(tmp_path / name, warnings).shape == SHAPE


def test_itk_has_no_part_in_reading_and_writing(tmp_path: Path) -> None:
    """Its readers crash on damaged files, and loading it takes longer than reading a scan."""
    sitk.WriteImage(oblique(), str(tmp_path / "a.nrrd"))
    code = (
        "import sys\nfrom SuperResolveLib.image_io.volumes import read_volume, write_volume\n"
        f"write_volume(read_volume({str(tmp_path / 'a.nrrd')!r}), {str(tmp_path / 'b.mha')!r})\n"
        f"read_volume({str(tmp_path / 'b.mha')!r})\nprint('SimpleITK' in sys.modules)"
    )
    assert run_python(code) == "False\n"


# ---------------- MetaImage


def metaimage(path: Path, fields: str, data: bytes, name: str = "LOCAL") -> Path:
    size = " ".join(map(str, SHAPE))
    if "ElementSpacing" not in fields and "ElementSize" not in fields:
        fields += "ElementSpacing = 0.7 0.8 5.5\n"
    if not any(word in fields for word in ("TransformMatrix", "Rotation", "Orientation")):
        fields += "TransformMatrix = 0 1 0 -1 0 0 0 0 1\n"
    text = (
        f"ObjectType = Image\nNDims = 3\n{fields}DimSize = {size}\nElementType = MET_SHORT\nElementDataFile = {name}\n"
    )
    path.write_bytes(text.encode() + data)
    return path


LITTLE, BIG = voxels().astype("<i2").tobytes("F"), voxels().astype(">i2").tobytes("F")


@pytest.mark.parametrize(
    ("fields", "data"),
    [
        ("BinaryData = True\n", LITTLE),
        ("BinaryDataByteOrderMSB = True\n", BIG),
        ("ElementByteOrderMSB = True\n", BIG),
        (f"CompressedData = True\nCompressedDataSize = {len(zlib.compress(LITTLE))}\n", zlib.compress(LITTLE)),
        (f"CompressedData = True\nCompressedDataSize = {len(gzip.compress(LITTLE))}\n", gzip.compress(LITTLE)),
        ("HeaderSize = -1\n", b"zzz" + LITTLE),
        ("ElementSize = 1 2 3\n", LITTLE),
        ("ElementSize = 1 2 3\nElementSpacing = 0.5 0.5 4\n", LITTLE),
        ("Orientation = 0 1 0 1 0 0 0 0 1\nPosition = 7 8 9\nCenterOfRotation = 5 5 5\n", LITTLE),
        ("Rotation = 0 1 0 1 0 0 0 0 -1\nOrigin = 7 8 9\nAnatomicalOrientation = RAI\n", LITTLE),
    ],
)
def test_every_way_of_metaimage(tmp_path: Path, fields: str, data: bytes) -> None:
    volume = assert_read_as_by_itk(metaimage(tmp_path / "a.mha", fields, data))
    np.testing.assert_array_equal(volume.data, voxels())


def test_a_compressed_size_that_is_not_told_is_not_needed(tmp_path: Path) -> None:
    """ITK gives uninitialised memory here."""
    volume = read_volume(metaimage(tmp_path / "a.mha", "CompressedData = True\n", zlib.compress(LITTLE)))
    np.testing.assert_array_equal(volume.data, voxels())


def test_a_metaimage_in_digits_and_one_with_a_header_in_its_data_file(tmp_path: Path) -> None:
    digits = " ".join(map(str, voxels().T.ravel())).encode()
    volume = read_volume(metaimage(tmp_path / "a.mha", "BinaryData = False\n", digits))  # ITK fails on it
    np.testing.assert_array_equal(volume.data, voxels())
    (tmp_path / "b.raw").write_bytes(b"\n" * 64 + LITTLE)
    assert_read_as_by_itk(metaimage(tmp_path / "b.mhd", "HeaderSize = 64\n", b"", "b.raw"))


def test_lines_of_windows(tmp_path: Path) -> None:
    path = metaimage(tmp_path / "a.mhd", "", b"", "a.raw")
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    (tmp_path / "a.raw").write_bytes(LITTLE)
    assert_read_as_by_itk(path)


# ---------------- NRRD


def nrrd(path: Path, fields: str, data: bytes) -> Path:
    if not fields.startswith("dimension:"):
        fields = f"dimension: 3\nsizes: {' '.join(map(str, SHAPE))}\n{fields}"
    if "endian:" not in fields:
        fields += "endian: little\n"
    if "encoding:" not in fields:
        fields += "encoding: raw\n"
    path.write_bytes(f"NRRD0004\n# a comment\ntype: short\n{fields}note:=any: text\n\n".encode() + data)
    return path


STEPS = "space directions: (0,0.7,0) (-0.8,0,0) (0,0,5.5)\nspace origin: (5,6,7)\n"


@pytest.mark.parametrize(
    "space",
    ["left-posterior-superior", "right-anterior-superior", "left-anterior-superior", "LPS", "RAS", "LAS"],
)
def test_spaces_of_nrrd(tmp_path: Path, space: str) -> None:
    assert_read_as_by_itk(nrrd(tmp_path / "a.nrrd", f"space: {space}\n{STEPS}", LITTLE))


def test_spaces_that_tell_no_orientation_and_none(tmp_path: Path) -> None:
    for name in ("scanner-xyz", "3D-right-handed"):
        told = f"the header tells no orientation (space '{name.lower()}'): left and right may be swapped"
        assert_read_as_by_itk(nrrd(tmp_path / "a.nrrd", f"space: {name}\n{STEPS}", LITTLE), (told,))
    assert_read_as_by_itk(nrrd(tmp_path / "a.nrrd", f"space dimension: 3\n{STEPS}", LITTLE), UNORIENTED)


@pytest.mark.parametrize(
    "fields",
    [
        "spacings: 0.7 0.8 5.5\n",
        "spacings: 0.7 0.8 5.5\naxis mins: 10 20 30\n",
        "spacings: 0.7 0.8 5.5\naxismins: 10 20 30\ncenters: node node node\n",
    ],
)
def test_spacings_without_directions(tmp_path: Path, fields: str) -> None:
    assert_read_as_by_itk(nrrd(tmp_path / "a.nrrd", fields, LITTLE), UNORIENTED)


@pytest.mark.parametrize(
    ("fields", "data"),
    [
        ("encoding: raw\nendian: big\n", BIG),
        ("encoding: gzip\n", gzip.compress(LITTLE)),
        ("encoding: gz\nendian: big\n", gzip.compress(BIG)),
        ("encoding: bzip2\n", bz2.compress(LITTLE)),
        ("encoding: hex\n", LITTLE.hex().encode()),
        ("encoding: ascii\n", " ".join(map(str, voxels().T.ravel())).encode()),
        ("encoding: text\n", "\n".join(map(str, voxels().T.ravel())).encode()),
        ("line skip: 2\nbyte skip: 3\n", b"a\nb\nccc" + LITTLE),
        ("byte skip: -1\n", b"zzzzz" + LITTLE),
        ("encoding: gzip\nbyteskip: 2\n", gzip.compress(b"zz" + LITTLE)),
        ("encoding: gzip\n", gzip.compress(LITTLE[:100]) + gzip.compress(LITTLE[100:])),
    ],
)
def test_encodings_of_nrrd(tmp_path: Path, fields: str, data: bytes) -> None:
    path = nrrd(tmp_path / "a.nrrd", f"space: LPS\n{STEPS}{fields}", data)
    volume = read_volume(path)
    np.testing.assert_array_equal(volume.data, voxels())
    if "bzip2" not in fields:  # which ITK is built without
        assert_read_as_by_itk(path)


def test_an_axis_of_one_value_or_one_time_is_dropped(tmp_path: Path) -> None:
    of_values = f"dimension: 4\nsizes: 1 {' '.join(map(str, SHAPE))}\nkinds: scalar domain domain domain\n"
    assert_read_as_by_itk(nrrd(tmp_path / "a.nrrd", f"{of_values}spacings: nan 0.7 0.8 5.5\n", LITTLE), UNORIENTED)
    of_times = f"dimension: 4\nsizes: {' '.join(map(str, SHAPE))} 1\nkinds: domain domain domain list\nspace: LPS\n"
    directions = STEPS.replace("5.5)", "5.5) none")
    volume = read_volume(nrrd(tmp_path / "a.nrrd", of_times + directions, LITTLE))
    np.testing.assert_array_equal(volume.data, voxels())
    assert volume.warnings == ()


@pytest.mark.parametrize(
    ("kinds", "told"),
    [("RGB-color", "3 values a voxel"), ("vector", "3 values"), ("list", "is 4-D"), ("time", "is 4-D")],
)
@pytest.mark.parametrize("place", [0, 3])
def test_more_than_one_value_a_voxel_wherever_its_axis_is(tmp_path: Path, kinds: str, told: str, place: int) -> None:
    sizes, names, steps = list(map(str, SHAPE)), ["domain"] * 3, ["(1,0,0)", "(0,1,0)", "(0,0,5)"]
    for values, value in ((sizes, "3"), (names, kinds), (steps, "none")):
        values.insert(place, value)
    fields = f"dimension: 4\nsizes: {' '.join(sizes)}\nkinds: {' '.join(names)}\nspace: LPS\n"
    with pytest.raises(InputError, match=told):
        read_volume(nrrd(tmp_path / "a.nrrd", f"{fields}space directions: {' '.join(steps)}\n", 3 * LITTLE))


@pytest.mark.parametrize(
    ("unit", "length"), [("mm", 1), ("cm", 10), ("m", 1000), ("um", 1e-3), ("\u00b5m", 1e-3), ("", 1)]
)
def test_units_of_nrrd(tmp_path: Path, unit: str, length: float) -> None:
    quoted = " ".join([f'"{unit}"'] * 3)
    spacing = np.array([0.7, 0.8, 5.5]) / length
    directions = " ".join(f"({','.join(map(repr, row.tolist()))})" for row in np.diag(spacing))
    with_space = (
        f"space: RAS\nspace directions: {directions}\nspace origin: ({1 / length!r},0,0)\nspace units: {quoted}\n"
    )
    volume = read_volume(nrrd(tmp_path / "a.nrrd", with_space, LITTLE))
    expected = np.diag([0.7, 0.8, 5.5, 1.0])
    expected[0, 3] = 1.0
    np.testing.assert_allclose(volume.affine, expected, atol=1e-12)
    converted = () if length == 1 else (f"the header gives lengths in units of {length:g} mm; they were converted",)
    assert volume.warnings == converted
    along_axes = f"spacings: {' '.join(map(repr, spacing.tolist()))}\nunits: {quoted}\n"
    volume = read_volume(nrrd(tmp_path / "a.nrrd", along_axes, LITTLE))
    np.testing.assert_allclose(volume.spacing, (0.7, 0.8, 5.5))
    assert volume.warnings == UNORIENTED + converted
