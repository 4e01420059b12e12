"""Slicer 5.12's functions that install Python packages; the host installs nothing and tells the tests who asked."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import Any

import slicer
import slicer.util
from packaging.requirements import Requirement


def load_requirements(path: str | Path) -> list[Requirement]:
    """The requirements in a file."""
    lines = (line.strip() for line in Path(path).read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line and line[0] not in "#-"]


def pip_check(requirements: Any, _extra: str | None = None) -> bool:
    """Whether all requirements are met."""
    return all(_isMet(requirement) for requirement in _asList(requirements))


def pip_ensure(
    requirements: Any,
    constraints: Any = None,
    skip_packages: list[str] | None = None,
    prompt_install: bool = True,
    prompt_restart: bool = True,
    requester: str | None = None,
    skip_in_testing: bool = True,
    show_progress: bool = True,
) -> None:
    """Install what is missing, asking the user first.

    Raises:
        RuntimeError: the user declined.
    """
    missing = [requirement for requirement in _asList(requirements) if not _isMet(requirement)]
    if not missing or (skip_in_testing and slicer.app.testingEnabled()):
        return
    title = f"{requester or ''} - Install Python Packages"
    text = f"{len(missing)} Python packages need to be installed. This will modify Slicer's Python. Continue?"
    if prompt_install and not slicer.util.confirmOkCancelDisplay(text, title):
        raise RuntimeError("User declined package installation")
    pip_install([str(requirement) for requirement in missing])


def pip_install(requirements: Any, **_: Any) -> None:
    """Install packages: the host only notes which."""
    slicer.app._host.installed.append([str(requirement) for requirement in _asList(requirements)])


def pip_uninstall(requirements: Any, **_: Any) -> None:
    """Remove packages, which the host refuses."""
    raise RuntimeError(f"the host removes no packages: {requirements}")


def _asList(requirements: Any) -> list[Requirement]:
    if isinstance(requirements, Requirement):
        return [requirements]
    items = requirements.split() if isinstance(requirements, str) else requirements
    return [item if isinstance(item, Requirement) else Requirement(item) for item in items]


def _isMet(requirement: Requirement) -> bool:
    try:
        version = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return requirement.specifier.contains(version, prereleases=True)
