"""Files of networks that translate between kinds of images: tensors, with what is to be known of them as JSON.

Such a file is no model, and nothing in this program reads it: it is there for whoever wants to look into the networks.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .files import PathLike, check_ending, check_target
from .safetensors_file import write_tensors
from .strict_json import format_json

ENDING = ".safetensors"
#: Of the file's metadata: what is told of the networks. Models have another, so that neither passes for the other.
_TOLD = "translation"
FORMAT_VERSION = 1


def check_translation_output(path: PathLike) -> None:
    """Refuse a path that they cannot be written to; to be asked before a long run.

    Raises:
        InputError: its ending is another one, or it cannot be written.
    """
    check_ending(Path(path), "--export-translation", [ENDING])
    check_target(path)


def write_translation(tensors: Mapping[str, NDArray[np.generic]], told: Mapping[str, Any], path: PathLike) -> None:
    """Write them, completely or not at all.

    Raises:
        InputError: the file cannot be written.
    """
    check_translation_output(path)
    write_tensors(path, dict(tensors), {_TOLD: format_json({"format_version": FORMAT_VERSION, **told})})
