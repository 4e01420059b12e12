"""The CLI module ``TrainSuperResolution``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..workflows.models import load_model
from ..workflows.train_to_file import train_to_file
from ..workflows.training_call import request_of
from .arguments import Arguments
from .console import Console
from .results import SEPARATOR, Results


def compute(arguments: Arguments, console: Console) -> Results:
    """Train a model and write it, at its end and not with the other results: the work folder tells when it is there."""
    start: Path | None = arguments["startModel"]
    request = request_of(arguments.values)
    if start is not None:
        request = replace(request, from_model=load_model(start))
    if request.work is not None:
        request.work.mkdir(parents=True, exist_ok=True)
    trained = train_to_file(request, arguments["modelFile"], console, console.say, start)
    console.warn(trained.warnings)
    return Results({}, {"warnings": SEPARATOR.join((*trained.left_out, *trained.warnings))})
