"""Running Slicer's command line modules as Slicer does: the script, in a process of its own, by its description."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from command_line import ENVIRONMENT
from SuperResolveLib.slicer_cli.description import Description, read_description

FOLDER = Path(__file__).parents[2] / "SuperResolve"
MODULES = ("BringBackToSlices", "EstimateSliceProfile", "SuperResolve", "TrainSuperResolution")
#: Seconds after which a run counts as hanging.
PATIENCE = 120


def description(module: str) -> Description:
    return read_description(FOLDER / f"{module}.xml")


def command_line(module: str, folder: Path = FOLDER, **values: object) -> list[str]:
    """The arguments that Slicer makes of parameter values: return file, flags, then what has a place."""
    parameters = description(module).parameters
    words = [sys.executable, str(folder / f"{module}.py")]
    if "returnFile" in values:
        words += ["--returnparameterfile", str(values.pop("returnFile"))]
    for parameter in parameters:
        value = values.get(parameter.name, "" if parameter.default in (None, ()) else parameter.default)
        if parameter.longflag and parameter.tag == "boolean":
            words += [f"--{parameter.longflag}"] if value else []
        elif parameter.longflag and value != "":
            words += [f"--{parameter.longflag}", str(value)]
    placed = sorted((parameter.index, parameter.name) for parameter in parameters if parameter.index is not None)
    return words + [str(values[name]) for _, name in placed if name in values]


def start(module: str, folder: Path = FOLDER, **values: object) -> subprocess.Popen[str]:
    """A module at work, in an environment without the library's path."""
    words = command_line(module, folder, **values)
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())


def environment() -> dict[str, str]:
    return {name: value for name, value in ENVIRONMENT.items() if name != "PYTHONPATH"}


@dataclass(frozen=True)
class Run:
    """What came of a run: its exit code, what it said, and the parameters it returned."""

    code: int
    stdout: str
    stderr: str
    returned: dict[str, str]

    @property
    def log(self) -> list[str]:
        """What Slicer shows: the lines on stdout without the tags it takes out."""
        text = self.stdout
        for tag in ("progress", "stage-progress", "name", "comment", "time", "start", "end"):
            text = re.sub(rf"<filter-{tag}>[^<]*</filter-{tag}>[ \t\n\r]*", "", text)
        return text.splitlines()

    def reported(self, tag: str) -> list[str]:
        return re.findall(rf"<filter-{tag}>([^<]*)</filter-{tag}>", self.stdout)


def run(module: str, folder: Path = FOLDER, **values: object) -> Run:
    process = start(module, folder, **values)
    stdout, stderr = process.communicate(timeout=PATIENCE)
    return_file = Path(str(values.get("returnFile", "")))
    lines = return_file.read_text().splitlines() if return_file.is_file() else []
    returned = dict(tuple(part.strip() for part in line.split("=", 1)) for line in lines)
    return Run(process.returncode, stdout, stderr, returned)
