"""Where the random numbers of each iteration come from, so that a run that goes on draws what it would have drawn."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch

from .step import State, Stateful


class RandomStream(Stateful, Protocol):
    """The random numbers of a training run."""

    def at(self, iteration: int) -> torch.Generator | None:
        """What an iteration draws from; ``None`` stands for torch's default generator."""


class OneStream:
    """One generator, seeded once: an iteration draws what those before it left."""

    def __init__(self, seed: int, device: torch.device) -> None:
        self.generator = torch.Generator(device=device).manual_seed(seed)

    def at(self, iteration: int) -> torch.Generator:
        """The generator."""
        return self.generator

    def state(self) -> State:
        """Where the generator is."""
        return {"generator": self.generator.get_state()}

    def load_state(self, state: State) -> None:
        """Go on from a state."""
        self.generator.set_state(state["generator"])


class CountedStream:
    """A generator of (seed, iteration), made anew for each: any iteration can be drawn without those before."""

    def __init__(self, seed: int, device: torch.device) -> None:
        self._seed = seed
        self._device = device

    def at(self, iteration: int) -> torch.Generator:
        """The generator of that iteration, at its start."""
        mixed = np.random.SeedSequence([self._seed, iteration]).generate_state(1)[0]
        return torch.Generator(device=self._device).manual_seed(int(mixed))

    def state(self) -> State:
        """Nothing: the iteration says it all."""
        return {}

    def load_state(self, state: State) -> None:
        """Nothing to do."""


class DefaultStream:
    """Torch's default generators, as a CUDA graph needs them; the caller seeds them."""

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def at(self, iteration: int) -> None:
        """The default generator of whatever device is drawn on."""

    def state(self) -> State:
        """Where the CPU's generator is, and the device's."""
        on_cuda = self._device.type == "cuda"
        return {"cpu": torch.get_rng_state(), "cuda": torch.cuda.get_rng_state(self._device) if on_cuda else None}

    def load_state(self, state: State) -> None:
        """Go on from a state."""
        torch.set_rng_state(state["cpu"])
        if state["cuda"] is not None:
            torch.cuda.set_rng_state(state["cuda"], self._device)
