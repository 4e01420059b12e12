"""What tests play: the module with a runner, views and a user of theirs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from host import Host

PROJECT = Path(__file__).resolve().parents[2]
COMPUTATION = PROJECT / "SuperResolve"
MODULE = PROJECT / "SliceProfileSR"


class RecordedViews:
    """Implements the panel's ``Views``.

    Attributes:
        compared: the names of the volumes that were compared, above and below.
        charts: the titles of the charts that were shown.
        shownID: the ID of what was shown last; None since the user's layout was given back.
    """

    def __init__(self) -> None:
        self.compared: list[tuple[str, str]] = []
        self.charts: list[str] = []
        self.shownID: str | None = None
        self._listener: Callable[[], None] = lambda: None

    def listen(self, listener: Callable[[], None]) -> None:
        """Call a function whenever something is shown."""
        self._listener = listener

    def compare(self, scanNode: Any, otherNode: Any) -> None:
        """Note two volumes."""
        self.compared.append((scanNode.GetName(), otherNode.GetName()))
        self._show(otherNode.GetID())

    def showChart(self, chartNode: Any) -> None:
        """Note a chart."""
        self.charts.append(chartNode.GetTitle())
        self._show(chartNode.GetID())

    def giveBack(self) -> None:
        """Show nothing any more."""
        self._show(None)

    def _show(self, shownID: str | None) -> None:
        self.shownID = shownID
        self._listener()


class RecordedInstaller:
    """Implements the panel's ``Installer``.

    Attributes:
        hasUser: whether there is one to ask.
        asked: what was to be installed.
        install: called with what is to be installed; may install it, raise, or do nothing where the user declines.
    """

    def __init__(self) -> None:
        self.hasUser = True
        self.asked: list[Any] = []
        self.install: Callable[[Any], object] = lambda what: None

    def canAsk(self) -> bool:
        """Whether there is a user."""
        return self.hasUser

    def installPackages(self, requirements: Path, missing: Sequence[str]) -> None:
        """Note packages."""
        assert requirements.is_file()
        self.asked.append(list(missing))
        self.install(missing)

    def installTorch(self, version: str) -> None:
        """Note PyTorch."""
        self.asked.append(f"torch{version}")
        self.install("torch")


class Played(Host):
    """The module in a host, with a runner, views and an installer.

    Args:
        runner, views, installer: what the module is handed.
        script: which is started for a training; the CLI module's own unless given.
        settings: the file of the user's settings; one that goes with the host unless given.
    """

    def __init__(
        self, runner: Any, views: Any, installer: Any, script: Path | None = None, settings: Path | None = None
    ) -> None:
        self._runner, self._views, self._installer = runner, views, installer
        self._script = script or COMPUTATION / "TrainSuperResolution.py"
        super().__init__(MODULE / "SliceProfileSR.py", self._panel_class_of, settings)

    def make_logic(self) -> Any:
        """The module's logic."""
        import SliceProfileSR
        from SliceProfileSRLib.training.detachedScript import DetachedScript

        launcher = DetachedScript(self._script, sys.executable)
        return SliceProfileSR.SliceProfileSRLogic(self._runner, self._installer, launcher)

    def _panel_class_of(self, script: ModuleType) -> type:
        played = self

        class SliceProfileSRWidget(script.SliceProfileSRWidget):
            """The panel, with what is played."""

            def makeLogic(self) -> Any:
                return played.make_logic()

            def makeViews(self) -> Any:
                return played._views

        return SliceProfileSRWidget
