"""What a run needs is asked for once, in Slicer's own ways, and never without the user."""

from __future__ import annotations

import importlib.util
import sys
import types

import pytest
import slicer

from scans import scan_node
from SuperResolveLib.model import Card, Model


@pytest.fixture
def without_torch(monkeypatch):
    """A Slicer in which PyTorch is not installed."""
    found = importlib.util.find_spec

    def find_spec(name, package=None):
        return None if name.partition(".")[0] == "torch" else found(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)
    return monkeypatch


def click_super_resolve(panel, method: str) -> str:
    panel.ui.inputVolumeSelector.setCurrentNode(scan_node())
    panel.ui.methodComboBox.setCurrentIndex(panel.ui.methodComboBox.findData(method))
    panel.ui.superResolveButton.click()
    return panel.ui.superResolveMessageLabel.text()


def test_methods_without_torch_do_not_ask(panel, runner, installer, without_torch):
    assert click_super_resolve(panel, "tikhonov") == ""
    assert len(runner.runs) == 1 and installer.asked == []


def test_pytorch_is_asked_for_and_the_run_begins(panel, runner, installer, without_torch):
    installer.install = lambda what: without_torch.undo()
    assert click_super_resolve(panel, "smore") == ""
    assert installer.asked == ["torch>=2.4"] and len(runner.runs) == 1


def fail(error):
    def install(what):
        raise error

    return install


@pytest.mark.parametrize(
    ("install", "told"),
    [
        (lambda what: None, "which was not installed: run again and agree"),
        (fail(RuntimeError("no network\nand more")), "PyTorch could not be installed (no network)"),
        (fail(ValueError("Get the extension first.")), "Get the extension first."),
    ],
)
def test_a_refused_or_failed_installation_is_told(panel, runner, installer, without_torch, install, told):
    installer.install = install
    assert told in click_super_resolve(panel, "smore")
    assert not runner.runs


@pytest.mark.parametrize("agrees", [True, False])
def test_missing_packages_are_asked_for_once(panel, runner, installer, monkeypatch, agrees):
    from SliceProfileSRLib import dependencies

    missing = iter([["scipy>=1.13"], [] if agrees else ["scipy>=1.13"]])
    monkeypatch.setattr(dependencies, "missingPackages", lambda: next(missing))
    told = click_super_resolve(panel, "tikhonov")
    assert installer.asked == [["scipy>=1.13"]]
    assert ("agree to install" in told) != agrees
    assert len(runner.runs) == agrees


def test_automatic_asks_for_pytorch_only_where_what_it_takes_needs_it(panel, runner, installer, without_torch):
    from SuperResolveLib import registry
    from SuperResolveLib.workflows import choice

    card = Card(
        method="instant",
        network="",
        network_arguments={},
        operator="profile",
        consistent=True,
        start="fine-grid",
        ratios=(1.5, 9.0),
        fwhm_ratios=(0.5, 1.6),
        voxels_mm=(0.05, 10.0),
    )
    without_torch.setattr(registry, "is_installed", lambda package: package == "onnxruntime")
    without_torch.setattr(choice, "shipped_model", lambda name: Model(card, {}))
    assert click_super_resolve(panel, "auto") == ""
    assert installer.asked == [] and len(runner.runs) == 1
    assert "which was not installed" in click_super_resolve(panel, "smore")  # as for a scan that was not learned
    assert installer.asked == ["torch>=2.4"] and len(runner.runs) == 1


def test_a_batch_downloads_nothing(host, runner, installer, without_torch):
    installer.hasUser = False
    with pytest.raises(ValueError, match="PyTorch must be installed first"):
        host.make_logic().superResolve(scan_node(), method="smore")
    assert installer.asked == [] and not runner.runs


def test_nothing_is_missing_where_the_tests_run(host, installer):
    from SliceProfileSRLib import dependencies

    assert dependencies.missingPackages() == []
    dependencies.Dependencies(installer).ensure(torch=True)
    assert installer.asked == []


class TestSlicersOwnWays:
    @pytest.fixture
    def slicers(self, host):
        """What asks and installs in Slicer."""
        from SliceProfileSRLib.slicerInstaller import SlicerInstaller

        return SlicerInstaller()

    def test_nobody_can_be_asked_without_a_window(self, slicers):
        assert not slicers.canAsk()

    def test_packages_go_through_slicer_packaging(self, slicers, monkeypatch, tmp_path):
        asked = []
        packaging = types.ModuleType("slicer.packaging")
        packaging.__spec__ = importlib.util.spec_from_loader("slicer.packaging", None)
        packaging.load_requirements = lambda path: f"those in {path}"
        packaging.pip_ensure = lambda requirements, requester: asked.append((requirements, requester))
        monkeypatch.setitem(sys.modules, "slicer.packaging", packaging)
        slicers.installPackages(tmp_path / "needs.txt", ["x"])
        assert asked == [(f"those in {tmp_path / 'needs.txt'}", "SliceProfileSR")]

    @pytest.mark.parametrize("agrees", [True, False])
    def test_packages_go_through_slicer_util_before(self, slicers, monkeypatch, tmp_path, agrees):
        """Slicer 5.10 has no slicer.packaging."""
        asked, installed = [], []
        monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda text: asked.append(text) or agrees)
        monkeypatch.setattr(slicer.util, "pip_install", installed.append)
        slicers.installPackages(tmp_path / "needs.txt", ["scipy>=1.13"])
        assert "scipy>=1.13" in asked[0]
        assert installed == ([["scipy>=1.13"]] if agrees else [])

    def test_pytorch_is_installed_by_its_extension_which_asks(self, slicers, monkeypatch):
        asked = []

        class PyTorchUtilsLogic:
            def installTorch(self, askConfirmation=False, forceComputationBackend=None, torchVersionRequirement=None):
                asked.append((askConfirmation, torchVersionRequirement))

        module = types.ModuleType("PyTorchUtils")
        module.PyTorchUtilsLogic = PyTorchUtilsLogic
        monkeypatch.setitem(sys.modules, "PyTorchUtils", module)
        slicers.installTorch(">=2.4")
        assert asked == [(True, ">=2.4")]

    def test_without_the_pytorch_extension_the_user_reads_how_to_get_it(self, slicers):
        with pytest.raises(ValueError, match=r"extension 'PyTorch'.*Extensions Manager"):
            slicers.installTorch(">=2.4")
