"""What the module's logic does to train models, for scripts as for the panel."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..dependencies import Dependencies

if TYPE_CHECKING:
    from .detachedScript import DetachedScript
    from .training import Training


class TrainingOperations:
    """Training of models, in processes of their own.

    Args:
        dependencies: what sees that PyTorch is installed.
        launcher: starts the script that trains; Slicer's Python does unless given.
    """

    def __init__(self, dependencies: Dependencies, launcher: DetachedScript | None) -> None:
        self._dependencies = dependencies
        self._launcher = launcher

    def startTraining(
        self,
        folders: Sequence[str | PathLike[str]],
        modelPath: str | PathLike[str],
        method: str = "supervised",
        preset: str = "fast",
        network: str = "deepresolve",
        stages: Sequence[str] = (),
        ratios: str = "",
        hours: float = 0.0,
        synthetic: int = 0,
        startModel: str | PathLike[str] = "",
        workFolder: str | PathLike[str] | None = None,
        device: str = "auto",
        seed: int = 0,
        **options: str,
    ) -> Training:
        """Begin to train a model on scans, in a process that goes on when the scene, or Slicer, is closed.

        Args:
            folders: of scans, with the folders in them; also files, and patterns such as "/data/*_T1w.nii.gz".
            modelPath: the file that takes the model; it ends in .safetensors.
            method: one that learns from a collection.
            preset: one of the method's.
            network: one of the method's; a method that cannot train it takes its own default.
            stages: of the method that are run, in order; all unless given.
            ratios: of slice spacing to voxel that are learned, as "2-6" or "4"; the preset's unless given.
            hours: how long to train; 0 takes as long as the preset does.
            synthetic: how many volumes of synthetic anatomy to learn from, beside the scans or without any.
            startModel: the file of a model whose network the training starts from.
            workFolder: where checkpoints, validations and the log are kept; beside the model unless given.
            device: "auto", "cpu", "cuda" or "mps".
            seed: the model is reproducible under it on one device.
            options: what only this method has, by its name in the command's help, but in camelCase: ``kind="thin"``,
                ``mixing="outputs"`` and ``features="self"`` for the method soup, ``keepSynthesis=folder`` for xuan,
                ``ct=folder`` for ct-guided.

        Returns:
            The training: ``training.state()`` tells how it stands, ``training.stop()`` ends it with a checkpoint.

        Raises:
            ValueError: there is nothing to learn from, a setting cannot be, the model cannot be written, or the work
                folder is that of another training.
        """
        from .training import Training
        from .trainingCall import trainingValues, workFolderOf

        settings: dict[str, Any] = {"method": method, "preset": preset, "network": network, "stages": stages}
        settings |= {"ratios": ratios, "hours": hours, "synthetic": synthetic, "device": device, "seed": seed}
        work = Path(workFolder).absolute() if workFolder else workFolderOf(modelPath or "model")
        values = trainingValues(folders, modelPath, work, startModel, **settings, **options)
        self._dependencies.ensure(torch=True)
        training = Training(work)
        training.start(values, self._trainingScript())
        return training

    def resumeTraining(self, workFolder: str | PathLike[str]) -> Training:
        """Go on with a training from its last checkpoint, with what was asked for when it began.

        Raises:
            ValueError: there is none in that folder, or it goes on already.
        """
        training = self.training(workFolder)
        self._dependencies.ensure(torch=True)
        training.resume(self._trainingScript())
        return training

    def training(self, workFolder: str | PathLike[str]) -> Training:
        """The training in a work folder, whoever started it and when."""
        from .training import Training

        return Training(Path(workFolder).absolute())

    def _trainingScript(self) -> DetachedScript:
        from .detachedScript import DetachedScript

        return self._launcher or DetachedScript()
