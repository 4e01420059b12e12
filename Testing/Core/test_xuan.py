"""Xuan et al.: laws of the losses, of who follows which, of the synthesis, and of both stages in a row."""

from __future__ import annotations

import copy
from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest
import torch

from Experiments.command import main as run_experiment
from SuperResolveLib.data.volume import Volume
from SuperResolveLib.errors import InputError
from SuperResolveLib.image_io.volumes import write_volume
from SuperResolveLib.losses.critic import critic_loss, generated_loss
from SuperResolveLib.losses.divergence import divergence_from_standard, gaussian_divergence
from SuperResolveLib.methods.trainable import TrainingSettings
from SuperResolveLib.methods.trainables import TRAINABLES
from SuperResolveLib.methods.xuan import presets
from SuperResolveLib.methods.xuan.method import Xuan
from SuperResolveLib.methods.xuan.planes import Frame, ObservedPlanes
from SuperResolveLib.methods.xuan.presets import PHASES, PRESETS, Phase
from SuperResolveLib.methods.xuan.selected_pairs import SelectedPairs, slice_positions
from SuperResolveLib.methods.xuan.slices import SliceBatches, SliceTriples
from SuperResolveLib.methods.xuan.synthesis import SynthesisStep, neighbour_divergence
from SuperResolveLib.methods.xuan.synthesise import between, decoded, means_of, synthesised_planes
from SuperResolveLib.methods.xuan.training import networks_of
from SuperResolveLib.training.collection import Collection, Item
from SuperResolveLib.training.random_streams import CountedStream

CPU = torch.device("cpu")
TINY = presets.Synthesis(6, 16, (4, 4, 6), 5, (4, 6), batch=4)
GENERATION = presets.Generation(4, 2, 8, 1e-3, {"layers": 3, "channels": 4, "zero_last": True})


def scan(spacing: tuple[float, float, float] = (1.0, 1.0, 4.0), shape=(20, 18, 6), seed: int = 0) -> Volume:
    data = np.random.default_rng(seed).random(shape, dtype=np.float32)
    return Volume(data, np.diag([*spacing, 1.0]))


def collection(*scans: Volume) -> Collection:
    items = (Item(str(number), str(number), each.shape, each.spacing) for number, each in enumerate(scans))
    return Collection(tuple(items), lambda index: scans[index])


def step(iterations: int = 6, phases: tuple[Phase, ...] = PHASES, seed: int = 3) -> SynthesisStep:
    torch.manual_seed(seed)
    networks = networks_of(TINY, CPU)
    batches = SliceBatches(collection(scan(), scan(seed=1)), 4, 4, 16, "resize", CountedStream(5, CPU), CPU)
    return SynthesisStep(*networks, batches, CountedStream(6, CPU), iterations, phases, 2e-4)


class TestLosses:
    def test_the_divergence_of_equal_codes_is_zero(self):
        mean, log_variance = torch.randn(3, 7), torch.randn(3, 7)
        assert torch.equal(gaussian_divergence(mean, log_variance, mean, log_variance), torch.zeros(3))
        assert torch.equal(divergence_from_standard(torch.zeros(2, 4), torch.zeros(2, 4)), torch.zeros(2))

    def test_it_is_torchs(self):
        codes = [torch.randn(3, 7, dtype=torch.float64) for _ in range(4)]
        normal = torch.distributions.Normal
        first, other = (normal(codes[n], torch.exp(codes[n + 1] / 2)) for n in (0, 2))
        expected = torch.distributions.kl_divergence(first, other).sum(1)
        torch.testing.assert_close(gaussian_divergence(*codes), expected)

    def test_its_order_matters(self):
        narrow, wide = (torch.zeros(1, 2), torch.zeros(1, 2)), (torch.zeros(1, 2), torch.ones(1, 2))
        assert gaussian_divergence(*narrow, *wide) != gaussian_divergence(*wide, *narrow)

    def test_the_comparison_is_of_the_slice_from_its_neighbours(self):
        own, other = (torch.zeros(1, 2), torch.zeros(1, 2)), (torch.zeros(1, 2), torch.ones(1, 2))
        image, yes, no = torch.zeros(1, 1, 4, 4), torch.tensor([True]), torch.tensor([False])
        at_end = SliceTriples(image, image, image, no, yes)
        found = neighbour_divergence(own, own, other, at_end)
        assert found == gaussian_divergence(*own, *other)[0]
        inside = SliceTriples(image, image, image, yes, yes)
        assert neighbour_divergence(own, other, other, inside) == 2 * found
        assert neighbour_divergence(own, other, own, at_end) == 0

    def test_the_critic_and_the_decoder_pull_in_opposite_directions(self):
        real, generated = torch.tensor([2.0]), torch.tensor([0.5], requires_grad=True)
        assert critic_loss(real, generated) == -1.5
        (up,) = torch.autograd.grad(critic_loss(real, generated), generated)
        (down,) = torch.autograd.grad(generated_loss(generated), generated)
        assert up == -down == 1


