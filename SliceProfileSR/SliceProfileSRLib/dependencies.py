"""What a run needs beyond Slicer's own packages, and how the user is asked for it: the one place that installs.

PyTorch comes through the PyTorch extension, which picks the build that fits the graphics card; the rest is in
``Resources/requirements.txt``, all of which Slicer brings along. Nothing is looked at before a run needs it.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from slicer.i18n import tr as _

if TYPE_CHECKING:
    from packaging.requirements import Requirement

#: The oldest PyTorch that will do, as in pyproject.toml.
TORCH = ">=2.4"
REQUIREMENTS = Path(__file__).parents[1] / "Resources" / "requirements.txt"


class Installer(Protocol):
    """Asks the user, and installs; in Slicer, :class:`SliceProfileSRLib.slicerInstaller.SlicerInstaller`."""

    def canAsk(self) -> bool:
        """Whether there is a user to ask."""

    def installPackages(self, requirements: Path, missing: Sequence[str]) -> None:
        """Ask for packages, and install them where the user agrees.

        Args:
            requirements: the file that lists them.
            missing: those of its lines that are not met.
        """

    def installTorch(self, version: str) -> None:
        """Ask for PyTorch, and install it where the user agrees.

        Raises:
            ValueError: there is no way to install it; tells how to get one.
        """


class Dependencies:
    """Sees that what a run needs is installed.

    Args:
        installer: what asks the user and installs.
    """

    def __init__(self, installer: Installer) -> None:
        self._installer = installer

    def ensure(self, torch: bool) -> None:
        """See that everything a run needs is installed, asking the user once where something is missing.

        Args:
            torch: whether the run needs PyTorch.

        Raises:
            ValueError: something is missing and was not installed; tells how to install it.
        """
        self._ensurePackages()
        if torch and not isTorchInstalled():
            self._ensureTorch()

    def _ensurePackages(self) -> None:
        missing = missingPackages()
        if not missing:
            return
        what = _("Python packages ({packages})").format(packages=", ".join(missing))
        self._refuseWithoutUser(what)
        with _installing(what):
            self._installer.installPackages(REQUIREMENTS, missing)
        if missingPackages():
            raise ValueError(_("{what} are missing: run again and agree to install them.").format(what=what))

    def _ensureTorch(self) -> None:
        self._refuseWithoutUser("PyTorch")
        with _installing("PyTorch"):
            self._installer.installTorch(TORCH)
        if not isTorchInstalled():
            raise ValueError(
                _("This method needs PyTorch, which was not installed: run again and agree, or choose 'Tikhonov'.")
            )

    def _refuseWithoutUser(self, what: str) -> None:
        """Where nobody can be asked, as in a batch without main window, nothing is downloaded."""
        if not self._installer.canAsk():
            raise ValueError(
                _("{what} must be installed first: run this once in Slicer's window, which asks for it.").format(
                    what=what
                )
            )


def isTorchInstalled() -> bool:
    """Whether a PyTorch that will do is there; looks without importing it."""
    from packaging.requirements import Requirement

    return importlib.util.find_spec("torch") is not None and _isMet(Requirement(f"torch{TORCH}"))


def missingPackages() -> list[str]:
    """The lines of the requirements that the installed packages do not meet."""
    from packaging.requirements import Requirement

    lines = (line.partition("#")[0].strip() for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not _isMet(Requirement(line))]


def _isMet(requirement: Requirement) -> bool:
    try:
        return requirement.specifier.contains(importlib.metadata.version(requirement.name), prereleases=True)
    except importlib.metadata.PackageNotFoundError:
        return False


@contextmanager
def _installing(what: str) -> Iterator[None]:
    """Around an installer: whatever it raises, also when the user declines, becomes one sentence."""
    try:
        yield
    except (RuntimeError, subprocess.CalledProcessError, ImportError, OSError) as error:
        raise ValueError(
            _("{what} could not be installed ({reason}); the application's log tells more.").format(
                what=what, reason=str(error).partition("\n")[0]
            )
        ) from error
    finally:
        importlib.invalidate_caches()
