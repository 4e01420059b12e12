"""Running one training step many times, without the launch of kernels being what limits it."""

from __future__ import annotations

from collections.abc import Callable

import torch

from ..progress import ProgressCallback

_WARM_UP = 3
_REPORT_EVERY = 20


def repeat(
    step: Callable[[], None], iterations: int, device: torch.device, progress: ProgressCallback, stage: str
) -> None:
    """Run ``step`` ``iterations`` times; on CUDA it is captured as a graph once and replayed.

    The step must keep its state in tensors that it updates in place, and draw from torch's default generator.
    """
    done = 0
    run = step
    if device.type == "cuda" and iterations > _WARM_UP:
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(_WARM_UP):
                step()
        torch.cuda.current_stream().wait_stream(side)
        done = _WARM_UP
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            step()
        run = graph.replay
    while done < iterations:
        run()
        done += 1
        if done % _REPORT_EVERY == 0 or done == iterations:
            if device.type == "cuda":
                torch.cuda.synchronize()  # replays are queued: report what is done, not what is asked for
            progress(done / iterations, f"{stage}, iteration {done} of {iterations}")
