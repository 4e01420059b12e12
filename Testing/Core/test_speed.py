"""The benchmark: what its meters tell, which cells it plans, and that a small one goes through."""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import ClassVar

import numpy as np
import pytest
import torch

from Experiments import command as command
from Experiments.cells import Cell, Row
from Experiments.speed import measure
from Experiments.speed.arithmetic import BETWEEN, MATRIX, operations, time_shares
from Experiments.speed.jobs import Job, learns, mirrored, thick_scan
from Experiments.speed.meter import PREPARING, Meter
from Experiments.speed.plan import ARITHMETIC, TIMES, Load, Plan, parse_size
from Experiments.speed.presentation import by_size, exponent, tables
from SuperResolveLib.data.geometry import scan_geometry
from SuperResolveLib.errors import InputError
from SuperResolveLib.estimation.espreso import game
from SuperResolveLib.estimation.registry import ESTIMATORS
from SuperResolveLib.methods.registry import METHODS
from SuperResolveLib.methods.smore.super_resolve import PRESETS
from SuperResolveLib.progress import ProgressCallback


class Gauge:
    """Tells what it is set to."""

    def __init__(self) -> None:
        self.spent = 0.0

    def __call__(self) -> float:
        return self.spent


@pytest.fixture
def spend() -> tuple[Meter, Callable[..., None]]:
    """A meter, and a function that spends something and then reports."""
    gauge = Gauge()
    meter = Meter(gauge)

    def spend_and_report(amount: float, stage: str, done: float) -> None:
        gauge.spent += amount
        meter(0.5, stage, done)

    return meter, spend_and_report


class TestMeter:
    def test_work_belongs_to_the_stage_under_way(self, spend):
        meter, report = spend
        report(1, "reading", 0.0)
        report(2, "solving, first", 0.0)
        report(4, "solving, last", 1.0)
        report(8, "writing", 0.0)
        meter.finish()
        assert meter.by_stage() == {PREPARING: 1, "reading": 2, "solving": 12, "writing": 0}
        assert meter.total == 15

    def test_what_is_reported_when_done_belongs_to_the_stage_that_did_it(self, spend):
        meter, report = spend
        for amount, stage, done in ((1, "training", 0.5), (2, "training", 1), (4, "applying", 0.5), (8, "applying", 1)):
            report(amount, stage, done)
        meter.finish()
        assert meter.by_stage() == {PREPARING: 1, "training": 2, "applying": 12}

    def test_an_iteration_is_the_median_without_the_start(self, spend):
        meter, report = spend
        for iteration, amount in enumerate((50, 3, 2, 4, 90), start=1):
            report(amount * 20, "training, loss 1", iteration / 5)
        assert meter.each("training", 100) == pytest.approx(3.5)

    def test_one_report_does_not_tell_what_an_iteration_takes(self, spend):
        meter, report = spend
        report(1, "training", 1.0)
        with pytest.raises(InputError, match="too few"):
            meter.each("training", 1)

    def test_a_stage_may_be_the_whole_run(self):
        meter = Meter(Gauge())
        meter(0.25, "solving")
        assert meter.reports[-1].done == 0.25


class TestPlan:
    def test_one_thing_varies_at_a_time(self):
        sizes, ratios, threads = ("8x8x8", "16x16x16"), (4, 2), (1, 2)
        cells = Plan(sizes, "8x8x8", ratios, threads, ["bspline"], ["smore/paper"]).cells()
        assert [(cell.volume, cell.cell) for cell in cells] == [
            ("8x8x8", "times:4:cpu:1"),
            ("16x16x16", "times:4:cpu:1"),
            ("8x8x8", "times:2:cpu:1"),
            ("8x8x8", "times:4:cpu:2"),
            ("8x8x8", "arithmetic:4:cpu:1"),
            ("8x8x8", "arithmetic:4:cpu:2"),
        ]
        assert [cell.preset for cell in cells] == [""] * 4 + ["paper"] * 2

    def test_only_what_can_use_the_gpu_is_run_there_and_its_threads_do_not_vary(self):
        cells = Plan(["8x8x8"], "8x8x8", [4], [1, 2], ["tikhonov", "smore"], ["smore"], "cuda").cells()
        assert [cell.cell for cell in cells] == [
            "times:4:cpu:1",
            "times:4:cpu:2",
            "times:4:cuda:1",
            "arithmetic:4:cuda:1",
        ]

    def test_the_usual_one_has_the_usual_estimator_and_every_method(self):
        methods = {cell.method for cell in Plan().cells()}
        assert methods == {next(iter(ESTIMATORS)), "espreso", *METHODS}

    def test_settings_as_text_and_back(self):
        load = Load(ARITHMETIC, 2.5, "cuda", 8)
        assert Load.parse(str(load)) == load

    def test_what_learns_by_iterations(self):
        assert learns("smore", "fast") and learns("espreso", "paper")
        assert not learns("espreso", "default") and not learns("tikhonov", "")


