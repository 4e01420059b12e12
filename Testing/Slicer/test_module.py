"""The module as Slicer sees it: its own test, the console, sample data, batch, and words that can be translated."""

from __future__ import annotations

import ast
import re
import runpy
import sys
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import SimpleITK as sitk
import slicer

from plays import MODULE, PROJECT
from scans import isotropic_node, scan_node, scratch_nodes, simulated_scan
from SuperResolveLib.physics.phantom import head_phantom


@pytest.fixture(scope="module", autouse=True)
def one_head():
    """Let the head of the sample data be computed once for all tests; a new scene makes it anew otherwise."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(head_phantom, "head_phantom", cache(head_phantom.head_phantom))
        yield


def test_its_own_test_passes_as_in_slicer(real_host):
    import SliceProfileSR

    class WithRealRuns(SliceProfileSR.SliceProfileSRTest):
        def makeLogic(self):
            return real_host.make_logic()

    WithRealRuns().runTest()


def test_describes_itself(host):
    module = slicer.modules.sliceprofilesr
    assert module.title == "Slice Profile and Super-Resolution"
    assert module.categories == ["Filtering"]
    assert "IPMI 2021" in module.acknowledgementText and "SMORE" in module.acknowledgementText
    assert not module.icon.isNull()


def example(mark: str) -> str:
    """The example for Slicer's console in the documentation that holds a mark."""
    for path in (PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))):
        for found in re.findall(r"```python\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL):
            if mark in found:
                return found
    raise AssertionError(f"no document has an example with {mark}")


def test_the_console_example_runs_as_written(real_host, real_panel):
    names = {"slicer": slicer}
    exec(example("logic.estimateProfile(scan)"), names)
    assert names["result"].GetSpacing()[2] == pytest.approx(1)


def test_the_command_line_module_example_runs_as_written(host, cli_modules):
    names = {"slicer": slicer, "scan": scan_node()}
    exec(example("slicer.cli.runSync"), names)
    assert 4 < float(names["cliNode"].GetParameterAsString("fwhm")) < 12
    assert names["cliNode"].GetErrorText() == ""


class TestConsole:
    def test_estimates_measures_and_super_resolves(self, logic):
        scan = scan_node()
        profile = logic.estimateProfile(scan)
        again = logic.estimateProfile(scan, profile)
        assert again is profile
        output = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Mine")
        result = logic.superResolve(scan, profile, output, method="bspline", outputSpacing=4.0)
        assert result is output and result.GetSpacing()[2] == pytest.approx(4)
        measured = logic.measureResolution(scan)
        assert measured.axis == "k" and measured.fwhmLow <= measured.fwhm <= measured.fwhmHigh
        assert not scratch_nodes()

    @pytest.mark.parametrize(
        ("call", "told"),
        [
            (lambda logic: logic.estimateProfile(None), "No volume is selected"),
            (lambda logic: logic.makeProfile(None, "rect", 5), "No volume is selected"),
            (lambda logic: logic.makeProfile(scan_node(), "rect", -5), "between 0 and 100"),
            (lambda logic: logic.makeProfile(scan_node(), "triangle", 5), "is no profile"),
            (lambda logic: logic.estimateProfile(isotropic_node()), "already isotropic"),
            (lambda logic: logic.estimateProfile(scan_node(), method="guess"), "guess"),
            (lambda logic: logic.estimateProfile(scan_node(), axis="i"), "choose axis k"),
            (lambda logic: logic.estimateProfile(scan_node(), acquiredResolution="9999"), "not possible"),
            (lambda logic: logic.superResolve(scan_node(), method="tikhonov", outputSpacing=-1.0), "-1"),
            (lambda logic: logic.superResolve(scan_node(), method="nothing"), "nothing"),
            (lambda logic: logic.measureResolution(scan_node(), device="tpu"), "tpu"),
        ],
    )
    def test_bad_input_raises_one_sentence_and_leaves_nothing(self, logic, call, told):
        with pytest.raises(ValueError, match=told) as raised:
            call(logic)
        assert "\n" not in str(raised.value)
        left = {node.GetName() for node in slicer.util.getNodesByClass("vtkMRMLStorableNode")}
        assert not {name for name in left if name and ("scratch" in name or "profile" in name or "resolved" in name)}

    def test_settings_that_there_are_not_are_refused(self, host):
        with pytest.raises(TypeError, match="sed"):
            host.make_logic().startEstimation(scan_node(), sed=3)

    def test_a_run_in_the_background_tells_when_it_has_ended(self, host, runner):
        ended = []
        job = host.make_logic().startEstimation(scan_node(), onFinished=ended.append)
        assert job.isBusy and not ended
        runner.runs[0].complete(fwhm=6, fwhmLow=5, fwhmHigh=7)
        assert ended == [job] and job.result.IsA("vtkMRMLTableNode")


class TestSampleData:
    @pytest.fixture
    def sources(self, host, monkeypatch):
        """What the module registers with Slicer's module *Sample Data* when Slicer has started."""
        registered = []

        class SampleDataLogic:
            @staticmethod
            def registerCustomSampleDataSource(**fields):
                registered.append(SimpleNamespace(**fields))

        sample_data = ModuleType("SampleData")
        sample_data.SampleDataLogic = SampleDataLogic
        monkeypatch.setitem(sys.modules, "SampleData", sample_data)
        slicer.app.connected["startupCompleted()"]()
        return registered

    def test_two_scans_are_offered(self, sources):
        assert [source.sampleName for source in sources] == [
            "SliceProfileSRAxial5mm",
            "SliceProfileSRSagittal6mmOverlap",
        ]
        assert all(Path(source.thumbnailFileName).is_file() for source in sources)
        assert all(source.category == "SliceProfileSR" and source.uris for source in sources)

    @pytest.mark.parametrize("index", [0, 1])
    def test_the_estimate_of_each_is_right(self, host, index):
        """The first that a user tries must work."""
        from SliceProfileSRLib.sampleData import SAMPLES, loadSample
        from SliceProfileSRLib.volumes import volumeFromNode
        from SuperResolveLib import estimate_profile

        sample = SAMPLES[index]
        profile = estimate_profile(volumeFromNode(loadSample(sample)))
        assert profile.fwhm_mm == pytest.approx(sample.thickness, rel=0.1)
        assert profile.interval_mm[0] < sample.thickness < profile.interval_mm[1]

    @pytest.mark.parametrize(("index", "axis", "spacing"), [(0, 2, 5.0), (1, 0, 4.0)])
    def test_a_click_makes_the_scan(self, sources, index, axis, spacing):
        source = sources[index]
        source.customDownloader(source)
        node = slicer.util.getNode(source.sampleName)
        assert node.GetSpacing()[axis] == pytest.approx(spacing)
        assert node.GetImageData().GetScalarTypeAsString() == "short"


def test_a_folder_in_batch(real_host, real_panel, tmp_path, monkeypatch, capsys):
    scans, results = tmp_path / "scans", tmp_path / "results"
    scans.mkdir()
    scan = simulated_scan()
    good = sitk.GetImageFromArray(np.ascontiguousarray(scan.data.transpose(2, 1, 0)))
    good.SetSpacing(scan.spacing)
    sitk.WriteImage(good, str(scans / "good.nrrd"))
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((9, 9, 9), np.float32)), str(scans / "bad.nrrd"))
    (script,) = (PROJECT / "docs").rglob("slicer_batch.py")
    monkeypatch.setattr(sys, "argv", ["slicer_batch.py", str(scans), str(results)])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(script), run_name="__main__")
    assert end.value.code == 1
    told = capsys.readouterr()
    assert "good.nrrd: Slice thickness (FWHM)" in told.out
    assert "bad.nrrd: " in told.err
    assert sorted(path.name for path in results.iterdir() if "schema" not in path.name) == [
        "good.nrrd_isotropic.nrrd", "good.nrrd_profile.tsv", "widths.tsv"
    ]  # fmt: skip
    assert (results / "widths.tsv").read_text().splitlines()[1].startswith("good.nrrd\t")


def test_every_text_for_the_user_can_be_translated():
    """Texts that are given to a widget or raised go through _()."""
    bare = []
    for path in sorted(MODULE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            values = []
            if isinstance(node, ast.Assign) and any(
                isinstance(target, ast.Attribute) and target.attr == "title" for target in node.targets
            ):
                values = [node.value]
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                values = node.args if node.func.attr in ("setText", "setToolTip") else []
            elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                values = node.exc.args
            bare += [f"{path.name}:{node.lineno}: {text}" for value in values for text in bare_texts(value)]
    assert not bare


def bare_texts(value: ast.expr) -> list[str]:
    """Words in an expression that are not handed to _()."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "_":
        return []
    if isinstance(value, ast.Constant) and isinstance(value.value, str) and " " in value.value.strip():
        return [value.value]
    parts = [node for node in ast.iter_child_nodes(value) if isinstance(node, ast.expr)]
    return [text for part in parts for text in bare_texts(part)]
