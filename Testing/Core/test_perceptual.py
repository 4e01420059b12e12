"""The perceptual loss, the extractors behind it, and how losses are balanced."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from SuperResolveLib.losses.adversarial import cross_entropy, non_saturating
from SuperResolveLib.losses.balance import balance, balanced_weights, gradient_norms
from SuperResolveLib.losses.feature_distance import feature_distance
from SuperResolveLib.losses.feature_layers import (
    Convolution,
    FrozenConvolution,
    FrozenResidual,
    InvertedResidual,
    Rectifier,
)
from SuperResolveLib.losses.features import LAST, LAYOUTS, SCALES, SMALLEST, FeatureExtractor, shapes
from SuperResolveLib.losses.perceptual import perceptual_loss


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def volumes(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=seeded(seed))


def extractor(name: str = "vgg19", last: int = 4) -> FeatureExtractor:
    """The first layers of a network, with weights drawn at random."""
    random = seeded(1)
    needed = {key: shape for key, shape in shapes(name).items() if int(key.split(".")[1]) <= last}
    weights = {key: torch.randn(shape, generator=random) * 0.1 for key, shape in needed.items()}
    return FeatureExtractor(name, weights, last)


class TestLoss:
    def test_is_its_equation(self):
        see = extractor()
        truth, prediction = volumes(2, 1, 8, 9, 10), volumes(2, 1, 8, 9, 10, seed=1)
        wanted = []
        for axis in (2, 3, 4):
            planes = []
            for number in range(truth.shape[axis]):
                for member in range(2):
                    x, y = (each[member : member + 1].select(axis, number) for each in (truth, prediction))
                    features = see(x)
                    planes.append((features - see(y)).square().sum() / features.numel())
            wanted.append(torch.stack(planes).mean())
        assert float(perceptual_loss(see, truth, prediction)) == pytest.approx(float(sum(wanted)) / 3, rel=1e-5)

    def test_is_zero_for_the_truth(self):
        truth = volumes(1, 1, 8, 8, 8)
        assert float(perceptual_loss(extractor(), truth, truth)) == 0

    def test_gradients_reach_all_three_directions(self):
        """With one plane drawn a direction, they lie on one plane across each."""
        truth, prediction = volumes(1, 1, 7, 8, 9), volumes(1, 1, 7, 8, 9, seed=1).requires_grad_()
        perceptual_loss(lambda images: images, truth, prediction, 1, seeded()).backward()
        reached = prediction.grad[0, 0] != 0
        whole = [reached.movedim(axis, 0).flatten(1).all(dim=1) for axis in range(3)]
        assert [int(planes.sum()) for planes in whole] == [1, 1, 1]
        assert int(reached.sum()) == 8 * 9 + 7 * 9 + 7 * 8 - 7 - 8 - 9 + 1

    def test_all_planes_reach_every_voxel_through_a_network(self):
        prediction = volumes(1, 1, 8, 8, 8, seed=1).requires_grad_()
        perceptual_loss(extractor(), volumes(1, 1, 8, 8, 8), prediction).backward()
        assert bool((prediction.grad != 0).all())

    def test_drawn_planes_are_reproducible_and_right_on_average(self):
        truth, prediction = volumes(1, 1, 5, 6, 7), volumes(1, 1, 5, 6, 7, seed=1)

        def drawn(seed: int) -> float:
            return float(perceptual_loss(lambda images: images, truth, prediction, 2, seeded(seed)))

        whole = float(perceptual_loss(lambda images: images, truth, prediction))
        assert drawn(3) == drawn(3) != drawn(4)
        assert sum(map(drawn, range(400))) / 400 == pytest.approx(whole, rel=0.01)

    def test_nothing_is_drawn_where_all_planes_are_wanted(self):
        truth, prediction, random = volumes(1, 1, 4, 5, 6), volumes(1, 1, 4, 5, 6, seed=1), seeded()
        before = random.get_state()
        found = perceptual_loss(lambda images: images, truth, prediction, 6, random)
        assert bool((random.get_state() == before).all())
        assert float(found) == float(perceptual_loss(lambda images: images, truth, prediction))

    def test_no_gradient_flows_to_the_truth(self):
        truth = volumes(1, 1, 4, 4, 4).requires_grad_()
        prediction = volumes(1, 1, 4, 4, 4, seed=1).requires_grad_()
        perceptual_loss(lambda images: images, truth, prediction).backward()
        assert truth.grad is None and prediction.grad is not None


class TestExtractor:
    @pytest.mark.parametrize(("name", "count"), [("vgg16", 14_714_688), ("vgg19", 20_024_384), ("alexnet", 2_469_696)])
    def test_has_the_published_number_of_weights(self, name, count):
        assert sum(math.prod(shape) for shape in shapes(name).values()) == count

    def test_has_the_published_number_of_weights_of_efficientnet(self):
        """4,652,008 with the head, the classifier, and two numbers a channel a normalisation."""
        head = 320 * 1280 + 1280 + 1280 * 1000 + 1000
        normalised = sum(shape[0] for key, shape in shapes("efficientnet-lite0").items() if key.endswith("bias")) + 1280
        assert sum(math.prod(shape) for shape in shapes("efficientnet-lite0").values()) + head + normalised == 4_652_008

    @pytest.mark.parametrize("name", ["vgg16", "vgg19", "alexnet"])
    def test_features_are_those_of_the_last_convolution_before_its_rectifier(self, name):
        later = LAYOUTS[name][LAST[name] + 1 :]
        assert isinstance(LAYOUTS[name][LAST[name]], Convolution) and isinstance(later[0], Rectifier)
        assert not any(isinstance(layer, Convolution) for layer in later)
        assert all(isinstance(LAYOUTS[name][index], Rectifier) for index in SCALES[name])

    @pytest.mark.parametrize("name", LAYOUTS)
    def test_smallest_images_reach_the_last_layer(self, name):
        with torch.device("meta"):
            weights = {key: torch.empty(shape) for key, shape in shapes(name).items()}
            see = FeatureExtractor(name, weights, SCALES[name][-1])
            assert see(torch.empty(1, 1, SMALLEST[name], SMALLEST[name])).shape[2:] == (1, 1)
            if SMALLEST[name] > 1:
                with pytest.raises(RuntimeError):
                    see(torch.empty(1, 1, SMALLEST[name] - 1, SMALLEST[name]))

    def test_grey_images_are_normalised_as_torchvision_does(self):
        image = volumes(1, 1, 6, 6)
        see = extractor("vgg16", 0)
        colours = torch.cat([(image - m) / d for m, d in ((0.485, 0.229), (0.456, 0.224), (0.406, 0.225))], dim=1)
        layer = see.features[0]
        assert torch.allclose(see(image), functional.conv2d(colours, layer.weight, layer.bias, padding=1), atol=1e-6)

    def test_maps_are_the_features_after_each_layer(self):
        see, image = extractor(), volumes(2, 1, 8, 8)
        first, last = see.maps(image, [1, 4])
        assert torch.equal(last, see(image)) and torch.equal(last, see.features[2:](first))

    def test_names_are_those_of_torchvision(self):
        assert set(extractor().state_dict()) == {"features.0.weight", "features.0.bias", "features.2.weight",
                                                 "features.2.bias"}  # fmt: skip

    def test_a_missing_or_foreign_tensor_is_refused(self):
        with pytest.raises(KeyError):
            FeatureExtractor("vgg16", {})
        weights = {key: torch.zeros(1) for key in shapes("vgg16")}
        with pytest.raises(RuntimeError):
            FeatureExtractor("vgg16", weights)

    def test_no_loss_reaches_it(self):
        """Neither the discriminator's nor its own, whoever unfreezes, trains or optimises it."""
        see = extractor()
        before = {key: tensor.clone() for key, tensor in see.state_dict().items()}
        see.train()
        see.requires_grad_(True)
        discriminator = nn.Sequential(see, nn.Flatten(), nn.LazyLinear(1))
        prediction = volumes(1, 1, 8, 8, 8, seed=1).requires_grad_()
        images = prediction[:, 0].movedim(1, 0).reshape(8, 1, 8, 8)
        discriminator(images.detach())
        optimiser = torch.optim.SGD([prediction, *discriminator.parameters()], lr=1.0)
        loss = cross_entropy(discriminator(images), discriminator(1 - images))
        (loss + perceptual_loss(see, volumes(1, 1, 8, 8, 8), prediction)).backward()
        optimiser.step()
        assert list(see.parameters()) == []
        assert all(torch.equal(tensor, before[key]) for key, tensor in see.state_dict().items())
        assert all(tensor.grad is None and not tensor.requires_grad for tensor in see.buffers())
        assert prediction.grad is not None

    @pytest.mark.parametrize("stride", [1, 2])
    @pytest.mark.parametrize(("size", "kernel"), [(7, 3), (8, 3), (9, 5), (10, 5)])
    def test_same_padding_gives_a_strided_part_of_all_positions(self, size, kernel, stride):
        layer = FrozenConvolution(Convolution(1, 1, kernel, stride, None))
        layer.weight.normal_(generator=seeded())
        image = volumes(1, 1, size, size)
        found = layer(image)
        assert found.shape[2:] == (-(-size // stride),) * 2
        if stride == 1:
            wanted = functional.conv2d(image, layer.weight, padding=kernel // 2)
            assert torch.allclose(found, wanted, atol=1e-6)

    def test_an_inverted_residual_adds_its_input_where_it_fits(self):
        image = volumes(1, 4, 6, 6)
        assert torch.equal(FrozenResidual(InvertedResidual(4, 4, 3, 1, 6))(image), image)  # weights of zero
        assert not FrozenResidual(InvertedResidual(4, 4, 3, 2, 6))(image).any()
        assert not FrozenResidual(InvertedResidual(4, 5, 3, 1, 1))(image).any()


class TestDistance:
    def test_is_its_equation(self):
        x, y = [volumes(2, 3, 4, 5), volumes(2, 2, 2, 2)], [volumes(2, 3, 4, 5, seed=1), volumes(2, 2, 2, 2, seed=1)]
        weights = [torch.tensor([0.5, 0.0, 2.0]), torch.tensor([1.0, 3.0])]
        wanted = torch.zeros(2)
        for a, b, w in zip(x, y, weights, strict=True):
            for row in range(a.shape[2]):
                for column in range(a.shape[3]):
                    u, v = (functional.normalize(each[:, :, row, column], dim=1) for each in (a, b))
                    wanted += ((u - v).square() * w).sum(dim=1) / (a.shape[2] * a.shape[3])
        assert torch.allclose(feature_distance(x, y, weights), wanted, atol=1e-6)

    def test_is_a_symmetric_distance_that_no_scale_changes(self):
        x, y = [volumes(1, 3, 4, 4)], [volumes(1, 3, 4, 4, seed=1)]
        assert float(feature_distance(x, x)) == 0
        assert float(feature_distance(x, y)) == pytest.approx(float(feature_distance(y, x)))
        assert float(feature_distance([5 * x[0]], y)) == pytest.approx(float(feature_distance(x, y)), rel=1e-5)
        assert float(feature_distance([torch.zeros(1, 3, 4, 4)], y)) == pytest.approx(1)


class TestBalance:
    def test_weighted_gradients_stand_in_the_wanted_proportions(self):
        output = volumes(50).requires_grad_()
        losses = {"a": output.square().sum(), "b": 1e4 * output.sum(), "c": (output**3).mean()}
        wanted = {"a": 1.0, "b": 0.01, "c": 0.001}
        weights = balance(losses, output, wanted)
        norms = gradient_norms({name: weights[name] * losses[name] for name in losses}, output)
        assert {name: norm / norms["a"] for name, norm in norms.items()} == pytest.approx(wanted)
        assert weights["a"] == 1.0

    def test_norms_are_those_of_all_parameters_as_one_vector(self):
        first, second, unused = volumes(3).requires_grad_(), volumes(4).requires_grad_(), volumes(5).requires_grad_()
        loss = 3 * first.sum() + 2 * second.sum()
        found = gradient_norms({"it": loss}, [first, second, unused])["it"]
        assert found == pytest.approx(math.sqrt(9 * 3 + 4 * 4))
        assert first.grad is None
        loss.backward()  # the graph is still there

    @pytest.mark.parametrize("norm", [0.0, math.inf, math.nan])
    def test_what_no_weight_can_balance_is_refused(self, norm):
        with pytest.raises(ValueError, match="the loss b has norm"):
            balanced_weights({"a": 1.0, "b": norm}, {"a": 1.0, "b": 1.0})


class TestNonSaturating:
    def test_is_the_cross_entropy_of_the_label_real(self):
        logits = torch.tensor([[0.5, -2.0], [3.0, 0.0]])
        wanted = functional.binary_cross_entropy_with_logits(logits, torch.ones(2, 2))
        assert float(non_saturating(logits)) == pytest.approx(float(wanted))

    def test_its_gradient_is_largest_where_the_discriminator_is_sure(self):
        sure, unsure = (torch.tensor([logit], requires_grad=True) for logit in (-30.0, 0.0))
        for logits in (sure, unsure):
            non_saturating(logits).backward()
        assert float(sure.grad) == pytest.approx(-1) and float(unsure.grad) == pytest.approx(-0.5)
