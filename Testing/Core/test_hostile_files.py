"""Image files and tables that are damaged, contradictory or hostile: one sentence or the right answer, at once.

Each kind has a small twin here that always runs; the inputs of public reports and of fuzzing are read where they are.
"""

from __future__ import annotations

import bz2
import gzip
import os
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from command_line import run_python
from SuperResolveLib.data.volume import Volume
from SuperResolveLib.errors import InputError
from SuperResolveLib.image_io.profile_table import read_profile
from SuperResolveLib.image_io.volumes import read_volume, write_volume

SHAPE = (12, 10, 9)
AFFINE = np.diag([0.9, 0.95, 5.5, 1.0]).astype(np.float32).astype(np.float64)
DATA = np.random.default_rng(5).integers(1, 400, SHAPE).astype("<i2")
VOXELS = DATA.tobytes(order="F")

# ---------------- the inputs of reports and of fuzzing

REFUSED = {
    "cases/mhd_raw_missing/m_missing.mhd": r"its voxels are in the file gone\.raw, which is not beside it",
    "cases/nhdr_raw_missing/r_det_missing.nhdr": r"its voxels are in the file moved\.raw, which is not beside it",
    "cases/nifti_pixdim_k_0/n_pixdim0_fine.nii.gz": r"no voxel size along axis k \(pixdim\[3\] = 0\)",
    "hostile/format_s.mha": "ElementDataFile = '%s', which must be LOCAL in a .mha",
    "hostile/ndims_minus3.mha": "says that it is -3-D",
    "hostile/kinds_long.nrrd": "1 kinds of axes where 3 are needed",
    "hostile/leak.nrrd": "names '/etc/passwd' as the file of its voxels, and a .nrrd holds its own",
    "hostile/leak.mhd": "names '/etc/passwd' as the file of its voxels: only the plain name",
    "hostile/zlib_damaged_7832voxels.mha": "damaged",
    "hostile/zlib_damaged_uninitialised.mha": "damaged",
    "hostile/intensities_3e38.nii": "rescale it first",
    "hostile/profile_taps_1e-6.tsv": "distance between a slice profile's taps is 1e-06 mm",
    "hostile/profile_taps_1e-300.tsv": "distance between a slice profile's taps is 1e-300 mm",
    "hostile/profile_in_metres.tsv": "distance between a slice profile's taps is 0.000799 mm",
}
#: The voxel sizes and the largest intensity that are right, and words of the warnings.
READ = {
    "cases/nifti1_vox_offset_0/n_vox0.nii.gz": ((0.9, 0.95, 5.5), 480, ["read from byte 352"]),
    "cases/gzip_trailing_bytes/n_trail.nii.gz": ((0.9, 0.95, 5.5), 480, ["18 bytes follow the compressed voxels"]),
    "cases/nrrd_no_space/r_nospace.nrrd": ((0.9, 0.95, 5.5), 480, ["the header tells no orientation"]),
    "cases/nrrd_space_units_cm/r_cm.nrrd": ((0.9, 0.95, 5.5), 480, ["in units of 10 mm; they were converted"]),
    "cases/empty_slice_inside/n_midzero.nii.gz": (
        (0.9, 0.95, 5.5),
        480,
        ["slice 6 of 12 along axis k is blank (all 0)"],
    ),
    "cases/label_map_intent_1002/n_label.nii.gz": (
        (0.9, 0.95, 5.5),
        2,
        ["a label map (intent code 1002)", "3 different whole numbers"],
    ),
}


def there(data_folder: Path, name: str) -> Path:
    if not (data_folder / name).exists():
        pytest.skip(f"{name} is not among the real data")
    return data_folder / name


@pytest.mark.parametrize("name", REFUSED)
def test_an_input_that_cannot_be_used_is_refused_in_one_sentence(data_folder: Path, name: str) -> None:
    path = there(data_folder, name)
    read: Callable[[Path], object] = read_profile if name.endswith(".tsv") else read_volume
    with pytest.raises(InputError, match=REFUSED[name]) as refusal:
        read(path)
    assert path.name in str(refusal.value) and "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", READ)
def test_an_input_that_is_odd_is_read_right_and_told(data_folder: Path, name: str) -> None:
    spacing, largest, told = READ[name]
    volume = read_volume(there(data_folder, name))
    assert volume.spacing == pytest.approx(spacing, rel=1e-5)
    assert (volume.data.min(), volume.data.max()) == (0, largest)
    assert len(volume.warnings) == len(told)
    assert all(words in warning for words, warning in zip(told, volume.warnings, strict=True))


