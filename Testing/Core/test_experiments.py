"""The published experiments: cells that resume, and what is reported of them, with an estimator that nearly knows."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from Experiments import command as command
from Experiments import phantom_pair, quality, table1, table2, table3
from Experiments.cells import Cell, Record, Row, run_cells
from Experiments.condition import Condition, SimulatedScan, in_order
from Experiments.measured_slices import MeasuredSlices
from Experiments.report import Table, grouped, mean
from Experiments.thickness import rows as thickness_rows
from Experiments.thickness.plan import METHODS, measured_cells
from Experiments.thickness.scans import scan_of
from SuperResolveLib.errors import InputError
from SuperResolveLib.estimation.result import EstimatedProfile
from SuperResolveLib.image_io.profile_table import write_profile
from SuperResolveLib.image_io.volumes import write_volume
from SuperResolveLib.metrics.image_quality import head_mask
from SuperResolveLib.physics.phantom.head_phantom import head_phantom
from SuperResolveLib.physics.profile import SliceProfile
from SuperResolveLib.physics.simulation import simulate
from SuperResolveLib.workflows.super_resolve import super_resolve

CELLS = [Cell("head", "k", "gaussian:4@4", "m", "", seed) for seed in range(4)]


def answer(cell: Cell) -> Row:
    return {"fwhm": cell.seed + 0.5, "device": "cpu", "weights": [1.0]}


def fail_on_odd_seeds(cell: Cell) -> Row:
    if cell.seed % 2:
        raise InputError("odd")
    return answer(cell)


def log_to(lines: list[str]) -> Callable[[str], None]:
    return lines.append


class TestRecord:
    def test_two_runs_on_one_folder_leave_a_whole_record(self, tmp_path):
        code = "import sys; from pathlib import Path; from Experiments.cells import Cell, Record\n"
        code += "for seed in range(60):\n    cell = vars(Cell('h', 'k', 'c', 'm', '', seed))\n"
        code += "    Record(Path(sys.argv[1])).append({**cell, 'w': [1.5] * 500})"
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        command = [sys.executable, "-c", code, str(tmp_path / "r.jsonl")]
        runs = [subprocess.Popen(command, env=environment) for _ in range(2)]
        assert [run.wait() for run in runs] == [0, 0]
        assert [len(row["w"]) for row in Record(tmp_path / "r.jsonl").rows()] == [500] * 60
        assert (tmp_path / "r.jsonl").read_text().count("\n") == 120

    def test_finished_cells_are_not_run_again(self, tmp_path):
        record, lines, ran = Record(tmp_path / "r.jsonl"), [], []

        def run(cell: Cell) -> Row:
            ran.append(cell)
            return answer(cell)

        run_cells(CELLS[:2], run, record, 1, log_to(lines))
        assert run_cells(CELLS, run, record, 1, log_to(lines)) == 0
        assert ran == CELLS
        assert [row["seed"] for row in record.rows()] == [0, 1, 2, 3]
        assert "4 cells, 2 of them finished already" in lines

    def test_a_row_holds_cell_figures_time_and_machine(self, tmp_path):
        record = Record(tmp_path / "r.jsonl")
        run_cells(CELLS[:1], answer, record, 1, log_to([]))
        (row,) = record.rows()
        assert {"volume", "axis", "cell", "method", "preset", "seed", "fwhm", "seconds", "cpu_seconds"} < row.keys()
        assert "cores" in row["machine"] and row["finished"].startswith("20")

    @pytest.mark.parametrize("rest", [b'{"volume": "he', b"x" * 100], ids=["half a row", "rubbish"])
    def test_a_line_cut_off_by_a_kill_is_dropped_and_run_again(self, tmp_path, rest):
        record = Record(tmp_path / "r.jsonl")
        run_cells(CELLS[:2], answer, record, 1, log_to([]))
        with record.path.open("ab") as file:
            file.write(rest)
        assert len(record.rows()) == 2
        run_cells(CELLS, answer, record, 1, log_to([]))
        assert [json.loads(line)["seed"] for line in record.path.read_text().splitlines()] == [0, 1, 2, 3]

    def test_a_failed_cell_does_not_end_the_others_and_is_tried_again(self, tmp_path):
        record, lines = Record(tmp_path / "r.jsonl"), []
        assert run_cells(CELLS, fail_on_odd_seeds, record, 1, log_to(lines)) == 2
        assert [row["seed"] for row in record.rows()] == [0, 2]
        assert any("seed 1: failed" in line and "odd" in line for line in lines)
        assert run_cells(CELLS, answer, record, 1, log_to(lines)) == 0
        assert len(record.rows()) == 4

    def test_an_interrupted_run_keeps_what_was_finished(self, tmp_path):
        record = Record(tmp_path / "r.jsonl")

        def interrupted(cell: Cell) -> Row:
            if cell.seed == 2:
                raise KeyboardInterrupt
            return answer(cell)

        with pytest.raises(KeyboardInterrupt):
            run_cells(CELLS, interrupted, record, 1, log_to([]))
        assert len(record.rows()) == 2

    def test_cells_can_run_in_processes(self, tmp_path):
        record = Record(tmp_path / "r.jsonl")
        assert run_cells(CELLS, partial(_simulated_fwhm, 4.0), record, 2, log_to([])) == 0
        assert sorted(row["seed"] for row in record.rows()) == [0, 1, 2, 3]
        assert all(row["threads"] == record.rows()[0]["threads"] for row in record.rows())


def _simulated_fwhm(width: float, cell: Cell) -> Row:
    import os

    return {"fwhm": SliceProfile.gaussian(width, 1).fwhm_mm, "threads": os.environ["OMP_NUM_THREADS"], "device": "cpu"}


class TestSetting:
    @pytest.mark.parametrize("text", ["gaussian:4@8", "gaussian:0.5@2.5,snr:20", "rect:3.2@4,snr:8,phase:1.5"])
    def test_as_text_and_back(self, text):
        assert str(Condition.parse(text)) == text

    @pytest.mark.parametrize(
        "text",
        [
            *("", "gaussian", "gaussian:4", "box:4@4", "rect:0@4", "rect:-1@4", "rect:3@0.5", "rect:a@4"),
            *("rect:3@4,snr:0", "rect:3@4,snr", "rect:3@4,width:3", "rect:3@4,colour:3"),
        ],
    )
    def test_what_is_no_cell_is_refused(self, text):
        with pytest.raises(InputError, match="is no cell"):
            Condition.parse(text)

    def test_widths_are_in_voxels(self):
        assert Condition.parse("rect:3@4").profile(0.7).fwhm_mm == pytest.approx(2.1)

    def test_a_measured_profile_has_its_shape_at_any_width(self, data_folder, monkeypatch):
        monkeypatch.setenv("SLICEPROFILESR_DATA", str(data_folder))
        profile = Condition.parse("measured:6@6").profile(0.7)
        assert profile.fwhm_mm == pytest.approx(4.2, rel=0.03)
        steep, broad = SliceProfile.rect(4.2, 0.7), SliceProfile.gaussian(4.2, 0.7)
        assert steep.standard_deviation_mm < profile.standard_deviation_mm < broad.standard_deviation_mm

    def test_rows_are_ordered_by_number_not_letter(self):
        cells = ("rect:3@2", "gaussian:10@2", "gaussian:2@8")
        rows = [{"cell": cell, "volume": "a", "axis": "k", "seed": 0} for cell in cells]
        assert [row["cell"] for row in in_order(rows)] == ["gaussian:2@8", "gaussian:10@2", "rect:3@2"]


class TestReport:
    def test_mean_with_its_spread(self):
        assert mean([{"a": 1.0}], "a", 1) == "1.0"
        assert mean([{"a": 1.0}, {"a": 3.0}], "a", 2) == "2.00"
        assert mean([{"a": 1.0}, {"a": 3.0}], "a", 2, spread=True) == "2.00 ± 1.41"

    def test_groups_keep_their_order(self):
        rows = [{"a": 2, "b": 1}, {"a": 1, "b": 1}, {"a": 2, "b": 2}]
        assert list(grouped(rows, "a")) == [("2",), ("1",)]
        assert len(grouped(rows, "a", "b")) == 3

    def test_markdown_has_a_line_a_row(self):
        lines = Table("T", ["x", "y"], [["a", "1"], ["b", "2"]]).markdown().splitlines()
        assert lines == ["## T", "", "| x | y |", "| --- | ---: |", "| a | 1 |", "| b | 2 |"]


@pytest.fixture(scope="module")
def volume(tmp_path_factory) -> Path:
    """A small head in a file."""
    path = tmp_path_factory.mktemp("volumes") / "chris_t1.nii.gz"
    write_volume(head_phantom((44, 46, 48), 3.5, seed=0), path)
    return path


@pytest.fixture
def nearly_true(monkeypatch):
    """Replace estimation by a Gaussian of FWHM 4.4 voxels of 3.5 mm."""

    def estimate(scan, method="auto", preset=None, axis="auto", device="auto", seed=0, prior=None, progress=None):
        profile = SliceProfile.gaussian(4.4 * 3.5, 3.5)
        return EstimatedProfile(
            weights=profile.weights,
            tap_spacing=3.5,
            interval_mm=(14.0, 16.0),
            method=method,
            preset=preset or "",
            device="cpu",
            seed=seed,
            axis=2,
        )

    for module in (table1, phantom_pair):
        monkeypatch.setattr(module, "estimate_profile", estimate)
    monkeypatch.setattr(table3, "measure_resolution", estimate)


def test_noise_and_phase_of_a_simulated_scan_are_as_asked(volume):
    plain = SimulatedScan.of(volume, "j", Condition.parse("gaussian:4@4"))
    noisy = SimulatedScan.of(volume, "j", Condition.parse("gaussian:4@4,snr:20"))
    level = float(plain.truth.data[head_mask(plain.truth)].mean())
    bright = plain.scan.data > level
    assert np.std((noisy.scan.data - plain.scan.data)[bright]) == pytest.approx(level / 20, rel=0.1)
    moved = SimulatedScan.of(volume, "j", Condition.parse("gaussian:4@4,phase:1.5")).scan
    shift = moved.affine[:3, 3] - plain.scan.affine[:3, 3]
    assert np.linalg.norm(shift) == pytest.approx(1.5 * plain.voxel)


def test_a_simulated_scan_knows_its_truth(volume):
    simulated = SimulatedScan.of(volume, "j", Condition.parse("gaussian:4@4"))
    assert simulated.voxel == pytest.approx(3.5)
    assert simulated.scan.shape == (44, 12, 48)
    # The last slice sits on plane 44; the scan's field of view ends two planes beyond.
    assert simulated.mask.any() and simulated.mask.shape == simulated.truth.shape


class TestTable1:
    def rows(self, volume: Path) -> list[Row]:
        cells = [Cell("chris_t1", "k", text, "espreso", "default", 0) for text in ("gaussian:4@4", "rect:5@4")]
        return [{**vars(cell), **table1.run(cell, volume, "cpu")} for cell in cells]

    def test_figures_of_a_cell(self, volume, nearly_true):
        row, _ = self.rows(volume)
        true, estimated = SliceProfile.gaussian(4, 1), SliceProfile.gaussian(4.4, 1)
        assert row["true_fwhm"] == pytest.approx(true.fwhm_mm)
        assert row["fwhm_error"] == pytest.approx(estimated.fwhm_mm - true.fwhm_mm)
        assert row["signed_fwhm_error"] == pytest.approx(row["fwhm_error"])
        assert 0 < row["profile_error"] < 0.2
        assert row["psnr"] > 25 and row["ssim"] > 0.95
        assert np.sum(row["weights"]) == pytest.approx(1)

    def test_tables_stand_beside_the_paper_and_other_tools(self, volume, nearly_true):
        text = "\n".join(table.markdown() for table in table1.tables(self.rows(volume)))
        assert "gaussian, Han et al. | – | – | – | – | 0.57 | 0.17" in text
        assert "rect, Han et al. | – | – | – | – | 0.70 | 0.36" in text
        assert "0.79 / 0.10 / 737 / 50.9" in text and "1.61 / 0.39 / – / –" in text

    def test_all_cells_of_the_paper_are_there(self):
        assert len(table1.EXPERIMENT.conditions) == 18
        assert all(str(Condition.parse(text)) == text for text in table1.EXPERIMENT.conditions)


class TestCommand:
    def run(self, tmp_path: Path, *words: str) -> int:
        return command.main([*words, "--out", str(tmp_path / "out")])

    def test_quality_writes_and_resumes(self, tmp_path, volume, capsys):
        cell = ["--cells", "gaussian:4@4", "--axes", "k"]
        words = ["quality", "--volumes", str(volume), *cell, "--methods", "bspline", "tikhonov"]
        assert self.run(tmp_path, *words) == 0
        out = tmp_path / "out"
        assert sorted(path.suffix for path in out.iterdir()) == [".csv", ".jsonl", ".md", ".png"]
        with (out / "quality.csv").open() as file:
            rows = list(csv.DictReader(file))
        assert [row["method"] for row in rows] == ["bspline", "tikhonov"]
        assert float(rows[0]["psnr"]) < float(rows[1]["psnr"])
        text = (out / "quality.md").read_text()
        assert "## PSNR (dB)" in text and "| chris_t1 | k | gaussian:4@4 |" in text
        assert str(volume.parent) not in text
        assert "2 cells, 0 of them finished" in capsys.readouterr().err
        assert self.run(tmp_path, *words) == 0
        assert "2 cells, 2 of them finished" in capsys.readouterr().err

    def test_table1(self, tmp_path, volume, nearly_true):
        cells = ["--cells", "gaussian:4@4", "rect:3@2"]
        words = ["table1", "--volumes", str(volume), "--axes", "k", *cells, "--seeds", "0", "1"]
        assert self.run(tmp_path, *words, "--methods", "spectral") == 0
        assert len(Record(tmp_path / "out" / "table1.jsonl").rows()) == 4
        assert self.run(tmp_path, *words) == 0
        assert len(Record(tmp_path / "out" / "table1.jsonl").rows()) == 12
        text = (tmp_path / "out" / "table1.md").read_text()
        for name in ("spectral", "espreso/default", "oracle"):
            assert f"## {name}: means over families" in text
            assert f"## {name}: chris_t1, axis k" in text

    def test_table3_on_the_truth_and_interpolation(self, tmp_path, volume, nearly_true):
        words = ["table3", "--volumes", str(volume), "--axes", "k", "--methods", "truth", "bspline"]
        assert self.run(tmp_path, *words) == 0
        assert "| gaussian:4@4 | bspline | 1 |" in (tmp_path / "out" / "table3.md").read_text()

    def test_quality_estimates_the_profile_where_the_methods_name_says_so(self, tmp_path, volume, monkeypatch):
        given = []

        def with_tikhonov(scan, profile, method, preset, **settings):
            given.append((profile, method, settings["seed"]))
            return super_resolve(scan, profile or SliceProfile.gaussian(10, 3.5), "tikhonov", **settings)

        monkeypatch.setattr(quality, "super_resolve", with_tikhonov)
        words = ["quality", "--volumes", str(volume), "--axes", "k", "--cells", "gaussian:2@4", "--seeds", "0", "1"]
        assert self.run(tmp_path, *words) == 0
        names = [method for profile, method, seed in given if profile is None and seed == 1]
        assert names == ["tikhonov", "smore"] and len(given) == 10
        text = (tmp_path / "out" / "quality.md").read_text()
        assert "smore-estimated/fast ahead by" in text and "| chris_t1 | k | gaussian:2@4 | 1 |" in text

    def test_table2_hands_over_the_right_profiles(self, tmp_path, volume, monkeypatch):
        given = {}

        def with_tikhonov(scan, profile, method, preset, axis, like, device, seed):
            assert method == "smore"
            given[len(given)] = profile
            profile = profile or SliceProfile.gaussian(10, 3.5)
            return quality.super_resolve(scan, profile, "tikhonov", axis=axis, like=like)

        monkeypatch.setattr(table2, "super_resolve", with_tikhonov)
        assert self.run(tmp_path, "table2", "--volumes", str(volume), "--axes", "k", "--cells", "gaussian:2@4") == 0
        spacing, estimated, true = given.values()
        assert spacing.fwhm_mm == pytest.approx(SliceProfile.gaussian(14, 3.5).fwhm_mm)
        assert estimated is None
        assert true.fwhm_mm == pytest.approx(SliceProfile.gaussian(7, 3.5).fwhm_mm)
        assert "estimated profile/fast ahead by" in (tmp_path / "out" / "table2.md").read_text()

    def test_phantom_pair(self, tmp_path, volume, nearly_true):
        truth = tmp_path / "profile.tsv"
        write_profile(SliceProfile.gaussian(14, 1), truth)
        words = ["phantom-pair", "--scan", str(volume), "--truth", str(truth), "--seeds", "0", "1"]
        assert self.run(tmp_path, *words) == 0
        rows = Record(tmp_path / "out" / "phantom-pair.jsonl").rows()
        assert [row["method"] for row in rows] == ["spectral", "espreso"] * 2
        assert rows[0]["true_fwhm_mm"] == pytest.approx(14, abs=0.2)
        text = (tmp_path / "out" / "phantom-pair.md").read_text()
        assert "| chris_t1 | spectral | 2 |" in text and "| chris_t1 | espreso/default | 2 |" in text
        assert (tmp_path / "out" / "phantom-pair.png").stat().st_size > 0

    def test_a_failing_cell_is_an_error_but_the_rest_is_reported(self, tmp_path, volume, capsys):
        words = ["quality", "--volumes", str(volume), "--axes", "k", "--methods", "bspline"]
        assert self.run(tmp_path, *words, "--cells", "gaussian:4@4", "gaussian:4@20") == 1
        assert "too few to learn from" in capsys.readouterr().err
        assert (tmp_path / "out" / "quality.md").exists()

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["--cells", "gaussian"], "is no cell"),
            (["--preset", "slow"], "no preset"),
            (["--jobs", "0"], "at once"),
            (["--volumes", "a/x.nii.gz", "b/x.nii"], "two volumes of the same name"),
        ],
    )
    def test_bad_input_is_one_sentence_and_exit_code_2(self, tmp_path, volume, capsys, words, message):
        assert self.run(tmp_path, "table1", "--volumes", str(volume), *words) == 2
        error = capsys.readouterr().err
        assert message in error and error.count("\n") == 1

    def test_without_volumes_the_data_folder_is_taken(self, tmp_path, volume, monkeypatch, capsys):
        monkeypatch.delenv(command.DATA_VARIABLE, raising=False)
        assert self.run(tmp_path, "quality") == 2
        assert command.DATA_VARIABLE in capsys.readouterr().err
        (tmp_path / "iso").mkdir()
        (tmp_path / "iso" / "head.nii.gz").symlink_to(volume)
        monkeypatch.setenv(command.DATA_VARIABLE, str(tmp_path))
        assert self.run(tmp_path, "quality", "--axes", "k", "--methods", "bspline") == 0
        assert "| head | k |" in (tmp_path / "out" / "quality.md").read_text()


class TestThickness:
    def test_every_spacing_is_on_every_head_with_a_profile_of_its_own(self):
        cells = measured_cells(["a", "b"], ["k"], ["p", "q", "r", "s"], 2, ["scanner"])
        assert len(cells) == len(set(cells)) == 4 * 2 * 2
        contiguous = [MeasuredSlices.parse(cell.cell) for cell in cells if cell.cell.endswith("*1@5")]
        assert [measured.name for measured in contiguous] == ["p", "q", "r", "s"]
        assert all(str(MeasuredSlices.parse(cell.cell)) == cell.cell for cell in cells)

    def test_a_measured_profile_is_laid_over_a_head_and_the_header_told_where_asked(self, tmp_path):
        volume = tmp_path / "head.nii.gz"
        write_volume(head_phantom((44, 46, 48), 1.0, seed=0), volume)
        write_profile(SliceProfile.generalised_gaussian(5.0, 5.0, 0.1), tmp_path / "p.tsv")
        files, profiles = {"head": volume}, {"p": tmp_path / "p.tsv"}
        told, untold = (scan_of(Cell("head", "k", "p*0.6@4", m, "", 0), files, profiles) for m in METHODS[2:0:-1])
        assert told.truth is not None and told.truth.fwhm_mm == pytest.approx(3.0, abs=0.1)
        assert told.volume.header.slice_thickness_mm == told.nominal_mm == 3.0
        assert untold.volume.header.slice_thickness_mm is None
        assert told.volume.spacing[2] == pytest.approx(4.0)

    def test_halves_make_up_the_whole(self, tmp_path):
        volume = tmp_path / "head.nii.gz"
        scan = simulate(head_phantom((44, 46, 48), 1.0, seed=0), SliceProfile.rect(4.0, 1.0), 4, "k")
        write_volume(scan, volume)
        whole, left, right = (
            scan_of(Cell("head", "auto", part, "broad", "", 0), {"head": volume}, {}).volume
            for part in ("whole", "left", "right")
        )
        np.testing.assert_array_equal(np.concatenate([left.data, right.data]), whole.data)

    def test_retest_tells_which_half_leaves_the_interval(self):
        widths = {"whole": 4.8, "left": 4.9, "right": 6.0}
        rows = [
            {"group": part, "volume": "s", "cell": part, "axis": "auto", "method": "broad", "fwhm_mm": width}
            | {"low_mm": 4.5, "high_mm": 5.2, "rms_mm": 1.6, "rms_low_mm": 1.5, "rms_high_mm": 1.7}
            for part, width in widths.items()
        ]
        (table,) = thickness_rows.tables(rows)
        assert {line[1]: line[-1] for line in table.lines} == {"whole": "–", "left": "true", "right": "false"}
