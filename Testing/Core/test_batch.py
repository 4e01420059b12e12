"""A cohort: resumed, poisoned, killed, locked, listed, named."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from command_line import start
from dicom_series import positions, save_series
from dying_tasks import die_once, square_or_die
from SuperResolveLib import BatchOptions, Cancelled, InputError, Volume, batch, read_volume, write_volume
from SuperResolveLib.command.main import main
from SuperResolveLib.workflows.batch import folder_lock, schedule
from SuperResolveLib.workflows.batch.outliers import outliers
from SuperResolveLib.workflows.batch.row import DONE, FAILED, Row
from SuperResolveLib.workflows.batch.sources import find_tasks
from SuperResolveLib.workflows.batch.table import NAME, ResultsTable
from SuperResolveLib.workflows.batch.workers import Workers

OPTIONS = BatchOptions(method="tikhonov", profile="gaussian:3")
PATIENCE = 300


def save(path: Path, seed: int = 0, slices: int = 8) -> Path:
    data = np.random.default_rng(seed).normal(100, 20, (16, 14, slices)).astype(np.float32)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_volume(Volume(data, np.diag([1.0, 1.0, 3.0, 1.0])), path)
    return path


@pytest.fixture
def scans(tmp_path) -> Path:
    for number, name in enumerate(("a", "b", "inner/c")):
        save(tmp_path / "scans" / f"{name}.nii.gz", number)
    return tmp_path / "scans"


def run(sources, folder: Path, options: BatchOptions = OPTIONS, **named):
    with ThreadPoolExecutor(1) as executor:
        return batch(sources if isinstance(sources, list) else [sources], folder, options, executor=executor, **named)


def contents(folder: Path) -> dict[str, bytes]:
    """All files but the table, which tells seconds."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file() and p.name != NAME}


def table(folder: Path) -> list[tuple[str, ...]]:
    """The rows of the table without their seconds."""
    lines = [line.split("\t") for line in (folder / NAME).read_text().splitlines()]
    seconds = lines[0].index("seconds")
    return [tuple(line[:seconds] + line[seconds + 1 :]) for line in lines]


def test_every_scan_has_its_files_and_its_row(scans, tmp_path):
    done = run(scans, tmp_path / "out")
    assert [row.output for row in done.rows] == ["a", "b", "inner/c"]
    assert {row.status for row in done.rows} == {DONE}
    assert read_volume(tmp_path / "out" / "inner" / "c.nii.gz").shape == (16, 14, 24)
    assert json.loads((tmp_path / "out" / "a.json").read_text())["method"] == "tikhonov"
    assert set(contents(tmp_path / "out")) == {
        *(f"{name}{ending}" for name in ("a", "b", "inner/c") for ending in (".nii.gz", ".json", "_profile.tsv")),
        "report.html",
    }


def test_what_is_done_is_skipped(scans, tmp_path):
    run(scans, tmp_path / "out")
    before, stamp = contents(tmp_path / "out"), (tmp_path / "out" / "a.nii.gz").stat().st_mtime_ns
    save(scans / "d.nii.gz", 4)
    again = run(scans, tmp_path / "out")
    assert again.skipped == 3 and len(again.rows) == 4
    assert (tmp_path / "out" / "a.nii.gz").stat().st_mtime_ns == stamp
    assert {name: contents(tmp_path / "out")[name] for name in before if name != "report.html"} == {
        name: data for name, data in before.items() if name != "report.html"
    }


@pytest.mark.parametrize(
    "change",
    [
        lambda scans, out: BatchOptions(method="bspline", profile="gaussian:3"),
        lambda scans, out: BatchOptions(method="tikhonov", profile="gaussian:3.5"),
        lambda scans, out: save(scans / "a.nii.gz", 9) and OPTIONS,
        lambda scans, out: (out / "a.nii.gz").unlink() or OPTIONS,
        lambda scans, out: (scans / "a.json").write_text('{"SliceThickness": 2}') and OPTIONS,
    ],
    ids=["method", "profile", "scan", "result gone", "sidecar"],
)
def test_what_is_changed_is_done_again(scans, tmp_path, change):
    run([scans / "a.nii.gz"], tmp_path / "out")
    options = change(scans, tmp_path / "out")
    assert run([scans / "a.nii.gz"], tmp_path / "out", options).skipped == 0
    assert run([scans / "a.nii.gz"], tmp_path / "out", options).skipped == 1
    run([scans / "a.nii.gz"], tmp_path / "fresh", options)
    assert contents(tmp_path / "out") == contents(tmp_path / "fresh")
    assert table(tmp_path / "out") == table(tmp_path / "fresh")


