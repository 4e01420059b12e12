"""The stages of one training, from the start or from a checkpoint, to a model with its card."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..methods.trainable import Stage, Trainable, TrainingSettings
from ..metrics.image_quality import psnr, ssim
from ..model import Model
from ..progress import ProgressCallback, part_of
from .training_figure import plot_learning
from .training_options import of_run, understood
from .training_outputs import figures, trained_model, trained_on, write_beside
from .training_request import Collections, Plan, Request
from .training_state import METRICS

if TYPE_CHECKING:
    import torch

    from ..training.checkpoint import Checkpoints
    from ..training.metrics_log import Entry
    from ..training.step import State, TrainingStep

Say = Callable[[str], None]

#: How often a stage is validated, and how often in a row it may be no better before it ends.
VALIDATIONS, PATIENCE = 25, 12
#: By how much of the hours iterations are planned, so that the learning rate has fallen before they are over.
PLANNED = 0.94
#: Updates, at most, and seconds, about, in which the pace is measured.
PACED_UPDATES, PACED_SECONDS = 6, 20.0
#: Of the files in a work folder.
CURVE = "curve.png"


@dataclass(frozen=True)
class Trained:
    """What training gave.

    Attributes:
        model: the network and its card.
        left_out: scans that could not serve, each with its sentence.
        warnings: what else the user should know.
        entries: the validations, as in ``metrics.jsonl``.
        seconds: wall time of training, also before it was resumed.
    """

    model: Model
    left_out: tuple[str, ...]
    warnings: tuple[str, ...]
    entries: tuple[Entry, ...]
    seconds: float


class Run:
    """The stages of one training, from the start or from a checkpoint.

    Args:
        request, plan: what to train.
        collections: what to learn from.
        device: where.
        rank: which of the processes this is; only the first says, validates and saves.

    Attributes:
        iterations: of each stage.
    """

    def __init__(self, request: Request, plan: Plan, collections: Collections, device: torch.device, rank: int) -> None:
        self._request, self._plan, self._collections = request, plan, collections
        self._device, self._rank = device, rank
        self.iterations = plan.shared(request.iterations)
        self._options = understood(request.options, request.seed)
        self._saved: State | None = None
        self._seconds_before = 0.0

    @property
    def total(self) -> int:
        """Iterations in all."""
        return sum(self.iterations.values())

    @property
    def _guides_left_out(self) -> tuple[str, ...]:
        """Sentences about CT that cannot serve."""
        return self._options["ct"].left_out if "ct" in self._options else ()

    def begin(self, say: Say) -> None:
        """Find out what was done before and how long the rest takes.

        Raises:
            InputError: the checkpoint is of another run.
        """
        from ..training.metrics_log import MetricsLog

        for sentence in self._guides_left_out:
            say(sentence)
        work = self._request.work if self._rank == 0 else None
        self._checkpoints = self._of_run()
        self._saved = self._checkpoints.load() if self._request.resume and self._checkpoints is not None else None
        if self._saved is not None:
            self._check_same_run(self._saved["run"])
            self.iterations = {name: int(count) for name, count in self._saved["iterations"].items()}
            self._seconds_before = float(self._saved["seconds"])
            say(f"going on from iteration {self._saved['loop']['iteration']} of the stage {self._saved['stage']}")
        elif self._request.resume:
            say(f"there is no checkpoint in {self._request.work}: starting anew")
        self._log = MetricsLog(None if work is None else work / METRICS)
        if self._saved is None:
            self._log.begin()
            if self._request.iterations is None:
                self._find_pace(say)
        else:
            self._log.begin(self._saved["stage"], self._saved["loop"]["iteration"])
        self._started = time.monotonic()

    def to_end(self, progress: ProgressCallback, say: Say) -> Trained:
        """Run all stages that are left."""
        trainable = self._trainable()
        stages, done, kept_best = self._plan.stages, 0, True
        if self._saved is not None:
            trainable.load_state(self._saved["trainable"])
        for name in stages:
            share = self.iterations[name] / self.total
            if self._saved is not None and stages.index(name) < stages.index(self._saved["stage"]):
                done += self.iterations[name]
                continue
            part = part_of(progress, done / self.total, done / self.total + share)
            kept_best = self._run_stage(name, trainable, part)
            write_beside(name, self._plan.info.writes, trainable, self._collections, self._request.options)
            self._saved = None
            done += self.iterations[name]
        progress(1.0, "done")
        facts = {
            "preset": self._plan.preset,
            "stages": stages,
            "seed": self._request.seed,
            "iterations": dict(self.iterations),
            "trained_on": trained_on(self._collections.training, self._request.synthetic),
            "validation": figures(self._log.entries, self._collections.validation, kept_best),
        }
        return Trained(
            trained_model(trainable, stages[-1], self._device, facts, self._plan.skipped),
            (*self._collections.left_out, *self._guides_left_out),
            self._plan.skipped,
            tuple(self._log.entries),
            self._seconds(),
        )

    def _run_stage(self, name: str, trainable: Trainable, progress: ProgressCallback) -> bool:
        """Run a stage to its end, and say whether the best of its states was kept, or the last."""
        from ..training.loop import TrainingLoop
        from ..training.ranks import agreed

        stage = trainable.begin(name)
        loop = TrainingLoop(
            stage.step,
            self.iterations[name],
            self._device,
            f"training {name}",
            checkpoints=self._of_stage(name, trainable),
            validation=self._validation(name, stage),
            until=self._is_over,
            agree=agreed,
        )
        if self._saved is not None:
            loop.load_state(self._saved["loop"])
        loop.run(progress)
        return stage.keeps_best

    def _validation(self, name: str, stage: Stage) -> Any:
        from ..training.validation import Validation

        if stage.score is None or self._rank:
            return None
        score = stage.score

        def scored(iteration: int, losses: Mapping[str, torch.Tensor]) -> float:
            scores = score()
            told = {key: float(value) for key, value in losses.items()}
            self._log.add({"stage": name, "iteration": iteration, "seconds": self._seconds(), **told, **scores})
            if self._request.work is not None:
                plot_learning(self._log.entries, self._request.work / CURVE)
            judged = stage.keeps_best and "psnr" in scores
            return -scores["psnr"] if judged else float(-iteration)  # without a judge the last state is kept

        every = max(1, self.iterations[name] // VALIDATIONS)
        return Validation(scored, every, PATIENCE)

    def _is_over(self) -> bool:
        return self._request.hours is not None and self._seconds() > 3600 * self._request.hours

    def _seconds(self) -> float:
        return self._seconds_before + time.monotonic() - self._started

    def _find_pace(self, say: Say) -> None:
        """How long an update takes; under ``hours`` iterations are as many as fit."""
        trainable = self._trainable()
        paces = {name: _pace(trainable.begin(name).step) for name in self._plan.stages}
        if self._request.hours is not None:
            planned = 3600 * self._request.hours * PLANNED
            own = self._plan.shared(None)
            share = sum(own.values())
            self.iterations = {name: max(1, int(planned * own[name] / share / pace)) for name, pace in paces.items()}
        seconds = sum(paces[name] * count for name, count in self.iterations.items())
        say(f"{self.total:,} iterations, about {in_words(seconds)} on {self._device.type}")

    def _trainable(self) -> Trainable:
        request, plan = self._request, self._plan
        settings = TrainingSettings(
            preset=plan.preset,
            network=plan.network,
            device=self._device,
            seed=request.seed,
            iterations=self.iterations,
            ratios=request.ratios,
            metrics={"psnr": psnr, "ssim": ssim},
            options=self._options,
            rank=self._rank,
            ranks=request.devices,
        )
        trainable = plan.trainable(settings, self._collections.training, self._collections.validation)
        if request.from_model is not None:
            from ..methods.networks import load_network

            trainable.start_from(load_network(request.from_model))
        return trainable

    def _of_run(self) -> Checkpoints | None:
        from ..training.checkpoint import Checkpoints

        work = self._request.work
        return None if work is None else Checkpoints(work, self._request.checkpoint_minutes)

    def _of_stage(self, name: str, trainable: Trainable) -> Any:
        if self._checkpoints is None or self._rank:
            return None

        def whole(loop: State) -> State:
            return {
                "run": identity(self._request, self._plan, self._collections),
                "iterations": dict(self.iterations),
                "seconds": self._seconds(),
                "stage": name,
                "trainable": trainable.state(),
                "loop": loop,
            }

        return _OfStage(self._checkpoints, whole)

    def _check_same_run(self, saved: Mapping[str, Any]) -> None:
        now = identity(self._request, self._plan, self._collections)
        for name, value in now.items():
            if saved.get(name) != value:
                raise InputError(
                    f"the checkpoint in {self._request.work} is of another run ({name} {saved.get(name)}, now "
                    f"{value}): resume with the options it had, or give another --work"
                )


@dataclass(frozen=True)
class _OfStage:
    """The checkpoints of a run, as a loop sees them."""

    checkpoints: Checkpoints
    whole: Callable[[State], State]

    def due(self, iteration: int) -> bool:
        """Whether to save now."""
        return self.checkpoints.due(iteration)

    def save(self, state: State) -> None:
        """Save the loop's state with the run's."""
        self.checkpoints.save(self.whole(state))


def _pace(step: TrainingStep) -> float:
    """Seconds that an update takes, the first, which is slower, left out."""
    step.update(0)
    started, done = time.monotonic(), 0
    while done < PACED_UPDATES and time.monotonic() - started < PACED_SECONDS:
        losses = step.update(1 + done)
        done += 1
        for loss in losses.values():
            float(loss)  # waits for an accelerator
    return max((time.monotonic() - started) / done, 1e-6)


def identity(request: Request, plan: Plan, collections: Collections) -> dict[str, Any]:
    """What makes a run the same one when it is resumed."""
    return {
        "method": request.method,
        "preset": plan.preset,
        "network": plan.network,
        "stages": list(plan.stages),
        "seed": request.seed,
        "ratios": None if request.ratios is None else list(request.ratios),
        "scans": len(collections.training.items),
        "synthetic": request.synthetic,
        "iterations": request.iterations,
        "hours": request.hours,
        "options": of_run(request.options),
    }


def in_words(seconds: float) -> str:
    """A time, as people say it."""
    if seconds < 90:
        return f"{max(1, round(seconds))} seconds"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} minutes"
    return f"{seconds / 3600:.1f} hours"
