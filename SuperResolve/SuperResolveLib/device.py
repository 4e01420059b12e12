"""Which processor torch computes on, and how its results are made reproducible."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from .errors import InputError


def choose_device(name: str) -> torch.device:
    """``"auto"`` takes the GPU where there is one.

    Raises:
        InputError: the name is not known, or there is no such device here.
    """
    if name not in ("auto", "cpu", "cuda"):
        raise InputError(f"there is no device {name!r}: choose auto, cpu or cuda")
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError("no CUDA device can be used here: choose the device cpu, or auto")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


@contextmanager
def reproducible(seed: int) -> Iterator[None]:
    """Seed torch, keep cuDNN to deterministic single precision, and leave the caller's random state as it was."""
    with torch.random.fork_rng(), torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
        torch.manual_seed(seed)
        yield