def test_a_moved_scan_is_not_done_again(scans, tmp_path):
    run([scans / "a.nii.gz"], tmp_path / "out")
    scans.rename(tmp_path / "elsewhere")
    assert run([tmp_path / "elsewhere" / "a.nii.gz"], tmp_path / "out").skipped == 1


def test_poisoned_scans_cost_a_row_each(scans, tmp_path):
    run(scans, tmp_path / "whole")
    (scans / "cut.nii.gz").write_bytes((scans / "a.nii.gz").read_bytes()[:900])
    (scans / "noise.nrrd").write_bytes(np.random.default_rng(0).bytes(5000))
    write_volume(Volume(np.ones((16, 16, 16), np.float32), np.eye(4)), scans / "flat.mha")
    save(scans / "few.nii", slices=3)
    (scans / "dicom").mkdir()
    (scans / "dicom" / "one.dcm").write_bytes(bytes(128) + b"DICM" + bytes(50))
    told = []
    done = run(scans, tmp_path / "out", say=told.append)
    assert {row.output for row in done.failed} == {"cut", "noise", "flat", "few", "dicom"}
    assert all(row.error and "unexpected" not in row.error for row in done.failed)
    assert len(told) == 5
    whole, out = contents(tmp_path / "whole"), contents(tmp_path / "out")
    assert {name: out[name] for name in whole if name != "report.html"} == {
        name: data for name, data in whole.items() if name != "report.html"
    }
    assert set(out) == set(whole)


def test_the_exit_code_says_that_some_failed(scans, tmp_path, capsys):
    (scans / "b.nii.gz").write_bytes(b"nothing")
    words = ["batch", scans, "-o", tmp_path / "out", "--method=tikhonov", "--profile=gaussian:3", "--workers=1"]
    assert main([*map(str, words)]) == 3
    told = capsys.readouterr()
    assert "3: 2 done; 1 failed" in told.out and "failed" in told.err
    save(scans / "b.nii.gz", 1)
    assert main([*map(str, words)]) == 0
    assert "3 done, 2 of them by an earlier run" in capsys.readouterr().out


def test_only_profiles(scans, tmp_path):
    done = run([scans / "a.nii.gz"], tmp_path / "out", BatchOptions(estimate_only=True))
    assert set(contents(tmp_path / "out")) == {"a_profile.tsv", "a_profile.json", "report.html"}
    row = done.rows[0]
    assert row.fwhm_low_mm < row.fwhm_mm < row.fwhm_high_mm and row.method == "spectral"
    with pytest.raises(InputError, match="only estimated"):
        BatchOptions(estimate_only=True, profile="gaussian:3").check()


def test_what_is_cancelled_goes_on_later(scans, tmp_path):
    def cancel(fraction: float, stage: str, stage_fraction: float | None = None) -> None:
        if ", 1 of" in stage:
            raise Cancelled

    with pytest.raises(Cancelled):
        run(scans, tmp_path / "out", progress=cancel)
    assert run(scans, tmp_path / "out").skipped >= 1
    run(scans, tmp_path / "whole")
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


# Workers that die


def test_a_worker_that_dies_takes_one_task_along():
    with Workers(2) as workers:
        came = dict(schedule.outcomes(workers, square_or_die, range(5), lambda: None))
    assert isinstance(came.pop(1), BrokenProcessPool)
    assert came == {number: number**2 for number in (0, 2, 3, 4)}


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_a_task_whose_worker_was_killed_is_tried_again(tmp_path):
    with Workers(1) as workers:
        assert dict(schedule.outcomes(workers, die_once, [tmp_path / "x"], lambda: None)) == {tmp_path / "x": "done"}


def test_workers_that_can_do_nothing_are_not_tried_for_ever(monkeypatch):
    monkeypatch.setattr(schedule, "HOPELESS", 2)
    with Workers(1) as workers, pytest.raises(InputError, match="no worker could do any"):
        list(schedule.outcomes(workers, square_or_die, [1] * 9, lambda: None))


