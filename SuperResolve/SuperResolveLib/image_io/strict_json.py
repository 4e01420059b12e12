"""Strict JSON: what two readers could understand differently, and what could exhaust one, is refused."""

from __future__ import annotations

import json
from typing import Any

#: The most characters of an integer, which hold 128 bits and more.
LONGEST_INTEGER = 64


def parse_json(text: bytes | str) -> Any:
    """The value that a JSON text stands for.

    Raises:
        ValueError: it is not JSON in UTF-8, repeats a key of an object, holds NaN, an infinity or a number that becomes
            one, or is nested too deeply; the message is a few words that fit into brackets.
    """
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8")
        return json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_short,
        )
    except UnicodeDecodeError:
        raise ValueError("it is not text in UTF-8") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg} at character {error.pos}") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def format_json(value: Any) -> str:
    """A value as strict JSON in one line, with the digits that bring back every float as it was.

    Raises:
        ValueError: a number in it is not finite.
    """
    return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def _short(digits: str) -> int:
    if len(digits) > LONGEST_INTEGER:
        raise ValueError("a number is too large")
    return int(digits)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the key {name[:60]!r} is there twice")
        found[name] = value
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number in JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), -float("inf")):
        raise ValueError("a number is too large")
    return number
