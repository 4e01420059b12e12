"""A model's card as JSON, and back: every field is checked, whoever wrote it.

``docs/reference/model-file.md`` tells the fields.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from ..model import FORMAT_VERSION, Card
from .strict_json import format_json, parse_json

#: The most entries of a list or table, and characters of a text.
MOST_ENTRIES, LONGEST_TEXT = 64, 500
#: The largest count and seed.
LARGEST_COUNT = 2**63 - 1

#: Takes a value in JSON, and what a message calls it, to what a card holds, or raises a ValueError.
_Check = Callable[[Any, str], Any]

_VERSION = "format_version"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+@-]{0,63}")


def card_fields(card: Card) -> dict[str, Any]:
    """The fields of a card as JSON has them, with the version of the format."""
    return {_VERSION: FORMAT_VERSION, **{each.name: _plain(getattr(card, each.name)) for each in fields(card)}}


def format_card(card: Card) -> str:
    """A card as JSON.

    Raises:
        ValueError: :func:`parse_card` would refuse it.
    """
    told = card_fields(card)
    _checked(told)
    return format_json(told)


def parse_card(text: str) -> Card:
    """The card that a JSON text holds.

    Raises:
        ValueError: it is of another version of the format, or a field is missing, unknown, or not what it must be; the
            message says which.
    """
    told = parse_json(text)
    if not isinstance(told, dict):
        raise ValueError("its card must be a JSON object")
    version = told.get(_VERSION)
    if type(version) is int and version != FORMAT_VERSION:
        raise OtherVersion(version)
    return Card(**_checked(told))


class OtherVersion(ValueError):
    """A card is of another version of the format.

    Attributes:
        version: which.
    """

    def __init__(self, version: int) -> None:
        super().__init__(f"its card is of format version {version}")
        self.version = version


def _checked(told: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a card, each as a card holds it.

    Raises:
        ValueError: one is not what it must be, or they contradict each other.
    """
    checked: dict[str, Any] = _record({_VERSION: _count(FORMAT_VERSION), **_FIELDS})(told, "the card")
    del checked[_VERSION]
    if (checked["fwhm_ratios"] is None) != (checked["operator"] == "select"):
        raise ValueError("fwhm_ratios must be null for the operator select, and for that alone")
    return checked


def _plain(value: Any) -> Any:
    """A value as JSON has it: tuples are lists, numpy's numbers Python's."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value.item() if isinstance(value, np.generic) else value


# ---- checks: each takes a value and what it is called


def _must(value: Any, holds: bool, called: str, what: str) -> Any:
    if not holds:
        raise ValueError(f"{called} must be {what}")
    return value


def _name(value: Any, called: str) -> str:
    return str(_must(value, isinstance(value, str) and bool(_NAME.fullmatch(value)), called, "a short plain name"))


def _text(value: Any, called: str) -> str:
    fits = isinstance(value, str) and len(value) <= LONGEST_TEXT and value.isprintable()
    return str(_must(value, fits, called, f"a printable text of at most {LONGEST_TEXT} characters"))


def _flag(value: Any, called: str) -> bool:
    return bool(_must(value, isinstance(value, bool), called, "true or false"))


def _choice(*choices: str) -> Callable[[Any, str], str]:
    def check(value: Any, called: str) -> str:
        return str(_must(value, isinstance(value, str) and value in choices, called, f"one of {', '.join(choices)}"))

    return check


def _count(largest: int) -> Callable[[Any, str], int]:
    def check(value: Any, called: str) -> int:
        return int(_must(value, type(value) is int and 0 <= value <= largest, called, f"a count up to {largest}"))

    return check


def _number(low: float, high: float) -> Callable[[Any, str], float]:
    def check(value: Any, called: str) -> float:
        fits = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
        return float(_must(value, fits, called, f"a number from {low:g} to {high:g}"))

    return check


def _range(low: float, high: float) -> Callable[[Any, str], tuple[float, float]]:
    number = _number(low, high)

    def check(value: Any, called: str) -> tuple[float, float]:
        what = f"two numbers from {low:g} to {high:g}, the smaller first"
        _must(value, isinstance(value, list) and len(value) == 2, called, what)
        first, last = (number(each, called) for each in value)
        _must(value, first <= last, called, what)
        return first, last

    return check


def _argument(value: Any, called: str) -> int | float | bool | str:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value, called)
    if isinstance(value, int):
        return int(_must(value, abs(value) <= LARGEST_COUNT, called, "a number of at most 63 bits"))
    return _number(-1e300, 1e300)(value, called)


def _optional(check: _Check) -> _Check:
    return lambda value, called: None if value is None else check(value, called)


def _sequence(check: _Check) -> _Check:
    def check_all(value: Any, called: str) -> tuple[Any, ...]:
        fits = isinstance(value, list) and len(value) <= MOST_ENTRIES
        _must(value, fits, called, f"a list of at most {MOST_ENTRIES}")
        return tuple(check(each, f"an entry of {called}") for each in value)

    return check_all


def _table(check: _Check) -> _Check:
    """Values of one kind by any name."""

    def check_all(value: Any, called: str) -> dict[str, Any]:
        fits = isinstance(value, dict) and len(value) <= MOST_ENTRIES
        _must(value, fits, called, f"an object of at most {MOST_ENTRIES} entries")
        return {_name(name, f"a name in {called}"): check(each, f"{name} in {called}") for name, each in value.items()}

    return check_all


def _record(checks: Mapping[str, _Check], required: bool = True) -> _Check:
    """Values by these names: all of them where they are required, no others."""

    def check_all(value: Any, called: str) -> dict[str, Any]:
        _must(value, isinstance(value, dict), called, "an object")
        unknown = sorted(set(value) - set(checks))
        missing = sorted(set(checks) - set(value)) if required else []
        if unknown or missing:
            raise ValueError(
                f"{called} {'has the unknown' if unknown else 'lacks the'} field {(unknown or missing)[0]!r:.80}"
            )
        return {name: checks[name](each, name) for name, each in value.items()}

    return check_all


_COUNT = _count(LARGEST_COUNT)
_FIGURES = _record({"psnr": _number(-1e6, 1e6), "ssim": _number(-1.0, 1.0)}, required=False)

_FIELDS: dict[str, _Check] = {
    "method": _name,
    "network": _name,
    "network_arguments": _table(_argument),
    "operator": _choice("profile", "select"),
    "consistent": _flag,
    "start": _choice("tikhonov", "spline", "cubic", "slices", "fine-grid"),
    "ratios": _range(1.0, 100.0),
    "fwhm_ratios": _optional(_range(0.001, 100.0)),
    "voxels_mm": _range(0.001, 100.0),
    "percentiles": _range(0.0, 100.0),
    "halo": _count(1024),
    "halo_error": _number(0.0, 1e6),
    "preset": _text,
    "stages": _sequence(_name),
    "seed": _COUNT,
    "iterations": _table(_COUNT),
    "losses": _table(_number(-1e12, 1e12)),
    "features": _optional(_table(_text)),
    "trained_on": _record(
        {"scans": _COUNT, "subjects": _COUNT, "synthetic": _COUNT, "modalities": _sequence(_text)}, required=False
    ),
    "validation": _optional(
        _record(
            {"scans": _COUNT, "subjects": _COUNT, "model": _FIGURES, "spline": _FIGURES, "tikhonov": _FIGURES},
            required=False,
        )
    ),
    "versions": _table(_optional(_text)),
    "licence": _text,
    "notes": _sequence(_text),
}
