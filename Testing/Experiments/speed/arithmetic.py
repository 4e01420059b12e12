"""How much of a processor's arithmetic a method uses, and what its time goes to."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from SuperResolveLib.progress import stage_name

from .jobs import Job
from .meter import Meter

if TYPE_CHECKING:
    import torch

#: Sides of the square matrices whose product tells the rate of a processor.
MATRIX = {"cpu": 2048, "cuda": 8192}
_REPEATS = 10
#: How many operations are named.
TOP = 5
#: The other operations together, and the time in which none runs: Python on a processor, waiting on a GPU.
OTHERS, BETWEEN = "other operations", "between operations"


def rates(device: str) -> dict[str, float]:
    """Floating-point operations a second in a large product of matrices, by their type."""
    import torch

    found = {"float32": _rate(device, torch.float32)}
    if device == "cuda":
        torch.set_float32_matmul_precision("high")
        found["TF32"] = _rate(device, torch.float32)
        torch.set_float32_matmul_precision("highest")
        found["bfloat16"] = _rate(device, torch.bfloat16)
    return found


def _rate(device: str, dtype: torch.dtype) -> float:
    """The median of several products, as of the iterations that are compared with it: both may have to share."""
    import torch

    size = MATRIX[device]
    a, b = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
    seconds = []
    for _ in range(_REPEATS):
        _synchronise(device)
        started = time.perf_counter()
        torch.mm(a, b)
        _synchronise(device)
        seconds.append(time.perf_counter() - started)
    return 2 * size**3 / float(np.median(seconds))


def _synchronise(device: str) -> None:
    """Wait until the device has done what it was asked to."""
    if device == "cuda":
        import torch

        torch.cuda.synchronize()


def operations(job: Job) -> Meter:
    """A meter of the floating-point operations of a run: those of products and convolutions, forward and backward."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        meter = Meter(counter.get_total_flops)
        job.run(meter)
        meter.finish()
    return meter


def time_shares(job: Job, device: str) -> dict[str, list[tuple[str, float]]]:
    """For learning and applying, the operations that take the most time, with their shares of it, largest first.

    Learning is looked at from its first report to its last, applying in its first pass.
    """
    windows = {job.training: _Window(device, (job.training, 0.0), (job.training, 1.0))}
    if job.inference:
        windows[job.inference] = _Window(device, (job.training, 1.0), (job.inference, 1.0))

    def watch(fraction: float, stage: str, stage_fraction: float | None = None, /) -> None:
        for window in windows.values():
            window.watch(stage_name(stage), fraction if stage_fraction is None else stage_fraction)

    job.run(watch)
    return {stage: window.shares() for stage, window in windows.items()}


class _Window:
    """A part of a run under torch's profiler.

    Args:
        device: where the operations run.
        first, last: the stage and the fraction done of it at which the part begins and ends.
    """

    def __init__(self, device: str, first: tuple[str, float], last: tuple[str, float]) -> None:
        from torch.profiler import ProfilerActivity, profile

        self._on_gpu = device == "cuda"
        activities = [ProfilerActivity.CPU, ProfilerActivity.CUDA][: 2 if self._on_gpu else 1]
        self._profiler = profile(activities=activities)
        self._first, self._last = first, last
        self._started = self._seconds = 0.0

    def watch(self, stage: str, done: float) -> None:
        """Begin or end if it is time to."""
        if not self._started:
            if stage == self._first[0] and done >= self._first[1]:
                self._profiler.start()
                self._started = time.perf_counter()
        elif not self._seconds and stage == self._last[0] and done >= self._last[1]:
            self._seconds = time.perf_counter() - self._started
            self._profiler.stop()

    def shares(self) -> list[tuple[str, float]]:
        """The largest shares of the time, and what is left between all operations."""
        shares = [(str(event.key), self._microseconds(event) / 1e6 / self._seconds) for event in self._events()]
        shares.sort(key=lambda pair: pair[1], reverse=True)
        others, between = sum(share for _, share in shares[TOP:]), 1 - sum(share for _, share in shares)
        return [*shares[:TOP], (OTHERS, others), (BETWEEN, max(0.0, between))]

    def _events(self) -> list[Any]:
        """What ran on the GPU, or else the operations on the processor."""
        kind = "CUDA" if self._on_gpu else "CPU"
        return [
            event
            for event in self._profiler.key_averages()
            if event.device_type.name == kind and not getattr(event, "is_user_annotation", False)
        ]

    def _microseconds(self, event: Any) -> float:
        return float(event.self_device_time_total if self._on_gpu else event.self_cpu_time_total)
