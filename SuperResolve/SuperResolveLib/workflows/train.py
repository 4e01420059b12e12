"""Training a method on a collection: from scans to a model with its card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..device import choose_device, reproducible
from ..errors import InputError
from ..progress import ProgressCallback, part_of, silent
from ..registry import import_with_torch
from .training_request import FEATURES, Collections, Request, checked, with_usual_features
from .training_run import Run, Say, Trained


def train(
    method: str,
    sources: Sequence[str | Path] = (),
    *,
    progress: ProgressCallback = silent,
    say: Say = lambda _: None,
    **options: Any,
) -> Trained:
    """Train a method on a collection: ``train("supervised", ["knees"], preset="fast", hours=1).model``.

    Args:
        method: a name in :data:`~SuperResolveLib.methods.trainables.TRAINABLES`.
        sources: files, folders, patterns and lists of scans.
        progress: receives how far the run is; see :mod:`~SuperResolveLib.progress`.
        say: receives sentences about the run as they become known: what was left out, how long it takes.
        options: the other attributes of :class:`Request`.

    Raises:
        InputError: a name is not known, no scan can serve, or a checkpoint is of another run.
        Cancelled: raised by ``progress``; the state is saved first.
    """
    return carry_out(Request(method=method, sources=tuple(map(Path, sources)), **options), progress, say)


def carry_out(request: Request, progress: ProgressCallback, say: Say) -> Trained:
    """Train what was requested; arguments and errors as in :func:`train`."""
    asked, request = request, with_usual_features(request)
    plan = checked(request)
    import_with_torch("torch")
    from ..training.ranks import check_ranks, sharing

    device = choose_device(request.device)
    check_ranks(request.devices, device.type)
    alone = [stage for stage in plan.stages if stage not in plan.info.shared_stages]
    if request.devices > 1 and alone:
        raise InputError(f"the stage {alone[0]} is trained by one process: leave out --devices, or the stage")
    collections = Collections.of(request, part_of(progress, 0.0, 0.02))
    if request is not asked:
        source = request.options[FEATURES]
        say(f"comparing the features {source}, which are installed: --{FEATURES} names others, or none")
    for sentence in (*collections.left_out, *plan.skipped):
        say(sentence)
    with reproducible(request.seed):
        run = Run(request, plan, collections, device, 0)
        run.begin(say)
        with sharing(request.devices, device, follow, replace(request, iterations=run.total)):
            return run.to_end(part_of(progress, 0.02, 1.0), say)


def follow(rank: int, request: Request) -> None:
    """What the other processes do that share the training: the same updates on their part of each batch."""
    from ..training.ranks import device_of_rank

    device = device_of_rank(choose_device(request.device), rank)
    with reproducible(request.seed):
        run = Run(request, checked(request), Collections.of(request, silent), device, rank)
        run.begin(lambda _: None)
        run.to_end(silent, lambda _: None)
