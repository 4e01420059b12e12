"""Several processes that share every batch: each computes the gradient of its part, and all follow the mean.

The process that asks is rank 0; it starts the others and ends them, and alone reports, validates and saves.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import distributed, multiprocessing, nn
from torch.nn.parallel import DistributedDataParallel

from ..errors import InputError

Decision = TypeVar("Decision", bool, list[float])
#: How long a rank waits for the others: validation and saving, which rank 0 does alone, take less.
PATIENCE = timedelta(hours=1)


def check_ranks(ranks: int, device: str) -> None:
    """Refuse more processes than there are devices for.

    Raises:
        InputError: there are fewer graphics cards, or the device cannot be shared out.
    """
    if ranks < 1:
        raise InputError(f"{ranks} devices were asked for: give 1 or more")
    if ranks > 1 and device == "cuda" and ranks > torch.cuda.device_count():
        raise InputError(f"{ranks} devices were asked for, and there are {torch.cuda.device_count()} graphics cards")
    if ranks > 1 and device == "mps":
        raise InputError("the device mps cannot be shared by several processes: leave out --devices")


def device_of_rank(device: torch.device, rank: int) -> torch.device:
    """The device on which a rank computes: a graphics card each; the processor is shared."""
    return torch.device("cuda", rank) if device.type == "cuda" else device


@contextmanager
def sharing(ranks: int, device: torch.device, follow: Callable[..., None], *arguments: Any) -> Iterator[None]:
    """Be rank 0 of so many processes; the others run ``follow(rank, *arguments)`` meanwhile.

    Raises:
        InputError: one of the others failed.
    """
    if ranks == 1:
        yield
        return
    with tempfile.TemporaryDirectory() as folder:
        meeting = Path(folder, "meeting").as_uri()
        others = [
            multiprocessing.get_context("spawn").Process(
                target=_follow, args=(meeting, rank, ranks, device.type, follow, arguments), daemon=True
            )
            for rank in range(1, ranks)
        ]
        for process in others:
            process.start()
        try:
            _join(meeting, 0, ranks, device.type)
            yield
            for process in others:
                process.join()
            if any(process.exitcode for process in others):
                raise InputError("one of the processes that shared the training failed: see its message above")
        finally:
            for process in others:
                process.kill()
                process.join()
            if distributed.is_initialized():
                distributed.destroy_process_group()


def _join(meeting: str, rank: int, ranks: int, kind: str) -> None:
    backend = "nccl" if kind == "cuda" else "gloo"
    if kind == "cuda":
        torch.cuda.set_device(rank)
    distributed.init_process_group(backend, init_method=meeting, rank=rank, world_size=ranks, timeout=PATIENCE)


def _follow(
    meeting: str, rank: int, ranks: int, kind: str, follow: Callable[..., None], arguments: tuple[Any, ...]
) -> None:
    """What a rank other than 0 does; on processors the threads are shared out."""
    if kind == "cpu":
        torch.set_num_threads(max(1, torch.get_num_threads() // ranks))
    _join(meeting, rank, ranks, kind)
    try:
        follow(rank, *arguments)
    finally:
        distributed.destroy_process_group()


def agreed(decision: Decision) -> Decision:
    """What rank 0 has decided, in every rank."""
    if not distributed.is_initialized():
        return decision
    told = [decision]
    distributed.broadcast_object_list(told, src=0)
    return told[0]


def sharing_gradients(network: nn.Module, all_used: bool = True) -> nn.Module:
    """What is called in place of a network, so that its gradient is the mean over all processes that share the
    training; the network itself where none share it.

    Args:
        network: whose ``forward`` is called.
        all_used: whether every answer depends on all weights; without, those that none depends on have no gradient.
    """
    if not distributed.is_initialized():
        return network
    return DistributedDataParallel(network, find_unused_parameters=not all_used)
