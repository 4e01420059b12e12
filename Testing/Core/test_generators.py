"""The 3-D generators: their sizes, how they start, what they see, that they learn, and what is refused as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from SuperResolveLib.errors import InputError
from SuperResolveLib.methods.networks import (
    NETWORKS,
    build_network,
    load_network,
    network_shapes,
    on_meta_device,
    parameter_count,
    tensors_of,
)
from SuperResolveLib.model import Card, Model
from SuperResolveLib.networks.deepresolve import DeepResolve
from SuperResolveLib.networks.generator import Generator
from SuperResolveLib.networks.mdcsrn_critic import MDCSRNCritic

#: A small one of each, for tests that compute.
SMALL: dict[str, dict[str, Any]] = {
    "deepresolve": {"layers": 4, "channels": 12},
    "dcsrn": {"growth": 8, "units": 2},
    "mdcsrn": {"growth": 6, "blocks": 2, "units": 2},
    "rdn": {"blocks": 1, "layers": 2, "channels": 12, "growth": 12},
    "rrdb": {"blocks": 1, "channels": 12, "growth": 8},
    "reconresnet": {"channels": 6, "blocks": 1, "dropout": 0.0, "residual": True},
    "multi-scale": {"channels": 12, "layers": 2},
    "post-rrdb": {"scales": 2, "blocks": 1, "channels": 12, "growth": 8},
    "unet": {"levels": 1, "channels": 8},
}
#: Those that start on the planes of the answer; the others have tests of their own.
OF_PLANES = [name for name in NETWORKS if not name.startswith(("srnet", "gated"))]
WITH_BATCH_NORMALISATION = ("dcsrn", "mdcsrn")
ARGUMENTS_OF_STARTING_AS_THE_START = {
    name: {**small, "zero_last": True} | ({"residual": True} if name in WITH_BATCH_NORMALISATION else {})
    for name, small in SMALL.items()
}


def small(name: str, **more: Any) -> Generator:
    torch.manual_seed(0)
    return build_network(name, {**SMALL[name], **more})


def randomised(network: Generator) -> Generator:
    """With weights of which none vanishes, and running statistics as of some training."""
    generator = torch.Generator().manual_seed(1)
    for key, tensor in network.state_dict().items():
        if tensor.is_floating_point():
            values = torch.rand(tensor.shape, generator=generator)
            tensor.copy_(values + 0.5 if "running_var" in key else 0.3 * (values - 0.5))
    return network


# sizes


@pytest.mark.parametrize(
    ("name", "arguments", "count"),
    [
        ("deepresolve", {}, 1_995_329),
        ("dcsrn", {}, 223_585),
        ("mdcsrn", {}, 411_649),
        ("rdn", {}, 5_699_201),  # 6.1 million with the published upsampling by 4 of one axis, below
        ("rrdb", {}, 3_293_665),
        ("rrdb", {"blocks": 23, "channels": 64, "growth": 32}, 49_838_593),
        ("reconresnet", {}, 17_266_452),  # 17.3 million
        ("multi-scale", {}, 622_986),
    ],
)
def test_published_sizes_have_the_published_numbers_of_parameters(
    name: str, arguments: dict[str, int], count: int
) -> None:
    assert parameter_count(name, arguments) == count


def test_rdn_lacks_nothing_but_the_upsampling_of_the_published_one() -> None:
    upsampling = 27 * 64 * (4 * 64) + 4 * 64
    assert round((parameter_count("rdn", {}) + upsampling) / 1e6, 1) == 6.1


def test_biases_of_dcsrn_are_in_its_last_convolution_alone() -> None:
    convolutions = [each for each in on_meta_device("dcsrn", {}).modules() if isinstance(each, nn.Conv3d)]
    assert [each.bias is not None for each in convolutions] == [False] * 5 + [True]


def operations(network: nn.Module, shape: tuple[int, int, int]) -> int:
    """Of the convolutions of a forward pass, two a multiplication and addition; computed on the meta device."""
    counts = []

    def count(layer: nn.Module, _: object, output: torch.Tensor) -> None:
        assert isinstance(layer, nn.Conv3d)
        counts.append(2 * layer.weight.numel() * output[0, 0].numel())

    for layer in network.modules():
        if isinstance(layer, nn.Conv3d):
            layer.register_forward_hook(count)
    network(torch.empty(1, 1, *shape, device="meta"))
    return sum(counts)


@pytest.mark.parametrize(("name", "edge", "giga"), [("deepresolve", 32, 131), ("dcsrn", 64, 117)])
def test_a_published_patch_costs_what_is_published(name: str, edge: int, giga: int) -> None:
    assert round(operations(on_meta_device(name, {}), (edge, edge, edge)) / 1e9) == giga


# how they start and what they see


@pytest.mark.parametrize("name", OF_PLANES)
def test_a_residual_network_with_zeros_in_its_last_layer_gives_the_start(name: str) -> None:
    network = build_network(name, ARGUMENTS_OF_STARTING_AS_THE_START[name])
    start = torch.randn(2, 1, 5, 6, 7, generator=torch.Generator().manual_seed(0))
    assert torch.equal(network(start), start)


@pytest.mark.parametrize("name", WITH_BATCH_NORMALISATION)
def test_a_network_without_residual_starts_from_nothing(name: str) -> None:
    answer = small(name, zero_last=True)(torch.randn(1, 1, 5, 6, 7))
    assert torch.equal(answer, torch.zeros(1, 1, 5, 6, 7))


@pytest.mark.parametrize("name", OF_PLANES)
def test_without_zeros_in_its_last_layer_it_starts_as_something_else(name: str) -> None:
    start = torch.randn(1, 1, 5, 6, 7)
    answer = small(name, zero_last=False)(start)
    assert answer.shape == start.shape
    assert float((answer - start).detach().abs().max()) > 0
    assert bool(answer.isfinite().all())


@pytest.mark.parametrize("layers", [8, 20])
def test_near_the_identity_the_last_layer_sees_what_the_first_one_did(layers: int) -> None:
    def alike(identity: bool) -> float:
        torch.manual_seed(0)
        body = DeepResolve(layers, 24, identity=identity).body
        first = body[:2](torch.randn(1, 1, 12, 12, 12))
        seen = torch.stack([first.flatten(), body[2:](first).flatten()])
        return float(torch.corrcoef(seen.detach())[0, 1])

    assert alike(True) > 0.4 > 4 * abs(alike(False))


def test_the_published_deepresolve_passes_on_as_much_as_it_is_given() -> None:
    torch.manual_seed(0)
    network = build_network("deepresolve", {"channels": 16})
    with torch.no_grad():
        features = network.get_submodule("body")(torch.rand(1, 1, 8, 8, 8))
    assert 0.05 < float(features.square().mean().sqrt()) < 5


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("name", [name for name in OF_PLANES if name != "reconresnet"])  # sees images as a whole
def test_receptive_radius_is_how_far_a_voxel_sees(name: str, axis: int) -> None:
    network = randomised(small(name)).eval().double()
    radius = network.receptive_radius * (network.fold if axis == 0 else 1)
    shape = [3, 3, 3]
    shape[axis] = 2 * radius + 7
    centre = [1, 1, 1]
    centre[axis] = radius + 3
    start = torch.rand(1, 1, *shape, dtype=torch.float64, requires_grad=True)
    network(start)[(0, 0, *centre)].backward()
    assert start.grad is not None
    others = tuple(each for each in range(3) if each != axis)
    seen = torch.nonzero(start.grad[0, 0].abs().sum(others))[:, 0]
    # what resamples sees less far from some voxels than from others
    less = network.stride + network.fold - 1
    assert 3 <= int(seen.min()) < 3 + less
    assert 2 * radius + 3 - less < int(seen.max()) <= 2 * radius + 3


@pytest.mark.parametrize(("name", "radius"), [("deepresolve", 20), ("dcsrn", 6), ("mdcsrn", 17), ("rdn", 28)])
def test_published_networks_see_as_far_as_is_published(name: str, radius: int) -> None:
    assert on_meta_device(name, {}).receptive_radius == radius


@pytest.mark.parametrize("name", OF_PLANES)
def test_arguments_build_the_same_network_again(name: str) -> None:
    network = randomised(small(name)).eval()
    again = build_network(name, network.arguments).eval()
    assert again.arguments == network.arguments and set(network.arguments) == set(NETWORKS[name].arguments)
    again.load_state_dict(network.state_dict())
    start = torch.randn(1, 1, 5, 6, 7)
    assert torch.equal(again(start), network(start))


# learning


@pytest.mark.parametrize("name", OF_PLANES)
def test_every_network_overfits_one_patch(name: str) -> None:
    network = small(name)
    generator = torch.Generator().manual_seed(2)
    truth = torch.rand(1, 1, 9, 9, 9, generator=generator)
    start = nn.functional.interpolate(truth[:, :, ::4], size=(9, 9, 9), mode="trilinear", align_corners=True)
    first = float((start - truth).square().mean())
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    for _ in range(150):
        loss = (network(start) - truth).square().mean()
        if float(loss.detach()) < 0.2 * first:
            return
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    pytest.fail(f"the error fell to {float(loss.detach()) / first:.2f} of the start's alone")


# batch normalisation


def by_running_statistics(network: Generator, start: torch.Tensor) -> torch.Tensor:
    """The answer of a network whose batch normalisations are replaced by what their running statistics say."""

    def normalise(layer: nn.Module, inputs: tuple[torch.Tensor], _: torch.Tensor) -> torch.Tensor:
        assert isinstance(layer, nn.BatchNorm3d) and layer.running_mean is not None and layer.running_var is not None
        mean, variance, gain, offset = (
            each.view(1, -1, 1, 1, 1) for each in (layer.running_mean, layer.running_var, layer.weight, layer.bias)
        )
        return gain * (inputs[0] - mean) / (variance + layer.eps).sqrt() + offset

    handles = [
        layer.register_forward_hook(normalise) for layer in network.modules() if isinstance(layer, nn.BatchNorm3d)
    ]
    try:
        return network(start)
    finally:
        for handle in handles:
            handle.remove()


@pytest.mark.parametrize("name", WITH_BATCH_NORMALISATION)
def test_in_eval_batch_normalisation_gives_what_its_running_statistics_say(name: str) -> None:
    network = small(name)
    generator = torch.Generator().manual_seed(3)
    for _ in range(5):  # statistics of something
        network(torch.rand(2, 1, 6, 6, 6, generator=generator))
    network.eval()
    start = torch.rand(2, 1, 6, 6, 6, generator=generator)
    with torch.no_grad():
        answer = network(start)
        assert torch.allclose(answer, by_running_statistics(network, start), atol=1e-5)
        assert torch.allclose(answer[:1], network(start[:1]), atol=1e-6), "another patch of the batch is seen"
        assert not torch.allclose(answer, network.train()(start), atol=1e-4)


# the critic


def test_the_critic_has_the_published_widths() -> None:
    with torch.device("meta"):
        critic = MDCSRNCritic((64, 64, 64))
    convolutions = [each for each in critic.modules() if isinstance(each, nn.Conv3d)]
    assert [each.out_channels for each in convolutions] == [64, 64, 128, 128, 256, 256, 512, 512]
    assert [each.stride[0] for each in convolutions] == [1, 2] * 4
    assert not [each for each in critic.modules() if isinstance(each, nn.BatchNorm3d)]
    assert critic(torch.empty(2, 1, 64, 64, 64, device="meta")).shape == (2,)


def test_the_critic_judges_each_patch_by_itself_and_its_gradient_can_be_penalised() -> None:
    torch.manual_seed(0)
    critic = MDCSRNCritic((9, 16, 20), channels=4, dense=8)
    patches = torch.rand(3, 1, 9, 16, 20, requires_grad=True)
    scores = critic(patches)
    assert scores.shape == (3,)
    assert torch.allclose(scores[:1], critic(patches[:1]), atol=1e-6)
    (gradient,) = torch.autograd.grad(scores.sum(), patches, create_graph=True)
    penalty = (gradient.flatten(1).norm(dim=1) - 1).square().mean()
    penalty.backward()
    first = next(critic.parameters())
    assert first.grad is not None and float(first.grad.abs().max()) > 0


def test_the_critic_learns_to_tell_patches_apart() -> None:
    torch.manual_seed(0)
    critic = MDCSRNCritic((8, 8, 8), channels=4, dense=8)
    sharp = torch.rand(4, 1, 8, 8, 8)
    smooth = nn.functional.avg_pool3d(sharp, 3, stride=1, padding=1)
    optimiser = torch.optim.Adam(critic.parameters(), lr=1e-3)
    for _ in range(40):
        difference = critic(smooth).mean() - critic(sharp).mean()
        optimiser.zero_grad()
        difference.backward()
        optimiser.step()
    assert float(critic(sharp).detach().min()) > float(critic(smooth).detach().max())


# what is refused


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("vnet", {}, "there is no network 'vnet': choose one of deepresolve, "),
        ("multi-scale", {"scales": 0}, "is 0: it must be a whole number from 1 to 32"),
        ("multi-scale", {"scales": 32, "lowest": 10**6}, "it must be a whole number from 1 to 100"),
        ("multi-scale", {"mixing": "inputs"}, "is 'inputs': it must be one of parameters, outputs"),
        ("multi-scale", {"mixing": ["outputs"]}, "it must be one of parameters, outputs"),
        ("unet", {"levels": 6}, "it must be a whole number from 1 to 5"),
        ("multi-scale", {"scales": 32, "channels": 256}, "million parameters with these"),
        ("x" * 10**6, {}, "there is no network 'xxx.*\\.\\.\\.: choose"),
        (["dcsrn"], {}, "there is no network"),
        ("deepresolve", {"depth": 3}, "has no argument 'depth': it takes layers, channels, zero_last, identity"),
        ("deepresolve", {"layers": 10**9}, "layers of the network deepresolve is 1000000000: it must be a whole"),
        ("deepresolve", {"layers": 10**10_000}, "is a huge number: it must be a whole number from 2 to 64"),
        ("deepresolve", {"layers": -1}, "it must be a whole number"),
        ("deepresolve", {"channels": 2.5}, "is 2.5: it must be a whole number"),
        ("deepresolve", {"channels": "64"}, "is '64': it must be a whole number"),
        ("deepresolve", {"channels": True}, "is True: it must be a whole number"),
        ("deepresolve", {"channels": [64]}, "it must be a whole number"),
        ("deepresolve", {"channels": None}, "it must be a whole number"),
        ("dcsrn", {"residual": 1}, "is 1: it must be true or false"),
        ("rrdb", {"residual_scale": float("nan")}, "is nan: it must be a number from 0 to 1"),
        ("rrdb", {"residual_scale": float("inf")}, "is inf: it must be a number from 0 to 1"),
        ("rdn", {"blocks": 32, "layers": 16, "channels": 256, "growth": 256}, "million parameters with these"),
        ("mdcsrn", {"growth": 256, "blocks": 16, "units": 16}, "million parameters with these"),
        ("rrdb", {"blocks": 32, "channels": 256, "growth": 256}, "million parameters with these"),
    ],
)
def test_a_card_of_no_network_is_refused_in_one_sentence(name: Any, arguments: dict[str, Any], sentence: str) -> None:
    for build in (build_network, network_shapes, parameter_count):
        with pytest.raises(InputError, match=sentence) as error:
            build(name, arguments)
        assert len(str(error.value)) < 300 and "\n" not in str(error.value)


def model_of(network: Generator, name: str) -> Model:
    card = Card(
        method="supervised",
        network=name,
        network_arguments=network.arguments,
        operator="profile",
        consistent=True,
        start="tikhonov",
        ratios=(2.0, 6.0),
        fwhm_ratios=(0.8, 1.2),
        voxels_mm=(0.8, 1.2),
    )
    return Model(card, tensors_of(network))


@pytest.mark.parametrize("name", OF_PLANES)
def test_a_model_gives_its_network_back_to_the_last_bit(name: str) -> None:
    network = randomised(small(name)).eval()
    model = model_of(network, name)
    assert {key: (array.dtype, array.shape) for key, array in model.tensors.items()} == {
        key: (np.dtype(str(kind).removeprefix("torch.")), shape)
        for key, (kind, shape) in network_shapes(name, network.arguments).items()
    }
    for array in model.tensors.values():
        array.flags.writeable = False  # as of a file that is mapped into memory
    state = torch.get_rng_state()
    loaded = load_network(model)
    assert torch.equal(torch.get_rng_state(), state), "loading draws random numbers"
    assert not loaded.training
    start = torch.randn(1, 1, 5, 6, 7)
    assert torch.equal(loaded(start), network(start))


@pytest.mark.parametrize("name", OF_PLANES)
def test_a_loaded_network_can_be_trained_further_without_touching_the_model(name: str) -> None:
    model = model_of(small(name), name)
    before = {key: array.copy() for key, array in model.tensors.items()}
    loaded = load_network(model).train()
    assert all(parameter.requires_grad and not parameter.is_meta for parameter in loaded.parameters())
    optimiser = torch.optim.Adam(loaded.parameters(), lr=1e-2)
    loaded(torch.rand(1, 1, 5, 6, 7)).square().sum().backward()
    optimiser.step()
    assert all(np.array_equal(array, before[key]) for key, array in model.tensors.items())
    assert not all(np.array_equal(array, before[key]) for key, array in tensors_of(loaded).items())


def change(tensors: Mapping[str, Any], key: str, array: np.ndarray | None) -> dict[str, Any]:
    return {each: tensors[each] for each in tensors if each != key} | ({} if array is None else {key: array})


def changed(tensors: Mapping[str, Any], what: str) -> dict[str, Any]:
    weight, count = "head.weight", "body.units.0.0.num_batches_tracked"
    array = np.array(tensors[weight])
    if what == "missing":
        return change(tensors, weight, None)
    if what == "foreign":
        return change(tensors, "head.bias", np.zeros(16, np.float32))
    if what == "shape":
        return change(tensors, weight, array[..., :2])
    if what == "transposed":
        return change(tensors, weight, array.swapaxes(0, 1))
    if what == "double":
        return change(tensors, weight, array.astype(np.float64))
    if what == "half":
        return change(tensors, weight, array.astype(np.float16))
    if what == "other bytes":
        return change(tensors, weight, array.astype(">f4"))
    if what == "count":
        return change(tensors, count, np.array(5, np.int32))
    array[0, 0, 0, 0, 0] = {"nan": np.nan, "infinite": -np.inf}[what]
    return change(tensors, weight, array)


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("missing", "the model lacks the tensor head.weight of its network dcsrn"),
        ("foreign", "the model holds the tensor head.bias, which its network dcsrn has not"),
        ("shape", r"tensor head.weight has the shape \(16, 1, 3, 3, 2\), its network dcsrn needs \(16, 1, 3, 3, 3\)"),
        ("transposed", "tensor head.weight has the shape"),
        ("double", "tensor head.weight is of type float64, its network dcsrn needs float32"),
        ("half", "tensor head.weight is of type float16"),
        ("other bytes", "tensor head.weight is of type >f4"),
        ("count", "num_batches_tracked is of type int32, its network dcsrn needs int64"),
        ("nan", "tensor head.weight holds values that are not finite"),
        ("infinite", "tensor head.weight holds values that are not finite"),
    ],
)
def test_tensors_that_are_not_the_networks_are_refused_in_one_sentence(what: str, sentence: str) -> None:
    model = model_of(small("dcsrn"), "dcsrn")
    with pytest.raises(InputError, match=sentence):
        load_network(replace(model, tensors=changed(model.tensors, what)))


def test_a_model_of_another_network_is_refused() -> None:
    model = model_of(small("dcsrn"), "dcsrn")
    card = replace(model.card, network="mdcsrn", network_arguments=small("mdcsrn").arguments)
    with pytest.raises(InputError, match=r"the model lacks the tensor .* and \d+ more of its network mdcsrn"):
        load_network(replace(model, card=card))
    with pytest.raises(InputError, match="there is no network"):
        load_network(replace(model, card=replace(model.card, network="resnet")))
