"""What the documentation site takes from elsewhere in the repository as it is built, and equations in its pages.

Pictures are the extension's own; the command's help is click's; the CLI modules' parameters are their XML's.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import click
from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from SuperResolveLib.command.console import PROGRAM
from SuperResolveLib.command.main import cli
from SuperResolveLib.slicer_cli.description import Parameter, read_description

PROJECT = Path(__file__).parents[1]
RESOURCES = "SliceProfileSR/Resources"
PICTURES = ("Screenshots/*.png", "Icons/*")

#: Asks for the help of every subcommand.
HELP = "<!-- help of every command -->"
#: Asks for the tables of a CLI module's parameters.
PARAMETERS = re.compile(r"<!-- parameters of (\w+) -->")
#: Sphinx's roles in docstrings, as Markdown leaves them: mathematics, and names of which the last part is shown.
ROLE = re.compile(r":(\w+):<code>([^<]*)</code>")
EQUATION = re.compile(r'<(span|div) class="arithmatex">\\[(\[](.*?)\\[)\]]</\1>', re.DOTALL)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the extension's pictures as ``images/``."""
    for pattern in PICTURES:
        for path in sorted((PROJECT / RESOURCES).glob(pattern)):
            files.append(File.generated(config, f"images/{path.name}", abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Turn relative addresses of pictures, which hold on GitHub, into the site's, and fill in help and parameters."""
    markdown = markdown.replace(f"../../{RESOURCES}/Screenshots/", "../images/")
    if HELP in markdown:
        markdown = markdown.replace(HELP, _help())
    return PARAMETERS.sub(lambda match: _parameters(match[1]), markdown)


def on_page_content(content: str, **_: Any) -> str:
    """Turn equations into MathML, which browsers draw by themselves."""
    content = ROLE.sub(_role, content)
    return EQUATION.sub(lambda match: _equation(match[2], "block" if match[1] == "div" else "inline"), content)


def _role(match: re.Match[str]) -> str:
    role, text = match.groups()
    if role == "math":
        return _equation(text, "inline")
    return f"<code>{text.rpartition('.')[2] if text.startswith('~') else text}</code>"


def _equation(latex: str, display: str) -> str:
    mathml: str = convert(html.unescape(latex), display=display)
    return mathml


def _help() -> str:
    """What ``--help`` says of each subcommand, in the order in which the command lists them."""
    program = click.Context(cli, info_name=PROGRAM, terminal_width=80)
    lines: list[str] = []
    for name, command in cli.commands.items():
        text = command.get_help(click.Context(command, info_name=name, parent=program, terminal_width=80))
        lines += [f"### {name}", "", "```text", text, "```", ""]
    return "\n".join(lines)


def _parameters(module: str) -> str:
    """The parameters of a CLI module, a table a group, from the XML by which Slicer knows them."""
    description = read_description(PROJECT / "SuperResolve" / f"{module}.xml")
    lines = [description.description]
    for group in description.groups:
        lines += ["", f"### {group.label} {{ #{module}-{group.label.replace(' ', '-')} }}", ""]
        lines += ["| parameter | on the command line | what it is | default |", "|---|---|---|---|"]
        lines += [f"| {' | '.join(_cells(parameter))} |" for parameter in group.parameters]
    return "\n".join(lines)


def _cells(parameter: Parameter) -> tuple[str, str, str, str]:
    if parameter.longflag:
        place = f"`--{parameter.longflag}`"
    else:
        place = "returned" if parameter.index is None else f"argument {parameter.index + 1}"
    text = parameter.description.replace("|", "\\|")
    choices = f" ({', '.join(f'`{choice}`' for choice in parameter.choices)})" if parameter.choices else ""
    default = "" if parameter.default in (None, "", ()) or parameter.is_returned else f"`{parameter.default}`"
    return f"`{parameter.name}`", place, text + choices, default
