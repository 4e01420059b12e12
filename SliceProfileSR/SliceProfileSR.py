"""Slice profile and super-resolution of 2-D multi-slice MR: the module, its parameters, panel, logic and test."""

import inspect
import sys
from typing import Annotated, Any

import slicer
import vtk
from slicer import vtkMRMLScalarVolumeNode, vtkMRMLTableNode
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin

from SliceProfileSRLib import profileChart, profileTable
from SliceProfileSRLib.choices import (
    Axis,
    Device,
    EstimationMethod,
    EstimationPreset,
    ProfileSource,
    SuperResolutionMethod,
    SuperResolutionPreset,
)
from SliceProfileSRLib.jobs import Job, run
from SliceProfileSRLib.panel.checkSection import CheckSection
from SliceProfileSRLib.panel.profileSection import ProfileSection
from SliceProfileSRLib.panel.scanSection import ScanSection
from SliceProfileSRLib.panel.superResolutionSection import SuperResolutionSection
from SliceProfileSRLib.sampleData import SAMPLES, loadSample, registerSampleData
from SliceProfileSRLib.tasks import (
    EstimationTask,
    Measurement,
    MeasurementTask,
    SuperResolutionTask,
    Task,
    newNode,
)

HOMEPAGE = "https://github.com/SliceProfileSR/SliceProfileSR"


class SliceProfileSR(ScriptedLoadableModule):
    """The module as Slicer lists it."""

    def __init__(self, parent: Any) -> None:
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("Slice Profile and Super-Resolution")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Filtering")]
        self.parent.dependencies = []
        self.parent.contributors = ["The SliceProfileSR authors"]
        self.parent.helpText = _(
            "<p>Estimates the relative slice profile of a 2-D multi-slice MR scan from the scan itself, super-resolves "
            "the scan through plane with that profile, and measures resolution before and after.</p>"
            '<p>For more information, see the <a href="{homepage}">online documentation</a>.</p>'
        ).format(homepage=HOMEPAGE)
        self.parent.acknowledgementText = _(
            "<p>The relative slice profile, and the method ESPRESO to estimate it, are those of S. Han, S. W. "
            "Remedios, A. Carass, M. Schär and J. L. Prince, "
            "<i>MR Slice Profile Estimation by Learning to Match Internal Patch Distributions</i>, IPMI 2021. "
            "Super-resolution follows C. Zhao, B. E. Dewey, D. L. Pham, P. A. Calabresi, D. S. Reich and J. L. Prince, "
            "<i>SMORE: A Self-Supervised Anti-Aliasing and Super-Resolution Algorithm for MRI Using Deep Learning</i>, "
            "IEEE Transactions on Medical Imaging, 2020; the network of its published settings is that of S. W. "
            "Remedios et al., <i>ECLARE: Efficient Cross-Planar Learning for Anisotropic Resolution Enhancement</i>, "
            "2025. Please cite them where you use it.</p>"
        )
        slicer.app.connect("startupCompleted()", registerSampleData)


@parameterNodeWrapper
class SliceProfileSRParameterNode:
    """What the user chose, saved with the scene.

    Attributes:
        inputVolume: the scan.
        profileSource: where its profile comes from; the next three belong to it.
        estimationMethod, estimationPreset: how it is estimated.
        profileWidth: FWHM of a given shape, in mm.
        profileTable: the profile.
        keepProfiles: whether the chart keeps other scans' profiles.
        method, preset: how the scan is super-resolved.
        outputVolume: the result; None makes a new one.
        outputSpacing: between its planes in mm; 0 takes the in-plane voxel.
        uncertainty: whether SMORE also maps how far its result may be off.
        measuredVolume: of which the resolution is measured.
        device, seed, axis, acquiredResolution: as in the CLI modules.
    """

    inputVolume: vtkMRMLScalarVolumeNode | None
    profileSource: ProfileSource = ProfileSource.ESTIMATED
    estimationMethod: EstimationMethod = EstimationMethod.AUTO
    estimationPreset: EstimationPreset = EstimationPreset.DEFAULT
    profileWidth: Annotated[float, WithinRange(0.1, 100.0)] = 5.0
    profileTable: vtkMRMLTableNode | None
    keepProfiles: bool = False
    method: SuperResolutionMethod = SuperResolutionMethod.SMORE
    preset: SuperResolutionPreset = SuperResolutionPreset.FAST
    outputVolume: vtkMRMLScalarVolumeNode | None
    outputSpacing: Annotated[float, WithinRange(0.0, 100.0)] = 0.0
    uncertainty: bool = False
    measuredVolume: vtkMRMLScalarVolumeNode | None
    device: Device = Device.AUTO
    seed: Annotated[int, WithinRange(0, 2147483647)] = 0
    axis: Axis = Axis.AUTO
    acquiredResolution: str = ""


class SliceProfileSRWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel: its life with module and scene. What it shows is in its sections."""

    def __init__(self, parent: Any = None) -> None:
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)  # needed for parameter node observation
        self.logic: SliceProfileSRLogic | None = None
        self.parameterNode: SliceProfileSRParameterNode | None = None
        self._parameterNodeGuiTag: Any = None
        self._parameterNodeTag: Any = None
        self.sections: tuple[Any, ...] = ()
        self._observed: dict[Any, list[int]] = {}  # scan and runs, by the tags of their observers
        self._lastScan: str | None = None
        self._lastSource: ProfileSource | None = None
        self._updating = False

    def setup(self) -> None:
        """Called when the user opens the module the first time."""
        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/SliceProfileSR.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)

        self.logic = SliceProfileSRLogic()
        self.scanSection = ScanSection(self.ui)
        self.profileSection = ProfileSection(self.ui, self)
        self.superResolutionSection = SuperResolutionSection(self.ui, self)
        self.checkSection = CheckSection(self.ui, self)
        self.sections = (self.profileSection, self.superResolutionSection, self.checkSection)

        scene = slicer.mrmlScene
        self.addObserver(scene, slicer.vtkMRMLScene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(scene, slicer.vtkMRMLScene.EndCloseEvent, self.onSceneEndClose)
        self.addObserver(scene, slicer.vtkMRMLScene.EndImportEvent, self.onSceneEndImport)
        self.addObserver(scene, slicer.vtkMRMLScene.NodeAddedEvent, self.onNodeAdded)
        self.addObserver(scene, slicer.vtkMRMLScene.NodeRemovedEvent, self.onNodeRemoved)
        for cliNode in slicer.util.getNodesByClass("vtkMRMLCommandLineModuleNode"):
            self.observe(cliNode, vtk.vtkCommand.ModifiedEvent)
        self.initializeParameterNode()

    def cleanup(self) -> None:
        """Called when the application closes and the module's panel is destroyed; ends what it started."""
        self.release()
        self.setParameterNode(None)
        if self.logic:
            self.logic.cancelJobs()
        self.removeObservers()

    def enter(self) -> None:
        """Called each time the user opens this module."""
        self.initializeParameterNode()

    def exit(self) -> None:
        """Called each time the user opens a different module; runs go on."""
        self.setParameterNode(None)

    def onSceneStartClose(self, caller: Any, event: Any) -> None:
        """Called just before the scene is closed: its nodes must not be held or used any more."""
        self.release()
        self.setParameterNode(None)

    def onSceneEndClose(self, caller: Any, event: Any) -> None:
        """Called just after the scene is closed."""
        if self.parent.isEntered:
            self.initializeParameterNode()

    def onSceneEndImport(self, caller: Any, event: Any) -> None:
        """Called after a scene was loaded, which may have brought a parameter node."""
        if self.parent.isEntered:
            self.initializeParameterNode()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def onNodeAdded(self, caller: Any, event: Any, node: Any) -> None:
        """Follow runs, whoever started them."""
        if node.IsA("vtkMRMLCommandLineModuleNode"):
            self.observe(node, vtk.vtkCommand.ModifiedEvent)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def onNodeRemoved(self, caller: Any, event: Any, node: Any) -> None:
        """Let go of what is no longer there."""
        self.leave(node)
        if not slicer.mrmlScene.IsClosing():
            self.update()

    def initializeParameterNode(self) -> None:
        """Ensure that the parameter node exists and is observed, and select the first volume if none is."""
        self.setParameterNode(self.logic.getParameterNode())
        if not self.parameterNode.inputVolume:
            volumes = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
            scalar = [node for node in volumes if node.GetClassName() == "vtkMRMLScalarVolumeNode"]  # no labels
            if scalar:
                self.parameterNode.inputVolume = scalar[0]

    def setParameterNode(self, parameterNode: SliceProfileSRParameterNode | None) -> None:
        """Observe a parameter node, and no other, and keep none that is not observed."""
        if self.parameterNode:
            self.parameterNode.disconnectGui(self._parameterNodeGuiTag)
            self.parameterNode.RemoveObserver(self._parameterNodeTag)
        self.parameterNode = parameterNode
        if self.parameterNode:
            self._parameterNodeGuiTag = self.parameterNode.connectGui(self.ui)
            self._parameterNodeTag = self.parameterNode.AddObserver(vtk.vtkCommand.ModifiedEvent, self.update)
            self.update()

    def update(self, caller: Any = None, event: Any = None) -> None:
        """Bring every section up to date with the scene."""
        if self.parameterNode is None or self._updating:
            return
        self._updating = True  # what the sections select modifies the parameter node again
        try:
            self._follow(self.parameterNode.inputVolume, self.parameterNode.profileSource)
            self.scanSection.update(self.parameterNode)
            problem = self.scanSection.description.problem
            self.profileSection.update(self.parameterNode, problem)
            self.superResolutionSection.update(self.parameterNode, problem)
            self.checkSection.update(self.parameterNode)
        finally:
            self._updating = False

    def _follow(self, scan: vtkMRMLScalarVolumeNode | None, source: ProfileSource) -> None:
        """Watch the selected scan's voxels; another scan or source brings its own profile along."""
        if scan is not None and scan not in self._observed:
            for node in [node for node in self._observed if node.IsA("vtkMRMLVolumeNode")]:
                self.leave(node)
            self.observe(scan, vtk.vtkCommand.ModifiedEvent, slicer.vtkMRMLVolumeNode.ImageDataModifiedEvent)
        scanID = scan.GetID() if scan else None
        if scanID != self._lastScan:
            self.scanSection.bringAlong(self.parameterNode)
        elif source is not self._lastSource or self.parameterNode.profileTable is None:
            self.scanSection.bringProfile(self.parameterNode)
        self._lastScan, self._lastSource = scanID, source

    def observe(self, node: Any, *events: Any) -> None:
        """Update when a node changes. The mixin's observers would keep nodes, and their voxels, for good."""
        self._observed[node] = [node.AddObserver(event, self.update) for event in events]

    def leave(self, node: Any) -> None:
        """Let go of a node."""
        for tag in self._observed.pop(node, ()):
            node.RemoveObserver(tag)

    def release(self) -> None:
        """Let go of the runs and tables that are shown."""
        for section in self.sections:
            section.release()
        for node in list(self._observed):
            self.leave(node)
        self._lastScan = None

    def onReload(self) -> None:
        """Reload the packages too, not this file alone (for developers)."""
        for name in list(sys.modules):
            if name.partition(".")[0] in ("SliceProfileSRLib", "SuperResolveLib"):
                del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)

    def computeSettings(self) -> dict[str, Any]:
        """The settings under *Advanced*, by the names that the CLI modules have for them."""
        return {
            "axis": self.parameterNode.axis.value,
            "acquiredResolution": self.parameterNode.acquiredResolution.strip(),
            "device": self.parameterNode.device.value,
            "seed": self.parameterNode.seed,
        }


