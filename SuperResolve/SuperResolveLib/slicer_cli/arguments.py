"""The command line of a module, parsed as its description says."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from ..errors import InputError
from ..estimation.estimator import EstimatorInfo
from ..registry import Info
from .description import Description
from .parameter import Parameter

#: The flag with which Slicer names the file for the values that a module returns.
RETURN_FILE = "returnparameterfile"


@dataclass(frozen=True)
class Arguments:
    """The arguments of a run: ``arguments["seed"]`` is the value of the parameter ``seed``.

    Attributes:
        values: by parameter name; files as paths, and defaults for what is not on the command line.
        return_file: where to write the values that are returned; ``None`` if nowhere.
    """

    values: Mapping[str, Any]
    return_file: Path | None

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def preset(self, info: Info) -> str | None:
        """The chosen preset if the method has it, else ``None``, which stands for the method's default.

        This is needed because in Slicer all methods share one list of presets.
        """
        chosen: str = self["preset"]
        return chosen if chosen in [preset.name for preset in info.presets] else None

    def prior(self, info: EstimatorInfo) -> str | None:
        """The chosen prior if the estimator has it, else ``None``."""
        chosen: str = self["prior"]
        return chosen if chosen in [prior.name for prior in info.priors] else None

    def device(self, info: Info) -> str:
        """The chosen device if the method computes on one, else ``"auto"``."""
        return info.usable_device(self.preset(info), self["device"])


def parse_arguments(description: Description, program: str, arguments: Sequence[str] | None = None) -> Arguments:
    """Parse a command line, by default that of the process.

    Args:
        description: the module's description.
        program: the module's name in messages.
        arguments: the command line.

    Raises:
        InputError: the description does not allow it.
        SystemExit: help or the XML file was asked for, and has been printed.
    """
    words = sys.argv[1:] if arguments is None else arguments
    texts = vars(_parser(description, program).parse_args(_with_negative_numbers(words)))
    return_file = texts.pop(RETURN_FILE)
    values = {
        parameter.name: _value(parameter, texts[parameter.name])
        for parameter in description.parameters
        if not parameter.is_returned
    }
    return Arguments(values, Path(return_file) if return_file else None)


def _with_negative_numbers(words: Sequence[str]) -> list[str]:
    """A command line in which a flag and what begins with a negative number, as ``-200,300``, which would be taken for
    a flag itself, are one word.
    """
    joined: list[str] = []
    for word in words:
        flag = joined[-1] if joined and "--" not in joined else ""
        if flag.startswith("--") and "=" not in flag and re.match(r"-[\d.]", word):
            joined[-1] = f"{flag}={word}"
        else:
            joined.append(word)
    return joined


def _value(parameter: Parameter, text: str | bool | None) -> Any:
    """The value of a parameter from its text; ``None`` gives the default, and flags are truth values already."""
    if text is None or isinstance(text, bool):
        return parameter.default if text is None else text
    return Path(text) if parameter.is_file else parameter.value(text)


class _Parser(argparse.ArgumentParser):
    """A parser that raises InputError instead of printing the usage."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}: see --help")


class _PrintXml(argparse.Action):
    """``--xml``: print the XML file, as Slicer asks of every CLI module."""

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
    """A text in which argparse does not take ``%`` for a placeholder."""
    return text.replace("%", "%%")
