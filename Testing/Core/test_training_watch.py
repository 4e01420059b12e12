"""What a training process tells in its work folder, and how it is asked to end."""

from __future__ import annotations

import os
import signal
import time

import pytest

from SuperResolveLib.errors import Cancelled, InputError
from SuperResolveLib.progress import silent
from SuperResolveLib.workflows import training_watch
from SuperResolveLib.workflows.training_state import STALE, TrainingState, ask_to_stop, read_state, write_state
from SuperResolveLib.workflows.training_watch import TrainingWatch


@pytest.fixture
def watch(tmp_path, monkeypatch) -> TrainingWatch:
    monkeypatch.setattr(training_watch, "BEAT", 0.01)
    return watching(tmp_path)


def watching(folder) -> TrainingWatch:
    return TrainingWatch(folder, folder / "m.safetensors", silent, lambda sentence: None)


def until(condition) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_heartbeat_tells_how_far_it_is(watch, tmp_path):
    with watch:
        began = read_state(tmp_path)
        assert began.is_alive and began.pid == os.getpid()
        watch(0.25, "training, loss 1")
        watch.say("a sentence")
        until(lambda: read_state(tmp_path).fraction == 0.25)
        watch(0.5, "training, loss 0.5")
        until(lambda: read_state(tmp_path).seconds_left is not None)
        told = read_state(tmp_path)
        assert (told.stage, told.message) == ("training, loss 0.5", "a sentence") and told.heartbeat > began.heartbeat
    ended = read_state(tmp_path)
    assert (ended.state, ended.fraction, ended.is_alive) == ("done", 1.0, False)


@pytest.mark.parametrize("ask", [ask_to_stop, lambda folder: os.kill(os.getpid(), signal.SIGTERM)])
def test_asked_to_stop_the_next_report_cancels(watch, tmp_path, ask):
    earlier = signal.getsignal(signal.SIGTERM)

    def run() -> None:
        with watch:
            watch(0.1, "training")
            ask(tmp_path)
            until(watch._stopped.is_set)
            watch(0.2, "training")

    with pytest.raises(Cancelled):
        run()
    assert read_state(tmp_path).state == "cancelled" and not (tmp_path / "stop").exists()
    assert signal.getsignal(signal.SIGTERM) is earlier


@pytest.mark.parametrize(
    ("error", "told"), [(InputError("no scan"), "no scan"), (ZeroDivisionError(), "unexpected ZeroDivisionError")]
)
def test_a_failure_is_told(watch, tmp_path, error, told):
    with pytest.raises(type(error)), watch:
        raise error
    assert read_state(tmp_path).state == "failed" and told in read_state(tmp_path).message


def test_a_folder_in_which_another_process_trains_is_refused(tmp_path):
    now = time.time()
    told = TrainingState(os.getppid(), "", now, now, 0.0, "", None, "running", "", "m")
    write_state(told, tmp_path)
    with pytest.raises(InputError, match="a training goes on"):
        watching(tmp_path)
    write_state(TrainingState(os.getppid(), "", now, now - 2 * STALE, 0.0, "", None, "running", "", "m"), tmp_path)
    watching(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", '{"pid": 1}', '{"pid": "a"}', "nothing"])
def test_what_is_no_state_is_none(tmp_path, text):
    (tmp_path / "training.json").write_text(text)
    assert read_state(tmp_path) is None