# ---------------- twins: what is written below is small, and always there


def nifti(path: Path, edit: Callable[[np.ndarray], None] = lambda header: None, data: np.ndarray = DATA) -> Path:
    """A NIfTI-1 file whose header was edited after nibabel had written it."""
    contents = bytearray(nib.Nifti1Image(data, AFFINE, dtype=data.dtype).to_bytes())
    header = np.frombuffer(contents, nib.Nifti1Header.template_dtype, 1)[0:1].view()
    edit(header)
    path.write_bytes(gzip.compress(contents) if path.suffix == ".gz" else contents)
    return path


def field(**values: object) -> Callable[[np.ndarray], None]:
    """Sets fields of a header; ``name_2`` is element 2 of ``name``."""

    def edit(header: np.ndarray) -> None:
        for name, value in values.items():
            if name[-2] == "_" and name[-1].isdigit():
                header[name[:-2]][0][int(name[-1])] = value
            else:
                header[name][0] = value

    return edit


def nrrd(path: Path, fields: str = "", data: bytes = VOXELS, **changed: str) -> Path:
    values = {
        "type": "short",
        "dimension": "3",
        "space": "left-posterior-superior",
        "sizes": " ".join(map(str, SHAPE)),
        "space directions": "(0.9,0,0) (0,0.95,0) (0,0,5.5)",
        "kinds": "domain domain domain",
        "endian": "little",
        "encoding": "raw",
        "space origin": "(0,0,0)",
    } | {name.replace("_", " "): value for name, value in changed.items()}
    text = "".join(f"{name}: {value}\n" for name, value in values.items() if value)
    path.write_bytes(f"NRRD0004\n{text}{fields}\n".encode("utf-8", "surrogateescape") + data)
    return path


def mha(path: Path, fields: str = "", data: bytes = VOXELS, **changed: str) -> Path:
    values = {
        "ObjectType": "Image",
        "NDims": "3",
        "TransformMatrix": "1 0 0 0 1 0 0 0 1",
        "ElementSpacing": "0.9 0.95 5.5",
        "DimSize": " ".join(map(str, SHAPE)),
        "ElementType": "MET_SHORT",
        "ElementDataFile": "LOCAL",
    } | changed
    values["ElementDataFile"] = values.pop("ElementDataFile")  # the last
    text = fields + "".join(f"{name} = {value}\n" for name, value in values.items() if value)
    path.write_bytes(text.encode("utf-8", "surrogateescape") + data)
    return path


WHOLE: dict[str, Callable[[Path], Path]] = {
    "a.nii": nifti,
    "a.nii.gz": nifti,
    "a.nrrd": nrrd,
    "b.nrrd": lambda path: nrrd(path, encoding="gzip", data=gzip.compress(VOXELS)),
    "c.nrrd": lambda path: nrrd(path, encoding="bzip2", data=bz2.compress(VOXELS)),
    "a.mha": mha,
    "b.mha": lambda path: mha(path, "CompressedData = True\n", zlib.compress(VOXELS)),
    "a.mgz": lambda path: (write_volume(Volume(DATA.astype("f4"), AFFINE), path), path)[1],
}


@pytest.mark.parametrize("name", WHOLE)
def test_the_twins_are_right_before_they_are_harmed(tmp_path: Path, name: str) -> None:
    volume = read_volume(WHOLE[name](tmp_path / name))
    np.testing.assert_array_equal(volume.data, DATA)
    assert volume.spacing == pytest.approx((0.9, 0.95, 5.5), rel=1e-6) and volume.warnings == ()


# ---------------- damage


