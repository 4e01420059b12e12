"""Reading and writing NIfTI, MGZ, NRRD and MetaImage: the affine, the intensities, the sidecar, and what is refused."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from scipy.spatial.transform import Rotation

from SuperResolveLib.data.volume import Volume
from SuperResolveLib.errors import InputError
from SuperResolveLib.image_io.files import replacing
from SuperResolveLib.image_io.volumes import WRITTEN_ENDINGS, check_output, read_volume, write_volume

Writer = Callable[[Path], Any]
SHAPE = (9, 8, 10)


def oblique_affine(handedness: int = 1) -> np.ndarray:
    """Turned about all axes, in numbers that single precision holds."""
    turned = Rotation.from_euler("xyz", (18, -35, 7), degrees=True).as_matrix()
    affine = np.eye(4)
    affine[:3, :3] = turned * (0.8 * handedness, 0.9, 5.5)
    affine[:3, 3] = (-101.5, 33.25, 12.125)
    return affine.astype(np.float32).astype(np.float64)


def integers(dtype: str = "int16") -> np.ndarray:
    return np.random.default_rng(3).integers(0, 100, SHAPE).astype(dtype)


def save_nifti(path: Path, data: np.ndarray, affine: np.ndarray | None = None, **header: Any) -> Path:
    image = nib.Nifti1Image(data, oblique_affine() if affine is None else affine, dtype=data.dtype)
    for key, value in header.items():
        image.header[key] = value
    nib.save(image, path)
    return path


# ---------------- there and back


@pytest.mark.parametrize("ending", WRITTEN_ENDINGS)
@pytest.mark.parametrize("handedness", [1, -1])
def test_a_volume_comes_back_as_it_was_written(tmp_path: Path, ending: str, handedness: int) -> None:
    data = np.random.default_rng(0).normal(0, 1e4, SHAPE).astype(np.float32)
    volume = Volume(data, oblique_affine(handedness))
    path = tmp_path / f"volume{ending}"
    write_volume(volume, path)
    again = read_volume(path)
    np.testing.assert_array_equal(again.data, data)
    np.testing.assert_allclose(again.affine, volume.affine, atol=2e-5 if ending in (".mgz", ".mgh") else 1e-12)
    assert (again.stored_type, again.warnings) == (np.dtype(np.float32), ())
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", [".nrrd", ".mha"])
def test_nibabel_and_itk_files_lie_at_the_same_place(tmp_path: Path, ending: str) -> None:
    """ITK's own reader, which speaks LPS, puts a voxel of both where the affine says."""
    volume = Volume(integers().astype(np.float32), oblique_affine(-1))
    for name in ("a.nii.gz", f"b{ending}"):
        write_volume(volume, tmp_path / name)
        x, y, z = sitk.ReadImage(str(tmp_path / name)).TransformIndexToPhysicalPoint((3, 5, 7))
        np.testing.assert_allclose((-x, -y, z), (volume.affine @ (3, 5, 7, 1))[:3], atol=1e-3)


def test_nifti_output_has_both_forms_in_scanner_coordinates_and_mm(tmp_path: Path) -> None:
    volume = Volume(integers().astype(np.float32), oblique_affine())
    write_volume(volume, tmp_path / "v.nii")
    header = nib.load(tmp_path / "v.nii").header
    assert (int(header["qform_code"]), int(header["sform_code"]), header.get_xyzt_units()[0]) == (1, 1, "mm")
    np.testing.assert_array_equal(header.get_sform(), volume.affine)
    np.testing.assert_allclose(header.get_qform(), volume.affine, atol=1e-3)


def test_equal_volumes_make_equal_files(tmp_path: Path) -> None:
    volume = Volume(integers().astype(np.float32), oblique_affine())
    write_volume(volume, tmp_path / "a.nii.gz")
    write_volume(volume, tmp_path / "b.nii.gz")
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()