class TestScan:
    @pytest.mark.parametrize(("size", "ratio"), [((24, 100, 9), 4.0), ((90, 20, 16), 2.5)])
    def test_any_size_and_ratio(self, size, ratio):
        scan, profile = thick_scan(size, ratio)
        assert scan.shape == size
        assert scan_geometry(scan).separation_ratio == pytest.approx(ratio)
        assert profile.fwhm_mm / profile.tap_spacing == pytest.approx(ratio, rel=0.1)
        assert np.all(np.std(scan.data, axis=(0, 1)) > 1)  # something to see in every slice

    def test_mirrored_at_both_ends_or_cut_to_the_middle(self):
        line = np.arange(4, dtype=np.float32)[None]
        assert mirrored(line, 1, 8).tolist() == [[1, 0, 0, 1, 2, 3, 3, 2]]
        assert mirrored(line, 1, 2).tolist() == [[1, 2]]


def products(progress: ProgressCallback) -> None:
    """Learns by three products of matrices of 100 x 100, and applies by one of 200 x 200."""
    small, large = torch.ones(100, 100), torch.ones(200, 200)
    for iteration in range(3):
        torch.mm(small, small)
        progress(0.0, "training", (iteration + 1) / 3)
    torch.mm(large, large)
    progress(1.0, "applying", 1.0)


JOB = Job(products, 3, 30, "training", "applying")


class TestArithmetic:
    def test_operations_are_counted_by_stage_and_iteration(self):
        meter = operations(JOB)
        assert meter.each("training", 3) == 2 * 100**3
        assert meter.by_stage()["applying"] == 2 * 200**3

    def test_operations_are_named_with_their_share_of_the_time(self):
        found = time_shares(JOB, "cpu")
        assert list(found) == ["training", "applying"]
        for shares in found.values():
            names = [name for name, _ in shares]
            assert "aten::mm" in names and names[-1] == BETWEEN
            assert sum(share for _, share in shares) == pytest.approx(1, abs=0.05)


def power_law(method: str, size: int, threads: int) -> Row:
    """A row whose seconds grow as voxels to the power of 1.2, whose memory by 30 MiB a megavoxel."""
    return {
        "volume": f"{size}",
        "cell": str(Load(TIMES, 4, "cpu", threads)),
        "method": method,
        "preset": "",
        "what": TIMES,
        "ratio": 4.0,
        "threads": threads,
        "device": "a processor",
        "note": "It was shared.",
        "megavoxels": float(size),
        "seconds": 3 * size**1.2,
        "cpu_seconds": 5 * float(size),
        "rest_seconds": 3 * size**1.2,
        "rest_cpu_seconds": 5 * float(size),
        "peak_memory_mib": 100 + 30.0 * size,
        f"{measure.STAGE}solving": 2 * size**1.2,
    }


class TestTables:
    rows: ClassVar[list] = [power_law("bspline", 8, 2), power_law("bspline", 2, 2), power_law("bspline", 2, 1)]

    def test_growth_is_over_the_setting_with_the_most_sizes(self):
        (series,) = by_size(self.rows)
        assert [(row["megavoxels"], row["threads"]) for row in series] == [(2, 2), (8, 2)]
        assert exponent(series, "rest_seconds") == pytest.approx(1.2)

    def test_pages_hold_every_cell_exponent_and_stage(self):
        seconds, growth, stages = [table.markdown() for table in tables(self.rows)]
        assert "It was shared." in seconds
        assert [line.split(" | ")[1:4] for line in seconds.splitlines()[-3:]] == [
            ["2", "4", "1 thread"],
            ["2", "4", "2 threads"],
            ["8", "4", "2 threads"],
        ]
        assert "| bspline | 2 threads | 1.20 | 1.00 | 4.55 | 100 | 30 |" in growth
        assert "| bspline | 2 threads | solving | 4.59 | 24.3 |" in stages

    def test_seconds_of_a_shortened_run_are_marked(self):
        row = {**self.rows[0], "iterations": 10, "preset_iterations": 100, "preset_seconds": 77.0}
        assert "| ≈ 77 |" in tables([row])[0].markdown()