@pytest.mark.parametrize("name", [name for name in WHOLE if name not in ("a.nii", "a.nrrd", "a.mha")])
def test_no_damaged_byte_of_compressed_voxels_is_read_as_data(tmp_path: Path, name: str) -> None:
    whole = WHOLE[name](tmp_path / name).read_bytes()
    random = np.random.default_rng(0)
    for place in random.integers(len(whole) // 2, len(whole), 60):
        harmed = bytearray(whole)
        harmed[place] ^= 1 << int(random.integers(8))
        (tmp_path / name).write_bytes(harmed)
        with pytest.raises(InputError, match=r"cannot be read, it is (damaged|truncated)|does not fit its voxels"):
            read_volume(tmp_path / name)


@pytest.mark.parametrize("name", WHOLE)
def test_truncated_anywhere_it_is_refused(tmp_path: Path, name: str) -> None:
    whole = WHOLE[name](tmp_path / name).read_bytes()
    for size in (0, 1, 3, 100, 300, len(whole) // 2, len(whole) - 1):
        if name == "a.mgz" and size == len(whole) - 1:
            continue
        (tmp_path / name).write_bytes(whole[:size])
        with pytest.raises(InputError, match=r"cannot be read|repair the header"):
            read_volume(tmp_path / name)


def test_what_follows_the_voxels_is_told_or_shows_a_wrong_header(tmp_path: Path) -> None:
    for name, told in {
        "a.nii": "7 bytes follow the voxels",
        "a.nii.gz": "7 bytes follow the compressed voxels",
        "a.nrrd": "7 bytes follow the voxels",
        "b.nrrd": "7 bytes follow the compressed voxels",
        "a.mha": "7 bytes follow the voxels",
    }.items():
        path = WHOLE[name](tmp_path / name)
        path.write_bytes(path.read_bytes() + b"garbage")
        volume = read_volume(path)
        np.testing.assert_array_equal(volume.data, DATA)
        assert len(volume.warnings) == 1 and told in volume.warnings[0]
    for path in (
        nrrd(tmp_path / "d.nrrd", sizes="12 10 8"),
        mha(tmp_path / "d.mha", DimSize="12 9 9"),
        nifti(tmp_path / "d.nii", field(dim_1=11)),
        nifti(tmp_path / "d.nii.gz", field(dim_3=8)),
    ):
        with pytest.raises(InputError, match="does not fit its voxels"):
            read_volume(path)


def test_gzip_streams_may_be_joined_and_each_is_verified(tmp_path: Path) -> None:
    contents = nifti(tmp_path / "a.nii").read_bytes()
    joined = gzip.compress(contents[:900]) + gzip.compress(contents[900:])
    (tmp_path / "b.nii.gz").write_bytes(joined + bytes(512))
    np.testing.assert_array_equal(read_volume(tmp_path / "b.nii.gz").data, DATA)
    (tmp_path / "c.nii.gz").write_bytes(joined[:-8] + bytes(8))
    with pytest.raises(InputError, match="incorrect data check"):
        read_volume(tmp_path / "c.nii.gz")


# ---------------- sizes that are announced


def bomb(encoding: str, size: int) -> bytes:
    """So many zeros, compressed; made of pieces, as the whole would not fit."""
    coder = (
        bz2.BZ2Compressor(9)
        if encoding == "bzip2"
        else zlib.compressobj(9, zlib.DEFLATED, 31 if encoding == "gzip" else 15)
    )
    pieces = [coder.compress(bytes(2**24)) for _ in range(size // 2**24)]
    return b"".join([*pieces, coder.flush()])


HUGE = {"dim_1": 2048, "dim_2": 2048, "dim_3": 512}  # 4.3 GB as int16


def four_gigabytes(folder: Path) -> dict[str, Path]:
    """Files of a few kB or MB that claim 4 GB of voxels, of which some truly hold 256 MB or more of zeros."""
    zeros = nifti(folder / "zeros.nii", field(**HUGE)).read_bytes()[:352]
    files = {
        "claim.nii": nifti(folder / "claim.nii", field(**HUGE)),
        "claim.nii.gz": nifti(folder / "claim.nii.gz", field(**HUGE)),
        "claim.nrrd": nrrd(folder / "claim.nrrd", sizes="2048 2048 512"),
        "claim_gzip.nrrd": nrrd(
            folder / "claim_gzip.nrrd", "", gzip.compress(VOXELS), sizes="2048 2048 512", encoding="gzip"
        ),
        "claim_hex.nrrd": nrrd(
            folder / "claim_hex.nrrd", "", VOXELS.hex().encode(), sizes="2048 2048 512", encoding="hex"
        ),
        "claim_text.nrrd": nrrd(folder / "claim_text.nrrd", "", b"1 " * 999, sizes="2048 2048 512", encoding="text"),
        "claim.mha": mha(folder / "claim.mha", DimSize="2048 2048 512"),
        "beyond_64_bits.mha": mha(folder / "beyond_64_bits.mha", DimSize="4294967296 4294967296 4294967296"),
        "bomb.nrrd": nrrd(folder / "bomb.nrrd", "", bomb("bzip2", 2**30), sizes="2048 2048 512", encoding="bzip2"),
        "bomb_in_small.nrrd": nrrd(folder / "bomb_in_small.nrrd", "", bomb("gzip", 2**28), encoding="gzip"),
        "bomb.mha": mha(folder / "bomb.mha", "CompressedData = True\n", bomb("zlib", 2**28), DimSize="2048 2048 512"),
        "bomb.nii.gz": folder / "bomb.nii.gz",
    }
    files["bomb.nii.gz"].write_bytes(gzip.compress(zeros) + bomb("gzip", 2**26) * 65)
    return files


@pytest.mark.skipif(sys.platform == "win32", reason="measures memory by POSIX means")
def test_an_announced_size_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    files = four_gigabytes(tmp_path)
    script = f"""
import nibabel, resource, sys
from SuperResolveLib.errors import InputError
from SuperResolveLib.image_io.volumes import read_volume

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)

before = peak()
for path in {[str(path) for path in files.values()]}:
    try:
        read_volume(path)
        print("read", path)
    except InputError as error:
        assert chr(10) not in str(error)
print(peak() - before)
"""
    assert float(run_python(script)) < 200  # MB


# ---------------- a header that names another file


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../outside.raw",
        "folder/in.raw",
        "C:\\outside.raw",
        "C:in.raw",
        "..",
        ".",
        "in.raw\0",
        "n" * 5000,
        "a.mhd",
        "link.raw",
    ],
)
@pytest.mark.parametrize("write", [mha, nrrd])
def test_only_a_plain_file_beside_its_header_is_read(tmp_path: Path, name: str, write: Callable[..., Path]) -> None:
    for place in ("outside.raw", "scan/folder/in.raw", "scan/in.raw"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_bytes(VOXELS)
    try:
        (tmp_path / "scan" / "link.raw").symlink_to(tmp_path / "outside.raw")
    except OSError:
        pytest.skip("there are no links here")
    path = tmp_path / "scan" / ("a.mhd" if write is mha else "a.nhdr")
    words = {"ElementDataFile": name} if write is mha else {"data_file": name}
    with pytest.raises(InputError, match=r"as the file of its voxels|not beside it|a link to another place") as refusal:
        read_volume(write(path, "", b"", **words))
    assert "\n" not in str(refusal.value)
    for plain in ("in.raw", "./in.raw"):
        volume = read_volume(write(path, "", b"", **dict.fromkeys(words, plain)))
        np.testing.assert_array_equal(volume.data, DATA)


@pytest.mark.parametrize("name", ["LIST", "LIST 2", "slice%03d.raw 1 9 1", "%s%s%n"])
@pytest.mark.parametrize("write", [mha, nrrd])
def test_voxels_in_several_files_are_refused(tmp_path: Path, name: str, write: Callable[..., Path]) -> None:
    path = tmp_path / ("a.mhd" if write is mha else "a.nhdr")
    words = {"ElementDataFile": name} if write is mha else {"data_file": name}
    with pytest.raises(InputError, match=r"several files.*: write it as one \.(mha|nrrd)"):
        read_volume(write(path, "", b"", **words))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have only names in Unicode")
def test_a_data_file_may_have_any_plain_name(tmp_path: Path) -> None:
    name = os.fsdecode(b"n\xe4me %n.raw".replace(b"%", b"'"))
    (tmp_path / name).write_bytes(VOXELS)
    np.testing.assert_array_equal(read_volume(mha(tmp_path / "a.mhd", "", b"", ElementDataFile=name)).data, DATA)
    np.testing.assert_array_equal(read_volume(nrrd(tmp_path / "a.nhdr", "", b"", data_file=name)).data, DATA)


# ---------------- what headers say of the grid


@pytest.mark.parametrize("size", [0.0, -5.5, np.nan, np.inf])
@pytest.mark.parametrize("qform_code", [0, 1])
def test_a_voxel_size_that_is_not_told_is_refused_where_it_is_needed(
    tmp_path: Path, size: float, qform_code: int
) -> None:
    edit = field(pixdim_3=size, sform_code=0, qform_code=qform_code)
    with pytest.raises(InputError, match=rf"no voxel size along axis k \(pixdim\[3\] = {size:g}\)"):
        read_volume(nifti(tmp_path / "a.nii", edit))


def test_a_voxel_size_that_is_not_needed_is_only_told(tmp_path: Path) -> None:
    for size in (0.0, np.nan):
        volume = read_volume(nifti(tmp_path / "a.nii", field(pixdim_3=size, qform_code=0)))
        np.testing.assert_array_equal(volume.affine, AFFINE)
        assert volume.warnings == (
            f"the sform, which is used, has voxels of 0.9 x 0.95 x 5.5 mm; the header says 0.9 x 0.95 x {size:g} mm",
        )


@pytest.mark.parametrize("rows", [[0.0] * 4, [1.0, 1.0, 1.0, 0.0], [np.nan] * 4])
def test_the_qform_is_used_where_the_sform_is_singular(tmp_path: Path, rows: list[float]) -> None:
    edit = field(srow_x=rows, srow_y=rows, srow_z=rows, sform_code=2, qform_code=1)
    volume = read_volume(nifti(tmp_path / "a.nii", edit))
    np.testing.assert_allclose(volume.affine, AFFINE, atol=1e-6)
    assert volume.space == 1
    assert volume.warnings == ("the header's sform is all zero, singular or not finite: the qform is used",)
    with pytest.raises(InputError, match=r"singular|not finite"):
        read_volume(nifti(tmp_path / "a.nii", field(srow_x=rows, srow_y=rows, srow_z=rows, sform_code=2, qform_code=0)))


def test_repairs_of_a_nifti_header_are_told(tmp_path: Path) -> None:
    for edit, told in (
        (field(sform_code=0, qform_code=1, pixdim_0=-3), "pixdim[0] is -3 instead of -1 or 1"),
        (field(sform_code=77), "sform_code is 77, which NIfTI has not"),
        (field(dim_0=5, dim_4=0), "dim[4] is 0: it is taken as 1"),
        (field(bitpix=32), "bitpix is 32, and its datatype has 16"),
        (field(scl_slope=np.inf), "scl_slope is inf: intensities are taken as they are stored"),
        (field(vox_offset=0), "where the voxels begin (vox_offset = 0): they are read from byte 352"),
        (field(intent_code=1002), "a label map (intent code 1002)"),
    ):
        volume = read_volume(nifti(tmp_path / "a.nii.gz", edit))
        np.testing.assert_array_equal(volume.data, DATA)
        assert len(volume.warnings) == 1 and told in volume.warnings[0]


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (field(vox_offset=348), r"begin at byte 348 \(vox_offset\)"),
        (field(vox_offset=352.5), "vox_offset"),
        (field(vox_offset=np.nan), "vox_offset"),
        (field(vox_offset=-1), "vox_offset"),
        (field(vox_offset=1e30), "vox_offset"),
        (field(vox_offset=3000), "truncated"),
        (field(magic=b"ni1"), r"in a second file \(\.img\)"),
        (field(magic=b"xyz"), "magic b'xyz'"),
        (field(dim_0=0), "0-D"),
        (field(dim_0=-3), "-3-D"),
        (field(dim_2=-10), "has no voxels"),
        (field(datatype=0), "number type 0, which NIfTI has not"),
        (field(datatype=3), "number type 3, which NIfTI has not"),
        (field(datatype=1792, bitpix=128), "complex"),
        (field(scl_inter=np.nan, scl_slope=2), "scl_inter = nan"),
        (field(scl_slope=1e30), "rescale it first"),
        (field(scl_slope=1e-30), "rescale it first"),
        (field(qoffset_x=np.nan, sform_code=0, qform_code=1), "not finite"),
        (field(srow_x=[3e38, 3e38, 3e38, 0]), "implausible"),
        (field(quatern_b=3, sform_code=0, qform_code=1), "not a rotation"),
    ],
)
@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_a_nifti_header_that_cannot_be_used(
    tmp_path: Path, ending: str, edit: Callable[[np.ndarray], None], told: str
) -> None:
    with pytest.raises(InputError, match=told) as refusal:
        read_volume(nifti(tmp_path / f"a{ending}", edit))
    assert "\n" not in str(refusal.value)


def test_extensions_lie_before_the_voxels(tmp_path: Path) -> None:
    image = nib.Nifti1Image(DATA, AFFINE, dtype=DATA.dtype)
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"n" * 5000))
    nib.save(image, tmp_path / "a.nii.gz")
    volume = read_volume(tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(volume.data, DATA)
    assert volume.warnings == ()
    contents = bytearray(gzip.decompress((tmp_path / "a.nii.gz").read_bytes()))
    contents[108:112] = bytes(4)  # vox_offset
    (tmp_path / "b.nii").write_bytes(contents)
    with pytest.raises(InputError, match="vox_offset"):
        read_volume(tmp_path / "b.nii")


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        (0, 7, "is not MGH"),
        (4, -12, "has no voxels"),
        (20, 9, "number type 9"),
        (28, 0, "tells no voxel sizes"),
        (30, 0, r"no voxel size along axis i \(delta = 0\)"),
    ],
)
def test_an_mgh_header_that_cannot_be_used(tmp_path: Path, place: int, value: int, told: str) -> None:
    write_volume(Volume(DATA.astype("f4"), AFFINE), tmp_path / "a.mgh")
    contents = bytearray((tmp_path / "a.mgh").read_bytes())
    contents[place : place + 4] = value.to_bytes(4, "big", signed=True)
    (tmp_path / "a.mgh").write_bytes(contents)
    with pytest.raises(InputError, match=told):
        read_volume(tmp_path / "a.mgh")