@pytest.mark.parametrize("ending", [".nii", ".mgz", ".nrrd", ".mha"])
def test_integers_are_kept_if_asked(tmp_path: Path, ending: str) -> None:
    volume = read_volume(save_nifti(tmp_path / "a.nii", integers()))
    assert volume.stored_type == np.int16
    beyond = volume.on_grid(volume.data + np.float32(0.6), volume.affine)
    beyond.data[0, 0] = [-4e4, 4e4, -32768.4, 32767.4, 0.5, 1.5, 2.5, -0.5, 0.49, 100]
    write_volume(beyond, tmp_path / f"b{ending}", keep_type=True)
    again = read_volume(tmp_path / f"b{ending}")
    assert again.stored_type == np.int16
    assert again.data[0, 0].tolist() == [-32768, 32767, -32768, 32767, 0, 2, 2, 0, 0, 100]
    np.testing.assert_array_equal(again.data[1:], volume.data[1:] + 1)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "uint16", "int32", "uint32", "int64", "uint64"])
@pytest.mark.parametrize("ending", [".nii", ".mgh", ".mha"])
def test_every_integer_type_is_kept_in_its_range(tmp_path: Path, dtype: str, ending: str) -> None:
    data = integers().astype(np.float32)
    data[0, 0, :2] = -1e30, 1e30
    write_volume(Volume(data, oblique_affine(), stored_type=np.dtype(dtype)), tmp_path / f"a{ending}", keep_type=True)
    path = str(tmp_path / f"a{ending}")
    there = (
        sitk.GetArrayFromImage(sitk.ReadImage(path)).T if ending == ".mha" else np.asanyarray(nib.load(path).dataobj)
    )
    limits = np.iinfo(dtype)
    assert there[0, 0, 0] == pytest.approx(limits.min) and there[0, 0, 1] == pytest.approx(limits.max)
    np.testing.assert_array_equal(there[1:], data[1:])
    assert ending == ".mgh" or there.dtype == np.dtype(dtype)


def test_scaled_integers_are_written_as_floats(tmp_path: Path) -> None:
    contents = bytearray(nib.Nifti1Image(integers(), oblique_affine()).to_bytes())
    contents[112:120] = np.array([0.37, -2.5], "<f4").tobytes()  # scl_slope and scl_inter
    (tmp_path / "a.nii").write_bytes(contents)
    volume = read_volume(tmp_path / "a.nii")
    np.testing.assert_allclose(volume.data, integers() * np.float64(np.float32(0.37)) - 2.5, rtol=1e-6)
    write_volume(volume, tmp_path / "b.nii", keep_type=True)
    np.testing.assert_array_equal(read_volume(tmp_path / "b.nii").data, volume.data)


