"""ReconResNet sees each image of planes and columns as a whole, and nothing of the others."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from SuperResolveLib.methods.networks import build_network
from SuperResolveLib.methods.supervised.presets import arguments_of, preset_of
from SuperResolveLib.methods.tiles import apply_in_tiles, measured_halo
from SuperResolveLib.networks.generator import Generator
from SuperResolveLib.networks.reconresnet import CountedDropout

CPU = torch.device("cpu")
SMALL = {"channels": 4, "blocks": 2, "dropout": 0.0}


def small(**more: object) -> Generator:
    torch.manual_seed(0)
    return build_network("reconresnet", {**SMALL, **more})


def test_it_sees_its_own_image_alone() -> None:
    start = torch.rand(2, 1, 9, 5, 10, requires_grad=True)
    small().eval()(start)[1, 0, 4, 2, 5].backward()
    assert start.grad is not None
    seen = start.grad.abs().sum((1, 2, 4))
    assert float(seen[1, 2]) > 0
    assert int(torch.count_nonzero(seen)) == 1


@pytest.mark.parametrize("detail", [False, True])
def test_tiles_are_not_seen_though_it_takes_the_mean_of_whole_images(detail: bool) -> None:
    network = small(residual=True, detail=detail).eval()
    halo, error = measured_halo(network, CPU)
    assert (halo, error) == (4 if detail else 0, 0.0)
    start = np.random.default_rng(0).random((21, 40, 22), np.float32)
    whole = apply_in_tiles(network, start, halo, CPU)
    tiled = apply_in_tiles(network, start, halo, CPU, voxels_at_once=21 * 22 * 12)
    assert np.abs(whole - start).max() > 1e-4
    np.testing.assert_allclose(tiled, whole, atol=1e-5)


def test_without_dropout_it_does_the_same_in_training_and_in_use() -> None:
    network, start = small(), torch.rand(1, 1, 9, 3, 10)
    with torch.no_grad():
        assert torch.equal(network.train()(start), network.eval()(start))


def test_the_published_answer_is_an_intensity_between_0_and_1() -> None:
    answer = small()(10 * torch.randn(1, 1, 5, 2, 6))
    assert 0 < float(answer.detach().min()) < float(answer.detach().max()) < 1


def test_dropout_leaves_out_its_share_and_goes_on_where_it_was() -> None:
    dropout, features = CountedDropout(0.2, 3).train(), torch.ones(4, 8, 20, 20)
    first, second = dropout(features), dropout(features)
    assert not torch.equal(first, second)
    assert float((first == 0).float().mean()) == pytest.approx(0.2, abs=0.02)
    assert float(first.mean()) == pytest.approx(1.0, abs=0.03)
    again = CountedDropout(0.2, 3).train()
    again.load_state_dict(dropout.state_dict())
    assert torch.equal(again(features), dropout(features))
    assert not torch.equal(CountedDropout(0.2, 4).train()(features), first)
    assert torch.equal(dropout.eval()(features), features)


@pytest.mark.parametrize("preset", ["fast", "balanced"])
def test_a_fast_one_starts_from_its_start_and_learns_from_wider_patches(preset: str) -> None:
    arguments = arguments_of(preset, "reconresnet")
    start = torch.rand(1, 1, 8, 2, 8)
    assert torch.equal(build_network("reconresnet", arguments)(start), start)
    assert preset_of(preset, "reconresnet").patch > preset_of(preset, "rdn").patch
