"""The experiment on tissue volumes: its slices, its network and its figures, with a network that thresholds."""

from __future__ import annotations

import json

import numpy as np
import pytest

from Experiments import command
from Experiments.cells import Record
from Experiments.downstream import command as downstream
from Experiments.downstream import meshnet
from Experiments.downstream.command import axial, tissue_figures
from Experiments.measured_slices import MeasuredSlices
from SuperResolveLib.data.volume import Volume
from SuperResolveLib.errors import InputError
from SuperResolveLib.image_io.profile_table import write_profile
from SuperResolveLib.image_io.safetensors_file import write_tensors
from SuperResolveLib.image_io.volumes import write_volume
from SuperResolveLib.physics.phantom.head_phantom import head_phantom
from SuperResolveLib.physics.profile import SliceProfile

LAYER = {"in_channels": 1, "out_channels": 1, "kernel_size": 1, "padding": 0, "stride": 1, "dilation": 1}
DESCRIPTION = {"bias": True, "layers": [LAYER, {**LAYER, "out_channels": 3}]}
SIDE = 48


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A folder of data with a profile and a network whose class rises with intensity, at a third and at two thirds."""
    monkeypatch.setenv("SLICEPROFILESR_DATA", str(tmp_path))
    monkeypatch.setattr(meshnet, "SIDE", SIDE)
    (tmp_path / "profiles").mkdir()
    write_profile(SliceProfile.gaussian(4.0, 0.1), tmp_path / "profiles" / "Some.tsv")
    folder = tmp_path / "downstream" / "model5_gw_ae"
    folder.mkdir(parents=True)
    (folder / "model.json").write_text(json.dumps(DESCRIPTION))
    slopes, offsets = np.float32([0, 3, 6]), np.float32([0, -1, -3])
    tensors = {"model.0.weight": np.ones((1, 1, 1, 1, 1), np.float32), "model.0.bias": np.zeros(1, np.float32)}
    tensors |= {"model.2.weight": slopes.reshape(3, 1, 1, 1, 1), "model.2.bias": offsets}
    write_tensors(folder / "model.pth", tensors, {})
    return tmp_path


@pytest.mark.parametrize("text", ["Siemens_Sola_1.5T_T2@5.5", "GE*0.6@4"])
def test_slices_as_text_and_back(text):
    assert str(MeasuredSlices.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "Siemens", "@5", "Siemens@", "Siemens@0", "Siemens@-1", "Siemens@inf", "Siemens@nan"),
        *("p*wide@4", "p*1", "p*0@4", "*1@4"),
    ],
)
def test_what_is_no_slices_of_a_scanner_is_refused(text):
    with pytest.raises(InputError, match="is no cell"):
        MeasuredSlices.parse(text)


def test_slices_are_in_millimetres_and_profiles_widen_with_them(data):
    for spacing in (3.0, 5.0, 6.0):
        adjoining, thin = MeasuredSlices("Some", spacing), MeasuredSlices("Some", spacing, 0.6)
        assert adjoining.profile(data / "profiles").fwhm_mm == pytest.approx(4 * spacing / 5, rel=0.01)
        assert thin.profile(data / "profiles").fwhm_mm == pytest.approx(4 * 0.6, rel=0.01)
        assert (adjoining.nominal_mm, thin.nominal_mm) == (spacing, 3.0)


def test_the_axial_axis_is_found_in_any_order_of_axes():
    affine = np.array([[0.0, 0, 1, 0], [-1, 0.2, 0, 0], [0, -1, 0.2, 0], [0, 0, 0, 1]])
    assert axial(Volume(np.zeros((4, 4, 4), np.float32), affine)) == "j"


def test_figures_of_boxes():
    truth, result = np.zeros((2, 10, 10, 10), np.uint8)
    truth[:, :5], result[:, :6], truth[:, 8:], result[:, 8:9] = 1, 1, 2, 2
    figures = tissue_figures(truth, result, {"WM": 1, "GM": 2})
    assert (figures["WM_truth_ml"], figures["WM_ml"]) == (0.5, 0.6)
    assert (figures["WM_error"], figures["GM_error"]) == pytest.approx((20, -50))
    assert (figures["WM_dice"], figures["GM_dice"]) == pytest.approx((10 / 11, 2 / 3))
    assert figures["dice"] == pytest.approx((10 / 11 + 2 / 3) / 2)


def test_a_volume_is_conformed_about_its_middle_whatever_its_axes(monkeypatch):
    monkeypatch.setattr(meshnet, "SIDE", 32)
    head = head_phantom((20, 22, 24), spacing=1.0)
    affine = head.affine.copy()
    affine[:3, 0], affine[:3, 3] = -affine[:3, 0], affine[:3, 3] + 19 * affine[:3, 0]
    flipped = Volume(np.ascontiguousarray(head.data[::-1]), affine)
    image = meshnet.conformed(head)
    np.testing.assert_allclose(image, meshnet.conformed(flipped), atol=1e-5)
    assert image.shape == (32, 32, 32) and image.min() == 0 and image.max() == 1
    left = Volume(np.zeros_like(head.data), head.affine)
    left.data[2, 11, 20] = 1  # at the left, in the middle, above
    at = np.unravel_index(meshnet.conformed(left).argmax(), image.shape)
    assert head.affine[0, 0] > 0 and at[0] > 20 and at[1] < 10 and 14 <= at[2] <= 17


def test_the_network_is_that_of_its_files(data):
    network = meshnet.read_meshnet(data / "downstream" / "model5_gw_ae")
    head = head_phantom((40, 40, 40), spacing=1.0)
    labels, image = meshnet.segmented(network, head, "cpu"), meshnet.conformed(head)
    expected = np.where(image > 2 / 3, 2, np.where(image > 1 / 3, 1, 0))
    clear = np.minimum(abs(image - 1 / 3), abs(image - 2 / 3)) > 1e-5
    assert set(np.unique(labels)) == {0, 1, 2}
    np.testing.assert_array_equal(labels[clear], expected[clear])


def test_layers_are_dilated_and_followed_by_what_the_description_says():
    layers = [{**LAYER, "kernel_size": 3, "padding": 4, "dilation": 4}, LAYER]
    first, activation, last = meshnet.meshnet({"bias": False, "elu": True, "layers": layers})
    assert first.dilation == (4, 4, 4) and first.bias is None and last.kernel_size == (1, 1, 1)
    assert type(activation).__name__ == "ELU"


def test_the_command_writes_its_page_and_goes_on_where_it_was(data, tmp_path):
    truth = tmp_path / "head_t1.nii.gz"
    write_volume(head_phantom((40, 40, 40), spacing=1.0), truth)
    out = tmp_path / "out"
    words = ["downstream", "--volumes", str(truth), "--cells", "Some@5", "--device", "cpu", "--out", str(out)]
    assert command.main([*words, "--methods", "bspline"]) == 0
    assert command.main([*words, "--methods", "bspline", "tikhonov"]) == 0
    spline, tikhonov = Record(out / "downstream.jsonl").rows()
    assert spline["cell"] == "Some@5/model5_gw_ae" and spline["axis"] == "k"
    assert spline["WM_truth_ml"] == tikhonov["WM_truth_ml"] > 0
    assert 0.5 < spline["dice"] < tikhonov["dice"] < 1
    page = (out / "downstream.md").read_text()
    assert "| Some@5 | head_t1 | tikhonov |" in page and (out / "downstream.png").stat().st_size > 1000
    assert downstream.tables([spline, {**tikhonov, "volume": "other"}])[0].lines[-1][1] == "mean"
