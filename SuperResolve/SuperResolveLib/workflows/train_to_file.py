"""Training into a model file, in a work folder that tells others what is trained there and how it stands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..errors import InputError
from ..image_io.model_file import write_model
from ..progress import ProgressCallback, part_of
from .train import carry_out
from .training_call import call_of
from .training_options import absolute
from .training_request import Request
from .training_run import Say, Trained
from .training_state import CALL, write_call
from .training_watch import TrainingWatch

#: Share of the progress after which the model is written.
TRAINED = 0.98


def train_to_file(
    request: Request, output: Path, progress: ProgressCallback, say: Say, start: Path | None = None
) -> Trained:
    """Train what was requested and write the model, for the command, the CLI module and the panel alike.

    A work folder gets ``call.json``, by which whoever finds it can go on, and ``training.json``, which tells that it is
    done only when the model is there.

    Args:
        request: what to train.
        output: the file that takes the model.
        progress: receives how far the run is.
        say: receives sentences about the run.
        start: the file of the model that the training starts from, where the request has one.

    Raises:
        InputError: as of :func:`~SuperResolveLib.workflows.train.train`, or another process trains in that folder.
        Cancelled: raised by ``progress``, or the run was asked to end; the state is saved first.
    """
    request = replace(request, options=absolute(request.options))  # as they are compared when it is resumed
    if request.work is None:
        return _trained(request, output, progress, say)
    with TrainingWatch(request.work, output, progress, say) as watch:
        try:
            write_call(call_of(request, output, start), request.work)
        except OSError as error:
            reason = error.strerror or error
            raise InputError(f"{request.work / CALL} cannot be written: {reason}; choose another folder") from error
        return _trained(request, output, watch, watch.say)


def _trained(request: Request, output: Path, progress: ProgressCallback, say: Say) -> Trained:
    trained = carry_out(request, part_of(progress, 0.0, TRAINED), say)
    if trained.left_out:
        say(f"{len(trained.left_out)} left out, of which the first is: {trained.left_out[0]}")
    progress(TRAINED, "writing the model", 0.0)
    write_model(trained.model, output)
    return trained