def test_an_executor_that_was_shut_down_is_told(scans, tmp_path):
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    with pytest.raises(InputError, match="takes no more scans"):
        batch([scans], tmp_path / "out", OPTIONS, executor=executor)


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_a_run_that_is_killed_goes_on_to_the_same_bytes(tmp_path):
    scans = tmp_path / "scans"
    for number in range(10):
        save(scans / f"{number}.nii.gz", number)
    words = ["batch", scans, "--method=tikhonov", "--profile=gaussian:3", "--workers=2", "--quiet"]
    process = start(*words, "-o", tmp_path / "out")
    started = time.monotonic()
    path = tmp_path / "out" / NAME
    while not path.exists() or path.read_bytes().count(b"\n") < 3:
        assert process.poll() is None and time.monotonic() - started < PATIENCE
        time.sleep(0.002)
    process.kill()
    process.communicate()
    assert (tmp_path / "out" / folder_lock.NAME).exists()
    again = run(scans, tmp_path / "out")
    assert again.skipped >= 2 and not again.failed
    run(scans, tmp_path / "whole")
    deadline = time.monotonic() + 20  # the dead run's workers end by themselves
    while any(path.name.startswith(".") for path in (tmp_path / "out").iterdir()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")
    assert table(tmp_path / "out") == table(tmp_path / "whole")


# The lock


def test_a_second_run_says_that_the_first_runs(scans, tmp_path):
    (tmp_path / "out").mkdir()
    refused = pytest.raises(InputError, match=f"another run, process {os.getpid()} on")
    with folder_lock.only_run_in(tmp_path / "out"), refused:
        run(scans, tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    ("host", "age", "is_refused"),
    [(platform.node(), 0.0, False), ("another", 0.0, True), ("another", 100.0, False)],
    ids=["ended here", "alive elsewhere", "silent elsewhere"],
)
def test_a_dead_run_does_not_hold_the_lock(tmp_path, host, age, is_refused):
    path = tmp_path / folder_lock.NAME
    path.write_text(json.dumps({"pid": 2**22 - 3, "host": host}))
    os.utime(path, (time.time() - age,) * 2)
    if is_refused:
        with pytest.raises(InputError, match="on another, works in"), folder_lock.only_run_in(tmp_path):
            pass
        return
    with folder_lock.only_run_in(tmp_path):
        assert json.loads(path.read_text())["pid"] == os.getpid()
    assert not path.exists()


# The table

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
NUMBERS = st.none() | st.floats(1e-3, 1e3).map(lambda value: float(f"{value:.6g}"))


@settings(max_examples=25)
@given(st.lists(st.tuples(TEXTS, NUMBERS, TEXTS), max_size=5), st.integers(0, 40))
def test_rows_are_read_as_they_were_written_whatever_is_cut_off(tmp_path_factory, told, cut):
    folder = tmp_path_factory.mktemp("table")
    written = ResultsTable(folder)
    written.begin([])
    for number, (scan, width, error) in enumerate(told):
        written.add(Row(scan=scan, output=str(number), fwhm_mm=width, error=error, status=FAILED))
    rows = ResultsTable(folder).read()
    assert [row.fwhm_mm for row in rows.values()] == [width for _, width, _ in told]
    assert [row.line() for row in rows.values()] == [
        Row(scan=scan, output=str(number), fwhm_mm=width, error=error).line()
        for number, (scan, width, error) in enumerate(told)
    ]
    with written.path.open("ab") as file:
        file.write(Row(scan="cut", output="cut").line().encode()[:cut].replace(b"\n", b""))
    assert ResultsTable(folder).read() == rows


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is full")
def test_rows_wait_while_the_disk_is_full(tmp_path):
    written = ResultsTable(tmp_path)
    written.begin([])
    written.path = Path("/dev/full")
    written.add(Row(scan="a", output="a"))
    written.path = tmp_path / NAME
    written.add(Row(scan="b", output="b"))
    assert list(written.read()) == ["a", "b"]


def test_another_table_is_not_replaced(scans, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / NAME).write_text("mine\n")
    with pytest.raises(InputError, match="no table of this version"):
        run(scans, tmp_path / "out")
    assert (tmp_path / "out" / NAME).read_text() == "mine\n"


# What is named


def test_a_list_has_a_column_for_each_option(scans, tmp_path):
    text = (
        "scan\tmethod\tprofile\tacquired-resolution\toutput\na.nii.gz\tbspline\t\t1,1.5\t\nb.nii.gz\t\trect:3\t\tx/y\n"
    )
    (scans / "list.tsv").write_text(text)
    first, second = find_tasks([scans / "list.tsv"], tmp_path, OPTIONS)
    assert (first.options.method, first.options.profile) == ("bspline", "gaussian:3")
    assert first.options.acquired_resolution == (1, 1.5)
    assert (second.stem, second.options.method, second.options.profile) == ("x/y", "tikhonov", "rect:3")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("scan\na.nii.gz\nmissing.nii.gz\n", r"line 3 of .*list.tsv: there is no file or folder .*missing.nii.gz"),
        ("scan\tcolour\na.nii.gz\tred\n", "the column 'colour'"),
        ("path\na.nii.gz\n", "no column scan"),
        ("scan\tseed\na.nii.gz\tmany\n", "line 2 .*'many' cannot be used for seed"),
        ("scan\tmethod\na.nii.gz\tmagic\n", "there is no super-resolution method 'magic'"),
        ("scan\toutput\na.nii.gz\t../x\n", "is not inside"),
        ("scan\n", "names no scans"),
        ("scan\na.nii.gz\ta\n", "more cells"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused_before_the_run(scans, tmp_path, text, message):
    (scans / "list.tsv").write_text(text)
    with pytest.raises(InputError, match=message) as refusal:
        run(scans / "list.tsv", tmp_path / "out")
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "out").exists()


def test_each_series_of_a_dicom_folder_is_a_scan(tmp_path):
    folder = tmp_path / "dicom" / "patient"
    folder.mkdir(parents=True)
    save_series(folder, positions(range(0, 40, 5)), "a", SeriesInstanceUID="1.2.3.4")
    save_series(folder, positions(range(0, 40, 5)), "b", SeriesInstanceUID="1.2.3.5", SeriesDescription="FLAIR")
    tasks = find_tasks([tmp_path / "dicom"], tmp_path / "out", OPTIONS)
    assert [task.stem for task in tasks] == ["patient/1.2.3.4", "patient/1.2.3.5"]
    done = run(tmp_path / "dicom", tmp_path / "out", series="FLAIR")
    assert [(row.output, row.status, row.header_thickness_mm) for row in done.rows] == [("patient", DONE, 4.0)]
    assert run(tmp_path / "dicom", tmp_path / "out", series="FLAIR").skipped == 1


def test_results_of_one_name_are_refused(scans, tmp_path):
    save(scans / "a.nii")
    with pytest.raises(InputError, match="would both be written as a"):
        run(scans, tmp_path / "out")


def test_results_never_go_among_the_scans(scans, tmp_path):
    before = contents(scans)
    with pytest.raises(InputError, match="where the results are to go"):
        run(scans, scans)
    assert contents(scans) == before
    done = run(scans, scans / "results", overwrite=True)
    assert len(run(scans, scans / "results").rows) == len(done.rows) == 3


@pytest.mark.parametrize("what", ["a file", "no parent", "other files"])
def test_a_folder_that_cannot_take_the_results_is_refused(scans, tmp_path, what):
    folder = tmp_path / "out"
    if what == "a file":
        folder.write_text("mine")
    elif what == "no parent":
        folder = folder / "inner"
    else:
        (folder / "mine").mkdir(parents=True)
    with pytest.raises(InputError, match=r"file|made|other files"):
        run(scans, folder)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_folder_is_refused(scans, tmp_path):
    (tmp_path / "out").mkdir(mode=0o500)
    with pytest.raises(InputError, match="no permission"):
        run(scans, tmp_path / "out")


def test_a_bids_derivative(tmp_path):
    root = tmp_path / "raw"
    for name in ("sub-01/anat/sub-01_acq-ax_T2w", "sub-02/ses-1/anat/sub-02_ses-1_FLAIR", "sub-02/func/sub-02_bold"):
        save(root / f"{name}.nii.gz", len(name))
    (root / "dataset_description.json").write_text('{"Name": "Heads", "BIDSVersion": "1.8.0"}')
    done = run(root, tmp_path / "out", in_bids=True)
    stems = ["sub-01/anat/sub-01_acq-ax_desc-sr_T2w", "sub-02/ses-1/anat/sub-02_ses-1_desc-sr_FLAIR"]
    assert [row.output for row in done.rows] == stems and not done.failed
    sidecar = json.loads((tmp_path / "out" / f"{stems[0]}.json").read_text())
    assert sidecar["Sources"] == ["bids:raw:sub-01/anat/sub-01_acq-ax_T2w.nii.gz"]
    described = json.loads((tmp_path / "out" / "dataset_description.json").read_text())
    assert (described["DatasetType"], described["DatasetLinks"]) == ("derivative", {"raw": "../raw"})
    assert run(root, tmp_path / "out", in_bids=True).skipped == 2


# The page


def test_the_page_stands_alone_and_tells_failures(scans, tmp_path):
    (scans / "b.nii.gz").write_bytes(b"nothing")
    done = run(scans, tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text()
    assert "3 scans: 2 done" in page and done.failed[0].error.replace("'", "&#x27;") in page
    assert page.count("<figure>") == 2
    assert all(source.startswith("data:") for source in re.findall(r'(?:src|href)="([^"]*)"', page))


def test_scans_that_stand_out_are_told():
    rows = [Row(scan=str(n), output=str(n), status=DONE, fwhm_mm=4 + 0.01 * n, slice_spacing_mm=5) for n in range(20)]
    assert outliers(rows) == []
    far = Row(scan="far", output="far", status=DONE, fwhm_mm=8.0, slice_spacing_mm=5)
    assert [each.row for each in outliers([*rows, far])] == [far]
