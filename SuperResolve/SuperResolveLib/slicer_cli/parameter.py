"""One parameter of a command line module, and the values that it allows.

Only the standard library is imported, so that the panel can use this as Slicer starts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..errors import InputError

#: The value of a parameter: a number, a text, a path, or several numbers.
Value = bool | int | float | str | tuple[float, ...]

#: What a message asks for, by type of parameter.
_WANTED = {
    "boolean": "true or false",
    "integer": "a whole number",
    "double": "a number",
    "double-vector": "one number, or several separated by commas",
}


@dataclass(frozen=True)
class Parameter:
    """One parameter of a module.

    Attributes:
        name: its name in ``slicer.cli.run`` and in the return-parameter file.
        tag: its type: ``image``, ``table``, ``file``, ``directory``, ``boolean``, ``integer``, ``double``,
            ``double-vector``, ``string`` or ``string-enumeration``.
        label, description: text for the user.
        longflag: its flag on the command line without leading hyphens; empty if it has an ``index`` instead.
        aliases: further flags, which may contain hyphens as ``longflag`` cannot.
        index: its position among the arguments without flags.
        channel: ``input`` or ``output``.
        default: its default; ``None`` if it has none.
        choices: the values of an enumeration.
        minimum, maximum: the range of a number.
        step: by how much a slider changes a number.
        file_extensions: of a file; Slicer writes the first.
        reference: for an output, the name of the input to which it belongs.
    """

    name: str
    tag: str
    label: str
    description: str
    longflag: str = ""
    aliases: tuple[str, ...] = ()
    index: int | None = None
    channel: str = "input"
    default: Value | None = None
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    file_extensions: tuple[str, ...] = ()
    reference: str = ""

    @property
    def is_file(self) -> bool:
        """Whether its value is passed in a file."""
        return self.tag in ("image", "table", "file")

    @property
    def is_returned(self) -> bool:
        """Whether it is returned in the return-parameter file: an output that has no place on the command line."""
        return self.channel == "output" and self.index is None and not self.longflag

    def value(self, text: str) -> Value:
        """The value that a text stands for.

        Raises:
            InputError: the value is of another type, not among the choices, or out of range.
        """
        value = parsed(self.tag, text)
        if value is None:
            raise InputError(f"{text!r} is no value for {self.name}: give {_WANTED.get(self.tag, 'a text')}")
        if self.choices and value not in self.choices:
            raise InputError(f"there is no {self.name} {text!r}: choose one of {', '.join(self.choices)}")
        if isinstance(value, int | float) and not self._allows(value):
            raise InputError(f"{self.name} cannot be {text}: give {self._range()}")
        return value

    def _allows(self, number: float) -> bool:
        low = -math.inf if self.minimum is None else self.minimum
        high = math.inf if self.maximum is None else self.maximum
        return low <= number <= high

    def _range(self) -> str:
        if self.minimum is None or self.maximum is None:
            return f"at least {self.minimum:.10g}" if self.maximum is None else f"at most {self.maximum:.10g}"
        return f"a number from {self.minimum:.10g} to {self.maximum:.10g}"


def parsed(tag: str, text: str) -> Value | None:
    """A text as a value of the type ``tag``; ``None`` if it is not one."""
    try:
        match tag:
            case "boolean":
                return {"true": True, "false": False}.get(text.strip().lower())
            case "integer":
                return int(text)
            case "double":
                return _finite(text)
            case "double-vector":
                return tuple(_finite(part) for part in listed(text))
            case _:
                return text
    except ValueError:
        return None


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def listed(text: str) -> tuple[str, ...]:
    """The parts of a text between commas, without surrounding blanks."""
    return tuple(part.strip() for part in text.split(",")) if text.strip() else ()
