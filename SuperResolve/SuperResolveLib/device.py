"""Which processor torch computes on, and how its results are made reproducible; torch is imported on use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .errors import InputError
from .registry import import_with_torch

if TYPE_CHECKING:
    import torch

#: What can be chosen; ``"auto"`` takes CUDA's GPU where there is one. ``"mps"``, Apple's GPU, is untested.
DEVICES = ("auto", "cpu", "cuda", "mps")


def check_device(name: str) -> None:
    """Refuse a name that no device has, without importing torch.

    Raises:
        InputError: there is no device of that name.
    """
    if name not in DEVICES:
        raise InputError(f"there is no device {name!r}: choose one of {', '.join(DEVICES)}")


def choose_device(name: str) -> torch.device:
    """The device of one of the names :data:`DEVICES`.

    Raises:
        InputError: the name is not known, there is no such device here, or torch is not installed.
    """
    check_device(name)
    import_with_torch("torch")
    import torch

    if name == "cuda" and not torch.cuda.is_available():
        raise InputError("no CUDA device can be used here: choose the device cpu, or auto")
    if name == "mps" and not torch.backends.mps.is_available():
        raise InputError("no Apple GPU can be used here: choose the device cpu, or auto")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


@contextmanager
def reproducible(seed: int) -> Iterator[None]:
    """Seed torch, keep cuDNN to deterministic single precision, and leave the caller's random state as it was."""
    import torch

    with torch.random.fork_rng(), torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
        torch.manual_seed(seed)
        yield


def is_fast_in_bfloat16(kind: str) -> bool:
    """Whether a kind of device has instructions for that type: graphics cards have, and some processors."""
    import torch

    if kind != "cpu":
        return kind == "cuda"
    told: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()  # since torch 2.9
    return any(told.get(name, False) for name in ("avx512_bf16", "amx_bf16"))
