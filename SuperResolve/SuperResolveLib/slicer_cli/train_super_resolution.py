"""The CLI module ``TrainSuperResolution``."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any, cast

from ..image_io.model_file import write_model
from ..methods.trainable import TrainableInfo
from ..methods.trainables import TRAINABLES
from ..progress import part_of
from ..workflows.models import load_model
from ..workflows.train import train
from .arguments import Arguments
from .console import Console
from .results import SEPARATOR, Results
from .training_watch import TrainingWatch

#: Parameters that only some methods have.
OPTIONS = ("ct", "kind", "features")


def compute(arguments: Arguments, console: Console) -> Results:
    """Train a model and write it.

    The model is written here, so that the state in the work folder tells of its end only when it is there.
    """
    work = _folder(arguments["workDirectory"])
    with TrainingWatch(work, arguments["modelFile"], console) if work else nullcontext(console) as watch:
        trained = train(**_requested(arguments), work=work, progress=part_of(watch, 0.0, 0.98), say=watch.say)
        if trained.left_out:
            watch.say(f"{len(trained.left_out)} left out, of which the first is: {trained.left_out[0]}")
        watch(0.98, "writing the model", 0.0)
        write_model(trained.model, arguments["modelFile"])
    console.warn(trained.warnings)
    return Results({}, {"warnings": SEPARATOR.join((*trained.left_out, *trained.warnings))})


def _requested(arguments: Arguments) -> dict[str, Any]:
    """What is asked for. Slicer hands over every parameter, also those that do not matter to the method."""
    info = cast("TrainableInfo", TRAINABLES.info(arguments["method"]))
    network, start = arguments["network"], arguments["startModel"]
    further = (part.strip() for part in arguments["furtherScans"].split(";"))
    return {
        "method": info.name,
        "sources": [Path(arguments["inputDirectory"]), *(Path(part) for part in further if part)],
        "synthetic": arguments["synthetic"],
        "preset": arguments.preset(info),
        "network": network if network in info.networks else None,
        "from_model": None if start is None else load_model(start),
        "hours": arguments["hours"] or None,
        "iterations": arguments["iterations"] or None,
        "options": {name: arguments[name] for name in OPTIONS if name in info.options and arguments[name]},
        "device": arguments.device(info),
        "seed": arguments["seed"],
        "resume": arguments["resume"],
        "checkpoint_minutes": arguments["checkpointMinutes"],
    }


def _folder(text: str | None) -> Path | None:
    """The folder of that path, which is made where it is missing; ``None`` without one."""
    if not text:
        return None
    folder = Path(text)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