class TestNetworks:
    def test_published_sizes(self):
        with torch.device("meta"):
            encoder, decoder, critic = networks_of(PRESETS["paper"].synthesis, torch.device("meta"))
        assert encoder.inner == decoder.inner == 4
        slices = torch.zeros(2, 1, 256, 256, device="meta")
        mean, log_variance = encoder(slices)
        assert mean.shape == log_variance.shape == (2, 512)
        assert decoder(mean).shape == slices.shape
        assert critic(slices).shape == (2,)
        assert encoder.tail.weight.shape == (1024, 512 * 16)
        assert decoder.head.weight.shape == (512 * 16, 512)

    def test_every_convolution_has_spectral_norm_one(self):
        torch.manual_seed(0)
        counts = []
        for network in networks_of(TINY, CPU):
            network.train()
            convolutions = [each for each in network.modules() if isinstance(each, torch.nn.Conv2d)]
            for each in convolutions:
                for _ in range(200):  # each reading of a weight in training is an iteration
                    weight = each.weight
                norm = torch.linalg.matrix_norm(weight.detach().flatten(1), 2)
                assert float(norm) == pytest.approx(1, abs=0.01)
            counts.append(len(convolutions))
        assert counts == [1 + 2 * 3, 2 * 3 + 1, 2 + 1]

    def test_the_encoder_does_not_follow_the_adversarial_loss(self):
        here = step()
        triples = here._batches.at(0)
        code, _, _ = here.codes(triples)
        _, for_critic = here.decoded(here.draw(code, 0))
        loss = generated_loss(here._critic(for_critic))
        of_encoder = torch.autograd.grad(loss, list(here._encoder.parameters()), allow_unused=True, retain_graph=True)
        assert all(gradient is None or not gradient.any() for gradient in of_encoder)
        of_decoder = torch.autograd.grad(loss, list(here._decoder.parameters()))
        assert any(gradient.any() for gradient in of_decoder)


class TestStep:
    def test_phases_have_their_published_shares(self):
        long = step(2_100_000)
        assert [long.phase(n) for n in (0, 99_999, 100_000, 899_999, 900_000, 2_099_999)] == [
            PHASES[n] for n in (0, 0, 1, 1, 2, 2)
        ]

    def test_resuming_is_exact(self):
        phases = (Phase(1, 100, 1, 0.05, 0.02),)
        whole, begun, resumed = step(phases=phases), step(phases=phases), step(phases=phases, seed=9)
        for iteration in range(4):
            losses = whole.update(iteration)
        for iteration in range(2):
            begun.update(iteration)
        resumed.load_state(copy.deepcopy(begun.state()))
        for iteration in range(2, 4):
            again = resumed.update(iteration)
        assert losses == again
        for name in ("encoder", "decoder", "critic"):
            expected, found = whole.state()[name], resumed.state()[name]
            assert all(torch.equal(expected[key], found[key]) for key in expected)

    def test_all_losses_are_told_in_the_phase_that_has_them(self):
        here = step(21)
        assert set(here.update(0)) == {"center", "prior"}
        assert set(here.update(5)) == {"center", "prior", "critic", "adversarial"}
        assert set(here.update(15)) == {"center", "prior", "critic", "adversarial", "comparison"}


