"""Tiles: they cannot be told from one piece, and need no more memory however large the volume is."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from SuperResolveLib.errors import Cancelled
from SuperResolveLib.methods.tiles import NARROWEST, NOT_SEEN, answers_in_tiles, apply_in_tiles, measured_halo
from SuperResolveLib.networks.generator import Generator
from SuperResolveLib.networks.post_rrdb import PostRRDB
from SuperResolveLib.networks.unet import UNet

CPU = torch.device("cpu")


class Convolutions(Generator):
    """A residual network whose biases make what is padded at faces matter."""

    def __init__(self, layers: int = 3, channels: int = 4, gain: float = 1.0) -> None:
        super().__init__()
        torch.manual_seed(layers)
        widths = [1, *[channels] * (layers - 1), 1]
        self.layers = nn.ModuleList(nn.Conv3d(a, b, 3, padding=1) for a, b in pairwise(widths))
        self.gain = gain
        self.receptive_radius = layers

    def forward(self, start: torch.Tensor) -> torch.Tensor:
        features = start
        for layer in self.layers:
            features = torch.relu(layer(features)) * self.gain if layer is not self.layers[-1] else layer(features)
        return start + features


class Fading(Generator):
    """Sees far, but ever less the farther: 40 weak blurs in a row."""

    receptive_radius = 40

    def forward(self, start: torch.Tensor) -> torch.Tensor:
        kernel = torch.full((1, 1, 3, 3, 3), 0.2 / 27)
        for _ in range(self.receptive_radius):
            start = 0.8 * start + nn.functional.conv3d(start + 0.5, kernel, padding=1)
        return start


class Same(Generator):
    """Answers what it is given."""

    def forward(self, start: torch.Tensor) -> torch.Tensor:
        return start


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).random(shape, dtype=np.float32)


def whole(network: nn.Module, start: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return network(torch.as_tensor(start)[None, None])[0, 0].numpy()


@pytest.mark.parametrize("shape", [(23, 45, 40), (5, 50, 61), (70, 9, 41), (3, 4, 5)])
@pytest.mark.parametrize("more", [0, 2])
def test_tiles_are_not_seen(shape, more):
    network, start = Convolutions(), noise(*shape)
    halo = network.receptive_radius + more
    tiled = apply_in_tiles(network, start, halo, CPU, voxels_at_once=1000)
    assert np.abs(tiled - whole(network, start)).max() < NOT_SEEN


@pytest.mark.parametrize("shape", [(23, 45, 40), (5, 70, 61)])
def test_tiles_of_a_network_that_resamples_begin_where_its_grid_does(shape):
    torch.manual_seed(0)
    network, start = UNet(levels=2, channels=2, zero_last=False), noise(*shape)
    tiled = apply_in_tiles(network, start, network.receptive_radius, CPU, voxels_at_once=1000)
    np.testing.assert_allclose(tiled, whole(network, start), atol=1e-5)


@pytest.mark.parametrize(("scale", "shape"), [(2, (110, 9, 5)), (2.6, (150, 8, 4)), (2.6, (10, 60, 4))])
def test_tiles_of_a_network_that_folds_planes_see_as_many_times_as_many_of_them(scale, shape):
    torch.manual_seed(0)
    made, start = PostRRDB(scales=3, blocks=1, channels=4, growth=2, zero_last=False), noise(*shape)
    network = made.at_scale(scale)
    tiled = apply_in_tiles(network, start, network.receptive_radius, CPU, voxels_at_once=1000)
    np.testing.assert_allclose(tiled, whole(network, start), atol=1e-5)


def test_a_narrower_halo_is_seen():
    network, start = Convolutions(), noise(23, 45, 40)
    tiled = apply_in_tiles(network, start, network.receptive_radius - 1, CPU, voxels_at_once=1000)
    assert np.abs(tiled - whole(network, start)).max() > 10 * NOT_SEEN


@pytest.mark.parametrize(("halo", "at_once"), [(3, 40**3), (20, 2**18), (20, 1000)])
def test_tiles_cover_the_volume_once_and_are_no_larger_than_asked(halo, at_once):
    seen: list[int] = []
    network = Same()
    network.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].numel()))
    covered, told = np.zeros((61, 90, 83), np.int8), []
    start = noise(*covered.shape)
    for part, answer in answers_in_tiles(
        network,
        lambda rows, columns: start[:, rows, columns],
        covered.shape,
        halo,
        CPU,
        lambda *all: told.append(all[0]),
        at_once,
    ):
        np.testing.assert_array_equal(answer, start[part])
        covered[part] += 1
    assert (covered == 1).all()
    assert max(seen) <= max(at_once, (2 * halo + NARROWEST) ** 3)
    assert told == sorted(told) and told[-1] == 1.0


def test_a_large_scan_needs_little_memory():
    """512 x 512 x 60 voxels at a ratio of 7.5 are 450 planes: half a gigabyte, of which nothing is held."""
    line = noise(450, 1, 1)

    def start_of(rows: slice, columns: slice) -> np.ndarray:
        return np.broadcast_to(line, (450, rows.stop - rows.start, columns.stop - columns.start))

    tracemalloc.start()
    try:
        voxels = sum(
            answer.size for _, answer in answers_in_tiles(Same(), start_of, (450, 512, 512), 6, CPU, lambda *_: None)
        )
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert voxels == 450 * 512 * 512
    assert peak < 2**25


@pytest.mark.parametrize("limit", [2, 5])
def test_can_be_cancelled_within_a_tile(limit):
    network, told, run = Convolutions(), [], []
    for layer in network.layers:
        layer.register_forward_hook(lambda *_: run.append(1))

    def cancel(fraction: float, stage: str, stage_fraction: float | None = None) -> None:
        told.append(fraction)
        if len(told) == limit:
            raise Cancelled

    with pytest.raises(Cancelled):
        apply_in_tiles(network, noise(40, 40, 40), 3, CPU, cancel, 1000)
    assert told == sorted(told) and len(run) == limit - 1 - (limit > 3)
    assert not any(layer._forward_pre_hooks for layer in network.layers)


def test_the_halo_of_a_network_that_sees_near_is_all_that_it_sees():
    assert measured_halo(Convolutions(3), CPU) == (3, 0.0)


@pytest.mark.parametrize("probe", [None, noise(30, 60, 60)])
def test_the_halo_of_a_network_that_sees_far_is_measured(probe):
    network = Fading()
    halo, error = measured_halo(network, CPU, probe)
    assert 2 < halo <= 24 and 0 < error < NOT_SEEN
    narrow, larger = measured_halo(network, CPU, probe, widest=4)
    assert narrow == 4 and larger > NOT_SEEN
    start = noise(30, 60, 60)
    for each, told in ((halo, error), (narrow, larger)):
        tiled = apply_in_tiles(network, start, each, CPU, voxels_at_once=1000)
        assert np.abs(tiled - whole(network, start)).max() < max(3 * told, NOT_SEEN)