class TestCell:
    @pytest.fixture(autouse=True)
    def small_products(self, monkeypatch):
        monkeypatch.setitem(MATRIX, "cpu", 256)

    def measured(self, what: str, method: str, preset: str, size: str, iterations: int) -> Row:
        return measure.measure(Cell(size, "k", str(Load(what, 2, "cpu", 1)), method, preset, 0), iterations)

    def test_a_method_that_learns_is_run_for_some_iterations(self):
        row = self.measured(TIMES, "smore", "fast", "32x32x8", 3)
        stages = {name for name in row if name.startswith(measure.STAGE)}
        assert {"stage: importing", "stage: preparing", "stage: training", "stage: applying the network"} < stages
        assert (row["iterations"], row["preset_iterations"]) == (3, PRESETS["fast"].iterations_for(32 * 32 * 8))
        assert row["preset_seconds"] > 50 * row["seconds_an_iteration"]
        assert row["seconds"] > row["rest_seconds"] > 0 and row["peak_memory_mib"] > 100

    def test_arithmetic_of_learning_and_applying(self):
        row = self.measured(ARITHMETIC, "smore", "fast", "32x32x8", 3)
        assert row["rate: float32"] > 1e8
        assert row["operations_an_iteration"] > 1e8 and row["inference_operations"] > 1e8
        assert {"shares: training", "shares: applying the network"} < row.keys()
        text = "".join(table.markdown() for table in tables([{**row, **LABELS, "note": ""}]))
        assert "| smore/fast | 1 thread | an iteration |" in text and "`between operations`" in text

    def test_arithmetic_of_the_published_espreso(self, monkeypatch):
        monkeypatch.setattr(game, "start_as_impulse", lambda generator: None)  # seconds that are not looked at
        row = self.measured(ARITHMETIC, "espreso", "paper", "48x48x8", 6)
        assert row["preset_iterations"] == 15_000 and row["operations_an_iteration"] > 1e8
        assert "inference_seconds" not in row


LABELS = {"volume": "32x32x8", "cell": "arithmetic:2:cpu:1", "method": "smore", "preset": "fast"}


class TestCommand:
    def run(self, out, *words: str) -> int:
        small = ["--sizes", "16x16x8", "24x24x8", "--reference", "16x16x8", "--ratios", "2", "--threads", "1"]
        return command.main(["speed", *small, "--methods", "tikhonov", "--learners", "--out", str(out), *words])

    def test_writes_the_page_and_resumes(self, tmp_path, capsys):
        assert self.run(tmp_path, "--note", "The machine was quiet.") == 0
        names = ["performance.csv", "performance.md", "performance.png", "speed.jsonl"]
        assert sorted(path.name for path in tmp_path.iterdir()) == names
        page = (tmp_path / "performance.md").read_text()
        assert "The machine was quiet." in page and "| tikhonov | 1 thread | inverting the acquisition |" in page
        with (tmp_path / "performance.csv").open() as file:
            assert [row["volume"] for row in csv.DictReader(file)] == ["16x16x8", "24x24x8"]
        assert self.run(tmp_path) == 0
        assert "2 cells, 2 of them finished already" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["--sizes", "64"], "is no size"),
            (["--ratios", "0.5"], "1 or more"),
            (["--methods", "nearest"], "no method 'nearest'"),
            (["--methods", "smore/slow"], "no preset 'slow'"),
            (["--learners", "bspline"], "does not learn"),
        ],
    )
    def test_bad_input_is_one_sentence(self, tmp_path, capsys, words, message):
        assert self.run(tmp_path, *words) == 2
        error = capsys.readouterr().err
        assert message in error and error.count("\n") == 1


def test_sizes_are_three_numbers():
    assert parse_size("256x128x48") == (256, 128, 48)
    with pytest.raises(InputError, match="write it as"):
        parse_size("256x128xk")
