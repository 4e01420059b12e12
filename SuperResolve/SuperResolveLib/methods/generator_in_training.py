"""A generator while it learns: built by a seed or from a trained one, with the average of its weights."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from ..errors import InputError
from ..networks.generator import Generator
from ..training.averaged_weights import AveragedWeights
from .networks import Argument, build_network


class GeneratorInTraining:
    """A generator on its device, in the memory layout in which convolutions are fastest.

    Args:
        name: one of :data:`~SuperResolveLib.methods.networks.NETWORKS`.
        arguments: of it.
        averaging: decay of the average of its weights; 0 for none.
        seed: of the first weights.
        device: where it learns.

    Attributes:
        network: what learns.
        average: of its weights; ``average.network`` is what is exported.
    """

    def __init__(
        self, name: str, arguments: Mapping[str, Argument], averaging: float, seed: int, device: torch.device
    ) -> None:
        self._name, self._arguments = name, arguments
        self._averaging, self._seed, self._device = averaging, seed, device
        self._trained: Mapping[str, torch.Tensor] | None = None
        self.begin()

    def begin(self) -> None:
        """Go back to the first weights: those of the trained network to start from, or drawn by the seed."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self._seed)
            network = build_network(self._name, self._arguments)
        if self._trained is not None:
            network.load_state_dict(self._trained)
        of_images = any(weight.ndim == 4 for weight in network.parameters())
        layout = torch.channels_last if of_images else torch.channels_last_3d
        self.network: Generator = network.to(self._device, memory_format=layout)  # type: ignore[call-overload]  # in no stub
        self.average = AveragedWeights(self.network, self._averaging)

    def start_from(self, network: Generator) -> None:
        """Take the first weights from a trained network.

        Raises:
            InputError: it is of another kind or size.
        """
        if network.arguments != self.network.arguments or type(network) is not type(self.network):
            raise InputError(
                "the model to start from has another network than is to be trained: choose its --network, --preset "
                "and ratios"
            )
        self._trained = network.state_dict()
        self.begin()
