"""Networks: how they start, what they see, and that they can learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from SuperResolveLib.losses.likelihood import gaussian_likelihood
from SuperResolveLib.losses.pixel import squared_error
from SuperResolveLib.networks.backbone import Backbone
from SuperResolveLib.networks.edsr import EDSR
from SuperResolveLib.networks.espreso import RECEPTIVE_FIELD, LineDiscriminator, ProfileGenerator
from SuperResolveLib.networks.planes_and_errors import PlanesAndErrors
from SuperResolveLib.networks.slice_to_planes import SliceToPlanes, unfold
from SuperResolveLib.networks.wdsr import WDSR

MARGIN = 3


def inverse(slices: int) -> np.ndarray:
    """Any matrix from padded slices to two fine planes each."""
    return np.random.default_rng(slices).normal(size=(2 * (slices + 2 * MARGIN), slices + 2 * MARGIN))


def network_around(backbone: Backbone, shown: int = 1) -> SliceToPlanes:
    return SliceToPlanes(backbone, inverse, factor=2, margin=MARGIN, shown=shown)


def randomised(network: torch.nn.Module) -> torch.nn.Module:
    """With a last layer that does not vanish, so that it does something."""
    torch.manual_seed(0)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return network


@pytest.mark.parametrize("backbone", [EDSR(3, 2, 8, 2), WDSR(3, 2, 8, 2)])
def test_network_starts_as_the_inverse_that_it_is_handed(backbone: Backbone) -> None:
    slices = torch.randn(2, 9, 7)
    padded = torch.nn.functional.pad(slices[:, None], (0, 0, MARGIN, MARGIN), mode="replicate")[:, 0]
    expected = torch.einsum("fs,bsw->bfw", torch.as_tensor(inverse(9), dtype=torch.float32), padded)
    assert torch.allclose(network_around(backbone)(slices), expected, atol=1e-4)


@pytest.mark.parametrize("shown", [1, 2, 3])
def test_backbone_adds_nothing_to_slices_that_it_is_not_shown(shown: int) -> None:
    backbone = randomised(EDSR(3, 2, 8, 1))
    slices = torch.randn(1, 9, 7)
    start, image, _ = network_around(backbone, shown).steps(slices)
    assert image.shape == (1, 3, 9 + 2 * shown, 7)
    added = (network_around(backbone, shown)(slices) - start).abs().sum((0, 2)) > 0
    hidden = 2 * (MARGIN - shown)
    assert added.tolist() == [hidden <= plane < len(added) - hidden for plane in range(len(added))]


def test_unfolding_interleaves_channels_along_the_slices() -> None:
    image = torch.arange(2.0).view(1, 2, 1, 1) + 10 * torch.arange(3.0).view(1, 1, 3, 1)
    assert unfold(image)[0, :, 0].tolist() == [0, 1, 10, 11, 20, 21]


@pytest.mark.parametrize("kind", [EDSR, WDSR])
def test_receptive_radius_is_what_the_backbone_says(kind: type[EDSR | WDSR]) -> None:
    backbone = randomised(kind(2, 1, 4, 2)).eval()
    image = torch.randn(1, 2, 41, 41, requires_grad=True)
    backbone(image)[0, 0, 20, 20].backward()
    assert image.grad is not None
    rows = torch.nonzero(image.grad.abs().sum((0, 1, 3)))[:, 0]
    assert 20 - int(rows.min()) <= backbone.receptive_radius


@pytest.mark.parametrize("backbone", [EDSR(3, 2, 16, 2), WDSR(3, 2, 16, 2)])
def test_every_backbone_overfits_one_patch(backbone: Backbone) -> None:
    torch.manual_seed(0)
    network = network_around(backbone)
    slices, truth = torch.randn(1, 6, 12), torch.randn(1, 12, 12)
    optimiser = torch.optim.Adam(backbone.parameters(), lr=5e-3)
    inner = slice(2 * MARGIN, -2 * MARGIN)
    first = float(squared_error(network(slices)[:, inner], truth).detach())
    for _ in range(300):
        loss = squared_error(network(slices)[:, inner], truth)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert float(loss.detach()) < 0.01 * first


def test_error_head_starts_even_and_overfits_one_patch() -> None:
    torch.manual_seed(0)
    network = PlanesAndErrors(network_around(randomised(EDSR(3, 2, 4, 1))))
    network.head.level.fill_(-2.0)
    slices = torch.randn(1, 6, 12)
    with torch.no_grad():
        planes, logs = network(slices).unbind(1)
    assert torch.equal(planes, network.network(slices)) and bool((logs == -2.0).all())
    inner = slice(2 * MARGIN, -2 * MARGIN)
    squares = torch.where(torch.arange(12) < 6, 0.01, 1.0).expand(1, 12, 12)
    optimiser = torch.optim.Adam(network.head.parameters(), lr=1e-2)
    for _ in range(300):
        loss = gaussian_likelihood(squares, network(slices)[:, 1, inner])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert float((network(slices)[:, 1, inner] - squares.log()).detach().abs().mean()) < 0.1
    assert all(parameter.grad is None for parameter in network.network.parameters())


def test_error_head_tells_no_more_than_its_highest() -> None:
    network = randomised(PlanesAndErrors(network_around(EDSR(3, 2, 4, 1))))
    network.head.highest.fill_(0.1)
    logs = network(100 * torch.randn(1, 6, 12))[:, 1]
    assert logs.max().item() == pytest.approx(0.1)


def test_generator_is_a_positive_profile() -> None:
    torch.manual_seed(0)
    weights = ProfileGenerator(21)().detach()
    assert weights.shape == (21,)
    assert bool((weights > 0).all())
    assert float(weights.sum()) == pytest.approx(1.0, abs=1e-5)


def test_discriminator_sees_seven_samples_of_one_line() -> None:
    torch.manual_seed(0)
    lines = torch.randn(3, 16, requires_grad=True)
    logits = LineDiscriminator()(lines)
    assert logits.shape == (3, 16 - RECEPTIVE_FIELD + 1)
    logits[1, 4].backward()
    assert lines.grad is not None
    seen = torch.nonzero(lines.grad)
    assert set(seen[:, 0].tolist()) == {1}
    assert seen[:, 1].tolist() == list(range(4, 4 + RECEPTIVE_FIELD))
