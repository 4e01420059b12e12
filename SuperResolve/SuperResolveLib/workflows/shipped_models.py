"""The models that come with this program, each beside the method that restores by it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ..errors import InputError
from ..image_io.model_file import ENDING, read_model
from ..model import Model

FOLDER = Path(__file__).parents[1] / "weights"


@cache
def shipped_model(method: str) -> Model:
    """The model of a method.

    Raises:
        InputError: it is missing or damaged.
    """
    path = FOLDER / f"{method}{ENDING}"
    if not path.is_file():
        raise InputError(f"the weights of the method {method} are missing from this installation: install it anew")
    return read_model(path)
