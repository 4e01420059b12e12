"""The CT-guided method: what CT and MR are to it, its three stages, and the models that they leave."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch
from torch import nn

from dicom_series import positions, save_series
from small_training import small_presets
from SuperResolveLib import InputError, Volume, load_model, read_volume, super_resolve, train, write_volume
from SuperResolveLib.command.main import main
from SuperResolveLib.errors import Cancelled
from SuperResolveLib.image_io.safetensors_file import read_tensors
from SuperResolveLib.methods.ct_guided.acquired import Acquired, column_of_slices, reading_of
from SuperResolveLib.methods.ct_guided.ct import check_ct, windowed
from SuperResolveLib.methods.ct_guided.ct_batches import CTBatches
from SuperResolveLib.methods.ct_guided.joint import JointStep, as_images, reconstruction_losses
from SuperResolveLib.methods.ct_guided.mr_scans import thick_scan
from SuperResolveLib.methods.ct_guided.presets import PRESETS, Joint
from SuperResolveLib.methods.ct_guided.training import CTGuidedTraining, factor_for, learned_ratios
from SuperResolveLib.methods.trainable import TrainingSettings
from SuperResolveLib.networks.ct_guided.citnet import CITNet
from SuperResolveLib.networks.ct_guided.srnet import SRNet
from SuperResolveLib.physics.anatomy.synthetic_anatomy import synthetic_anatomy
from SuperResolveLib.physics.degradation import Degradation
from SuperResolveLib.physics.degradation_range import DegradationRange
from SuperResolveLib.physics.profile import SliceProfile
from SuperResolveLib.training.collection import SYNTHETIC, Collection, Item
from SuperResolveLib.training.random_streams import CountedStream

CPU = torch.device("cpu")
STAGES = {"ct": 3, "pseudo-mr": 2, "joint": 2}


@pytest.fixture(autouse=True)
def small():
    with small_presets():
        yield


@cache
def anatomy(seed: int, size: int) -> Volume:
    return synthetic_anatomy(seed, size)


def ct_volume(seed: int = 0, size: int = 40) -> Volume:
    """Anatomy from air to bone, in HU."""
    volume = anatomy(seed, size)
    data = volume.data - volume.data.min()
    return volume.on_grid((-1000 + 2000 * data / data.max()).astype(np.float32), volume.affine)


def mr_volume(slices: int = 10, ratio: float = 2.9, size: int = 36) -> Volume:
    data = anatomy(0, 40).data[:size, :size, :slices] + 1
    return Volume(np.ascontiguousarray(data), np.diag([1.0, 1.0, ratio, 1.0]))


def collection(*volumes: Volume, modality: str | None = None) -> Collection:
    items = tuple(Item(f"{n}", f"{n}", each.shape, each.spacing, modality) for n, each in enumerate(volumes))
    return Collection(items, lambda index: volumes[index])


def settings(preset: str = "fast", network: str = "srnet", **options: object) -> TrainingSettings:
    told = {"ct": collection(ct_volume()), **options}
    return TrainingSettings(preset=preset, network=network, device=CPU, seed=3, iterations=STAGES, options=told)


def training(preset: str = "fast", network: str = "srnet", **options: object) -> CTGuidedTraining:
    return CTGuidedTraining(settings(preset, network, **options), collection(mr_volume()), collection())


def joint_step(preset: str = "fast", **options: object) -> JointStep:
    trained = training(preset, **options)
    trained.begin("ct")
    step = trained.begin("joint").step
    assert isinstance(step, JointStep)
    return step


# CT and MR


def test_hounsfield_units_are_read_from_dicom_and_nifti(tmp_path: Path) -> None:
    heights = [5.0 * number for number in range(9)]
    raw = np.arange(120, dtype=np.uint16).reshape(12, 10)
    (tmp_path / "series").mkdir()
    tags = {"Modality": "CT", "RescaleSlope": 2, "RescaleIntercept": -1024, "PixelData": raw.tobytes()}
    series = read_volume(save_series(tmp_path / "series", positions(heights), **tags))
    assert sorted(np.unique(series.data)) == [2.0 * value - 1024 for value in range(120)]
    stored = np.arange(120, dtype=np.int16).reshape(3, 4, 10)
    image = nibabel.Nifti1Image(stored, np.eye(4))
    image.header.set_slope_inter(2, -1024)
    nibabel.save(image, tmp_path / "ct.nii")
    np.testing.assert_array_equal(read_volume(tmp_path / "ct.nii").data, 2.0 * stored - 1024)


def test_ct_is_windowed_with_air_and_padding_dark_and_metal_bright() -> None:
    values = np.array([-3024.0, -1000.0, -200.0, 50.0, 300.0, 3071.0], np.float32).reshape(1, 1, 6)
    assert windowed(Volume(values, np.eye(4)), (-200, 300)).ravel().tolist() == [0, 0, 0, 0.5, 1, 1]
    drawn = windowed(anatomy(0, 40), (-200, 300), SYNTHETIC)
    assert drawn.min() == 0 and drawn.max() == 1 and 0.2 < drawn.mean() < 0.8


def test_what_is_not_in_hounsfield_units_or_has_no_thin_images_is_refused() -> None:
    check_ct(ct_volume())
    with pytest.raises(InputError, match="it is no CT in Hounsfield units: its lowest value is 0"):
        check_ct(ct_volume().on_grid(ct_volume().data + 1000, np.eye(4)))
    with pytest.raises(InputError, match="it has 40 x 40 x 40 voxels of 1 x 3 x 5 mm"):
        check_ct(ct_volume().on_grid(ct_volume().data, np.diag([1.0, 3.0, 5.0, 1.0])))


def test_a_thick_scan_stays_as_it_is_and_a_thin_one_is_degraded_first() -> None:
    degradations = DegradationRange("profile", (3.0, 3.6), (0.5, 1.25))
    thick = mr_volume(ratio=3.3)
    scan = thick_scan(thick, degradations, 3.3, 0)
    np.testing.assert_allclose(scan.slices * scan.scale + scan.low, np.moveaxis(thick.data, 2, 0), atol=1e-5)
    assert scan.column.slices == 10 and scan.column.ratio == pytest.approx(3.3)
    assert scan.degradation.operator.fwhm_mm == pytest.approx(3.3, rel=0.02)
    thin = anatomy(0, 40)
    made = thick_scan(thin, degradations, 3.3, 0)
    assert made.slices.shape == (11, 40, 40) and made.affine[2, 2] == pytest.approx(3.3)
    assert 1 < made.affine[2, 3] - thin.affine[2, 3] < 5


def test_ct_batches_are_degraded_as_in_use_and_depend_on_seed_and_iteration_alone() -> None:
    degradations = DegradationRange("profile", (2.5, 4.5), (0.5, 1.25))
    ct = collection(ct_volume())

    def batches() -> CTBatches:
        return CTBatches(ct, degradations, (-200, 300), 2, (24, 16, 1), CountedStream(1, CPU), CPU)

    drawn = batches().at(7)
    again = batches().at(7)
    assert torch.equal(drawn.slices, again.slices) and not torch.equal(drawn.slices[0], drawn.slices[1])
    assert drawn.truth is not None
    assert drawn.truth.shape[1] == round(drawn.slices.shape[1] * drawn.column.ratio)
    inner = slice(1, -1)  # what the outermost gather from beyond the truth is not in it
    degraded = torch.einsum("sv,bvrc->bsrc", torch.tensor(drawn.column.seen_matrix).float(), drawn.truth)
    torch.testing.assert_close(degraded[:, inner], drawn.slices[:, inner], rtol=0, atol=0.08)


# the network in its stages


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("ratio", [4.0, 3.3])
def test_the_untrained_network_interpolates_at_exact_positions(ratio: float, centred: bool) -> None:
    network = SRNet(4, 1, 1, 2, 2, residual=True, centred=centred, zero_last=True)
    kind = SliceProfile.rect(ratio, 0.1) if centred else "select"
    column = column_of_slices(Degradation(kind, ratio), 1.0, 9, ratio == 4.0)
    voxels = np.arange(column.length, dtype=np.float64)
    ramp = torch.from_numpy(column.centres).float()[None, :, None, None].expand(1, 9, 5, 1)
    answer = Acquired(ramp, column, 1e-3).restored(network, False)[0, :, 0, 0].detach()
    inner = slice(8, -8)  # beyond the outermost slices these are repeated
    np.testing.assert_allclose(answer.numpy()[inner], voxels[column.seen][inner], atol=1e-4)


def test_at_the_published_ratio_voxels_are_the_networks_planes() -> None:
    for operator, centred in (("select", False), (SliceProfile.rect(4.0, 0.1), True)):
        column = column_of_slices(Degradation(operator, 4.0), 1.0, 6, True)
        lead = SRNet(4, 1, 1, 2, 2, centred=centred).lead
        np.testing.assert_allclose(reading_of(column, 4, lead), np.eye(24), atol=1e-9)


def test_consistent_answers_degrade_to_the_slices() -> None:
    trained = training()
    patches = trained._mr_batches(1, 2, 24).at(0)
    network = trained._network
    nn.init.normal_(network.tail.weight, std=0.3)
    acquired = replace(patches.acquired, damping=1e-6)  # with that of the slices' noise, they differ by as much
    matrix = torch.tensor(acquired.column.seen_matrix).float()
    errors = [
        float((torch.einsum("sv,bvrc->bsrc", matrix, answer.detach()) - acquired.slices).square().mean())
        for answer in (acquired.restored(network, kept) for kept in (False, True))
    ]
    assert errors[1] < 1e-3 * errors[0]


def test_the_second_stages_target_is_held_fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    def gradient(stopped: bool) -> torch.Tensor:
        trained = training("paper")
        monkeypatch.setattr(trained, "_preset", replace(PRESETS["paper"], stopped=stopped))
        trained.pseudo_loss(trained._mr_batches(1, 1, 32).at(0)).backward()
        return trained._network.head.weight.grad

    seen = []
    forward = SRNet.planes

    def counted(self: SRNet, slices: torch.Tensor) -> torch.Tensor:
        seen.append(slices.requires_grad)
        return forward(self, slices)

    monkeypatch.setattr(SRNet, "planes", counted)
    fixed, flowing = gradient(True), gradient(False)
    assert seen == [False, False, False, True]  # what is degraded again carries no gradient where it is fixed
    assert float(fixed.abs().max()) > 0 and not torch.allclose(fixed, flowing)


def test_in_the_second_stage_a_consistent_answer_still_has_something_to_learn() -> None:
    trained = training()
    trained.begin("ct")
    assert float(trained.pseudo_loss(trained._mr_batches(1, 2, 24).at(0)).detach()) > 1e-3


# the last stage


@pytest.mark.parametrize("preset", ["fast", "paper"])
def test_the_adversarial_loss_reaches_the_network_through_its_own_answer_alone_as_real(preset: str) -> None:
    step = joint_step(preset)
    of_mr, of_ct = step.domains(0)

    def reached(real: torch.Tensor) -> list[torch.Tensor | None]:
        domain = of_mr.__class__(**{**vars(of_mr), "images": real})
        loss = step.losses(domain, of_ct, 1)["adversarial"]
        return torch.autograd.grad(loss, list(step._network.tail.parameters()), retain_graph=True, allow_unused=True)

    x = of_mr.images
    with_real = reached(x)
    translated_alone = reached(x.detach())
    assert all(each is not None and float(each.abs().max()) > 0 for each in with_real)
    through_real = [a - b for a, b in zip(with_real, translated_alone, strict=True)]
    # log D_X(x) of Eq. 5, whose gradient is lost where real images are taken for constants
    assert all(float(each.abs().max()) > 1e-12 for each in through_real)
    only_x = step._critics["mr"](x)
    direct = torch.autograd.grad(
        sum(torch.nn.functional.logsigmoid(each).mean() for each in only_x), list(step._network.tail.parameters())
    )
    assert all(float(each.abs().max()) > 0 for each in direct)


def test_a_step_of_the_discriminator_raises_the_loss_and_one_of_the_network_lowers_it() -> None:
    step = joint_step("paper")
    with torch.no_grad():
        for weight in step._critics.parameters():
            weight *= 20  # so that they have something to say
    of_mr, of_ct = step.domains(0)

    def raised() -> float:
        return -float(step.critics_loss(*step.domains(0)).detach())

    def moved(network: nn.Module, loss: torch.Tensor) -> None:
        """A small step down the gradient."""
        parameters = [each for each in network.parameters() if each.requires_grad]
        gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
        length = torch.sqrt(sum(each.square().sum() for each in gradients if each is not None))
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients, strict=True):
                if gradient is not None:
                    parameter -= 0.01 * gradient / length

    before = raised()
    moved(step._critics, step.critics_loss(of_mr, of_ct))
    after = raised()
    assert after > before
    moved(step._network, step.losses(*step.domains(0), 1)["adversarial"])
    assert raised() < after


class _Content(nn.Module):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images


class _Attributes(nn.Module):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.mean(dim=(2, 3)).expand(-1, 8)


class _Same(nn.Module):
    def forward(self, contents: torch.Tensor, attributes: torch.Tensor) -> torch.Tensor:
        return contents


def test_with_networks_that_change_nothing_reconstruction_and_cycle_are_perfect() -> None:
    net = CITNet(2, 1)
    net.content_of_mr = net.content_of_ct = _Content()
    net.attributes_of_mr = net.attributes_of_ct = _Attributes()
    net.mr_from = net.ct_from = _Same()
    mr, ct, sampled = torch.rand(2, 1, 16, 16), torch.rand(2, 1, 20, 16), torch.full((2, 8), 3.0)
    losses = reconstruction_losses(*net(mr, ct, sampled, sampled))
    assert float(losses["self"]) == float(losses["cycle"]) == 0
    # contents agree, and attributes found in translations are compared with those that were drawn
    expected = (sampled - mr.mean(dim=(2, 3))).abs().mean() + (sampled - ct.mean(dim=(2, 3))).abs().mean()
    assert float(losses["latent"]) == pytest.approx(float(expected), rel=1e-5)


def test_gradients_reach_what_is_compared_with_only_where_they_are_let() -> None:
    step = joint_step()
    of_mr, of_ct = step.domains(0)
    of_mr.again.detach_()
    for through in (True, False):
        loss = reconstruction_losses(of_mr, of_ct, through)["self"]
        (gradient,) = torch.autograd.grad(loss, [of_mr.images], retain_graph=True, allow_unused=True)
        assert (gradient is not None) is through


def test_discriminators_are_left_as_they_are_by_the_move_of_the_others() -> None:
    step = joint_step()
    losses = step.losses(*step.domains(0), 0)
    step._critics.zero_grad()
    step._critics.requires_grad_(False)
    step.total(step.losses(*step.domains(0), 0)).backward()
    assert set(losses) == {"adversarial", "self", "cycle", "latent"}
    assert all(each.grad is None for each in step._critics.parameters())


def test_images_are_the_middle_ones_cut_to_multiples_of_four() -> None:
    images = as_images(torch.rand(2, 23, 18, 5))
    assert images.shape == (2, 1, 20, 16) and float(images.min()) < 0


# whole runs


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Thick MR, thin CT."""
    made = {name: tmp_path_factory.mktemp(name) for name in ("mr", "ct")}
    write_volume(mr_volume(), made["mr"] / "thick.nii.gz")
    write_volume(ct_volume(), made["ct"] / "head.nii.gz")
    write_volume(mr_volume(), made["ct"] / "no_ct.nii.gz")
    return made


