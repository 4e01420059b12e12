"""The command line of a module, by its description."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from ..errors import InputError
from ..registry import Info
from .description import Description, Parameter

#: Where Slicer wants the values of the parameters that a module returns.
RETURN_FILE = "returnparameterfile"


@dataclass(frozen=True)
class Arguments:
    """What a module is to do: ``arguments["seed"]`` is the value of the parameter of that name.

    Attributes:
        values: by parameter name, the default where nothing was given; files as paths.
        return_file: where to write the parameters that are returned, if anywhere.
    """

    values: Mapping[str, Any]
    return_file: Path | None

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def preset(self, info: Info) -> str | None:
        """The chosen preset where the method has one of that name; its default, ``None``, where it has not.

        Slicer's list of presets is one for all methods.
        """
        chosen: str = self["preset"]
        return chosen if chosen in [preset.name for preset in info.presets] else None


def parse_arguments(description: Description, program: str, arguments: Sequence[str] | None = None) -> Arguments:
    """What the command line says; the process's own unless given.

    Raises:
        InputError: it is not one that the description allows.
        SystemExit: help or the XML file was asked for, and has been printed.
    """
    given = vars(_parser(description, program).parse_args(arguments))
    return_file = given.pop(RETURN_FILE)
    values = {
        parameter.name: _value(parameter, given[parameter.name])
        for parameter in description.parameters
        if not parameter.is_returned
    }
    return Arguments(values, Path(return_file) if return_file else None)


def _value(parameter: Parameter, given: str | bool | None) -> Any:
    if given is None or isinstance(given, bool):
        return parameter.default if given is None else given
    return Path(given) if parameter.is_file else parameter.value(given)


class _Parser(argparse.ArgumentParser):
    """A parser that refuses in one sentence."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}: see --help")


class _PrintXml(argparse.Action):
    """``--xml``: print the module's description, by which a host asks what it can do."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        sys.stdout.write(Path(self.const).read_text(encoding="utf-8"))
        parser.exit()


def _parser(description: Description, program: str) -> argparse.ArgumentParser:
    parser = _Parser(prog=program, description=_escaped(description.description), allow_abbrev=False)
    parser.add_argument(
        "--xml", action=_PrintXml, nargs=0, const=description.path, help="print the description of this module and exit"
    )
    parser.add_argument(
        f"--{RETURN_FILE}", metavar="FILE", help="where to write what was measured, a line 'name = value' each"
    )
    places = {parameter.name: parameter.index for parameter in description.parameters if parameter.index is not None}
    for group in description.groups:
        section = parser.add_argument_group(group.label)
        for parameter in group.parameters:
            if parameter.longflag:
                _add_flag(section, parameter)
    for name in sorted(places, key=lambda name: places[name]):
        parser.add_argument(name, help=_escaped(description[name].description))
    return parser


def _add_flag(section: argparse._ArgumentGroup, parameter: Parameter) -> None:
    flags = [f"--{flag}" for flag in (parameter.longflag, *parameter.aliases)]
    if parameter.tag == "boolean":
        section.add_argument(*flags, dest=parameter.name, action="store_true", help=_escaped(parameter.description))
        return
    metavar = f"{{{','.join(parameter.choices)}}}" if parameter.choices else "FILE" if parameter.is_file else "VALUE"
    default = "" if parameter.default in (None, ()) else f" (default: {parameter.default})"
    help_text = _escaped(f"{parameter.description}{default}")
    section.add_argument(*flags, dest=parameter.name, metavar=metavar, help=help_text)


def _escaped(text: str) -> str:
    """Text in which argparse finds nothing to fill in."""
    return text.replace("%", "%%")
