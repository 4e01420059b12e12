"""What a run needs beyond Slicer's own packages, and how the user is asked for it: the one place that installs.

PyTorch comes through the PyTorch extension, which picks the build that fits the graphics card; the rest is in
``Resources/requirements.txt``, all of which Slicer brings along. Nothing is looked at before a run needs it.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import slicer
from slicer.i18n import tr as _

#: The oldest PyTorch that will do, as in pyproject.toml.
TORCH = ">=2.4"
REQUIREMENTS = Path(__file__).parents[1] / "Resources" / "requirements.txt"


def ensure(torch: bool) -> None:
    """See that everything a run needs is installed, asking the user once where something is missing.

    Args:
        torch: whether the run needs PyTorch.

    Raises:
        ValueError: something is missing and was not installed; tells how to install it.
    """
    _ensurePackages()
    if torch:
        _ensureTorch()


def isTorchInstalled() -> bool:
    """Whether a PyTorch that will do is there; looks without importing it."""
    from packaging.requirements import Requirement

    return importlib.util.find_spec("torch") is not None and _isMet(Requirement(f"torch{TORCH}"))


def missingPackages() -> list[str]:
    """The lines of the requirements that the installed packages do not meet."""
    from packaging.requirements import Requirement

    lines = (line.partition("#")[0].strip() for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not _isMet(Requirement(line))]


def _isMet(requirement: object) -> bool:
    try:
        return requirement.specifier.contains(importlib.metadata.version(requirement.name), prereleases=True)
    except importlib.metadata.PackageNotFoundError:
        return False


def _ensurePackages() -> None:
    missing = missingPackages()
    if not missing:
        return
    what = _("Python packages ({packages})").format(packages=", ".join(missing))
    _refuseWithoutUser(what)
    with _installing(what):
        if importlib.util.find_spec("slicer.packaging"):
            from slicer.packaging import load_requirements, pip_ensure  # slicer>=5.12

            pip_ensure(load_requirements(str(REQUIREMENTS)), requester="SliceProfileSR")  # slicer>=5.12
        elif slicer.util.confirmOkCancelDisplay(_("SliceProfileSR needs {what}. Install now?").format(what=what)):
            slicer.util.pip_install(missing)
    if missingPackages():
        raise ValueError(_("{what} are missing: run again and agree to install them.").format(what=what))


def _ensureTorch() -> None:
    if isTorchInstalled():
        return
    _refuseWithoutUser("PyTorch")
    try:
        import PyTorchUtils
    except ImportError:
        raise ValueError(
            _(
                "This method needs PyTorch, which comes with Slicer's extension 'PyTorch': install that in the "
                "Extensions Manager and restart Slicer, or choose the method 'Tikhonov', which does without."
            )
        ) from None
    with _installing("PyTorch"):
        PyTorchUtils.PyTorchUtilsLogic().installTorch(askConfirmation=True, torchVersionRequirement=TORCH)
    if not isTorchInstalled():
        raise ValueError(
            _("This method needs PyTorch, which was not installed: run again and agree, or choose 'Tikhonov'.")
        )


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


def _refuseWithoutUser(what: str) -> None:
    """Where nobody can be asked, as in a batch without main window, nothing is downloaded."""
    if slicer.util.mainWindow() is None:
        raise ValueError(
            _("{what} must be installed first: run this once in Slicer's window, which asks for it.").format(what=what)
        )