RUN = {"validate": 0.0, "iterations": 8, "device": "cpu", "seed": 1}


def test_a_run_that_was_stopped_in_any_stage_goes_on_exactly(folders: dict[str, Path], tmp_path: Path) -> None:
    options = {**RUN, "options": {"ct": str(folders["ct"]), "features": "none"}}
    whole = train("ct-guided", [folders["mr"]], work=tmp_path / "whole", **options).model
    for number, stage in enumerate(("pseudo-mr", "joint")):
        calls = 0

        def cancel(fraction: float, told: str, stage_fraction: float | None = None, stage: str = stage) -> None:
            nonlocal calls
            calls += f"training {stage}" in told
            if calls:
                raise Cancelled

        work = tmp_path / str(number)
        with pytest.raises(Cancelled):
            train("ct-guided", [folders["mr"]], work=work, progress=cancel, **options)
        resumed = train("ct-guided", [folders["mr"]], work=work, resume=True, **options).model
        assert resumed.card == whole.card
        assert all(np.array_equal(resumed.tensors[key], whole.tensors[key]) for key in whole.tensors)


def test_the_command_trains_writes_translations_and_the_model_super_resolves(
    folders: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, exported, kept = (tmp_path / name for name in ("m.safetensors", "t.safetensors", "kept"))
    told = ["train", "ct-guided", str(folders["mr"]), "-o", str(model), "--ct", str(folders["ct"]), "--iterations", "8"]
    told += ["--validate", "0", "--device", "cpu", "--ct-window=-150,250", "--json", str(tmp_path / "c.json")]
    told += ["--features", "none"]
    told += ["--keep-translations", str(kept), "--export-translation", str(exported)]
    assert main(told) == 0
    printed = capsys.readouterr()
    assert "no_ct.nii.gz: it is no CT in Hounsfield units" in printed.out + printed.err
    assert "never read these as scans" in printed.err
    card = json.loads((tmp_path / "c.json").read_text())
    assert card["start"] == "slices" and card["operator"] == "profile" and card["consistent"] is True
    assert "the guide was 1 CT, of -150 to 250 HU" in card["notes"]
    assert any("perceptual loss was left out" in note for note in card["notes"])
    assert set(card["losses"]) == {"adversarial", "self", "cycle", "latent"}

    scan = mr_volume()
    as_ct = read_volume(kept / "0000_thick_ct.nii.gz")
    assert as_ct.spacing == pytest.approx((1, 1, 1)) and as_ct.data.min() >= -150 and as_ct.data.max() <= 250
    result = super_resolve(scan, SliceProfile.gaussian(2.9, 0.25), model=load_model(model))
    assert result.spacing == pytest.approx((1, 1, 1)) and result.shape == as_ct.shape
    np.testing.assert_allclose(result.affine, as_ct.affine, atol=1e-4)
    assert {path.name for path in kept.iterdir()} == {f"0000_thick_{form}.nii.gz" for form in ("mr", "ct", "back")}

    tensors, metadata = read_tensors(exported, 2**30)
    assert any(name.startswith("ct_from.") for name in tensors)
    assert "never read these as scans" in json.loads(metadata["translation"])["warning"]
    assert main(["models", str(exported)]) == 2
    assert main(["models", str(model)]) == 0
    assert "read off those that the network makes of each" in capsys.readouterr().out


@pytest.mark.parametrize("network", ["srnet", "srnet-3d"])
def test_stages_can_be_run_alone_and_gone_on_from(network: str, folders: dict[str, Path]) -> None:
    options = {**RUN, "network": network, "iterations": 1, "options": {"ct": str(folders["ct"])}}
    first = train("ct-guided", [folders["mr"]], stages=("ct",), **options).model
    assert first.card.losses == {"absolute_error": 1.0}
    then = train("ct-guided", [folders["mr"]], stages=("pseudo-mr",), from_model=first, **options).model
    assert any(not np.array_equal(first.tensors[key], then.tensors[key]) for key in first.tensors)
    with pytest.raises(InputError, match="goes on from what the stage ct trained"):
        train("ct-guided", [folders["mr"]], stages=("joint",), **options)


def test_as_published_slices_are_selected_and_nothing_ties_the_result_to_the_scan(folders: dict[str, Path]) -> None:
    model = train(
        "ct-guided",
        [folders["mr"]],
        preset="paper",
        stages=("ct",),
        **RUN | {"iterations": 1},
        options={"ct": str(folders["ct"])},
    ).model
    assert model.card.operator == "select" and not model.card.consistent and model.card.ratios == (4.0, 4.0)
    assert model.card.network_arguments["factor"] == 4 and model.card.network_arguments["centred"] is False


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"options": {}}, "ct-guided needs scans of CT to learn from: name them by --ct"),
        ({"options": {"ct": "synthetic:none"}}, "no number of synthetic volumes"),
        ({"options": {"ct": "synthetic:1", "ct_window": (300, -200)}}, "cannot be windowed from 300 to -200 HU"),
        ({"options": {"ct": "synthetic:1", "ct_window": "-200"}}, "'-200' is no window: give two numbers in HU"),
        ({"options": {"ct": "synthetic:1", "export_translation": "t"}, "stages": ("ct",)}, "without the stage joint"),
        ({"options": {"ct": "synthetic:1", "features": "self"}}, "are those of another method"),
        ({"options": {"ct": "synthetic:1"}, "preset": "paper", "ratios": (2.5, 2.5)}, "one whole ratio from 2"),
        ({"options": {"ct": "synthetic:1"}, "ratios": (2.0, 30.0)}, "at most 16 can be learned"),
    ],
)
def test_what_cannot_be_trained_is_refused(folders: dict[str, Path], options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        train("ct-guided", [folders["mr"]], **RUN | {"iterations": 1} | options)


def test_the_card_tells_of_synthetic_anatomy_in_the_place_of_ct() -> None:
    trained = training(ct=collection(anatomy(0, 40), modality=SYNTHETIC))
    assert "the guide was 1 volumes of synthetic anatomy in the place of CT" in trained.card("ct").notes


def test_ratios_are_those_of_the_scans_and_the_factor_is_as_high() -> None:
    items = collection(mr_volume(ratio=7.51)).items
    low, high = learned_ratios(None, PRESETS["fast"], items)
    assert low < 7.51 < high and factor_for((low, high)) == 8
    assert factor_for(learned_ratios(None, PRESETS["fast"], collection(ct_volume()).items)) == 4
    assert factor_for((4.0, 4.0)) == 4 and factor_for((2.0, 8.0)) == 8


def test_published_sizes_are_the_defaults() -> None:
    assert vars(Joint()) | {"channels": 64, "blocks": 4, "attributes": 8, "critic": 64, "scales": 3} == vars(Joint())
