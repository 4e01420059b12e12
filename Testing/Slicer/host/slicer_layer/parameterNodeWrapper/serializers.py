"""How values lie in a parameter node: each type under the keys and in the format that Slicer uses."""

from __future__ import annotations

import enum
import types
import typing
from typing import Any

import slicer
import slicer.util

from .annotations import IsInstance, NotNone, Validator, split


class Serializer:
    """Values of a type as text in a parameter node; the base class is that of numbers and texts."""

    def __init__(self, type_: type, validators: list[Validator]) -> None:
        self.type, self.validators = type_, validators

    def handles(self, type_: type) -> bool:
        """Whether this is the serializer, among those of a union, of values of a type."""
        return type_ is self.type

    def default(self) -> Any:
        """The value where no other default is given."""
        return self.type()

    def validate(self, value: Any) -> None:
        """Raise ValueError or TypeError where the value is refused."""
        for validator in self.validators:
            validator.validate(value)

    def isIn(self, node: Any, name: str) -> bool:
        """Whether the node has a value of that name."""
        return bool(node.HasParameter(name))

    def write(self, node: Any, name: str, value: Any) -> None:
        """Store a value that `validate` accepts."""
        self.validate(value)
        node.SetParameter(name, self.text(value))

    def read(self, node: Any, name: str) -> Any:
        """The stored value."""
        return self.value(node.GetParameter(name))

    def remove(self, node: Any, name: str) -> None:
        """Take the value out of the node."""
        node.UnsetParameter(name)

    def text(self, value: Any) -> str:
        """A value as text."""
        return str(value)

    def value(self, text: str) -> Any:
        """The value of a text."""
        return self.type(text)


class BoolSerializer(Serializer):
    """True and False."""

    def text(self, value: Any) -> str:
        return "True" if value else "False"

    def value(self, text: str) -> bool:
        return text == "True"


class EnumSerializer(Serializer):
    """Members of an enumeration, by name."""

    def default(self) -> Any:
        return next(iter(self.type))

    def text(self, value: Any) -> str:
        return value.name

    def value(self, text: str) -> Any:
        if text not in self.type.__members__:
            raise ValueError(f"{text!r} is no name in {self.type!r}")
        return self.type[text]


class NoneSerializer(Serializer):
    """None, in a union."""

    def default(self) -> None:
        return None

    def text(self, value: None) -> str:
        return "True"

    def value(self, text: str) -> None:
        return None


class NodeSerializer(Serializer):
    """A node, as a node reference whose role is the name, beside an empty text that tells it was stored."""

    def handles(self, type_: type) -> bool:
        return issubclass(type_, slicer.vtkMRMLNode)

    def default(self) -> None:
        return None

    def write(self, node: Any, name: str, value: Any) -> None:
        self.validate(value)
        node.SetParameter(name, "")
        node.SetNodeReferenceID(name, None if value is None else value.GetID())

    def read(self, node: Any, name: str) -> Any:
        return node.GetNodeReference(name)

    def remove(self, node: Any, name: str) -> None:
        node.UnsetParameter(name)
        node.RemoveNodeReferenceIDs(name)


class UnionSerializer(Serializer):
    """A value of one of several types, under the name and the type's number."""

    def __init__(self, members: list[Serializer], validators: list[Validator]) -> None:
        self.members, self.validators = members, validators

    def default(self) -> Any:
        ends_in_none = len(self.members) == 2 and isinstance(self.members[1], NoneSerializer)
        return None if ends_in_none else self.members[0].default()

    def isIn(self, node: Any, name: str) -> bool:
        return any(member.isIn(node, f"{name}.{index}") for index, member in enumerate(self.members))

    def write(self, node: Any, name: str, value: Any) -> None:
        self.validate(value)
        index, member = self._member(value)
        with slicer.util.NodeModify(node):
            self.remove(node, name)
            member.write(node, f"{name}.{index}", value)

    def _member(self, value: Any) -> tuple[int, Serializer]:
        refusal: Exception = TypeError(f"{value!r} is of none of the parameter's types")
        for index, member in enumerate(self.members):
            if member.handles(type(value)):
                try:
                    member.validate(value)
                    return index, member
                except (TypeError, ValueError) as error:
                    refusal = error
        raise refusal

    def read(self, node: Any, name: str) -> Any:
        for index, member in enumerate(self.members):
            if member.isIn(node, f"{name}.{index}"):
                return member.read(node, f"{name}.{index}")
        raise KeyError(f"there is no value {name}")

    def remove(self, node: Any, name: str) -> None:
        for index, member in enumerate(self.members):
            member.remove(node, f"{name}.{index}")


def serializer(type_: Any, validators: list[Validator]) -> Serializer:
    """The serializer of a type.

    Raises:
        TypeError: the host does not know the type.
    """
    if type_ in (int, str):
        return Serializer(type_, [NotNone(), IsInstance(type_), *validators])
    if type_ is float:
        return Serializer(float, [NotNone(), IsInstance((int, float)), *validators])
    if type_ is bool:
        return BoolSerializer(bool, [NotNone(), IsInstance(bool), *validators])
    if type_ is type(None):
        return NoneSerializer(type(None), validators)
    if isinstance(type_, type) and issubclass(type_, enum.Enum):
        return EnumSerializer(type_, [IsInstance(type_), *validators])
    if isinstance(type_, type) and issubclass(type_, slicer.vtkMRMLNode):
        return NodeSerializer(type_, [IsInstance(type_), *validators])
    if isinstance(type_, types.UnionType) or typing.get_origin(type_) is typing.Union:
        members = [serializer(*_with_validators(member)) for member in typing.get_args(type_)]
        return UnionSerializer(members, validators)
    raise TypeError(f"the host's parameter nodes cannot hold values of the type {type_}")


def _with_validators(annotated: Any) -> tuple[Any, list[Validator]]:
    type_, annotations = split(annotated)
    return type_, [annotation for annotation in annotations if isinstance(annotation, Validator)]
