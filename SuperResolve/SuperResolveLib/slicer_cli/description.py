"""What a command line module's XML file says, by the rules of Slicer's execution model.

Nothing but the standard library is imported, so that the panel can read names, ranges and defaults as Slicer starts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from ..errors import InputError
from ..image_io.files import PathLike

#: A parameter's value: a number, a text, a path, or several numbers.
Value = bool | int | float | str | tuple[float, ...]

#: What stands among the parameters of a group without being one.
_TEXTS = ("label", "description")


@dataclass(frozen=True)
class Parameter:
    """One parameter of a module.

    Attributes:
        name: by which ``slicer.cli.run`` and the return-parameter file know it.
        tag: its type: ``image``, ``table``, ``boolean``, ``integer``, ``double``, ``double-vector``, ``string`` or
            ``string-enumeration``.
        label, description: for the user.
        longflag: on the command line, without hyphens before it; empty where ``index`` gives its place.
        aliases: other long flags, which may hold hyphens as Slicer's own cannot.
        index: its place among the arguments without flags.
        channel: ``input`` or ``output``.
        default: ``None`` where there is none.
        choices: what an enumeration allows.
        minimum, maximum, step: what a number may be, and by how much a slider moves it.
        file_extensions: of a file, the first one written by Slicer.
        reference: the name of the input to which an output belongs.
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
        """Whether it is handed over in a file."""
        return self.tag in ("image", "table")

    @property
    def is_returned(self) -> bool:
        """Whether it goes into the return-parameter file: an output without a place on the command line."""
        return self.channel == "output" and self.index is None and not self.longflag

    def value(self, text: str) -> Value:
        """The value that a text stands for.

        Raises:
            InputError: it is of another type, not among the choices, or out of range.
        """
        value = _parsed(self.tag, text)
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


@dataclass(frozen=True)
class Group:
    """Parameters that stand together.

    Attributes:
        label, description: for the user.
        advanced: whether it is shown folded.
        parameters: in order.
    """

    label: str
    description: str
    advanced: bool
    parameters: tuple[Parameter, ...]


@dataclass(frozen=True)
class Description:
    """What a module is called, does and needs.

    Attributes:
        path: the XML file.
        category, title, description, version, documentation_url, license, contributor, acknowledgements: as they stand.
        groups: its parameters.
    """

    path: Path
    category: str
    title: str
    description: str
    version: str
    documentation_url: str
    license: str
    contributor: str
    acknowledgements: str
    groups: tuple[Group, ...]

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters of every group, in order."""
        return tuple(parameter for group in self.groups for parameter in group.parameters)

    def __getitem__(self, name: str) -> Parameter:
        return {parameter.name: parameter for parameter in self.parameters}[name]


def read_description(path: PathLike) -> Description:
    """What a module's XML file says.

    Raises:
        OSError: it cannot be read.
        xml.etree.ElementTree.ParseError: it is not XML.
    """
    root = ElementTree.parse(path).getroot()
    return Description(
        path=Path(path),
        category=_text(root, "category"),
        title=_text(root, "title"),
        description=_text(root, "description"),
        version=_text(root, "version"),
        documentation_url=_text(root, "documentation-url"),
        license=_text(root, "license"),
        contributor=_text(root, "contributor"),
        acknowledgements=_text(root, "acknowledgements"),
        groups=tuple(_group(element) for element in root.iterfind("parameters")),
    )


def _group(element: ElementTree.Element) -> Group:
    return Group(
        label=_text(element, "label"),
        description=_text(element, "description"),
        advanced=element.get("advanced") == "true",
        parameters=tuple(_parameter(child) for child in element if child.tag not in _TEXTS),
    )


def _parameter(element: ElementTree.Element) -> Parameter:
    index = _text(element, "index")
    flag = element.find("longflag")
    minimum, maximum, step = (_number(element, f"constraints/{name}") for name in ("minimum", "maximum", "step"))
    return Parameter(
        name=_text(element, "name"),
        tag=element.tag,
        label=_text(element, "label"),
        description=_text(element, "description"),
        longflag=_text(element, "longflag").lstrip("-"),
        aliases=_listed("" if flag is None else flag.get("alias", "")),
        index=int(index) if index else None,
        channel=_text(element, "channel") or "input",
        default=None if element.find("default") is None else _parsed(element.tag, _text(element, "default")),
        choices=tuple((child.text or "").strip() for child in element.iterfind("element")),
        minimum=minimum,
        maximum=maximum,
        step=step,
        file_extensions=_listed(element.get("fileExtensions", "")),
        reference=element.get("reference", ""),
    )


#: What to give for a parameter of each type.
_WANTED = {
    "boolean": "true or false",
    "integer": "a whole number",
    "double": "a number",
    "double-vector": "one number, or several separated by commas",
}


def _parsed(tag: str, text: str) -> Value | None:
    """A text as a value of the type that the tag names; ``None`` where it is none."""
    try:
        match tag:
            case "boolean":
                return {"true": True, "false": False}.get(text.strip().lower())
            case "integer":
                return int(text)
            case "double":
                return _finite(text)
            case "double-vector":
                return tuple(_finite(part) for part in _listed(text))
            case _:
                return text
    except ValueError:
        return None


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _listed(text: str) -> tuple[str, ...]:
    """What commas separate, without the blanks around."""
    return tuple(part.strip() for part in text.split(",")) if text.strip() else ()


def _text(element: ElementTree.Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


def _number(element: ElementTree.Element, path: str) -> float | None:
    text = _text(element, path)
    return float(text) if text else None
