"""The results of a module: files, and parameters that it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..image_io.files import check_ending, check_paths, replacing, write_whole
from .arguments import RETURN_FILE, Arguments
from .description import Description
from .parameter import Value

if TYPE_CHECKING:
    from ..physics.profile import SliceProfile

#: Separates the sentences of a returned text, which must not contain line breaks.
SEPARATOR = " | "
#: Returned if there is no prior share: the profile was given, or its method cannot tell.
NO_PRIOR_SHARE = -1.0


@dataclass(frozen=True)
class Results:
    """The results of a run.

    Attributes:
        writers: for each output file, by parameter name, a function that writes it to a path.
        returned: values of the returned parameters, by name.
    """

    writers: Mapping[str, Callable[[Path], None]]
    returned: Mapping[str, Value]


def prior_share(profile: SliceProfile) -> float:
    """The prior share of a profile, or :data:`NO_PRIOR_SHARE`."""
    share = getattr(profile, "prior_share", None)
    return NO_PRIOR_SHARE if share is None else float(share)


def interval(profile: SliceProfile) -> tuple[float, float]:
    """The interval of the FWHM in mm; for a profile that was not estimated, both ends are its FWHM."""
    low, high = getattr(profile, "interval_mm", (profile.fwhm_mm, profile.fwhm_mm))
    return low, high


def check_outputs(description: Description, arguments: Arguments) -> None:
    """Refuse, before a long run, outputs that cannot be written or would replace an input.

    Raises:
        InputError: naming the file.
    """
    from ..image_io.volumes import check_output

    files = {parameter.name: parameter for parameter in description.parameters if parameter.is_file}
    inputs = {name: arguments[name] for name, parameter in files.items() if parameter.channel == "input"}
    outputs = {name: arguments[name] for name, parameter in files.items() if parameter.channel == "output"}
    for name, path in outputs.items():
        if path is not None and files[name].tag == "image":
            check_output(path)
        elif path is not None:
            check_ending(path, f"the {files[name].tag} {name}", files[name].file_extensions)
    # Slicer makes the files that it names, and a node's file is written again and again.
    check_paths(inputs, {**outputs, f"--{RETURN_FILE}": arguments.return_file}, overwrite=True)


def write_results(results: Results, description: Description, arguments: Arguments) -> None:
    """Write every file that was asked for under a temporary name, then rename all, the return-parameter file last.

    Raises:
        InputError: a file cannot be written; then none is.
    """
    with ExitStack() as files:
        if arguments.return_file is not None:
            text = _return_parameters(results.returned, description)
            write_whole(files.enter_context(replacing(arguments.return_file)), text.encode("utf-8"))
        for name, write in results.writers.items():
            if arguments[name] is not None:
                write(files.enter_context(replacing(arguments[name])))


def _return_parameters(returned: Mapping[str, Value], description: Description) -> str:
    """The text of the return-parameter file: a line ``name = value`` for each; an empty line would crash Slicer."""
    names = [parameter.name for parameter in description.parameters if parameter.is_returned]
    return "".join(f"{name} = {' '.join(str(returned[name]).split())}\n" for name in names)
