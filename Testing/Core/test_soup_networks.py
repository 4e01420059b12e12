"""The networks of SOUP-GAN: one for every scale, its features, and what judges it."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from SuperResolveLib.methods.networks import build_network, on_meta_device
from SuperResolveLib.methods.soup.own_features import OwnFeatures
from SuperResolveLib.networks.generator import Generator
from SuperResolveLib.networks.multi_scale import MIXINGS, MultiScale
from SuperResolveLib.networks.of_detail import OfDetail
from SuperResolveLib.networks.patch_discriminator import PatchDiscriminator
from SuperResolveLib.networks.post_rrdb import PlaneShuffle
from SuperResolveLib.physics.anatomy.synthetic_anatomy import synthetic_anatomy
from SuperResolveLib.physics.degradation_range import DegradationRange
from SuperResolveLib.training.collection import Collection, Item
from SuperResolveLib.training.collection_pairs import CollectionBatches
from SuperResolveLib.training.optimisation import Optimisation, optimisers_for
from SuperResolveLib.training.random_streams import CountedStream

CPU = torch.device("cpu")
SMALL = {"channels": 4, "layers": 2}


def network(mixing: str = "parameters", seed: int = 0, **more: object) -> Generator:
    torch.manual_seed(seed)
    return build_network("multi-scale", {**SMALL, "mixing": mixing, "zero_last": False, **more}).double()


def multi_scale(**more: object) -> MultiScale:
    made = network(**more)
    assert isinstance(made, MultiScale)
    return made


@pytest.fixture
def start() -> torch.Tensor:
    return torch.rand(2, 1, 6, 7, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_the_published_one_has_eighteen_convolutions_to_a_path_and_622_986_parameters():
    published = on_meta_device("multi-scale", {})
    assert sum(parameter.numel() for parameter in published.parameters()) == 622_986
    run = []
    for layer in published.modules():
        if isinstance(layer, nn.Conv3d):
            layer.register_forward_hook(lambda *_: run.append(1))
    published.at_scale(4)(torch.empty(1, 1, 4, 4, 4, device="meta"))
    assert len(run) == 18


def test_the_published_one_starts_from_glorots_weights():
    published = build_network("multi-scale", {"zero_last": False})
    backbone = published.get_submodule("backbone.2").weight.detach()  # 32 channels to 32
    assert float(backbone.abs().max()) <= (6 / (2 * 32 * 27)) ** 0.5
    assert float(backbone.std()) == pytest.approx((2 / (2 * 32 * 27)) ** 0.5, rel=0.03)


@pytest.mark.parametrize("mixing", MIXINGS)
@pytest.mark.parametrize("scale", [2, 4, 6])
def test_at_a_whole_scale_it_is_the_part_of_that_scale(mixing, scale, start):
    made = multi_scale(mixing=mixing)
    entered = start + made.entrances[scale - 2](start)
    expected = entered + made.exits[scale - 2](made.backbone(entered))
    assert torch.equal(made.at_scale(scale)(start), expected)
    for near in (scale - 1e-9, scale + 1e-9):
        torch.testing.assert_close(made.at_scale(near)(start), expected)


def test_between_whole_scales_weights_are_mixed_or_answers(start):
    made = multi_scale()
    middle = copy.deepcopy(made)
    for parts in (middle.entrances, middle.exits):
        for first, second in zip(parts[1].parameters(), parts[2].parameters(), strict=True):
            first.data.lerp_(second.data, 0.25)
    torch.testing.assert_close(made.at_scale(3.25)(start), middle.at_scale(3)(start))
    other = multi_scale(mixing="outputs")
    other.load_state_dict(made.state_dict())
    entered = start + 0.75 * made.entrances[1](start) + 0.25 * made.entrances[2](start)
    features = made.backbone(entered)
    expected = entered + 0.75 * made.exits[1](features) + 0.25 * made.exits[2](features)
    torch.testing.assert_close(other.at_scale(3.25)(start), expected)
    assert not torch.allclose(other.at_scale(3.25)(start), made.at_scale(3.25)(start))


@pytest.mark.parametrize("mixing", MIXINGS)
def test_beyond_its_scales_it_is_the_nearest(mixing, start):
    made = network(mixing)
    assert torch.equal(made.at_scale(1.2)(start), made.at_scale(2)(start))
    assert torch.equal(made.at_scale(7.51)(start), made.at_scale(6)(start))
    alone = network(mixing, lowest=5, scales=1)
    assert torch.equal(alone.at_scale(2.5)(start), alone(start))


@pytest.mark.parametrize("mixing", MIXINGS)
@pytest.mark.parametrize(("detail", "identity"), [(False, False), (True, False), (True, True)])
@pytest.mark.parametrize("scale", [2, 3.7])
def test_with_zeros_in_the_last_layers_of_entrance_and_exit_it_gives_the_start(mixing, detail, identity, scale, start):
    made = network(mixing, zero_last=True, detail=detail, identity=identity)
    torch.testing.assert_close(made.at_scale(scale)(start), start, rtol=0, atol=1e-12)


def test_near_the_identity_are_the_convolutions_that_have_as_many_channels_in_as_out():
    made = multi_scale(identity=True, zero_last=True)
    layers = [each for each in made.modules() if isinstance(each, nn.Conv3d)]
    near = [float(each.weight.detach()[0, 0, 1, 1, 1]) > 0.5 for each in layers]
    assert near == [each.in_channels == each.out_channels for each in layers]
    assert sum(near) == SMALL["layers"] + 5 + 5  # of the backbone, and one of every entrance and exit


def test_near_the_identity_a_deep_one_learns_several_times_faster():
    volume = synthetic_anatomy(0, 32)
    items = (Item("0", "0", (32, 32, 32), (1.0, 1.0, 1.0)),)
    degradations, random = DegradationRange("profile", (3.0, 3.0)), CountedStream(1, CPU)
    patches = Collection(items, lambda _: volume), degradations, 1, (10, 10, 10), "tikhonov", random, CPU
    pairs = CollectionBatches(*patches).at(0)

    def left_of_the_error(identity: bool) -> float:
        torch.manual_seed(0)
        deep = {"channels": 6, "layers": 24, "scales": 1, "detail": True, "identity": identity}
        made = build_network("multi-scale", deep)
        optimisation = Optimisation(made.parameters(), optimisers_for(made, 1e-3, "muon"), gradient_norm=1.0)
        errors = []
        for _ in range(11):
            error = (made(pairs.start[:, None])[:, 0] - pairs.truth).square().mean()
            errors.append(float(error.detach()))
            optimisation.step(error)
        return errors[-1] / errors[0]

    assert 1 - left_of_the_error(True) > 3 * (1 - left_of_the_error(False)) > 0


def test_what_starts_from_zeros_learns_in_both_parts_of_a_scale(start):
    made = multi_scale(zero_last=True)
    optimiser = torch.optim.SGD(made.parameters(), lr=1e-2)
    for _ in range(2):  # the first update reaches the last layers
        optimiser.zero_grad()
        (made.at_scale(2.5)(start) - start.flip(2)).square().mean().backward()
        optimiser.step()
    for part in (*made.entrances[:2], *made.exits[:2], made.backbone):
        assert all(each.grad is not None and float(each.grad.abs().max()) > 0 for each in part.parameters())
    assert all(each.grad is None for each in made.entrances[2].parameters())


def test_at_a_scale_it_has_the_same_weights_and_not_copies(start):
    made = network(detail=True)
    at = made.at_scale(3.5)
    assert isinstance(made, OfDetail) and isinstance(at, OfDetail)
    assert {id(each) for each in at.parameters()} == {id(each) for each in made.parameters()}
    assert (at.receptive_radius, at.arguments) == (made.receptive_radius, made.arguments)


def test_a_network_that_knows_no_scales_is_the_same_at_all():
    plain = build_network("deepresolve", {"layers": 2, "channels": 2, "detail": True})
    assert plain.at_scale(3.3) is plain


@pytest.mark.parametrize("detail", [False, True])
def test_its_own_features_are_what_its_encoder_answers_in_a_volume_that_is_the_same_along_an_axis(detail):
    made = network(detail=detail)
    inner = made.network if isinstance(made, OfDetail) else made
    assert isinstance(inner, MultiScale)
    features = OwnFeatures(made)
    image = torch.rand(1, 1, 9, 10, dtype=torch.float64)
    volume = image[..., None].expand(-1, -1, -1, -1, 41)
    if detail:
        from SuperResolveLib.networks.of_detail import GAIN, local_mean

        volume = GAIN * (volume - local_mean(volume))
    expected = inner.backbone(inner.entered(volume))[..., 20]
    torch.testing.assert_close(features(image), expected)
    assert not any(parameter.requires_grad for parameter in features.parameters())


def test_a_network_without_encoder_has_no_features():
    with pytest.raises(TypeError, match="no encoder"):
        OwnFeatures(build_network("unet", {"levels": 1, "channels": 2}))


@pytest.mark.parametrize(("scale", "factor"), [(1.2, 2), (2.5, 3), (3.4, 3), (4, 4), (7.51, 6)])
def test_after_the_body_planes_are_as_many_as_before_it(scale, factor, start):
    made = build_network("post-rrdb", {"blocks": 1, "channels": 4, "growth": 2, "zero_last": False}).double()
    seen: list[torch.Size] = []
    made.get_submodule("body").register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].shape))
    at = made.at_scale(scale)
    assert (at.stride, at.fold) == (factor, factor) and (made.stride, made.fold) == (6, 6)
    assert at(start).shape == start.shape
    assert seen == [(2, 4, -(-6 // factor), 7, 8)]
    (at(start) - start.flip(2)).square().mean().backward()
    heads = [any(each.grad is not None for each in head.parameters()) for head in made.get_submodule("heads")]
    assert heads == [number + 2 == factor for number in range(5)]


def test_what_is_folded_into_channels_becomes_planes_again():
    planes = torch.rand(2, 3, 12, 4, 5)
    folded = planes.unflatten(2, (-1, 4)).transpose(2, 3).flatten(1, 2)
    assert torch.equal(PlaneShuffle(4)(folded), planes)


def test_the_discriminator_halves_the_resolution_with_every_second_convolution():
    with torch.device("meta"):
        judge = PatchDiscriminator((32, 32, 32))
    convolutions = [each for each in judge.modules() if isinstance(each, nn.Conv3d)]
    assert [each.out_channels for each in convolutions] == [32, 32, 64, 64, 128, 128, 256, 256]
    assert [each.stride[0] for each in convolutions] == [1, 2] * 4
    assert judge(torch.empty(2, 1, 32, 32, 32, device="meta")).shape == (2,)


def test_the_discriminator_judges_each_patch_by_itself_of_any_size():
    torch.manual_seed(0)
    judge = PatchDiscriminator((24, 24, 24), channels=2)
    patches = torch.rand(3, 1, 24, 24, 24)
    torch.testing.assert_close(judge(patches)[:1], judge(patches[:1]))
    assert judge(patches[:, :, :20, :9]).shape == (3,)
