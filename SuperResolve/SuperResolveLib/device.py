"""Which processor torch computes on."""

from __future__ import annotations

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
        raise InputError("no CUDA device can be used here: choose --device cpu, or auto")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)
