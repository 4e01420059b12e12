"""What the module's logic does with nodes, for scripts as for the panel."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable
from os import PathLike
from typing import TYPE_CHECKING, Any, cast

import slicer
from slicer import vtkMRMLDisplayableNode, vtkMRMLScalarVolumeNode, vtkMRMLTableNode
from slicer.i18n import tr as _

from . import profileChart, profileTable
from .cliRun import CliRunner, RunState, errorSentence
from .dependencies import Dependencies, Installer
from .jobs import Job, JobList, OnFinished
from .measurement import Measurement
from .nodes import newNode
from .tasks import BringingBackTask, EstimationTask, MeasurementTask, SuperResolutionTask, Task
from .tasks.task import checkKind
from .training.trainingOperations import TrainingOperations

if TYPE_CHECKING:
    from SuperResolveLib.data.geometry import AxisName

    from .training.detachedScript import DetachedScript


class Operations(TrainingOperations):
    """Slice profile, super-resolution and resolution of volume nodes.

    Each ``start...`` does in the background what its namesake does while the caller waits: it returns a
    :class:`SliceProfileSRLib.jobs.Job` at once and calls ``onFinished(job)`` at the end.

    Attributes:
        jobs: what runs in the background, whoever started it.

    Args:
        runner: what runs CLI modules.
        installer: what asks the user for what is not installed.
        launcher: starts the script that trains; Slicer's Python does unless given.
    """

    def __init__(self, runner: CliRunner, installer: Installer, launcher: DetachedScript | None = None) -> None:
        self.jobs = JobList.ofScene(slicer.mrmlScene)
        self._runner = runner
        TrainingOperations.__init__(self, Dependencies(installer), launcher)
        self._started: weakref.WeakSet[Job] = weakref.WeakSet()  # what has ended, and its result, is not kept

    def estimateProfile(
        self,
        volumeNode: vtkMRMLScalarVolumeNode,
        profileNode: vtkMRMLTableNode | None = None,
        method: str = "auto",
        preset: str = "default",
        axis: str = "auto",
        acquiredResolution: str = "",
        prior: str = "scanner",
        device: str = "auto",
        seed: int = 0,
    ) -> vtkMRMLTableNode:
        """The relative slice profile of a 2-D multi-slice scan, from nothing but the scan.

        Args:
            volumeNode: the scan.
            profileNode: the table to fill; unless given, that of the scan's last estimate, or a new one.
            method: one of those that ``slice-profile-sr methods`` lists, or "auto", which leaves it to the library.
            preset: one of the method's; "auto" and methods without presets ignore it.
            axis: the through-plane axis, "i", "j" or "k"; "auto" takes the one with the largest spacing.
            acquiredResolution: in-plane, in mm, as "1.2" or "1.2,0.9"; found from the image unless given.
            prior: which profiles are taken for probable beforehand: "scanner", those of real scanners, or "broad",
                almost any; methods without a prior ignore it.
            device: "auto", "cpu" or "cuda".
            seed: the result is reproducible under it on one device.

        Returns:
            The table, with the columns offset_mm and weight and one row a tap;
            ``SliceProfileSRLib.profileTable.profileFacts(table)`` tells FWHM, interval, warnings and how much of
            it is prior knowledge.

        Raises:
            ValueError: the scan or a setting cannot be used, in one sentence.
        """
        settings: dict[str, Any] = {"method": method, "preset": preset, "prior": prior}
        settings |= _computing(axis, acquiredResolution, device, seed)
        return self._run(EstimationTask(volumeNode, profileNode, settings))

    def startEstimation(
        self,
        volumeNode: vtkMRMLScalarVolumeNode | None,
        profileNode: vtkMRMLTableNode | None = None,
        onFinished: OnFinished | None = None,
        **settings: Any,
    ) -> Job:
        """Begin :meth:`estimateProfile` in the background."""
        _refuseUnknown(self.estimateProfile, settings)
        return self._start(EstimationTask(volumeNode, profileNode, settings), onFinished)

    def makeProfile(
        self,
        volumeNode: vtkMRMLScalarVolumeNode,
        shape: str,
        width: float,
        profileNode: vtkMRMLTableNode | None = None,
        axis: str = "auto",
    ) -> vtkMRMLTableNode:
        """A profile of a given shape as a table, on taps of the scan's in-plane voxel.

        Args:
            volumeNode: the scan that it is for.
            shape: "gaussian" or "rect".
            width: FWHM in mm.
            profileNode: the table to fill; unless given, that of the scan's last shape, or a new one.
            axis: the through-plane axis, as in :meth:`estimateProfile`.

        Raises:
            ValueError: the scan, shape or width cannot be used.
        """
        from SuperResolveLib.data.geometry import slice_geometry
        from SuperResolveLib.image_io.profile_table import parse_profile

        from .volumes import emptyVolumeFromNode

        if volumeNode is None:
            raise ValueError(_("No volume is selected: select one."))
        checkKind(volumeNode, "vtkMRMLScalarVolumeNode", _("the volume"))
        checkKind(profileNode, "vtkMRMLTableNode", _("the slice profile"))
        tapSpacing = slice_geometry(emptyVolumeFromNode(volumeNode), cast("AxisName", axis)).in_plane_voxel
        profile = parse_profile(f"{shape}:{width:g}", tapSpacing)
        scan = volumeNode.GetName()
        tableNode = (
            profileNode
            or profileTable.profileOfScan(volumeNode, shape)
            or newNode("vtkMRMLTableNode", _("{scan} slice profile (given)"), scan)
        )
        facts = profileTable.ProfileFacts(shape, scan, profile.fwhm_mm, profile.fwhm_mm, profile.fwhm_mm)
        profileTable.setProfile(tableNode, profile, facts)
        profileTable.joinScan(tableNode, volumeNode, shape)
        profileChart.redraw(tableNode)
        return tableNode

    def superResolve(
        self,
        volumeNode: vtkMRMLScalarVolumeNode,
        profileNode: vtkMRMLTableNode | None = None,
        outputNode: vtkMRMLScalarVolumeNode | None = None,
        method: str = "auto",
        preset: str = "fast",
        outputSpacing: float = 0.0,
        uncertainty: bool = False,
        model: str | PathLike[str] | None = None,
        axis: str = "auto",
        acquiredResolution: str = "",
        prior: str = "scanner",
        device: str = "auto",
        seed: int = 0,
    ) -> vtkMRMLScalarVolumeNode:
        """A 2-D multi-slice scan brought to thin planes through its field of view.

        Args:
            volumeNode: the scan.
            profileNode: the table of its slice profile; estimated, as by :meth:`estimateProfile`, unless given.
            outputNode: the volume to fill; a new one unless given.
            method: one of those that ``slice-profile-sr methods`` lists, or "auto", which takes one that has learned
                such scans, or else learns from the scan; ``SliceProfileSRLib.resultVolumes.choiceOfResult(result)``
                tells which and why.
            preset: one of the method's; "auto" and methods without presets ignore it.
            outputSpacing: between output planes in mm; 0 takes the in-plane voxel.
            uncertainty: also map how far the result may be off, a standard deviation at every voxel, by a method that
                can tell; ``SliceProfileSRLib.resultVolumes.uncertaintyOfResult(result)`` is that map.
            model: the file of a model that learned from a collection, which takes the place of method and preset.
            axis: as in :meth:`estimateProfile`.
            acquiredResolution: likewise.
            prior: likewise, where the profile is estimated.
            device: likewise.
            seed: likewise.

        Returns:
            The result, beside the scan and under the same transform.

        Raises:
            ValueError: the scan, profile or a setting cannot be used, in one sentence.
        """
        settings: dict[str, Any] = {"method": method, "preset": preset, "outputSpacing": outputSpacing, "model": model}
        settings |= {"prior": prior} | _computing(axis, acquiredResolution, device, seed)
        return self._run(SuperResolutionTask(volumeNode, profileNode, outputNode, settings, uncertainty))

    def startSuperResolution(
        self,
        volumeNode: vtkMRMLScalarVolumeNode | None,
        profileNode: vtkMRMLTableNode | None = None,
        outputNode: vtkMRMLScalarVolumeNode | None = None,
        onFinished: OnFinished | None = None,
        **settings: Any,
    ) -> Job:
        """Begin :meth:`superResolve` in the background."""
        _refuseUnknown(self.superResolve, settings)
        uncertainty = settings.pop("uncertainty", False)
        return self._start(SuperResolutionTask(volumeNode, profileNode, outputNode, settings, uncertainty), onFinished)

    def bringBackToSlices(
        self,
        thinNode: vtkMRMLDisplayableNode,
        scanNode: vtkMRMLScalarVolumeNode | None = None,
        profileNode: vtkMRMLTableNode | None = None,
        outputNode: vtkMRMLDisplayableNode | None = None,
        axis: str = "auto",
        acquiredResolution: str = "",
    ) -> vtkMRMLDisplayableNode:
        """What was made or found on thin planes, on the slices of the scan: as the scanner would have seen it.

        Args:
            thinNode: a volume, label map or segmentation on planes parallel to the slices, with the scan's in-plane
                voxels. A segmentation is taken on its reference geometry.
            scanNode: the scan; unless given, the one that the volume was made from.
            profileNode: the table of its slice profile; unless given, the one that the volume was made with, the scan's
                last estimate, or a new one, which is not kept.
            outputNode: the node to fill, of the same kind; a new one unless given.
            axis: as in :meth:`estimateProfile`.
            acquiredResolution: likewise.

        Returns:
            An image, or each voxel's label or segment that fills most of the slice profile there.

        Raises:
            ValueError: the nodes or a setting cannot be used, in one sentence.
        """
        settings = {"axis": axis, "acquiredResolution": acquiredResolution}
        return self._run(BringingBackTask(thinNode, scanNode, profileNode, outputNode, settings))

    def startBringingBack(
        self,
        thinNode: vtkMRMLDisplayableNode | None,
        scanNode: vtkMRMLScalarVolumeNode | None = None,
        profileNode: vtkMRMLTableNode | None = None,
        outputNode: vtkMRMLDisplayableNode | None = None,
        onFinished: OnFinished | None = None,
        **settings: Any,
    ) -> Job:
        """Begin :meth:`bringBackToSlices` in the background."""
        _refuseUnknown(self.bringBackToSlices, settings)
        return self._start(BringingBackTask(thinNode, scanNode, profileNode, outputNode, settings), onFinished)

    def measureResolution(
        self,
        volumeNode: vtkMRMLScalarVolumeNode,
        axis: str = "auto",
        acquiredResolution: str = "",
        device: str = "auto",
        seed: int = 0,
    ) -> Measurement:
        """How much worse one axis of a volume, isotropic or not, is than the two others.

        Arguments as in :meth:`estimateProfile`; with ``axis`` "auto", an isotropic volume is measured along every axis
        and the worst is told.

        Returns:
            FWHM of the relative profile in mm, its interval, its ratio to the in-plane voxel, the axis and warnings. It
            also goes into the scene's table of measurements.

        Raises:
            ValueError: the volume or a setting cannot be used, in one sentence.
        """
        measurement: Measurement = self._run(
            MeasurementTask(volumeNode, _computing(axis, acquiredResolution, device, seed))
        )
        return measurement

    def startMeasurement(
        self, volumeNode: vtkMRMLScalarVolumeNode | None, onFinished: OnFinished | None = None, **settings: Any
    ) -> Job:
        """Begin :meth:`measureResolution` in the background."""
        _refuseUnknown(self.measureResolution, settings)
        return self._start(MeasurementTask(volumeNode, settings), onFinished)

    def close(self) -> None:
        """End every job that this logic started, and let go of it; trainings go on."""
        for job in list(self._started):
            job.cancel()
            self.jobs.forget(job)

    def _prepare(self, task: Task) -> None:
        """See that a task can be done, and that all that it needs is there.

        Raises:
            ValueError: the input cannot be used, or something is missing; tells how to get it.
        """
        task.check()
        self.jobs.refuseConflict(task)
        self._runner.check(task.cliModule)
        self._dependencies.ensure(torch=task.needsTorch)

    def _run(self, task: Task) -> Any:
        """Run a task and wait for its result."""
        self._prepare(task)
        try:
            run = self._runner.run(task.call())
            try:
                if run.state is not RunState.COMPLETED:
                    failed = run.state is RunState.FAILED
                    raise ValueError(errorSentence(run) if failed else _("The run was cancelled."))
                return task.finish(run)
            finally:
                run.discard()
        finally:
            task.scratch.clear()

    def _start(self, task: Task, onFinished: OnFinished | None) -> Job:
        self._prepare(task)
        job = self.jobs.start(task, self._runner, onFinished)
        self._started.add(job)
        return job


def _computing(axis: str, acquiredResolution: str, device: str, seed: int) -> dict[str, Any]:
    """The settings that every run has, by the names of the CLI modules' XML."""
    return {"axis": axis, "acquiredResolution": acquiredResolution, "device": device, "seed": seed}


def _refuseUnknown(operation: Callable[..., Any], settings: dict[str, Any]) -> None:
    """Refuse settings that an operation does not have.

    Raises:
        TypeError: naming one.
    """
    inspect.signature(operation).bind(None, **settings)