def test_notes_after_the_voxels_of_mgh_are_no_damage(tmp_path: Path) -> None:
    write_volume(Volume(DATA.astype("f4"), AFFINE), tmp_path / "a.mgh")
    path = tmp_path / "a.mgh"
    path.write_bytes(path.read_bytes() + b"\xff" * 5000)
    volume = read_volume(path)
    np.testing.assert_array_equal(volume.data, DATA)
    assert volume.warnings == ()


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"kinds": "a" * 3000}, "1 kinds of axes where 3"),
        ({"kinds": "a" * 100_000}, "header is far too long"),
        ({"dimension": "-3"}, "-3-D"),
        ({"dimension": "1e300"}, "not whole numbers"),
        ({"sizes": "12 10"}, "2 values of sizes where 3"),
        ({"sizes": "12 10 -9"}, "has no voxels"),
        ({"sizes": "1_2 10 9"}, "not numbers"),
        ({"type": "block"}, "'block', which is no number type"),
        ({"endian": ""}, "where endian must be little or big"),
        ({"encoding": "rot13"}, "encoding 'rot13'"),
        ({"space directions": "(1,0,0) (0,1,0)"}, "2 space directions where 3"),
        ({"space directions": "(1,0) (0,1) (0,0)"}, "2 values of space directions"),
        ({"space directions": "(nan,0,0) (0,1,0) (0,0,1)"}, "not finite"),
        ({"space directions": "none none none"}, "singular"),
        ({"space origin": "(a,b,c)"}, "not numbers"),
        ({"space": "left-posterior-inferior"}, "space 'left-posterior-inferior', which NRRD has not"),
        ({"space directions": "(1e300,1e300,1e300) (0,1,0) (0,0,1)"}, "implausible"),
        ({"space units": '"mm" "mm" "parsec"'}, "unit 'parsec'"),
        ({"space units": '"mm"'}, "1 units where 3"),
        ({"space": "", "space directions": "", "space origin": ""}, r"no voxel size along axis i \(spacings = nan\)"),
        (
            {"space": "", "space directions": "", "space origin": "", "spacings": "0.9 nan 5.5"},
            r"no voxel size along axis j \(spacings = nan\)",
        ),
        ({"byte skip": "-2"}, "skips a number of bytes"),
        ({"line skip": "9999999999"}, "skips a number"),
        ({"line skip": "5000"}, "fewer lines"),
        ({"no field": "1"}, "which is no field of NRRD"),
        ({"encoding": "text"}, "cannot (hold|be read)|does not hold"),
        ({"encoding": "hex"}, "cannot be read|does not hold"),
    ],
)
def test_a_nrrd_header_that_cannot_be_used(tmp_path: Path, fields: dict[str, str], told: str) -> None:
    with pytest.raises(InputError, match=told) as refusal:
        read_volume(nrrd(tmp_path / "a.nrrd", **fields))
    assert "\n" not in str(refusal.value) and len(str(refusal.value)) < 500


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"NDims": "-3"}, "-3-D"),
        ({"NDims": "99"}, "99-D"),
        ({"DimSize": "12 10"}, "2 values of DimSize where 3"),
        ({"DimSize": "12 10 9e99"}, "not whole numbers"),
        ({"ElementType": "MET_STRING"}, "'MET_STRING', which is no number type"),
        ({"ElementSpacing": "0.9 0.95 0"}, r"no voxel size along axis k \(ElementSpacing = 0\)"),
        ({"ElementSpacing": "0.9 0.95 nan"}, r"no voxel size along axis k \(ElementSpacing = nan\)"),
        ({"ElementSpacing": ""}, r"tells no voxel sizes \(ElementSize\)"),
        ({"TransformMatrix": "1 0 0 0 1 0 0 0"}, "8 values of TransformMatrix where 9"),
        ({"TransformMatrix": "1 0 0 0 1 0 0 0 nan"}, "not finite"),
        ({"ObjectType": "Tube"}, "is not MetaImage"),
        ({"ElementDataFile": "%s%s%n"}, "must be LOCAL in a .mha"),
        ({"ElementNumberOfChannels": "3"}, "3 values a voxel"),
        ({"CompressedData": "True"}, "damaged"),
        ({"HeaderSize": "7"}, "HeaderSize = 7, where voxels cannot begin"),
        ({"BinaryData": "False"}, "cannot (hold|be read)|does not hold"),
        ({"Offset": "1 2 3\nPosition = 4 5 6\nOffset = 7 8 9"}, "gives Offset twice, and differently"),
    ],
)
def test_a_metaimage_header_that_cannot_be_used(tmp_path: Path, fields: dict[str, str], told: str) -> None:
    with pytest.raises(InputError, match=told) as refusal:
        read_volume(mha(tmp_path / "a.mha", **fields))
    assert "\n" not in str(refusal.value) and len(str(refusal.value)) < 500


