"""The networks of the CT-guided method: their sizes, what they see, and what normalisation does in them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from SuperResolveLib.data.geometry import slice_geometry
from SuperResolveLib.data.output_grid import output_grid
from SuperResolveLib.data.volume import Volume
from SuperResolveLib.losses.translation import adversarial_loss, content_distance, fooling_loss
from SuperResolveLib.methods.learned import Learned
from SuperResolveLib.methods.method import MethodSettings
from SuperResolveLib.methods.networks import NETWORKS, build_network, load_network, parameter_count, tensors_of
from SuperResolveLib.methods.tiles import apply_in_tiles
from SuperResolveLib.model import Card, Model
from SuperResolveLib.networks.ct_guided.attribute_encoder import AttributeEncoder
from SuperResolveLib.networks.ct_guided.citnet import CITNet
from SuperResolveLib.networks.ct_guided.content_encoder import ContentEncoder
from SuperResolveLib.networks.ct_guided.discriminator import MultiScaleDiscriminator
from SuperResolveLib.networks.ct_guided.image_generator import ImageGenerator
from SuperResolveLib.networks.ct_guided.layers import adapted, normalised
from SuperResolveLib.networks.ct_guided.srnet import SRNet, shuffled_along_planes
from SuperResolveLib.networks.generator import Generator
from SuperResolveLib.physics.problem import Problem
from SuperResolveLib.physics.profile import SliceProfile

SMALL = {"blocks": 1, "layers": 1, "channels": 4, "growth": 4}
OF_SLICES = [name for name in NETWORKS if name.startswith("srnet")]
CPU = torch.device("cpu")


def small(name: str, **more: object) -> Generator:
    torch.manual_seed(0)
    return build_network(name, {**SMALL, **more}).eval()


def test_published_sizes_have_the_published_numbers_of_parameters() -> None:
    assert parameter_count("srnet", {}) == 22_121_089
    assert parameter_count("srnet-3d", {}) == 6_141_825
    # twice as many planes are as many features more before they are shuffled, and nothing else
    assert parameter_count("srnet", {"factor": 8}) - 22_121_089 == (9 * 64 + 1) * 64 * 4


def test_pixels_are_shuffled_along_one_axis_alone() -> None:
    features = torch.arange(2 * 6 * 3 * 4).view(2, 6, 3, 4)
    shuffled = shuffled_along_planes(features, 3)
    assert shuffled.shape == (2, 2, 9, 4)
    for place in range(9):
        assert torch.equal(shuffled[:, 1, place], features[:, 3 + place % 3, place // 3])


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("name", OF_SLICES)
def test_networks_of_slices_see_no_farther_than_they_say(name: str, residual: bool) -> None:
    for axis in range(3):
        network = small(name, factor=3, residual=residual)
        radius, shape = network.receptive_radius * (network.fold if axis == 0 else 1), [6, 3, 3]
        shape[axis] = 3 * (2 * radius // 3 + 3)
        start = torch.rand(1, 1, *shape, requires_grad=True)
        centre = [1, 1, 1]
        centre[axis] = shape[axis] // 2
        network(start)[(0, 0, *centre)].backward()
        assert start.grad is not None
        others = tuple(each for each in range(3) if each != axis)
        seen = torch.nonzero(start.grad[0, 0].abs().sum(others))[:, 0]
        assert centre[axis] - radius <= int(seen.min()) < int(seen.max()) <= centre[axis] + radius


@pytest.mark.parametrize("name", OF_SLICES)
def test_tiles_of_a_network_of_slices_cannot_be_seen(name: str) -> None:
    network = small(name, factor=3, residual=True)
    slices = np.random.default_rng(0).random((18, 8, 44), np.float32)
    start = slices.repeat(3, axis=0)
    whole = apply_in_tiles(network, start, network.receptive_radius, CPU, voxels_at_once=10**9)
    tiled = apply_in_tiles(network, start, network.receptive_radius, CPU, voxels_at_once=1)
    np.testing.assert_allclose(tiled, whole, atol=1e-5)


def test_both_through_plane_images_have_the_same_say() -> None:
    network = small("srnet", factor=2)
    assert isinstance(network, SRNet)
    slices = torch.rand(1, 5, 6, 7)
    answer, swapped = network.planes(slices), network.planes(slices.transpose(2, 3))
    torch.testing.assert_close(answer, swapped.transpose(2, 3))
    of_rows = torch.cat([network.planes(slices[..., each : each + 1]) for each in range(7)], dim=3)
    of_columns = torch.cat([network.planes(slices[:, :, each : each + 1]) for each in range(6)], dim=2)
    torch.testing.assert_close(answer, (of_rows + of_columns) / 2)


@pytest.mark.parametrize("name", OF_SLICES)
def test_arguments_build_the_same_network_of_slices_again(name: str) -> None:
    network = small(name, factor=3, residual=True, centred=False)
    assert set(network.arguments) == set(NETWORKS[name].arguments)
    again = load_network(Model(card(name, network), tensors_of(network)))
    start = torch.rand(1, 1, 7, 6, 7)
    assert torch.equal(again(start), network(start)) and again(start).shape == start.shape


def card(name: str, network: Generator, start: str = "slices") -> Card:
    return Card(
        method="ct-guided",
        network=name,
        network_arguments=network.arguments,
        operator="profile",
        consistent=False,
        start=start,
        ratios=(3.0, 4.0),
        fwhm_ratios=(0.5, 1.5),
        voxels_mm=(0.5, 2.0),
        halo=network.receptive_radius,
    )


def restored(model: Model, scan: Volume) -> np.ndarray:
    geometry = slice_geometry(scan)
    problem = Problem.of(scan, geometry, SliceProfile.gaussian(3.3, 0.25), output_grid(scan, geometry))
    return Learned(model, MethodSettings(device="cpu")).restore(problem, lambda *_: None).data


@pytest.mark.parametrize("centred", [True, False])
def test_results_lie_where_the_scan_lies_however_it_is_stored(centred: bool) -> None:
    network = small("srnet", factor=4, residual=True, centred=centred, zero_last=True)
    model = Model(card("srnet", network), tensors_of(network))
    ramp = np.broadcast_to(np.arange(9, dtype=np.float32), (10, 12, 9)).copy()
    scan = Volume(ramp, np.diag([1.0, 1.0, 3.3, 1.0]))
    grid = output_grid(scan, slice_geometry(scan))
    answer = restored(model, scan)
    inner = slice(6, -6)
    np.testing.assert_allclose(answer[3, 4, inner], grid.positions[inner], atol=2e-3)
    affine = scan.affine.copy()
    affine[2, 2], affine[2, 3] = -3.3, 8 * 3.3
    reversed_scan = Volume(ramp[:, :, ::-1].copy(), affine)
    torch.manual_seed(1)
    network = small("srnet", factor=4, centred=centred)
    model = Model(card("srnet", network), tensors_of(network))
    np.testing.assert_allclose(restored(model, reversed_scan)[:, :, ::-1], restored(model, scan), atol=1e-4)


def test_a_card_that_contradicts_its_network_is_refused() -> None:
    network = small("srnet")
    scan = Volume(np.random.default_rng(0).random((10, 12, 9), np.float32), np.diag([1.0, 1.0, 3.3, 1.0]))
    with pytest.raises(ValueError, match="cannot start from spline"):
        restored(Model(card("srnet", network, "spline"), tensors_of(network)), scan)


# what translates


def test_adaptive_normalisation_gives_the_statistics_that_it_is_told() -> None:
    features = 5 + 3 * torch.randn(2, 3, 16, 16)
    parameters = torch.tensor([[1.0, -2, 3, 0.5, 2, 4], [0.0, 1, 2, 3, 1, 0.1]])
    made = adapted(features, parameters)
    torch.testing.assert_close(made.mean(dim=(2, 3)), parameters[:, :3], atol=1e-4, rtol=0)
    torch.testing.assert_close(made.std(dim=(2, 3), unbiased=False), parameters[:, 3:], atol=1e-3, rtol=1e-3)


def test_normalisation_keeps_nothing_and_is_the_same_in_training_and_in_use() -> None:
    net = CITNet(2, 1)
    assert not list(net.buffers())
    images, sampled = torch.rand(3, 1, 16, 16), torch.randn(3, 8)
    trained = net.train().there_and_back(images, sampled)
    used = net.eval().there_and_back(images, sampled)
    assert all(torch.equal(a, b) for a, b in zip(trained, used, strict=True))
    alone = net.there_and_back(images[:1], sampled[:1])
    torch.testing.assert_close(alone[1], used[1][:1], atol=1e-5, rtol=1e-4)
    assert float(normalised(torch.full((1, 1, 4, 4), 7.0)).abs().max()) == 0


def test_codes_and_images_have_the_published_sizes() -> None:
    with torch.device("meta"):
        content, attributes = ContentEncoder(), AttributeEncoder()
        generator, critic = ImageGenerator(), MultiScaleDiscriminator()
        images = torch.empty(2, 1, 128, 96)
    assert content(images).shape == (2, 256, 32, 24)
    assert attributes(images).shape == (2, 8)
    assert generator(content(images), attributes(images)).shape == images.shape
    assert [tuple(each.shape) for each in critic(images)] == [(2, 1, 8, 6), (2, 1, 4, 3), (2, 1, 2, 1)]
    widths = [layer.out_channels for layer in critic.scales[0] if isinstance(layer, nn.Conv2d)]
    assert widths == [64, 128, 256, 512, 1]


def test_small_images_are_judged_at_fewer_scales() -> None:
    critic = MultiScaleDiscriminator(2, 2, 3)
    assert [len(critic(torch.rand(1, 1, size, 64))) for size in (64, 8, 4)] == [3, 2, 1]


def test_the_adversarial_loss_is_its_equation_at_every_scale() -> None:
    real, generated = [torch.tensor([0.3, -1.0]), torch.tensor([2.0])], [torch.tensor([0.1]), torch.tensor([-0.5])]
    d = torch.sigmoid
    expected = sum(
        float(torch.log(d(r)).mean() + torch.log(1 - d(g)).mean()) for r, g in zip(real, generated, strict=True)
    )
    assert float(adversarial_loss(real, generated)) == pytest.approx(expected, rel=1e-5)
    fooled = -sum(
        float(torch.log(1 - d(r)).mean() + torch.log(d(g)).mean()) for r, g in zip(real, generated, strict=True)
    )
    assert float(fooling_loss(real, generated)) == pytest.approx(fooled, rel=1e-5)


def test_normalised_features_leave_out_brightness_and_contrast() -> None:
    images = 2 * torch.rand(1, 1, 8, 8) - 1
    other = 0.5 * images + 0.2
    assert float(content_distance(lambda each: each, images, other, True)) < 1e-3
    assert float(content_distance(lambda each: each, images, other, False)) > 1e-2
