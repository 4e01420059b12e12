"""The script of the CLI module ``TrainSuperResolution`` as a process that outlives Slicer.

Slicer's own queue runs one CLI module at a time, so that a training in it would block every other run for hours.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from slicer.i18n import tr as _

#: The CLI module, as its script is called.
MODULE = "TrainSuperResolution"


class DetachedScript:
    """Starts a script with Slicer's Python.

    Args:
        script: the script; that of the CLI module unless given.
        python: the interpreter; Slicer's unless given.
    """

    def __init__(self, script: Path | None = None, python: str = "") -> None:
        self._script, self._python = script, python

    @property
    def script(self) -> Path:
        """The script.

        Raises:
            ValueError: it is not there.
        """
        found = [self._script] if self._script else [folder / f"{MODULE}.py" for folder in _folders()]
        for script in found:
            if script.is_file():
                return script
        raise ValueError(_("The script {name}.py is missing: install the extension again.").format(name=MODULE))

    def start(self, arguments: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
        """Start the script in a session of its own, without a window, with the environment that Slicer has.

        Args:
            arguments: its command line.
            log: the file that takes what it prints.

        Raises:
            ValueError: it cannot be started.
        """
        python = self._python or _slicersPython()
        try:
            with log.open("wb") as output:
                return subprocess.Popen(
                    [python, str(self.script), *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd=log.parent,
                    **_detached(),
                )
        except OSError as error:
            raise ValueError(
                _("The training cannot be started ({reason}).").format(reason=error.strerror or str(error))
            ) from error


def _detached() -> dict[str, Any]:
    """What keeps a process from ending with Slicer, and from opening a window."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def _folders() -> list[Path]:
    """Where the script may be: in the source tree, or where Slicer installs or builds CLI modules."""
    above = Path(__file__).resolve().parents[3]
    installed = above / "cli-modules"
    return [above / "SuperResolve", installed, *(sorted(installed.iterdir()) if installed.is_dir() else [])]


def _slicersPython() -> str:
    """Slicer's interpreter, which its launcher puts on the path.

    Raises:
        ValueError: it is not there.
    """
    python = shutil.which("PythonSlicer")
    if python is None:
        raise ValueError(_("Slicer's Python (PythonSlicer) was not found: start Slicer by its own launcher."))
    return python
