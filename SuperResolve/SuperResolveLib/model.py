"""A model: a network's weights, with the card that tells what it is, what it learned from, and what it is good for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

#: Of the card's format; a file of another version is refused.
FORMAT_VERSION = 1

Range = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Card:
    """What is to be known of a model; in its file as JSON. No names of people, dates or paths.

    Attributes:
        method: a name in :data:`~SuperResolveLib.methods.trainables.TRAINABLES`.
        network: a name in :mod:`~SuperResolveLib.methods.networks`.
        network_arguments: from which the network is built.
        operator: by which the result is made consistent with the scan: ``"profile"``, or ``"select"`` for a method that
            changes the spacing of planes and not their thickness.
        consistent: whether it is made consistent; not so under presets that repeat a paper which does without.
        start: what the network is given: ``"tikhonov"``, ``"spline"`` or ``"cubic"`` on the planes of the answer, the
            ``"slices"`` themselves, or these with Tikhonov's inverse on their ``"fine-grid"``.
        ratios: range of slice spacing over in-plane voxel that it learned.
        fwhm_ratios: range of the profile's FWHM over slice spacing that it learned; ``None`` for ``"select"``.
        voxels_mm: range of the voxel sizes it learned from.
        percentiles: of the slices' intensities that become 0 and 1 before the network.
        halo: how many voxels beyond a tile the network is to see.
        halo_error: the largest error that a tile with this halo makes, relative to the intensity range; 0 where the
            halo holds all that the network sees.
        preset, stages, seed, iterations: how it was trained; ``stages`` in order, ``iterations`` by stage.
        losses: weights by name.
        features: ``name`` and ``hash`` of the extractor of perceptual features, if one was used.
        trained_on: counts of ``scans``, ``subjects`` and ``synthetic`` volumes, and the ``modalities``.
        validation: on held-out scans: counts of ``scans`` and ``subjects``, and by ``model``, ``spline`` and
            ``tikhonov`` the ``psnr`` (in dB) and ``ssim`` of each; ``None`` where nothing was held out.
        versions: of packages.
        licence: of the weights.
        notes: what else a user should know, a sentence each.
    """

    method: str
    network: str
    network_arguments: Mapping[str, int | float | bool | str]
    operator: Literal["profile", "select"]
    consistent: bool
    start: Literal["tikhonov", "spline", "cubic", "slices", "fine-grid"]
    ratios: Range
    fwhm_ratios: Range | None
    voxels_mm: Range
    percentiles: Range = (1.0, 99.5)
    halo: int = 0
    halo_error: float = 0.0
    preset: str = ""
    stages: tuple[str, ...] = ()
    seed: int = 0
    iterations: Mapping[str, int] = field(default_factory=dict)
    losses: Mapping[str, float] = field(default_factory=dict)
    features: Mapping[str, str] | None = None
    trained_on: Mapping[str, Any] = field(default_factory=dict)
    validation: Mapping[str, Any] | None = None
    versions: Mapping[str, str | None] = field(default_factory=dict)
    licence: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Model:
    """A trained network as it is kept in a file.

    Attributes:
        card: what it is.
        tensors: the network's weights and buffers by their names in torch.
    """

    card: Card
    tensors: Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True, eq=False)
class FeatureWeights:
    """Weights of a network that was trained to see, from which perceptual features are computed.

    Attributes:
        network: a name in :data:`~SuperResolveLib.losses.features.LAYOUTS`.
        tensors: of its convolutions, by their names there.
        source: which weights of that network: the package that they come with, ``"torchvision"`` for those that it
            publishes, or ``"file"``.
        sha256: of the file that they were read from.
    """

    network: str
    tensors: Mapping[str, NDArray[np.float32]]
    source: str
    sha256: str

    @property
    def told(self) -> dict[str, str]:
        """What a card and a report say of them: ``name`` and ``hash``; no path."""
        return {"name": f"{self.network}@{self.source}", "hash": f"sha256:{self.sha256}"}
