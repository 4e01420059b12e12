"""A generator that is trained in two stages, the second of which goes on from what the first left."""

from __future__ import annotations

from ..errors import InputError
from ..networks.generator import Generator
from ..training.step import State
from .generator_in_training import GeneratorInTraining


class TwoStages:
    """What the stages of a training share: its generator, and what of it the first hands over to the second.

    Args:
        generator: what both train.
        first, second: the stages' names.
    """

    def __init__(self, generator: GeneratorInTraining, first: str, second: str) -> None:
        self._generator = generator
        self._first, self._second = first, second
        self._is_trained = False
        self._before: State | None = None

    @property
    def averaged(self) -> Generator:
        """The generator with averaged weights."""
        return self._generator.average.network

    def start_from(self, network: Generator) -> None:
        """Start the generator from a trained network's weights."""
        self._generator.start_from(network)
        self._is_trained = True

    def _begin_first(self) -> None:
        self._generator.begin()
        self._is_trained = True

    def _begin_second(self) -> None:
        """Have the generator start from the average that the first stage left, however often the second begins.

        Raises:
            InputError: the first was not run, and no model was given to start from.
        """
        if self._before is None:
            if not self._is_trained:
                raise InputError(
                    f"the stage {self._second} goes on from what the stage {self._first} trained, which was not run: "
                    "leave out --stages, or give a model to start from by --from"
                )
            self._before = self.averaged.state_dict()
        self.averaged.load_state_dict(self._before)
        self._generator.start_from(self.averaged)

    def state(self) -> State:
        """The generator as the first stage left it, once the second has begun."""
        return {"is_trained": self._is_trained, "before": self._before}

    def load_state(self, state: State) -> None:
        """Go on from a state."""
        self._is_trained, self._before = bool(state["is_trained"]), state["before"]
