"""Real files, ordinary and odd: each gives the right answer or one clear sentence."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from SuperResolveLib.data.geometry import scan_geometry
from SuperResolveLib.data.output_grid import output_grid
from SuperResolveLib.errors import InputError
from SuperResolveLib.image_io.volumes import read_volume, write_volume

REFUSED = {
    "ct_perfusion_rgb24.nii.gz": "holds 3 values a voxel (colour or vectors)",
    "dicom_ge_ct_tilt_varspacing": "stacked 18.5 degrees off their normal (gantry tilt)",
    "dicom_missing_slice": "1 slice is missing in",
    "dipy_s0_pixdim_vs_sform.nii.gz": "implausible: a step of 53.14 mm along axis k",
    "fake_iso_totalseg_mr_3mm.nii.gz": "already isotropic: with voxels of 3 x 3 x 3 mm",
    "itksnap_nan_inf.mha": "has 1592 voxels not finite",
    "mouse_anat_0p3mm_RAI.nii.gz": "already isotropic: with voxels of 0.3 x 0.3 x 0.3 mm",
    "nibabel_anatomical_bigendian_lefthanded.nii": "already isotropic: with voxels of 2 x 2 x 2 mm",
    "nibabel_example4d_oblique_lefthanded.nii.gz": "is 4-D (128 x 96 x 24 x 2)",
    "nibabel_standard_tiny_qform0.nii.gz": "has 5 slices along axis j",
}
#: Slice count, slice spacing, and thickness and acquired resolution as the header tells them.
SCANS = {
    "odd/dipy_aniso_oblique35.nii.gz": (24, 5.0, None, (None, None, None)),
    "aniso/brainix_flair.nii.gz": (22, 6.0, 5.0, (1.204, 0.898, None)),
    "aniso/brainix_flair_dicom": (22, 6.0, 5.0, (1.204, 0.898, None)),
    "aniso/prostatex0000_t2_tra.nii.gz": (19, 3.0, 3.0, (0.5, 0.5, None)),
    "aniso/pymskt_knee_mese_te12.nii.gz": (24, 4.0, 3.0, (0.625, 0.625, None)),
    "aniso/tcga_fg6692_flair.nii.gz": (26, 5.5, None, (None, None, None)),
    "ct/philips_phantom_pair_5mm.nii.gz": (28, 5.0, None, (None, None, None)),
}


def test_every_odd_file_is_expected(data_folder: Path) -> None:
    odd = {path.name for path in (data_folder / "odd").iterdir() if not path.name.startswith(".")}
    assert odd <= set(REFUSED) | {Path(name).name for name in SCANS}


@pytest.mark.parametrize("name", REFUSED)
def test_an_odd_file_is_refused_in_one_sentence(
    data_folder: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InputError) as refusal:
        scan_geometry(read_volume(data_folder / "odd" / name))
    assert REFUSED[name] in str(refusal.value) and "\n" not in str(refusal.value)
    assert capfd.readouterr() == ("", "")


def test_the_missing_slice_is_named(data_folder: Path) -> None:
    with pytest.raises(InputError, match=r"between 1-07\.dcm and 1-05\.dcm .* is 6 mm, where the others are 3 mm"):
        read_volume(data_folder / "odd" / "dicom_missing_slice")


@pytest.mark.parametrize("name", SCANS)
def test_a_scan_lies_where_its_file_says(data_folder: Path, name: str) -> None:
    count, spacing, thickness, acquired = SCANS[name]
    scan = read_volume(data_folder / name)
    geometry = scan_geometry(scan)
    assert (geometry.axis, geometry.slice_count) == (2, count)
    assert geometry.slice_spacing == pytest.approx(spacing, rel=1e-4)
    assert scan.header.slice_thickness_mm == thickness and scan.warnings == ()
    assert scan.header.acquired_spacing_mm == tuple(value and pytest.approx(value, abs=1e-3) for value in acquired)
    assert output_grid(scan, geometry).positions.size == round(count * geometry.separation_ratio)
    if name.endswith(".nii.gz"):
        np.testing.assert_array_equal(scan.affine, nib.load(data_folder / name).affine)


def test_dicom_and_its_nifti_are_the_same_scan(data_folder: Path) -> None:
    dicom = read_volume(data_folder / "aniso" / "brainix_flair_dicom")
    nifti = read_volume(data_folder / "aniso" / "brainix_flair.nii.gz")
    np.testing.assert_array_equal(dicom.data, nifti.data)
    np.testing.assert_allclose(dicom.affine, nifti.affine, atol=1e-4)
    assert dicom.header == nifti.header


def test_scaled_intensities(data_folder: Path) -> None:
    scan = read_volume(data_folder / "iso" / "mr_gd_t1c_tumour.nii.gz")
    assert scan.data.max() == pytest.approx(1653, rel=1e-6) and scan.stored_type == np.float32


@pytest.mark.parametrize("name", ["nibabel_anatomical_bigendian_lefthanded.nii", "mouse_anat_0p3mm_RAI.nii.gz"])
@pytest.mark.parametrize("ending", [".nii.gz", ".mgz", ".nrrd", ".mha"])
def test_left_handed_and_big_endian_files_come_back(data_folder: Path, tmp_path: Path, name: str, ending: str) -> None:
    scan = read_volume(data_folder / "odd" / name)
    assert np.linalg.det(scan.affine) < 0
    write_volume(scan, tmp_path / f"out{ending}", keep_type=True)
    again = read_volume(tmp_path / f"out{ending}")
    np.testing.assert_array_equal(again.data, scan.data)
    np.testing.assert_allclose(again.affine, scan.affine, atol=1e-5)
    assert again.stored_type == scan.stored_type


def test_filling_voxels_does_not_hide_absurd_ones(data_folder: Path) -> None:
    with pytest.raises(InputError, match=r"up to 3\.19e\+38, too near the limits of single precision"):
        read_volume(data_folder / "odd" / "itksnap_nan_inf.mha", fill_nonfinite=0)
