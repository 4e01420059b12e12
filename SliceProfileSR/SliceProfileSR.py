"""Slice profile and super-resolution of 2-D multi-slice MR: the module, its panel's life, its logic and its test."""

import sys
from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin

from SliceProfileSRLib import profileTable
from SliceProfileSRLib.cliRun import CliRunner
from SliceProfileSRLib.dependencies import Installer
from SliceProfileSRLib.operations import Operations
from SliceProfileSRLib.panel.panel import Panel
from SliceProfileSRLib.parameterNode import ParameterAccess, SliceProfileSRParameterNode, dropUnreadable
from SliceProfileSRLib.sampleData import SAMPLES, loadSample, registerSampleData
from SliceProfileSRLib.scans import scans
from SliceProfileSRLib.slicerCli import SlicerCliRunner
from SliceProfileSRLib.slicerInstaller import SlicerInstaller
from SliceProfileSRLib.views import SlicerViews, Views

if TYPE_CHECKING:
    from SliceProfileSRLib.training.detachedScript import DetachedScript

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


class SliceProfileSRWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel's life with module and scene. What it shows is in :mod:`SliceProfileSRLib.panel`."""

    def __init__(self, parent: Any = None) -> None:
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)  # needed for scene observation
        self.logic: SliceProfileSRLogic | None = None
        self.panel: Panel | None = None

    def setup(self) -> None:
        """Called when the user opens the module the first time."""
        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/SliceProfileSR.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)

        self.logic = self.makeLogic()
        self.panel = Panel(self.ui, self.logic, self.makeViews(), ParameterAccess(self.logic.getParameterNode))
        scene = slicer.vtkMRMLScene
        self.addObserver(slicer.mrmlScene, scene.StartCloseEvent, self.onSceneStarts)
        self.addObserver(slicer.mrmlScene, scene.StartImportEvent, self.onSceneStarts)
        self.addObserver(slicer.mrmlScene, scene.EndCloseEvent, self.onSceneChanged)
        self.addObserver(slicer.mrmlScene, scene.EndImportEvent, self.onSceneChanged)
        self.initializeParameterNode()

    def makeLogic(self) -> "SliceProfileSRLogic":
        """The module's logic, with Slicer's own means."""
        return SliceProfileSRLogic()

    def makeViews(self) -> Views:
        """Where volumes and charts are shown."""
        return SlicerViews()

    def cleanup(self) -> None:
        """Called when the application closes and the module's panel is destroyed; ends what it started."""
        self.removeObservers()
        if self.panel:
            self.panel.close()
        if self.logic:
            self.logic.close()

    def enter(self) -> None:
        """Called each time the user opens this module."""
        self.initializeParameterNode()

    def exit(self) -> None:
        """Called each time the user opens a different module; runs go on."""
        if self.panel:
            self.panel.hide()

    def onSceneStarts(self, caller: Any, event: Any) -> None:
        """Called just before the scene is closed, or another read into it: no node may be held or changed meanwhile."""
        if self.panel:
            self.panel.forget()

    def onSceneChanged(self, caller: Any, event: Any) -> None:
        """Called after the scene was closed, or another was loaded, which may have brought a parameter node."""
        if self.parent.isEntered:
            self.initializeParameterNode()

    def initializeParameterNode(self) -> None:
        """Show the scene's parameter node, and select the first scan if none is."""
        if self.logic is None or self.panel is None or slicer.mrmlScene.IsImporting() or slicer.mrmlScene.IsClosing():
            return  # the end of which brings it here again
        parameterNode = self.logic.getParameterNode()
        if not parameterNode.inputVolume:
            parameterNode.inputVolume = next(iter(scans()), None)
        self.panel.show(parameterNode)

    def onReload(self) -> None:
        """Reload the packages too, not this file alone (for developers)."""
        for name in list(sys.modules):
            if name.partition(".")[0] in ("SliceProfileSRLib", "SuperResolveLib"):
                del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)


class SliceProfileSRLogic(Operations, ScriptedLoadableModuleLogic):
    """Slice profile, super-resolution and resolution of volume nodes, for scripts as for the panel.

    Args:
        runner: what runs CLI modules; Slicer unless given.
        installer: what asks the user for what is not installed; Slicer unless given.
        launcher: starts the script that trains; Slicer's Python does unless given.
    """

    def __init__(
        self,
        runner: CliRunner | None = None,
        installer: Installer | None = None,
        launcher: "DetachedScript | None" = None,
    ) -> None:
        ScriptedLoadableModuleLogic.__init__(self)
        Operations.__init__(self, runner or SlicerCliRunner(), installer or SlicerInstaller(), launcher)

    def getParameterNode(self) -> SliceProfileSRParameterNode:
        """The scene's parameter node, wrapped anew: a wrapper that outlives the scene would read what is gone."""
        scriptNode = super().getParameterNode()
        dropUnreadable(scriptNode)
        return SliceProfileSRParameterNode(scriptNode)


class SliceProfileSRTest(ScriptedLoadableModuleTest):
    """From a simulated scan to profile, result and measurement, in Slicer or in the project's own tests."""

    def makeLogic(self) -> SliceProfileSRLogic:
        """The module's logic, with Slicer's own means."""
        return SliceProfileSRLogic()

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
        logic = self.makeLogic()

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

        logic = self.makeLogic()
        with self.assertRaises(ValueError):
            logic.estimateProfile(None)
        isotropic = slicer.util.addVolumeFromArray(np.random.default_rng(0).random((20, 20, 20)), name="isotropic")
        before = slicer.mrmlScene.GetNumberOfNodes()
        for attempt in (logic.estimateProfile, logic.superResolve):
            with self.assertRaises(ValueError):
                attempt(isotropic)
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), before)
        self.delayDisplay("Test passed")
