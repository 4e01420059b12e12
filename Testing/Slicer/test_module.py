"""The module as Slicer sees it: its own test, the console, sample data, batch, and words that can be translated."""

from __future__ import annotations

import ast
import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import slicer

from host import Host
from scans import PROJECT, isotropic_node, load_extension, scan_node, simulated_scan

MODULE = PROJECT / "SliceProfileSR"


def test_its_own_test_passes_as_in_slicer(extension):
    slicer.selfTests["SliceProfileSR"](msec=1)


def test_describes_itself(extension):
    module = slicer.modules.sliceprofilesr
    assert module.title == "Slice Profile and Super-Resolution"
    assert module.categories == ["Filtering"]
    assert "IPMI 2021" in module.acknowledgementText and "SMORE" in module.acknowledgementText


def test_readme_console_example_runs_as_written(extension):
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    section = text[text.index("### From Slicer's Python console") :]
    example = re.search(r"```python\n(.*?)```", section, re.DOTALL)[1]
    names = {"slicer": slicer}
    exec(example, names)
    assert names["result"].GetSpacing()[2] == pytest.approx(1)


def test_readme_command_line_module_example_runs_as_written(extension):
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    section = text[text.index("### As CLI modules") :]
    names = {"slicer": slicer, "scan": scan_node()}
    exec(re.search(r"```python\n(.*?)```", section, re.DOTALL)[1], names)
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
        assert not slicer.util.getNodesByClass("vtkMRMLCommandLineModuleNode")

    @pytest.mark.parametrize(
        ("call", "problem"),
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
    def test_bad_input_raises_one_sentence_and_leaves_nothing(self, logic, call, problem):
        with pytest.raises(ValueError, match=problem) as raised:
            call(logic)
        assert "\n" not in str(raised.value)
        left = {node.GetName() for node in slicer.util.getNodesByClass("vtkMRMLStorableNode")}
        assert not {name for name in left if name and ("scratch" in name or "profile" in name or "resolved" in name)}
        assert not slicer.util.getNodesByClass("vtkMRMLCommandLineModuleNode")

    def test_settings_that_there_are_not_are_refused(self, logic):
        with pytest.raises(TypeError, match="sed"):
            logic.startEstimation(scan_node(), sed=3)

    def test_a_run_in_the_background_tells_when_it_has_ended(self, host, logic):
        ended = []
        job = logic.startEstimation(scan_node(), onFinished=ended.append)
        assert job.isBusy and not ended
        host.waitForJobs()
        assert ended == [job] and job.result.IsA("vtkMRMLTableNode")


class TestSampleData:
    def test_two_scans_are_offered(self, extension):
        sources = slicer.modules.sampleDataSources["SliceProfileSR"]
        assert [source.sampleName for source in sources] == ["SliceProfileSRAxial5mm", "SliceProfileSRSagittal3mmGap"]
        assert all(Path(source.thumbnailFileName).is_file() for source in sources)

    @pytest.mark.parametrize(("index", "axis", "spacing"), [(0, 2, 5.0), (1, 0, 4.0)])
    def test_a_click_makes_the_scan(self, extension, index, axis, spacing):
        source = slicer.modules.sampleDataSources["SliceProfileSR"][index]
        source.customDownloader(source)
        node = slicer.util.getNode(source.sampleName)
        assert node.GetSpacing()[axis] == pytest.approx(spacing)
        assert node.GetImageData().GetScalarTypeAsString() == "short"


def test_a_folder_in_batch(tmp_path, monkeypatch, capsys):
    scans, results = tmp_path / "scans", tmp_path / "results"
    scans.mkdir()
    scan = simulated_scan()
    good = sitk.GetImageFromArray(np.ascontiguousarray(scan.data.transpose(2, 1, 0)))
    good.SetSpacing(scan.spacing)
    sitk.WriteImage(good, str(scans / "good.nrrd"))
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((9, 9, 9), np.float32)), str(scans / "bad.nrrd"))
    monkeypatch.setattr(sys, "argv", ["slicer_batch.py", str(scans), str(results)])
    with Host(main_window=False) as host:
        load_extension(host)
        with pytest.raises(SystemExit) as end:
            runpy.run_path(str(PROJECT / "docs" / "slicer_batch.py"), run_name="__main__")
    assert end.value.code == 1
    told = capsys.readouterr()
    assert "good.nrrd: Slice thickness (FWHM)" in told.out
    assert "bad.nrrd: " in told.err
    assert sorted(path.name for path in results.iterdir() if "schema" not in path.name) == [
        "good.nrrd_isotropic.nrrd", "good.nrrd_profile.tsv", "widths.tsv"
    ]  # fmt: skip
    assert (results / "widths.tsv").read_text().splitlines()[1].startswith("good.nrrd\t")
    assert not host.exceptions


def test_every_text_for_the_user_can_be_translated():
    """Texts that are given to a widget or raised go through _()."""
    bare = []
    for path in sorted(MODULE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            values = []
            if isinstance(node, ast.Assign) and any(
                isinstance(target, ast.Attribute) and target.attr in ("text", "toolTip", "title")
                for target in node.targets
            ):
                values = [node.value]
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
