"""Running a step's update without the launch of kernels being what limits it."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from .step import State, TrainingStep

_WARM_UP = 3


class CapturedStep:
    """A step whose update is captured as a CUDA graph once it has warmed up, and replayed from then on.

    The step must keep its state in tensors that it updates in place, the count of its updates too, and draw from
    torch's default generator. A state is loaded before the first update.
    """

    def __init__(self, step: TrainingStep) -> None:
        self._step = step
        self._side = torch.cuda.Stream()
        self._updates = 0
        self._graph: torch.cuda.CUDAGraph | None = None
        self._losses: Mapping[str, torch.Tensor] = {}

    def update(self, iteration: int) -> Mapping[str, torch.Tensor]:
        """One update of the step."""
        if self._updates < _WARM_UP:
            self._updates += 1
            return self._warm_up(iteration)
        if self._graph is None:
            self._graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self._graph):
                self._losses = self._step.update(iteration)
        self._graph.replay()
        return self._losses

    def _warm_up(self, iteration: int) -> Mapping[str, torch.Tensor]:
        self._side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._side):
            losses = self._step.update(iteration)
        torch.cuda.current_stream().wait_stream(self._side)
        return losses

    def state(self) -> State:
        """The step's."""
        return self._step.state()

    def load_state(self, state: State) -> None:
        """Go on from a state of the step's."""
        self._step.load_state(state)


def on_cuda_captured(step: TrainingStep, device: torch.device) -> TrainingStep:
    """The step, captured as a CUDA graph where it runs on CUDA."""
    return CapturedStep(step) if device.type == "cuda" else step
