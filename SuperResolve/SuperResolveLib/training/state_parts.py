"""A state of training taken apart into plain JSON and arrays, and put together again: bit for bit, type for type.

In the JSON, ``null``, truth values, integers, texts, finite floats and lists stand for themselves; what JSON has no
word for is an object: ``{"float": "inf"}``, ``{"tuple": [...]}``, ``{"dict": [[key, value], ...]}`` (keys may be
integers, as in torch's optimisers), ``{"tensor": number, "type": ..., "axes": [...]}``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from numpy.typing import NDArray

from .step import State

Arrays = dict[str, NDArray[Any]]

#: Types that numpy has, by their name in torch; and those that it lacks, with the one whose bits they are kept as.
_SHARED = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        torch.bool,
        torch.uint8,
        torch.int8,
        torch.int16,
        torch.int32,
        torch.int64,
        torch.float16,
        torch.float32,
        torch.float64,
    )
}
_AS_BITS = {"bfloat16": (torch.bfloat16, torch.int16)}


def take_apart(state: State) -> tuple[Any, Arrays]:
    """The JSON of a state, and its tensors by number; those on the CPU are not copied unless they must be.

    Raises:
        TypeError: there is something in it that no state holds.
    """
    arrays: Arrays = {}
    return _to_json(state, arrays), arrays


def put_together(told: Any, arrays: Mapping[str, NDArray[Any]]) -> State:
    """The state whose JSON and tensors these are, on the CPU; it takes the arrays over.

    Raises:
        ValueError: they are not what :func:`take_apart` gives.
    """
    try:
        state = _from_json(told, arrays)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(state, dict):
        raise ValueError("it is no state of training")
    return state


def _to_json(value: Any, arrays: Arrays) -> Any:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"float": str(float(value))}
    if isinstance(value, torch.Tensor):
        return _tensor_to_json(value, arrays)
    if isinstance(value, list):
        return [_to_json(each, arrays) for each in value]
    if isinstance(value, tuple):
        return {"tuple": [_to_json(each, arrays) for each in value]}
    if isinstance(value, Mapping):
        if not all(isinstance(key, str | int) for key in value):
            raise TypeError("a state's keys are texts and integers")
        return {"dict": [[key, _to_json(each, arrays)] for key, each in value.items()]}
    raise TypeError(f"a state holds no {type(value).__name__}")


def _from_json(told: Any, arrays: Mapping[str, NDArray[Any]]) -> Any:
    match told:
        case None | bool() | int() | float() | str():
            return told
        case list():
            return [_from_json(each, arrays) for each in told]
        case {"float": "inf" | "-inf" | "nan" as name}:
            return float(name)
        case {"tuple": list(values)}:
            return tuple(_from_json(each, arrays) for each in values)
        case {"dict": list(pairs)}:
            return dict(_pair_from_json(pair, arrays) for pair in pairs)
        case {"tensor": str(number), "type": str(name), "axes": list(axes)}:
            return _tensor_from_json(number, name, axes, arrays)
    raise ValueError("it is no state of training")


def _pair_from_json(told: Any, arrays: Mapping[str, NDArray[Any]]) -> tuple[str | int, Any]:
    match told:
        case [str() | int() as key, value]:
            return key, _from_json(value, arrays)
    raise ValueError("it is no state of training")


def _tensor_to_json(tensor: torch.Tensor, arrays: Arrays) -> dict[str, Any]:
    """A tensor's number, type, and axes from the slowest in memory to the fastest, in which order it comes back."""
    name = str(tensor.dtype).removeprefix("torch.")
    if name not in _SHARED and name not in _AS_BITS:
        raise TypeError(f"a state holds no tensors of {name}")
    axes = sorted(range(tensor.ndim), key=lambda axis: -tensor.stride()[axis])
    plain = tensor.detach().cpu().permute(axes).contiguous()
    number = str(len(arrays))
    arrays[number] = (plain.view(_AS_BITS[name][1]) if name in _AS_BITS else plain).numpy()
    return {"tensor": number, "type": name, "axes": axes}


def _tensor_from_json(number: str, name: str, axes: list[Any], arrays: Mapping[str, NDArray[Any]]) -> torch.Tensor:
    if number not in arrays or not _are_axes(axes, arrays[number].ndim):
        raise ValueError(f"it lacks the tensor {number}")
    dtype, kept_as = _AS_BITS[name] if name in _AS_BITS else (_SHARED.get(name), _SHARED.get(name))
    tensor = torch.from_numpy(arrays[number])
    if dtype is None or tensor.dtype != kept_as:
        raise ValueError(f"its tensor {number} is of another type")
    inverse = [axes.index(axis) for axis in range(len(axes))]
    return tensor.view(dtype).permute(inverse)


def _are_axes(told: list[Any], count: int) -> bool:
    return all(type(axis) is int for axis in told) and sorted(told) == list(range(count))
