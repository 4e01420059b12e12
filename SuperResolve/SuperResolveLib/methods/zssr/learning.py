"""Teaching ZSSR's network: Adam, whose rate falls where the error no longer does."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from ...losses.pixel import absolute_error
from ...networks.zssr import ZSSR
from ...progress import ProgressCallback
from ...training.batches import Batches
from ...training.loop import TrainingLoop
from ...training.optimisation import Optimisation
from ...training.random_streams import CountedStream
from ...training.slope_test import SlopeTest
from ...training.supervised import SupervisedStep
from .pairs import InterpolatedPairs, InterpolatedPairSampler

#: The rate at first, by what it is divided, and below which training ends.
LEARNING_RATE, DIVISOR, LOWEST = 1e-3, 10.0, 9e-6
#: The error is measured every so many iterations, on so many crops, which stay the same; so many errors lay a line.
MEASURED_EVERY, MEASURED_CROPS, WINDOW = 50, 4, 6


class ZssrStep(SupervisedStep[InterpolatedPairs]):
    """One step on a crop, after which now and then the error is measured and the rate may fall."""

    def __init__(self, network: ZSSR, sampler: InterpolatedPairSampler, seed: int) -> None:
        streams = [CountedStream(2 * seed + number, sampler.device) for number in range(2)]
        optimiser = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
        self.optimisation = Optimisation(network.parameters(), [optimiser], plateau=SlopeTest(WINDOW, DIVISOR))
        super().__init__(network, Batches(sampler, 1, streams[0]), self._error, self.optimisation)
        self._measured = [sampler.draw(1, streams[1].at(crop)) for crop in range(MEASURED_CROPS)]

    @property
    def is_over(self) -> bool:
        """Whether the rate has fallen so far that nothing more is learned."""
        return self.optimisation.learning_rate < LOWEST

    def update(self, iteration: int) -> Mapping[str, torch.Tensor]:
        """One step on the iteration's crop."""
        losses = super().update(iteration)
        if (iteration + 1) % MEASURED_EVERY == 0:
            self.optimisation.validated(-self.error())
        return losses

    def error(self) -> float:
        """The mean absolute error on the crops that stay the same."""
        with torch.no_grad():
            return float(torch.stack([self._error(pairs) for pairs in self._measured]).mean())

    def _error(self, pairs: InterpolatedPairs) -> torch.Tensor:
        return absolute_error(self._network(pairs.start), pairs.truth)


def train(
    network: ZSSR, sampler: InterpolatedPairSampler, iterations: int, seed: int, progress: ProgressCallback
) -> None:
    """Steps until the rate is too low, or for so many iterations."""
    step = ZssrStep(network, sampler, seed)
    TrainingLoop(step, iterations, sampler.device, until=lambda: step.is_over).run(progress)
