"""What is asked of a training as values by the names of the CLI module ``TrainSuperResolution``, and back.

In this form it lies in the work folder, from which the training can be resumed whoever began it; the names of options
that only some methods have are those of Python in camelCase.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from ..methods.trainable import TrainableInfo
from ..methods.trainables import TRAINABLES
from .training_options import absolute
from .training_request import Request, ratios_of

#: What separates several sources in a text.
SEPARATOR = ";"


def call_of(request: Request, output: Path, start: Path | None = None) -> dict[str, Any]:
    """What was requested, with paths that mean the same in every folder.

    Args:
        request: what to train.
        output: the file that takes the model.
        start: the file of the model that it starts from.
    """
    info = cast("TrainableInfo", TRAINABLES.info(request.method))
    first, *further = _absolute(request.sources) or [""]
    validate = request.validate
    options = {name: value for name, value in request.options.items() if value is not None}
    return {
        "inputDirectory": first,
        "furtherScans": SEPARATOR.join(further),
        "modelFile": str(output.absolute()),
        "startModel": "" if start is None else str(start.absolute()),
        "method": request.method,
        "preset": info.preset(request.preset),
        "network": request.network or info.networks[0],
        "stages": ",".join(request.stages),
        "hours": request.hours or 0.0,
        "iterations": request.iterations or 0,
        "ratios": "-".join(f"{end!r}" for end in request.ratios or ()),
        "synthetic": request.synthetic,
        "validate": str(validate) if isinstance(validate, float | int) else SEPARATOR.join(_absolute(validate)),
        **{camel_case(name): str(value) for name, value in absolute(options).items()},
        "workDirectory": "" if request.work is None else str(request.work.absolute()),
        "checkpointMinutes": request.checkpoint_minutes,
        "device": request.device,
        "devices": request.devices,
        "seed": request.seed,
    }


def request_of(values: Mapping[str, Any]) -> Request:
    """The request that values stand for, without the model that it starts from.

    What the method has not is left out: Slicer hands over every parameter, also those that do not matter to it.

    Args:
        values: by name; texts, numbers and truth values.

    Raises:
        InputError: a value stands for nothing.
    """
    info = cast("TrainableInfo", TRAINABLES.info(values["method"]))
    preset, network, work = values["preset"], values["network"], values["workDirectory"]
    options = {name: values.get(camel_case(name)) for name in info.options}
    return Request(
        method=info.name,
        sources=(*_listed(values["inputDirectory"]), *_listed(values["furtherScans"])),
        synthetic=values["synthetic"],
        validate=_share_or_sources(values["validate"]),
        preset=preset if preset in [each.name for each in info.presets] else None,
        network=network if network in info.networks else None,
        stages=tuple(name.strip() for name in values["stages"].split(",") if name.strip()),
        hours=values["hours"] or None,
        iterations=values["iterations"] or None,
        ratios=ratios_of(values["ratios"]) if values["ratios"].strip() else None,
        options={name: value for name, value in options.items() if value},
        device=info.usable_device(preset, values["device"]),
        devices=values["devices"],
        seed=values["seed"],
        work=Path(work) if work else None,
        resume=bool(values.get("resume")),
        checkpoint_minutes=values["checkpointMinutes"],
    )


def camel_case(name: str) -> str:
    """The name of an option as Slicer has it: ``keepSynthesis`` for ``keep_synthesis``."""
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)


def _absolute(sources: Sequence[Path]) -> list[str]:
    return [str(Path(source).absolute()) for source in sources]


def _listed(text: str) -> tuple[Path, ...]:
    return tuple(Path(part.strip()) for part in text.split(SEPARATOR) if part.strip())


def _share_or_sources(text: str) -> float | tuple[Path, ...]:
    try:
        return float(text)
    except ValueError:
        return _listed(text)
