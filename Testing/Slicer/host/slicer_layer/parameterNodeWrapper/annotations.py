"""What can be said of a parameter with ``Annotated``: its default, its range, how its widget steps."""

from __future__ import annotations

import dataclasses
import typing
from typing import Any


class Default:
    """The default of a parameter: a value, or a generator that is called for each one."""

    def __init__(self, value: Any = None, *, generator: Any = None) -> None:
        self._value, self._generator = value, generator

    @property
    def value(self) -> Any:
        """The default."""
        return self._generator() if self._generator else self._value


class Validator:
    """Refuses values."""

    def validate(self, value: Any) -> None:
        """Raise ValueError or TypeError where a value cannot be taken."""
        raise NotImplementedError


@dataclasses.dataclass
class NotNone(Validator):
    """Refuses None."""

    def validate(self, value: Any) -> None:
        if value is None:
            raise ValueError("None is no value of this parameter")


@dataclasses.dataclass
class IsInstance(Validator):
    """Refuses all but None and the instances of some classes."""

    classtype: Any

    def validate(self, value: Any) -> None:
        if value is not None and not isinstance(value, self.classtype):
            raise TypeError(f"{value!r} is a {type(value).__name__}, not a {self.classtype}")


@dataclasses.dataclass
class WithinRange(Validator):
    """Refuses values outside a range."""

    minimum: float
    maximum: float

    def validate(self, value: Any) -> None:
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"{value} is outside {self.minimum} to {self.maximum}")


@dataclasses.dataclass
class Minimum(Validator):
    """Refuses values below a bound."""

    minimum: float

    def validate(self, value: Any) -> None:
        if value < self.minimum:
            raise ValueError(f"{value} is below {self.minimum}")


@dataclasses.dataclass
class Maximum(Validator):
    """Refuses values above a bound."""

    maximum: float

    def validate(self, value: Any) -> None:
        if value > self.maximum:
            raise ValueError(f"{value} is above {self.maximum}")


@dataclasses.dataclass
class Choice(Validator):
    """Refuses all values but some."""

    choices: Any

    def validate(self, value: Any) -> None:
        if value not in self.choices:
            raise ValueError(f"{value!r} is none of {self.choices}")


@dataclasses.dataclass
class Exclude(Validator):
    """Refuses some values."""

    excludedValues: Any

    def validate(self, value: Any) -> None:
        if value in self.excludedValues:
            raise ValueError(f"{value!r} is one of {self.excludedValues}")


@dataclasses.dataclass
class Decimals:
    """How many decimals a spin box shows."""

    value: int


@dataclasses.dataclass
class SingleStep:
    """The step of a spin box or slider."""

    value: float


def split(annotated: Any) -> tuple[Any, list[Any]]:
    """A type and its annotations."""
    arguments = typing.get_args(typing.Annotated[annotated, "end"])
    return arguments[0], list(arguments[1:-1])


def first(annotations: list[Any], kind: type) -> Any:
    """The first annotation of a kind, or None."""
    return next((annotation for annotation in annotations if isinstance(annotation, kind)), None)