class SliceProfileSRLogic(ScriptedLoadableModuleLogic):
    """Slice profile, super-resolution and resolution of volume nodes, for scripts as for the panel.

    Each ``start...`` does in the background what its namesake does while the caller waits: it returns a
    :class:`SliceProfileSRLib.jobs.Job` at once and calls ``onFinished(job)`` at the end.
    """

    def __init__(self) -> None:
        ScriptedLoadableModuleLogic.__init__(self)
        self._jobs: list[Job] = []

    def getParameterNode(self) -> SliceProfileSRParameterNode:
        """The scene's parameter node, wrapped anew: a wrapper that outlives the scene would read what is gone."""
        return SliceProfileSRParameterNode(super().getParameterNode())

    def estimateProfile(
        self,
        volumeNode: vtkMRMLScalarVolumeNode,
        profileNode: vtkMRMLTableNode | None = None,
        method: str = "auto",
        preset: str = "default",
        axis: str = "auto",
        acquiredResolution: str = "",
        device: str = "auto",
        seed: int = 0,
    ) -> vtkMRMLTableNode:
        """The relative slice profile of a 2-D multi-slice scan, from nothing but the scan.

        Args:
            volumeNode: the scan.
            profileNode: the table to fill; unless given, that of the scan's last estimate, or a new one.
            method: "auto", by the scan's power spectrum, or "espreso", by matching patches.
            preset: "default", or "paper" for the published network, of ESPRESO.
            axis: the through-plane axis, "i", "j" or "k"; "auto" takes the one with the largest spacing.
            acquiredResolution: in-plane, in mm, as "1.2" or "1.2,0.9"; found from the image unless given.
            device: "auto", "cpu" or "cuda".
            seed: the result is reproducible under it on one device.

        Returns:
            The table, with the columns offset_mm and weight and one row a tap;
            ``SliceProfileSRLib.profileTable.profileFacts(table)`` tells FWHM, interval, warnings and how much of
            it is prior knowledge.

        Raises:
            ValueError: the scan or a setting cannot be used, in one sentence.
        """
        settings: dict[str, Any] = {"method": method, "preset": preset}
        settings |= _computing(axis, acquiredResolution, device, seed)
        return run(EstimationTask(volumeNode, profileNode, settings))

    def startEstimation(self, volumeNode: Any, profileNode: Any = None, onFinished: Any = None, **settings: Any) -> Job:
        """Begin :meth:`estimateProfile` in the background."""
        inspect.signature(self.estimateProfile).bind(volumeNode, **settings)  # refuses settings that there are not
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
        from SliceProfileSRLib.volumes import emptyVolumeFromNode
        from SuperResolveLib.data.geometry import slice_geometry
        from SuperResolveLib.image_io.profile_table import parse_profile

        if volumeNode is None:
            raise ValueError(_("No volume is selected: select one."))
        tapSpacing = slice_geometry(emptyVolumeFromNode(volumeNode), axis).in_plane_voxel
        profile = parse_profile(f"{shape}:{width:g}", tapSpacing)
        scan = volumeNode.GetName()
        tableNode = (
            profileNode
            or profileTable.profileOfScan(volumeNode, shape)
            or newNode("vtkMRMLTableNode", _("{scan} slice profile (given)"), scan)
        )
        facts = profileTable.ProfileFacts(shape, scan, *[profile.fwhm_mm] * 3)
        profileTable.setProfile(tableNode, profile, facts)
        profileTable.joinScan(tableNode, volumeNode, shape)
        profileChart.redraw(tableNode)
        return tableNode

    def superResolve(
        self,
        volumeNode: vtkMRMLScalarVolumeNode,
        profileNode: vtkMRMLTableNode | None = None,
        outputNode: vtkMRMLScalarVolumeNode | None = None,
        method: str = "smore",
        preset: str = "fast",
        outputSpacing: float = 0.0,
        uncertainty: bool = False,
        axis: str = "auto",
        acquiredResolution: str = "",
        device: str = "auto",
        seed: int = 0,
    ) -> vtkMRMLScalarVolumeNode:
        """A 2-D multi-slice scan brought to thin planes through its field of view.

        Args:
            volumeNode: the scan.
            profileNode: the table of its slice profile; estimated, as by :meth:`estimateProfile`, unless given.
            outputNode: the volume to fill; a new one unless given.
            method: "smore", "tikhonov" or "bspline".
            preset: "fast", "balanced" or "paper", for SMORE.
            outputSpacing: between output planes in mm; 0 takes the in-plane voxel.
            uncertainty: also map how far the result may be off, a standard deviation at every voxel, which takes SMORE
                two to three times as long; ``SliceProfileSRLib.resultVolumes.uncertaintyOfResult(result)`` is that map.
            axis: as in :meth:`estimateProfile`.
            acquiredResolution: likewise.
            device: likewise.
            seed: likewise.

        Returns:
            The result, beside the scan and under the same transform.

        Raises:
            ValueError: the scan, profile or a setting cannot be used, in one sentence.
        """
        settings: dict[str, Any] = {"method": method, "preset": preset, "outputSpacing": outputSpacing}
        settings |= _computing(axis, acquiredResolution, device, seed)
        return run(SuperResolutionTask(volumeNode, profileNode, outputNode, settings, uncertainty))

    def startSuperResolution(
        self, volumeNode: Any, profileNode: Any = None, outputNode: Any = None, onFinished: Any = None, **settings: Any
    ) -> Job:
        """Begin :meth:`superResolve` in the background."""
        inspect.signature(self.superResolve).bind(volumeNode, **settings)
        uncertainty = settings.pop("uncertainty", False)
        return self._start(SuperResolutionTask(volumeNode, profileNode, outputNode, settings, uncertainty), onFinished)

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
        return run(MeasurementTask(volumeNode, _computing(axis, acquiredResolution, device, seed)))

    def startMeasurement(self, volumeNode: Any, onFinished: Any = None, **settings: Any) -> Job:
        """Begin :meth:`measureResolution` in the background."""
        inspect.signature(self.measureResolution).bind(volumeNode, **settings)
        return self._start(MeasurementTask(volumeNode, settings), onFinished)

    def cancelJobs(self) -> None:
        """End every run that this logic started."""
        for job in list(self._jobs):
            job.cancel()

    def _start(self, task: Task, onFinished: Any) -> Job:
        def forgetting(job: Job) -> None:
            self._jobs = [other for other in self._jobs if other is not job]
            if onFinished:
                onFinished(job)

        job = Job(task, forgetting)
        self._jobs.append(job)
        return job