# ---------------- what voxels say


def test_blank_slices_are_named(tmp_path: Path) -> None:
    data = DATA.copy()
    data[..., 5] = 0
    (warning,) = read_volume(nifti(tmp_path / "a.nii", data=data)).warnings
    assert warning == "slice 6 of 9 along axis k is blank (all 0), and so is the result there"
    data[..., 0], data[..., 8] = 7, 0
    (warning,) = read_volume(nifti(tmp_path / "a.nii", data=data)).warnings
    assert warning.startswith("slices 1, 6, 9 of 9 along axis k are blank (a single value each)")
    isotropic = field(srow_z=[0, 0, 0.96, 0], pixdim_3=0.96)
    (warning,) = read_volume(nifti(tmp_path / "a.nii", isotropic, data)).warnings
    assert warning.startswith("slice 6 of 9")  # the ends of an isotropic volume are a margin


@pytest.mark.parametrize("ending", [".nii", ".nrrd", ".mha", ".mgz"])
def test_a_few_whole_numbers_look_like_labels_in_any_format(tmp_path: Path, ending: str) -> None:
    for values, expected in ((2, True), (20, True), (21, False)):
        data = (DATA % values).astype(np.float32)
        write_volume(Volume(data, AFFINE), tmp_path / f"a{ending}")
        warnings = read_volume(tmp_path / f"a{ending}").warnings
        told = (
            f"the voxels are {values} different whole numbers, as in a label map or a mask: labels do not interpolate"
        )
        assert warnings == ((told,) if expected else ())


# ---------------- names


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow fewer names")
@pytest.mark.parametrize("name", [b"x\ny", b"-o", b"%s%n", b"n\xe4me", b"\xe2\x80\xae", b"n" * 200, b"$HOME 'a\"b"])
@pytest.mark.parametrize("ending", [".nii.gz", ".nrrd", ".mha", ".mgz"])
def test_a_file_of_any_name_is_written_and_read(tmp_path: Path, name: bytes, ending: str) -> None:
    path = tmp_path / f"{os.fsdecode(name)}{ending}"
    write_volume(Volume(DATA.astype("f4"), AFFINE), path)
    np.testing.assert_array_equal(read_volume(path).data, DATA)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError) as refusal:
        read_volume(path)
    assert str(refusal.value).isprintable()


def test_what_is_no_file_of_image_is_refused(tmp_path: Path) -> None:
    for name in ("a.hdr", "a.img"):
        (tmp_path / name).touch()
        with pytest.raises(InputError, match=r"one of two files \(\.hdr and \.img\)"):
            read_volume(tmp_path / name)
    if sys.platform != "win32":
        os.mkfifo(tmp_path / "a.nii")
        with pytest.raises(InputError, match="neither a file nor a folder"):
            read_volume(tmp_path / "a.nii")
