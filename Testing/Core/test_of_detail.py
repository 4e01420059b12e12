"""Networks that see detail alone: what is around a voxel decides, not how bright all of it is."""

from __future__ import annotations

import pytest
import torch

from SuperResolveLib.methods.networks import build_network
from SuperResolveLib.networks.of_detail import OfDetail, local_mean

SMALL = {"layers": 3, "channels": 4, "zero_last": True, "identity": False, "detail": True}


@pytest.fixture
def network() -> OfDetail:
    torch.manual_seed(0)
    made = build_network("deepresolve", SMALL)
    assert isinstance(made, OfDetail)
    return made.eval()


def with_weights(network: OfDetail) -> OfDetail:
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(0, 0.2)
    return network


def test_it_is_built_from_its_arguments(network):
    assert network.arguments == SMALL
    again = build_network("deepresolve", network.arguments)
    assert again.state_dict().keys() == network.state_dict().keys()


def test_untrained_it_gives_its_start(network):
    start = torch.rand(1, 1, 12, 13, 14)
    torch.testing.assert_close(network(start), start, rtol=0, atol=1e-6)


def test_a_brighter_start_gives_as_much_brighter_an_answer(network):
    start = torch.rand(1, 1, 12, 12, 12)
    answer = with_weights(network)(start)
    torch.testing.assert_close(network(start + 0.5), answer + 0.5, rtol=0, atol=1e-5)


def test_the_mean_is_of_the_voxels_that_there_are():
    image = torch.rand(1, 1, 11, 10, 12, dtype=torch.float64)
    mean = local_mean(image)
    assert mean[0, 0, 5, 5, 6] == pytest.approx(float(image[0, 0, 1:10, 1:10, 2:11].mean()))
    assert mean[0, 0, 0, 0, 0] == pytest.approx(float(image[0, 0, :5, :5, :5].mean()))


def test_images_below_the_width_of_the_mean_have_one():
    image = torch.rand(2, 1, 3, 8, 5, dtype=torch.float64)
    assert local_mean(image)[1, 0, 1, 4, 2] == pytest.approx(float(image[1, 0].mean()))


def test_it_sees_as_far_as_it_says(network):
    start = torch.rand(1, 1, 21, 21, 21, requires_grad=True)
    with_weights(network)(start)[0, 0, 10, 10, 10].backward()
    assert start.grad is not None
    reached = (start.grad[0, 0] != 0).nonzero()
    assert int((reached - 10).abs().max()) == network.receptive_radius == 7
