"""The description of a command line module: its XML file, which follows Slicer's execution model.

Only the standard library is imported, so that the panel can read names, ranges and defaults as Slicer starts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from ..image_io.files import PathLike
from .parameter import Parameter, listed, parsed

#: Elements of a group that are not parameters.
_TEXTS = ("label", "description")


@dataclass(frozen=True)
class Group:
    """Parameters that are shown together.

    Attributes:
        label, description: text for the user.
        advanced: whether the group is collapsed at first.
        parameters: in the order of the file.
    """

    label: str
    description: str
    advanced: bool
    parameters: tuple[Parameter, ...]


@dataclass(frozen=True)
class Description:
    """The description of a module.

    Attributes:
        path: path of the XML file.
        category, title, description, version, documentation_url, license, contributor, acknowledgements: texts of the
            elements of these names.
        groups: the groups of parameters.
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
    """Read the XML file of a module.

    Raises:
        OSError: the file cannot be read.
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
        aliases=listed("" if flag is None else flag.get("alias", "")),
        index=int(index) if index else None,
        channel=_text(element, "channel") or "input",
        default=None if element.find("default") is None else parsed(element.tag, _text(element, "default")),
        choices=tuple((child.text or "").strip() for child in element.iterfind("element")),
        minimum=minimum,
        maximum=maximum,
        step=step,
        file_extensions=listed(element.get("fileExtensions", "")),
        reference=element.get("reference", ""),
    )


def _text(element: ElementTree.Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


def _number(element: ElementTree.Element, path: str) -> float | None:
    text = _text(element, path)
    return float(text) if text else None
