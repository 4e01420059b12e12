"""What the training loop runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import torch

#: What checkpoints hold: nested dictionaries and lists of tensors, numbers, strings and ``None``.
State = dict[str, Any]


class Stateful(Protocol):
    """What changes in training and has to be saved for a run to go on where it was."""

    def state(self) -> State:
        """All that later updates depend on; tensors may be those in use, which later updates change."""

    def load_state(self, state: State) -> None:
        """Go on from a state, whose tensors may be taken over without a copy."""


class TrainingStep(Stateful, Protocol):
    """A way of learning: one update of what is trained. How often, and what else happens, is the loop's."""

    def update(self, iteration: int) -> Mapping[str, torch.Tensor]:
        """One update; ``iteration`` counts from 0. Returns its losses by name, detached, still on their device."""