class TestSynthesis:
    @pytest.fixture
    def networks(self):
        torch.manual_seed(0)
        return networks_of(TINY, CPU)

    def test_the_ends_of_an_interval_are_the_decoded_neighbours(self, networks):
        encoder, decoder, _ = networks
        slices = torch.rand(3, 16, 16)
        means = means_of(encoder, slices)
        thin, ends = decoded(decoder, between(means, 4)), decoded(decoder, means)
        assert len(thin) == 4 * 2 + 1
        torch.testing.assert_close(thin[::4], ends)

    def test_thin_scans_show_every_kth_plane_alone(self, networks):
        thin = scan((1.0, 1.0, 1.0), (20, 18, 21))
        hidden = thin.on_grid(thin.data.copy(), thin.affine)
        hidden.data[:, :, np.arange(21) % 4 > 0] = 7.0
        planes = [ObservedPlanes.of(each, 4) for each in (thin, hidden)]
        assert np.array_equal(planes[0].planes, planes[1].planes) and len(planes[0].planes) == 6
        result = synthesised_planes(*networks[:2], planes[0], 4, 16, "resize")
        assert result.shape == thin.data.transpose(2, 0, 1).shape
        assert len(ObservedPlanes.of(scan(), 4).planes) == 6

    @pytest.mark.parametrize("shape", [(20, 18), (12, 30), (16, 16), (9, 11)])
    def test_slices_come_back_to_their_pixels(self, shape):
        image = torch.rand(2, *shape)
        cropped = Frame(*shape, 16, "crop")
        rows, columns = (min(size, 16) for size in shape)
        top, left = ((size - part) // 2 for size, part in zip(shape, (rows, columns), strict=True))
        back = cropped.back(cropped.into(image))
        assert torch.equal(back, image[:, top : top + rows, left : left + columns])
        resized = Frame(*shape, 16, "resize")
        assert resized.into(image).shape == (2, 16, 16)
        assert resized.back(resized.into(image)).shape == image.shape

    def test_slices_at_the_ends_have_one_neighbour(self):
        batches = SliceBatches(collection(scan()), 4, 64, 16, "crop", CountedStream(0, CPU), CPU)
        triples = batches.at(0)
        planes = torch.as_tensor(ObservedPlanes.of(scan(), 4).planes)
        ends = [Frame(20, 18, 16, "crop").into(planes)[n] for n in (0, -1)]
        for end, has in zip(ends, (triples.has_before, triples.has_after), strict=True):
            is_end = torch.tensor([bool(torch.equal(image[0], end)) for image in triples.middle])
            assert is_end.any() and torch.equal(is_end, ~has)


class TestPairs:
    def test_slices_of_a_whole_ratio_are_planes(self):
        assert slice_positions(17, 4, 0.6).tolist() == [2, 6, 10, 14]
        assert slice_positions(17, 4, 0.0).tolist() == [0, 4, 8, 12, 16]

    @pytest.mark.parametrize("start", ["cubic", "spline"])
    @pytest.mark.parametrize("ratios", [(4.0, 4.0), (2.0, 5.5)])
    def test_starts_and_truths_show_the_same_place(self, start, ratios):
        through = np.linspace(0, 1, 25, dtype=np.float32)[:, None, None]
        volume = through + np.linspace(0, 2, 20, dtype=np.float32)[:, None] + np.zeros(18, np.float32)
        pairs = SelectedPairs(1, lambda _: volume, ratios, 3, 24, start, CountedStream(1, CPU), CPU, True)
        batch = pairs.at(7)
        again = SelectedPairs(1, lambda _: volume, ratios, 3, 24, start, CountedStream(1, CPU), CPU, True).at(7)
        assert torch.equal(batch.start, again.start) and batch.start.shape == batch.truth.shape
        assert batch.start.shape[0] == 3 and batch.start.shape[2] > 8
        assert float((batch.start - batch.truth).abs().max()) < 0.03  # a plane further would be off by 0.04


class TestMethod:
    def settings(self, preset: str = "fast", ratio: float | None = None, **options) -> TrainingSettings:
        counts = {"synthesis": 3, "generator": 2}
        ratios = None if ratio is None else (ratio, ratio)
        return TrainingSettings(
            preset=preset,
            network="deepresolve",
            device=CPU,
            seed=1,
            iterations=counts,
            ratios=ratios,
            options=options,
        )

    @pytest.fixture(autouse=True)
    def small(self):
        fast = replace(PRESETS["fast"], synthesis=TINY, generators={"deepresolve": GENERATION})
        paper = replace(fast, start="cubic", published=True)
        with patch.dict(presets.PRESETS, fast=fast, paper=paper):
            yield

    def test_both_stages_and_the_card(self):
        assert TRAINABLES["xuan"] is Xuan
        scans = collection(scan(), scan((1.0, 1.0, 1.0), (20, 18, 21), 1))
        method = Xuan(self.settings(), scans, scans.part([]))
        with pytest.raises(InputError, match="synthesis"):
            method.begin("generator")
        for name in Xuan.info.stages:
            stage = method.begin(name)
            for iteration in range(2):
                losses = stage.step.update(iteration)
            assert all(torch.isfinite(loss) for loss in losses.values())
        card = method.card("generator")
        assert (card.operator, card.consistent, card.start) == ("select", True, "spline")
        assert any("memorise patients" in note for note in card.notes)
        assert set(method.network().state_dict()) == set(method._training._generator.network.state_dict())

        other = Xuan(self.settings(), scans, scans.part([]))
        other.load_state(copy.deepcopy(method.state()))
        for index, planes in enumerate((4 * 5 + 1, 21)):
            volumes = [each.synthesised(index) for each in (method, other)]
            assert np.array_equal(*(volume.data for volume in volumes))
            assert volumes[0].shape == (20, 18, planes)
            assert volumes[0].spacing == pytest.approx((1, 1, 1))

    def test_paper_wants_a_whole_ratio(self):
        scans = collection(scan())
        with pytest.raises(InputError, match="whole number"):
            Xuan(self.settings("paper", ratio=3.5), scans, scans.part([]))
        card = Xuan(self.settings("paper", ratio=3), scans, scans.part([])).card("generator")
        assert (card.consistent, card.start, card.ratios) == (False, "cubic", (3, 3))
        assert Xuan(self.settings("fast", ratio=3.5), scans, scans.part([])).card("generator").consistent

    def test_scans_that_cannot_serve_are_refused(self):
        Xuan.check(scan())
        for bad in (scan(shape=(20, 18, 3)), scan(shape=(8, 18, 6)), scan((1.0, 1.0, 1.0), (20, 18, 12))):
            with pytest.raises(InputError, match=r"^it has"):
                Xuan.check(bad)


class TestExperiments:
    def test_they_run_and_go_on_where_they_were(self, tmp_path, capsys):
        noise = np.random.default_rng(0)
        for name in ("one", "two"):
            smooth = noise.random((26, 24, 30)).cumsum(2).astype(np.float32)
            write_volume(Volume(smooth, np.eye(4)), tmp_path / f"{name}.nii.gz")
        options = ["--volumes", str(tmp_path / "one.nii.gz"), str(tmp_path / "two.nii.gz"), "--out", str(tmp_path)]
        options += [
            "--size",
            "24",
            "--generator",
            "1",
            "--start",
            "1",
            "--branch",
            "1",
            "--patch",
            "8",
        ]
        rows = ["--rows", "trilinear", "vae", "ours-dcsrn"]
        for part, more in (("table1", rows), ("figure7", []), ("figure8", []), ("figure9", [])):
            assert run_experiment(["xuan", part, *options, *more]) == 0
            assert all((tmp_path / f"xuan-{part}.{ending}").exists() for ending in ("csv", "md", "png"))
        capsys.readouterr()
        assert run_experiment(["xuan", "table1", *options, *rows, "--held-out", "two"]) == 0
        assert len((tmp_path / "xuan-table1.csv").read_text().splitlines()) == 1 + 2 * 3
        assert run_experiment(["xuan", "table1", *options, *rows]) == 0
        assert "3 of them finished already" in capsys.readouterr().err

    def test_what_is_not_there_is_refused(self, tmp_path, capsys):
        write_volume(scan(), tmp_path / "one.nii.gz")
        only = ["--volumes", str(tmp_path / "one.nii.gz"), "--out", str(tmp_path)]
        assert run_experiment(["xuan", "table1", *only]) == 2
        assert "cannot be held out" in capsys.readouterr().err
