"""What the experiments on SOUP-GAN train on, with which networks, and for how long."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from SuperResolveLib.data.volume import Volume
from SuperResolveLib.methods.soup.presets import PRESETS, Preset, Tuning

from ..volumes import middle_of, subject_of, whole


@dataclass(frozen=True)
class Plan:
    """Volumes, sizes and lengths.

    Attributes:
        volumes: the files by name that may be trained on.
        judged: those that are judged only.
        work: folder of the checkpoints.
        size: voxels of the middle of a head that are judged, along each side.
        channels, layers: of all networks; the paper's have 32 and 12.
        batch: patches of an iteration.
        patch: voxels of a patch along a side.
        iterations: of the first stage of networks as published.
        fast: of the preset ``fast``.
        tuning: of the second stage.
        rate: Adam's for the first stage of networks as published, and theirs: at 1e-3 their rectifiers die.
        features: source of the features that the second stage compares.
        device: where to compute.
    """

    volumes: dict[str, Path]
    judged: dict[str, Path]
    work: Path
    size: int = 96
    channels: int = 16
    layers: int = 6
    batch: int = 2
    patch: int = 24
    iterations: int = 2000
    fast: int = 4000
    tuning: int = 300
    rate: float = 3e-4
    features: str = "self"
    device: str = "cpu"

    def volume(self, name: str) -> Volume:
        """A whole volume."""
        return whole(self._path(name))

    def middle(self, name: str) -> Volume:
        """The part of a volume that is judged."""
        return middle_of(self._path(name), self.size)

    def _path(self, name: str) -> Path:
        return self.volumes[name] if name in self.volumes else self.judged[name]

    def trained_on(self, held_out: str) -> list[str]:
        """The volumes of other subjects than are judged; a name begins with the subject, up to the first ``_``."""
        kept_out = {subject_of(name) for name in (held_out, *self.judged)}
        return [name for name in sorted(self.volumes) if subject_of(name) not in kept_out]

    @property
    def published(self) -> Preset:
        """The preset ``paper`` with networks for a processor."""
        paper = PRESETS["paper"]
        arguments = {**paper.networks["multi-scale"], "channels": self.channels, "layers": self.layers}
        return replace(
            paper,
            batch=self.batch,
            patch=self.patch,
            learning_rate=self.rate,
            tuning=Tuning(self.tuning, planes=8, channels=self.channels),
            networks={"multi-scale": arguments},
        )

    @property
    def ours(self) -> Preset:
        """The preset ``fast`` with these sizes, which but for its length are its own unless they are changed."""
        fast = PRESETS["fast"]
        arguments = {**fast.networks["multi-scale"], "channels": self.channels, "layers": self.layers}
        return replace(fast, batch=self.batch, patch=self.patch, networks={"multi-scale": arguments})

    def sizes(self, length: str) -> str:
        """What a network was trained with, in short."""
        return f"{self.channels} features, {self.layers} layers, {self.batch} x {self.patch}³, {length}"

    def folder(self, held_out: str, seed: int, name: str) -> Path:
        """Of the checkpoints of a network of that name."""
        others = hashlib.sha256("+".join(self.trained_on(held_out)).encode()).hexdigest()[:8]
        sizes = f"{self.channels}x{self.layers}-{self.batch}x{self.patch}"
        return self.work / f"{held_out}-{others}-{seed}-{sizes}" / name