# ---------------- what files look like


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
@pytest.mark.parametrize("order", ["<", ">"])
def test_nifti_1_and_2_of_either_byte_order(tmp_path: Path, kind: Any, order: str) -> None:
    header = kind.header_class(endianness=order)
    header.set_data_dtype(np.dtype("int16").newbyteorder(order))
    image = kind(integers(), oblique_affine(), header)
    nib.save(image, tmp_path / "a.nii.gz")
    volume = read_volume(tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(volume.data, integers())
    np.testing.assert_array_equal(volume.affine, image.affine)
    assert volume.data.dtype == np.float32 and volume.data.dtype.isnative and volume.stored_type == np.int16


def test_float64_beyond_single_precision(tmp_path: Path) -> None:
    data = np.linspace(0, 1, 720).reshape(SHAPE)
    volume = read_volume(save_nifti(tmp_path / "a.nii", data))
    np.testing.assert_array_equal(volume.data, data.astype(np.float32))
    assert volume.stored_type == np.float32
    for factor in (1e60, 3e38, 2e15, 1e-16):
        with pytest.raises(InputError, match="too near the limits of single precision: rescale it first"):
            read_volume(save_nifti(tmp_path / "b.nii", data * factor))


def test_the_sform_is_used_where_both_are_set(tmp_path: Path) -> None:
    """As nibabel documents; and the user is told where they are more than a voxel apart."""
    image = nib.Nifti1Image(integers(), oblique_affine())
    image.set_sform(oblique_affine(), 2)
    image.set_qform(np.diag([0.8, 0.9, 5.5, 1]), 1)
    nib.save(image, tmp_path / "a.nii")
    volume = read_volume(tmp_path / "a.nii")
    np.testing.assert_array_equal(volume.affine, oblique_affine())
    assert len(volume.warnings) == 1 and "the sform is used" in volume.warnings[0]


def test_the_qform_is_used_where_the_sform_is_not_set(tmp_path: Path) -> None:
    image = nib.Nifti1Image(integers(), oblique_affine())
    image.set_sform(np.diag([1.0, 1, 1, 1]), 0)
    image.set_qform(oblique_affine(-1), 1)
    nib.save(image, tmp_path / "a.nii")
    volume = read_volume(tmp_path / "a.nii")
    np.testing.assert_allclose(volume.affine, oblique_affine(-1), atol=1e-4)
    assert volume.warnings == ()


def test_without_either_form_the_user_is_told(tmp_path: Path) -> None:
    contents = bytearray(nib.Nifti1Image(integers(), np.diag([0.8, 0.9, 5.5, 1])).to_bytes())
    contents[252:256] = bytes(4)  # qform_code and sform_code
    (tmp_path / "a.nii").write_bytes(contents)
    volume = read_volume(tmp_path / "a.nii")
    assert volume.spacing == pytest.approx((0.8, 0.9, 5.5))
    assert "no orientation" in volume.warnings[0]


def test_a_voxel_size_that_is_not_the_sforms_is_told(tmp_path: Path) -> None:
    volume = read_volume(save_nifti(tmp_path / "a.nii", integers(), pixdim=[1, 0.8, 0.9, 4, 1, 1, 1, 1]))
    assert volume.spacing == pytest.approx((0.8, 0.9, 5.5))
    assert volume.warnings == (
        "the sform, which is used, has voxels of 0.8 x 0.9 x 5.5 mm; the header says 0.8 x 0.9 x 4 mm",
    )


@pytest.mark.parametrize(("code", "unit"), [(1, 1000.0), (3, 0.001)])
def test_lengths_in_metres_or_micrometres_become_mm(tmp_path: Path, code: int, unit: float) -> None:
    in_unit = oblique_affine()
    in_unit[:3] /= unit
    volume = read_volume(save_nifti(tmp_path / "a.nii", integers(), in_unit, xyzt_units=code))
    np.testing.assert_allclose(volume.affine, oblique_affine(), rtol=1e-5)
    assert "converted" in volume.warnings[0]


def test_a_trailing_axis_of_one_is_no_fourth_dimension(tmp_path: Path) -> None:
    nib.save(nib.Nifti1Image(integers()[..., None], oblique_affine()), tmp_path / "a.nii")
    image = sitk.GetImageFromArray(integers().transpose(2, 1, 0)[None], isVector=False)
    sitk.WriteImage(image, str(tmp_path / "b.mha"))
    for name in ("a.nii", "b.mha"):
        np.testing.assert_array_equal(read_volume(tmp_path / name).data, integers())


def test_gzip_is_told_by_content_not_by_name(tmp_path: Path) -> None:
    path = save_nifti(tmp_path / "a.nii", integers())
    (tmp_path / "b.nii.gz").write_bytes(path.read_bytes())
    (tmp_path / "c.NII").write_bytes(gzip.compress(path.read_bytes()))
    for name in ("b.nii.gz", "c.NII"):
        np.testing.assert_array_equal(read_volume(tmp_path / name).data, integers())


@pytest.mark.parametrize("ending", [".mhd", ".nhdr"])
def test_detached_headers_are_read_but_not_written(tmp_path: Path, ending: str) -> None:
    sitk.WriteImage(sitk.GetImageFromArray(integers().transpose(2, 1, 0)), str(tmp_path / f"a{ending}"))
    volume = read_volume(tmp_path / f"a{ending}")
    np.testing.assert_array_equal(volume.data, integers())
    with pytest.raises(InputError, match="would be two files"):
        write_volume(volume, tmp_path / f"b{ending}")


def test_an_output_may_replace_its_input(tmp_path: Path) -> None:
    path = save_nifti(tmp_path / "a.nii", integers().astype(np.float32))
    volume = read_volume(path)
    write_volume(volume.on_grid(volume.data + 1, volume.affine), path)
    np.testing.assert_array_equal(read_volume(path).data, integers() + 1)


# ---------------- the sidecar

SIDECAR = {
    "SliceThickness": 5.0,
    "SpacingBetweenSlices": 6.0,
    "AcquisitionMatrix": [0, 256, 191, 0],
    "InPlanePhaseEncodingDirection": "ROW",
    "PercentPhaseFieldOfView": 79.6875,
    "Rows": 288,
    "Columns": 288,
    "PixelSpacing": [0.79861, 0.79861],
}


def with_sidecar(folder: Path, tags: object, affine: np.ndarray | None = None) -> Volume:
    (folder / "scan.json").write_text(tags if isinstance(tags, str) else json.dumps(tags), encoding="utf-8")
    return read_volume(save_nifti(folder / "scan.nii.gz", integers(), affine))


def test_the_sidecar_tells_thickness_spacing_and_acquired_resolution(tmp_path: Path) -> None:
    header = with_sidecar(tmp_path, SIDECAR).header
    assert (header.slice_thickness_mm, header.slice_spacing_mm) == (5.0, 6.0)
    assert header.acquired_spacing_mm == (pytest.approx(230 / 191, rel=1e-4), pytest.approx(230 / 256, rel=1e-4), None)


def test_phase_encoding_along_columns(tmp_path: Path) -> None:
    tags = SIDECAR | {"AcquisitionMatrix": [256, 0, 0, 191], "InPlanePhaseEncodingDirection": "COL"}
    for direction in ("COL", None):  # without the direction, the matrix tells by its order
        header = with_sidecar(tmp_path, tags | {"InPlanePhaseEncodingDirection": direction}).header
        assert header.acquired_spacing_mm == (
            pytest.approx(230 / 256, rel=1e-4),
            pytest.approx(230 / 191, rel=1e-4),
            None,
        )


def test_the_sidecar_that_dcm2niix_writes(tmp_path: Path) -> None:
    tags = {
        "SliceThickness": 4,
        "BaseResolution": 6,
        "AcquisitionMatrixPE": 4,
        "InPlanePhaseEncodingDirectionDICOM": "COL",
    }
    header = with_sidecar(tmp_path, tags).header
    assert (header.slice_thickness_mm, header.slice_spacing_mm) == (4.0, None)
    assert header.acquired_spacing_mm == (pytest.approx(9 * 0.8 / 6), pytest.approx(8 * 0.9 / 4), None)


def test_the_images_orientation_places_the_acquired_resolution(tmp_path: Path) -> None:
    """A sagittal scan whose array was reordered to (right, anterior, superior)."""
    sagittal = SIDECAR | {"ImageOrientationPatientDICOM": [0, 1, 0, 0, 0, -1]}
    header = with_sidecar(tmp_path, sagittal, np.diag([6.0, 0.8, 0.8, 1])).header
    assert header.acquired_spacing_mm == (None, pytest.approx(230 / 191, rel=1e-4), pytest.approx(230 / 256, rel=1e-4))
    unplaced = with_sidecar(tmp_path, SIDECAR, np.diag([6.0, 0.8, 0.8, 1])).header
    assert unplaced.acquired_spacing_mm == (None, None, None)


@pytest.mark.parametrize(
    "tags", [{"SliceThickness": "thick", "AcquisitionMatrix": [0, 0, 0, 0]}, {"SliceThickness": [], "Rows": 0}, {}]
)
def test_a_sidecar_that_tells_nothing(tmp_path: Path, tags: dict[str, object]) -> None:
    volume = with_sidecar(tmp_path, tags)
    assert volume.header.slice_thickness_mm is None
    assert volume.header.acquired_spacing_mm == (None, None, None) and volume.warnings == ()


@pytest.mark.parametrize("text", ["", "[1, 2]", "{", "[" * 100_000])
def test_a_broken_sidecar_is_ignored_and_told(tmp_path: Path, text: str) -> None:
    assert "is ignored" in with_sidecar(tmp_path, text).warnings[0]


# ---------------- what is refused


def sheared() -> np.ndarray:
    affine = np.diag([1.0, 1, 5, 1])
    affine[1, 2] = 0.5
    return affine


def singular() -> np.ndarray:
    affine = np.diag([1.0, 1, 5, 1])
    affine[:3, 1] = (2, 0, 0)
    return affine


def forms(path: Path, affine: np.ndarray, data: np.ndarray | None = None) -> None:
    """A NIfTI file with an affine that nibabel would not write by itself."""
    contents = bytearray(nib.Nifti1Image(integers() if data is None else data, np.eye(4)).to_bytes())
    contents[280:328] = affine[:3].astype("<f4").tobytes()
    path.write_bytes(contents)


def truncated(path: Path, part: float = 0.6) -> None:
    save_nifti(path, np.random.default_rng(0).normal(size=SHAPE).astype(np.float32))
    path.write_bytes(path.read_bytes()[: int(part * path.stat().st_size)])


def itk_array(path: Path, array: np.ndarray, is_vector: bool = False) -> None:
    sitk.WriteImage(sitk.GetImageFromArray(array, isVector=is_vector), str(path))


def nrrd(path: Path, directions: str) -> None:
    header = "NRRD0004\ntype: short\ndimension: 3\nspace: left-posterior-superior\nsizes: 2 2 2\n"
    header += f"space directions: {directions}\n"
    path.write_text(
        header + "kinds: domain domain domain\nendian: little\nencoding: raw\nspace origin: (0,0,0)\n\n" + 16 * "a"
    )


def truncated_itk(path: Path) -> None:
    itk_array(path, integers())
    path.write_bytes(path.read_bytes()[:-500])


REFUSED: dict[str, tuple[str, Writer, str]] = {
    "4-D": ("a.nii", lambda p: save_nifti(p, np.zeros((4, 5, 6, 2), "int16")), r"is 4-D \(4 x 5 x 6 x 2\)"),
    "5-D": ("a.nii.gz", lambda p: save_nifti(p, np.zeros((4, 5, 6, 1, 3), "int16")), "is 5-D"),
    "4-D MetaImage": ("a.mha", lambda p: itk_array(p, np.zeros((2, 4, 5, 6), "int16")), "is 4-D"),
    "4-D MGZ": ("a.mgz", lambda p: nib.save(nib.MGHImage(np.zeros((4, 5, 6, 2), "f4"), np.eye(4)), p), "is 4-D"),
    "93-D MetaImage": (
        "a.mha",
        lambda p: p.write_text("NDims = 93\nDimSize = 1\nElementType = \nElementDataFile = LOCAL\n"),
        "93-D",
    ),
    "2-D": ("a.nii", lambda p: save_nifti(p, np.zeros((4, 5), "int16")), "is a 2-D image"),
    "one slice": ("a.nii", lambda p: save_nifti(p, np.zeros((4, 5, 1), "int16")), "is a 2-D image"),
    "2-D MetaImage": ("a.mha", lambda p: itk_array(p, np.zeros((4, 5), "int16")), "is a 2-D image"),
    "no voxels": ("a.nii", lambda p: save_nifti(p, np.zeros((4, 5, 0), "int16")), "has no voxels"),
    "colour": (
        "a.nii",
        lambda p: save_nifti(p, np.zeros((4, 5, 6), [("R", "u1"), ("G", "u1"), ("B", "u1")])),
        "holds 3 values",
    ),
    "colour MetaImage": ("a.mha", lambda p: itk_array(p, np.zeros((4, 5, 6, 3), "u1"), True), "holds 3 values"),
    "vectors in NRRD": ("a.nrrd", lambda p: itk_array(p, np.zeros((4, 5, 6, 2), "f4"), True), "holds 2 values"),
    "complex": (
        "a.nii",
        lambda p: save_nifti(p, np.zeros((4, 5, 6), "complex64")),
        "complex numbers: give its magnitude",
    ),
    "sheared": ("a.nii", lambda p: forms(p, sheared()), r"sheared: axes j and k are 84\.3 degrees apart"),
    "sheared NRRD": ("a.nrrd", lambda p: nrrd(p, "(1,0,0) (0.5,1,0) (0,0,1)"), "sheared: axes i and j"),
    "singular": ("a.nii", lambda p: forms(p, singular()), "is singular"),
    "no step": ("a.nii", lambda p: forms(p, np.diag([1.0, 0, 5, 1])), "is singular"),
    "no step in NRRD": ("a.nrrd", lambda p: nrrd(p, "(0,0,0) (0,1,0) (0,0,1)"), "not finite|singular"),
    "NaN in the affine": ("a.nii", lambda p: forms(p, np.diag([1.0, np.nan, 5, 1])), "not finite"),
    "53 mm step": (
        "a.nii",
        lambda p: forms(p, np.diag([1.0, 1, 53.1, 1])),
        r"implausible: a step of 53\.1 mm along axis k",
    ),
    "tiny step": (
        "a.nii",
        lambda p: forms(p, np.diag([1.0, 1e-4, 5, 1])),
        "implausible: a step of 0.0001 mm along axis j",
    ),
    "too long": (
        "a.nii",
        lambda p: forms(p, np.diag([1, 1, 29.0, 1]), np.zeros((4, 4, 90), "i2")),
        "implausible: 2610 mm long",
    ),
    "far away": (
        "a.nii",
        lambda p: forms(p, np.diag([1.0, 1, 5, 1]) + 1e6 * np.eye(4, k=3)),
        "implausible: its first voxel",
    ),
    "truncated": (
        "a.nii",
        truncated,
        "cannot be read, it is truncated .*9 x 8 x 10 voxels of 4 bytes, and 1587 bytes are there",
    ),
    "truncated gzip": ("a.nii.gz", truncated, "cannot be read, it is truncated"),
    "truncated header": ("a.nii", lambda p: truncated(p, 0.05), "cannot be read"),
    "truncated MGZ": ("a.mgz", truncated, "cannot be read"),
    "truncated NRRD": ("a.nrrd", truncated_itk, "cannot be read"),
    "truncated MetaImage": ("a.mha", truncated_itk, "cannot be read"),
    "damaged gzip": (
        "a.nii.gz",
        lambda p: p.write_bytes(gzip.compress(nib.Nifti1Image(integers(), np.eye(4)).to_bytes())[:-8] + bytes(8)),
        "cannot be read, it is damaged .incorrect data check",
    ),
    "detached without data": (
        "a.mhd",
        lambda p: (itk_array(p, integers()), p.with_suffix(".raw").unlink()),
        r"cannot be read, its voxels are in the file a\.raw, which is not beside it",
    ),
    "empty NIfTI": ("a.nii", lambda p: p.touch(), "cannot be read"),
    "empty MGZ": ("a.mgz", lambda p: p.touch(), "cannot be read"),
    "empty NRRD": ("a.nrrd", lambda p: p.touch(), "cannot be read"),
    "empty MetaImage": ("a.mha", lambda p: p.touch(), "cannot be read"),
    "text as NIfTI": ("a.nii.gz", lambda p: p.write_text("hello"), "cannot be read"),
    "NRRD as MetaImage": ("a.mha", lambda p: nrrd(p, "(1,0,0) (0,1,0) (0,0,1)"), "cannot be read"),
    "unknown ending": (
        "a.txt",
        lambda p: p.write_text("hello"),
        r"names no known format: give a file of \.nii, \.nii\.gz",
    ),
    "no ending": ("scan", lambda p: p.write_text("hello"), "names no known format"),
    "one DICOM file": ("a.dcm", lambda p: p.write_bytes(bytes(128) + b"DICM"), "single DICOM file: give the folder"),
    "nothing there": ("a.nii", lambda p: None, "there is no file or folder"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused_in_one_sentence(tmp_path: Path, what: str, capfd: pytest.CaptureFixture[str]) -> None:
    name, save, told = REFUSED[what]
    save(tmp_path / name)
    capfd.readouterr()
    with pytest.raises(InputError, match=told) as refusal:
        read_volume(tmp_path / name)
    assert name in str(refusal.value) and "\n" not in str(refusal.value)
    assert capfd.readouterr() == ("", "")  # no library writes to the user's terminal


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_non_finite_voxels_are_counted_or_filled(tmp_path: Path, value: float) -> None:
    data = np.random.default_rng(0).normal(size=SHAPE).astype(np.float32)
    data[2, 3, 4] = data[5, 0, 0] = value
    path = save_nifti(tmp_path / "a.nii", data)
    with pytest.raises(
        InputError, match=r"2 voxels not finite.*first at \(i, j, k\) = \(2, 3, 4\): .*--fill-nonfinite"
    ):
        read_volume(path)
    filled = read_volume(path, fill_nonfinite=-7.0)
    assert filled.data[2, 3, 4] == filled.data[5, 0, 0] == -7
    assert np.count_nonzero(filled.data == data) == 720 - 2
    assert filled.warnings == ("2 voxels that were not finite were replaced by -7",)
    with pytest.raises(InputError, match="choose a finite number"):
        read_volume(path, fill_nonfinite=float("nan"))


def test_a_series_is_only_chosen_in_a_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--series chooses in a DICOM folder"):
        read_volume(save_nifti(tmp_path / "a.nii", integers()), series="3")


def test_fine_mouse_voxels_are_plausible(tmp_path: Path) -> None:
    assert read_volume(save_nifti(tmp_path / "a.nii", integers(), np.diag([0.05, 0.05, 0.3, 1]))).spacing[
        0
    ] == pytest.approx(0.05)


# ---------------- writing is all or nothing


@pytest.mark.parametrize("name", ["out.txt", "out", "out.nii.bz2", "folder/out.nii", "there.nii", "out.mhd"])
def test_what_cannot_be_written_is_refused_before_the_run(tmp_path: Path, name: str) -> None:
    (tmp_path / "there.nii").mkdir()
    for act in (check_output, lambda path: write_volume(Volume(integers().astype(np.float32), np.eye(4)), path)):
        with pytest.raises(InputError, match=name.split("/")[-1]):
            act(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["there.nii"]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError, SystemExit])
def test_a_run_that_ends_early_leaves_the_old_file_and_nothing_else(tmp_path: Path, stop: type[BaseException]) -> None:
    target = tmp_path / "out.nii.gz"
    target.write_text("old")

    def write_half() -> None:
        with replacing(target) as aside:
            assert aside.parent == tmp_path and aside.name.endswith(".nii.gz")
            aside.write_text("half")
            raise stop

    with pytest.raises(stop):
        write_half()
    assert target.read_text() == "old" and list(tmp_path.iterdir()) == [target]


def test_replacing_takes_the_place_of_what_a_link_points_to(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to(tmp_path / "real.txt")
    with replacing(tmp_path / "link.txt") as aside:
        aside.write_text("new")
    assert (tmp_path / "real.txt").read_text() == "new" and (tmp_path / "link.txt").is_symlink()


def test_replacing_refuses_what_is_no_file() -> None:
    with pytest.raises(InputError, match="it is not a file"), replacing("/dev/null"):
        pass


@pytest.mark.parametrize("code", [1, 2, 4])
def test_the_space_that_a_nifti_names_is_kept(tmp_path: Path, code: int) -> None:
    affine = np.diag([1.0, 1.0, 3.0, 1.0])
    image = nib.Nifti1Image(np.arange(1000, dtype=np.float32).reshape(10, 10, 10), affine)
    image.set_sform(affine, code)
    image.set_qform(affine, code)
    nib.save(image, tmp_path / "in.nii")
    volume = read_volume(tmp_path / "in.nii")
    assert volume.space == code
    write_volume(volume, tmp_path / "out.nii.gz")
    header = nib.load(tmp_path / "out.nii.gz").header
    assert (int(header["sform_code"]), int(header["qform_code"])) == (code, code)
