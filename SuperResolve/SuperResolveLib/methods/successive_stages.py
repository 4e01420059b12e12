"""A generator that is trained in stages, each of which goes on from what the one before left."""

from __future__ import annotations

from ..errors import InputError
from ..networks.generator import Generator
from ..training.step import State
from .generator_in_training import GeneratorInTraining


class SuccessiveStages:
    """What the stages of a training share: its generator, and what of it each hands over to the next.

    Args:
        generator: what all train.
        first: the stage that starts from the first weights.
    """

    def __init__(self, generator: GeneratorInTraining, first: str) -> None:
        self._generator = generator
        self._first = first
        self._is_trained = False
        self._before: dict[str, State] = {}

    @property
    def averaged(self) -> Generator:
        """The generator with averaged weights."""
        return self._generator.average.network

    def start_from(self, network: Generator) -> None:
        """Start the generator from a trained network's weights."""
        self._generator.start_from(network)
        self._is_trained = True

    def _begin(self, stage: str) -> None:
        """Have the generator start from its first weights, or a later stage from the average that the stage before it
        left, however often it begins.

        Raises:
            InputError: none was run before it, and no model was given to start from.
        """
        if stage == self._first:
            self._generator.begin()
        elif stage not in self._before:
            if not self._is_trained:
                raise InputError(
                    f"the stage {stage} goes on from what the stage {self._first} trained, which was not run: leave "
                    "out --stages, or give a model to start from by --from"
                )
            self._before[stage] = self.averaged.state_dict()
        self._is_trained = True
        if stage in self._before:
            self.averaged.load_state_dict(self._before[stage])
            self._generator.start_from(self.averaged)

    def state(self) -> State:
        """The generator as each stage began with it, but for the first."""
        return {"is_trained": self._is_trained, "before": self._before}

    def load_state(self, state: State) -> None:
        """Go on from a state."""
        self._is_trained, self._before = bool(state["is_trained"]), dict(state["before"])