def _computing(axis: str, acquiredResolution: str, device: str, seed: int) -> dict[str, Any]:
    """The settings that every run has, by the names of the CLI modules' XML."""
    return {"axis": axis, "acquiredResolution": acquiredResolution, "device": device, "seed": seed}


class SliceProfileSRTest(ScriptedLoadableModuleTest):
    """From a simulated scan to profile, result and measurement, in Slicer or in the project's test host."""

    def setUp(self) -> None:
        """Start from an empty scene."""
        slicer.mrmlScene.Clear()

    def runTest(self) -> None:
        """Run every test."""
        self.setUp()
        self.test_SliceProfileSR()
        self.setUp()
        self.test_badInput()

    def test_SliceProfileSR(self) -> None:
        """The main job on a scan whose truth is known."""
        self.delayDisplay("Simulating a scan")
        scan = loadSample(SAMPLES[0])
        logic = SliceProfileSRLogic()

        self.delayDisplay("Estimating its slice profile")
        profile = logic.estimateProfile(scan)
        facts = profileTable.profileFacts(profile)
        self.assertLess(abs(facts.fwhm - SAMPLES[0].thickness), 1.5)
        self.assertLess(facts.fwhmLow, facts.fwhmHigh)
        weights = profileTable.profileFromTable(profile).weights
        self.assertAlmostEqual(float(weights.sum()), 1.0)

        self.delayDisplay("Super-resolving it")
        result = logic.superResolve(scan, profile, method="tikhonov")
        self.assertAlmostEqual(max(result.GetSpacing()), min(scan.GetSpacing()), 4)
        bounds, scanBounds = [0.0] * 6, [0.0] * 6
        result.GetRASBounds(bounds)
        scan.GetRASBounds(scanBounds)
        for ours, theirs in zip(bounds, scanBounds, strict=True):
            self.assertAlmostEqual(ours, theirs, 2)

        self.delayDisplay("Measuring its resolution")
        measurement = logic.measureResolution(result)
        self.assertGreater(measurement.fwhm, 0.0)
        self.delayDisplay("Test passed")

    def test_badInput(self) -> None:
        """One clear sentence, and no nodes left behind."""
        import numpy as np

        logic = SliceProfileSRLogic()
        with self.assertRaises(ValueError):
            logic.estimateProfile(None)
        isotropic = slicer.util.addVolumeFromArray(np.random.default_rng(0).random((20, 20, 20)), name="isotropic")
        before = slicer.mrmlScene.GetNumberOfNodes()
        for attempt in (logic.estimateProfile, logic.superResolve):
            with self.assertRaises(ValueError):
                attempt(isotropic)
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), before)
        self.delayDisplay("Test passed")
