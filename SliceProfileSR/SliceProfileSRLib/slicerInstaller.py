"""Asks Slicer's user, and installs by Slicer's own means."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import slicer
from slicer.i18n import tr as _


class SlicerInstaller:
    """Installs packages by ``slicer.packaging``, before Slicer 5.12 by ``slicer.util``; PyTorch by its extension."""

    def canAsk(self) -> bool:
        return slicer.util.mainWindow() is not None

    def installPackages(self, requirements: Path, missing: Sequence[str]) -> None:
        if importlib.util.find_spec("slicer.packaging"):
            from slicer.packaging import load_requirements, pip_ensure  # slicer>=5.12

            pip_ensure(load_requirements(str(requirements)), requester="SliceProfileSR")  # slicer>=5.12
            return
        question = _("SliceProfileSR needs Python packages ({packages}). Install now?")
        if slicer.util.confirmOkCancelDisplay(question.format(packages=", ".join(missing))):
            slicer.util.pip_install(list(missing))

    def installTorch(self, version: str) -> None:
        try:
            import PyTorchUtils
        except ImportError:
            raise ValueError(
                _(
                    "This method needs PyTorch, which comes with Slicer's extension 'PyTorch': install that in the "
                    "Extensions Manager and restart Slicer, or choose the method 'Tikhonov', which does without."
                )
            ) from None
        PyTorchUtils.PyTorchUtilsLogic().installTorch(askConfirmation=True, torchVersionRequirement=version)
