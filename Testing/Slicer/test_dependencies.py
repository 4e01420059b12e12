"""What a run needs is asked for once, in Slicer's own ways, and never without the user."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import types

import pytest
import qt
import slicer

from host import Host
from scans import load_extension, scan_node

SMORE, TIKHONOV = 0, 1


@pytest.fixture
def without_torch(monkeypatch):
    """A Slicer in which PyTorch is not installed."""
    found = importlib.util.find_spec

    def find_spec(name, package=None):
        return None if name.partition(".")[0] == "torch" else found(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)
    return monkeypatch


def torch_extension(monkeypatch, install) -> None:
    """Slicer's extension PyTorch, whose logic installs as told."""

    class PyTorchUtilsLogic:
        def installTorch(self, askConfirmation=False, forceComputationBackend=None, torchVersionRequirement=None):
            return install(askConfirmation, torchVersionRequirement)

    module = types.ModuleType("PyTorchUtils")
    module.PyTorchUtilsLogic = PyTorchUtilsLogic
    monkeypatch.setitem(sys.modules, "PyTorchUtils", module)


def click_super_resolve(panel, method: int) -> str:
    panel.ui.inputVolumeSelector.setCurrentNode(scan_node())
    panel.ui.methodComboBox.setCurrentIndex(method)
    panel.ui.superResolveButton.click()
    return panel.ui.superResolveMessageLabel.text


def test_without_the_pytorch_extension_the_user_reads_how_to_get_it(panel, without_torch):
    told = click_super_resolve(panel, SMORE)
    assert "extension 'PyTorch'" in told and "Extensions Manager" in told
    assert not slicer.util.getNodesByClass("vtkMRMLCommandLineModuleNode")


def test_methods_without_torch_do_not_ask(host, panel, without_torch):
    assert click_super_resolve(panel, TIKHONOV) == ""
    host.waitForJobs()
    assert panel.ui.resultLabel.text
    assert not host.messages


def test_only_the_published_network_estimates_with_torch(extension):
    from SliceProfileSRLib.tasks import EstimationTask

    def needs_torch(**settings: str) -> bool:
        return EstimationTask(scan_node(), None, settings).needsTorch

    assert needs_torch(method="espreso", preset="paper")
    assert not needs_torch(method="espreso", preset="default")
    assert not needs_torch(preset="paper")  # which auto, the default, ignores


def test_pytorch_is_installed_by_its_extension_which_asks(panel, without_torch):
    asked = []

    def install(ask, requirement):
        asked.append((ask, requirement))
        without_torch.undo()

    torch_extension(without_torch, install)
    told = click_super_resolve(panel, SMORE)
    assert asked == [(True, ">=2.4")]
    assert told == ""
    panel.ui.superResolveCancelButton.click()


@pytest.mark.parametrize(
    ("install", "problem"),
    [
        (lambda *_: None, "which was not installed: run again and agree"),
        (lambda *_: (_ for _ in ()).throw(RuntimeError("no network")), "PyTorch could not be installed (no network)"),
    ],
)
def test_a_refused_or_failed_installation_is_told(panel, without_torch, install, problem):
    torch_extension(without_torch, install)
    assert problem in click_super_resolve(panel, SMORE)


@pytest.mark.parametrize("version", [(5, 10), (5, 12)])
@pytest.mark.parametrize("agrees", [True, False])
def test_missing_packages_are_asked_for_once(version, agrees, monkeypatch):
    with Host(version) as host:
        load_extension(host)
        panel = host.enterModule("SliceProfileSR")
        dependencies = importlib.import_module("SliceProfileSRLib.dependencies")
        missing = iter([["scipy>=1.13"], [] if agrees else ["scipy>=1.13"]])
        monkeypatch.setattr(dependencies, "missingPackages", lambda: next(missing))
        if version == (5, 12):
            packaging = importlib.import_module("slicer.packaging")
            monkeypatch.setattr(packaging, "pip_ensure", lambda asked, requester: host.installed.append(asked))
        else:
            host.answers.append(qt.QMessageBox.Ok if agrees else qt.QMessageBox.Cancel)
        told = click_super_resolve(panel, TIKHONOV)
        assert ("agree to install" in told) != agrees
        assert bool(host.installed) == (agrees or version == (5, 12))
        host.waitForJobs()
    assert not host.exceptions


def test_nothing_is_missing_where_the_tests_run(extension):
    from SliceProfileSRLib import dependencies

    assert dependencies.missingPackages() == []
    dependencies.ensure(torch=True)


def test_a_batch_downloads_nothing(without_torch):
    with Host(main_window=False) as host:
        load_extension(host)
        logic = slicer.util.getModuleLogic("SliceProfileSR")
        with pytest.raises(ValueError, match="PyTorch must be installed first"):
            logic.superResolve(scan_node())
    assert not host.exceptions
