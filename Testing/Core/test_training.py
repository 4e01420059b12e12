"""The training loop: it reports, ends, validates and saves as told, whatever the step."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch

from SuperResolveLib.errors import Cancelled
from SuperResolveLib.progress import time_left
from SuperResolveLib.training.checkpoint import Checkpoints
from SuperResolveLib.training.loop import TrainingLoop
from SuperResolveLib.training.moving_average import MovingAverage
from SuperResolveLib.training.optimisation import Optimisation, warmed_up_cosine
from SuperResolveLib.training.step import State
from SuperResolveLib.training.validation import Validation

CPU = torch.device("cpu")


class Counting:
    """A step that counts its updates, and what it was told of them."""

    def __init__(self) -> None:
        self.count = torch.zeros(1)
        self.told: list[int] = []

    def update(self, iteration: int) -> Mapping[str, torch.Tensor]:
        self.count += 1
        self.told.append(iteration)
        return {"pixel": self.count[0] / 8, "cycle": -self.count[0]}

    def state(self) -> State:
        return {"count": self.count}

    def load_state(self, state: State) -> None:
        self.count.copy_(state["count"])


def silent(*_: object) -> None:
    pass


# ---- reports and ends


def test_every_iteration_is_reported_with_its_losses_by_name() -> None:
    step, reports = Counting(), []
    TrainingLoop(step, 4, CPU, "learning").run(lambda *report: reports.append(report))
    assert step.told == [0, 1, 2, 3]
    assert reports[0] == (0.25, "learning, pixel 0.12500, cycle -1.00000")
    assert [fraction for fraction, _ in reports] == [0.25, 0.5, 0.75, 1.0]


def test_an_accelerator_is_waited_for_only_now_and_then() -> None:
    fractions: list[float] = []
    TrainingLoop(Counting(), 45, torch.device("cuda")).run(lambda fraction, stage: fractions.append(45 * fraction))
    assert fractions == pytest.approx([20, 40, 45])


def test_an_accelerator_that_is_slow_is_asked_several_times_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    step, fractions = Counting(), []
    monkeypatch.setattr("SuperResolveLib.training.reports.monotonic", lambda: 0.1 * len(step.told))
    TrainingLoop(step, 25, torch.device("cuda")).run(lambda fraction, stage: fractions.append(25 * fraction))
    assert fractions == pytest.approx([20, 22, 24, 25])


@pytest.mark.parametrize(
    ("seconds", "done", "words"),
    [
        (2.0, 10, []),
        (60.0, 0, []),
        (60.0, 100, []),
        (60.0, 60, ["less than a minute left"]),
        (60.0, 50, ["about 1 minute left"]),
        (60.0, 20, ["about 4 minutes left"]),
        (600.0, 10, ["about 2 hours left"]),
        (6000.0, 1, ["about 165 hours left"]),
    ],
)
def test_time_that_is_left_is_told_in_words(seconds: float, done: int, words: list[str]) -> None:
    assert time_left(seconds, done / 100) == words


def test_time_that_is_left_is_that_of_this_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10_000, 30))
    monkeypatch.setattr("SuperResolveLib.training.reports.monotonic", lambda: float(next(clock)))
    checkpoints = Checkpoints(tmp_path, minutes=None)
    TrainingLoop(Counting(), 90, CPU, checkpoints=checkpoints).run(silent)
    longer = TrainingLoop(Counting(), 100, CPU, checkpoints=checkpoints)
    longer.resume()
    stages: list[str] = []
    longer.run(lambda fraction, stage: stages.append(stage))
    assert stages[0].endswith(", about 4 minutes left")  # 9 iterations of 30 s, not 10 at the pace of 91 in 30 s
    assert stages[-1].endswith("cycle -100.00000")


def test_training_ends_where_it_is_told_to() -> None:
    step = Counting()
    TrainingLoop(step, 10, CPU, until=lambda: float(step.count) >= 3).run(silent)
    assert float(step.count) == 3


# ---- checkpoints


def test_a_cancelled_run_is_saved_and_goes_on_after_the_last_update(tmp_path: Path) -> None:
    def cancel(fraction: float, stage: str, stage_fraction: float | None = None) -> None:
        if fraction >= 0.5:
            raise Cancelled

    checkpoints = Checkpoints(tmp_path / "work" / "folder")
    with pytest.raises(Cancelled):
        TrainingLoop(Counting(), 8, CPU, checkpoints=checkpoints).run(cancel)
    step = Counting()
    loop = TrainingLoop(step, 8, CPU, checkpoints=checkpoints)
    assert loop.resume()
    loop.run(silent)
    assert step.told == [4, 5, 6, 7]
    assert float(step.count) == 8


def test_a_run_that_is_over_has_nothing_left_to_do(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    TrainingLoop(Counting(), 3, CPU, checkpoints=checkpoints).run(silent)
    step = Counting()
    loop = TrainingLoop(step, 3, CPU, checkpoints=checkpoints)
    assert loop.resume()
    loop.run(silent)
    assert step.told == [] and float(step.count) == 3


def test_without_a_checkpoint_there_is_nothing_to_resume(tmp_path: Path) -> None:
    assert not TrainingLoop(Counting(), 3, CPU, checkpoints=Checkpoints(tmp_path)).resume()
    assert not TrainingLoop(Counting(), 3, CPU).resume()


def test_checkpoints_are_due_by_the_clock_or_by_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("SuperResolveLib.training.checkpoint.monotonic", lambda: now)
    by_clock, by_count = Checkpoints(tmp_path, minutes=2), Checkpoints(tmp_path, minutes=None, iterations=5)
    assert not by_clock.due(1)
    now = 130.0
    assert by_clock.due(2) and not by_count.due(2) and by_count.due(10)
    by_clock.save({})
    assert not by_clock.due(3)


# ---- validation


def scored(step: Counting, scores: list[float], patience: int | None) -> Validation:
    """Two iterations a score."""
    return Validation(lambda *_: scores[int(step.count) // 2 - 1], 2, patience)


def test_training_stops_early_and_goes_back_to_the_best() -> None:
    step = Counting()
    validation = scored(step, [5, 3, 4, 3, 1], 2)
    TrainingLoop(step, 10, CPU, validation=validation).run(silent)
    assert step.told[-1] == 7  # the fifth score would have been better, but patience ran out
    assert validation.best == 3 and float(step.count) == 4


def test_without_patience_all_iterations_run() -> None:
    step = Counting()
    TrainingLoop(step, 10, CPU, validation=scored(step, [5, 3, 4, 3, 1], None)).run(silent)
    assert step.told[-1] == 9 and float(step.count) == 10


@pytest.mark.parametrize("cancelled_at", [2, 3, 4, 5, 6, 7])
def test_patience_and_the_best_outlive_a_cancelled_run(tmp_path: Path, cancelled_at: int) -> None:
    def cancel(fraction: float, stage: str, stage_fraction: float | None = None) -> None:
        if 10 * fraction > cancelled_at - 0.5:
            raise Cancelled

    checkpoints, scores = Checkpoints(tmp_path), [5.0, 3.0, 4.0, 3.0, 1.0]
    step = Counting()
    with pytest.raises(Cancelled):
        TrainingLoop(step, 10, CPU, checkpoints=checkpoints, validation=scored(step, scores, 2)).run(cancel)
    step = Counting()
    loop = TrainingLoop(step, 10, CPU, checkpoints=checkpoints, validation=scored(step, scores, 2))
    loop.resume()
    loop.run(silent)
    assert step.told[-1] == 7 and float(step.count) == 4


# ---- parts of steps


def test_the_gradient_of_all_parameters_together_is_bounded() -> None:
    first, second = (torch.nn.Parameter(torch.zeros(2)) for _ in range(2))
    optimisers = [torch.optim.SGD([parameter], lr=1.0) for parameter in (first, second)]
    Optimisation([first, second], optimisers, gradient_norm=1.0).step((3 * first + 4 * second).sum())
    moved = torch.cat([first, second]).detach()
    assert float(moved.norm()) == pytest.approx(1.0)
    assert float(moved[0] / moved[2]) == pytest.approx(0.75)


def test_each_optimiser_follows_its_own_schedule() -> None:
    first, second = (torch.nn.Parameter(torch.zeros(1)) for _ in range(2))
    optimisers = [torch.optim.SGD([parameter], lr=1.0) for parameter in (first, second)]
    factors = zip(optimisers, (0.5, 0.1), strict=True)
    schedules = [torch.optim.lr_scheduler.StepLR(each, 1, factor) for each, factor in factors]
    optimisation = Optimisation([first, second], optimisers, schedules)
    for _ in range(3):
        optimisation.step(-(first + second).sum())
    assert first.item() == pytest.approx(1.75) and second.item() == pytest.approx(1.11)


def test_the_schedule_warms_up_and_ends_at_nothing() -> None:
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=2.0)
    schedule = warmed_up_cosine(optimiser, 400)
    rates = []
    for _ in range(400):
        rates.append(schedule.get_last_lr()[0])
        optimiser.step()
        schedule.step()
    assert rates[0] == pytest.approx(2.0 / 50) and rates.index(max(rates)) == 49
    assert rates[200] == pytest.approx(1.0) and rates[-1] < 1e-4


def test_moving_average_follows_from_the_first_value() -> None:
    value = torch.tensor([1.0])
    average = MovingAverage(lambda: value, 0.9)
    assert float(average.value) == 1.0
    value += 1
    for _ in range(2):
        average.update()
    assert float(average.value) == pytest.approx(2 - 0.9**2)
