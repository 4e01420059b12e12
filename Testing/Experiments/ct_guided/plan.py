"""What the experiments on CT-guided super-resolution train on, with which networks, and for how long."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from SuperResolveLib.data.volume import Volume
from SuperResolveLib.methods.ct_guided.presets import PRESETS, STAGES, Arguments, Preset

from ..volumes import middle_of, subject_of, whole

#: As published, and ours.
Way = Literal["paper", "fast"]
WAYS: tuple[Way, Way] = ("paper", "fast")
#: Guides that are made or are no CT: synthetic anatomy, and the thin heads of the other subjects, which is supervision.
SYNTHETIC, SUPERVISED = "synthetic", "mr"
#: CT in the shared data, by the name of the guide.
CT = {"head": "ct/philips_phantom_pair_1mm.nii.gz", "thigh": "ct/pair_sts001_ct.nii.gz"}
GUIDES = (*CT, SYNTHETIC, SUPERVISED)
#: CT of much finer voxels is averaged to about this size, in mm, so that guides are seen at the scale of heads.
COARSEST_MM = 1.0


@dataclass(frozen=True)
class Plan:
    """Volumes, sizes and lengths.

    Attributes:
        volumes: isotropic heads by name, of which one is held out.
        guides: files of CT by the name of the guide.
        work: folder of the checkpoints.
        size: voxels of the middle of the held-out head that are judged, along each side.
        ratio: K, planes from slice to slice.
        iterations: T, of the first stage.
        pseudo, joint: iterations of the second and third.
        blocks, layers, channels: of the super-resolving network.
        width: of CITNet and its discriminators.
        batch, patch: images of an iteration of the first two stages, and voxels of their sides.
        joint_patch: voxels of the sides of the third stage's images.
        rate: the largest learning rate of the networks as published; theirs, 1e-4, is for 100,000 iterations.
        learned: iterations of the supervised networks.
        synthetic: volumes of synthetic anatomy in the place of CT.
        mr: whose thick slices are learned from: those of the other subjects, or of the held-out scan itself.
        features: source of features, which the third stage and the tables compare.
        device: where to compute.
    """

    volumes: dict[str, Path]
    guides: dict[str, Path]
    work: Path
    size: int = 96
    ratio: int = 4
    iterations: int = 1500
    pseudo: int = 750
    joint: int = 750
    blocks: int = 4
    layers: int = 3
    channels: int = 16
    width: int = 16
    batch: int = 8
    patch: int = 64
    joint_patch: int = 96
    rate: float = 1e-3
    learned: int = 3000
    synthetic: int = 4
    mr: Literal["others", "own"] = "others"
    features: str = "none"
    device: str = "cpu"

    def middle(self, name: str) -> Volume:
        """The part of a head that is judged."""
        return middle_of(self.volumes[name], self.size)

    def trained_on(self, held_out: str) -> list[str]:
        """The heads of other subjects."""
        return [name for name in sorted(self.volumes) if subject_of(name) != subject_of(held_out)]

    def guide(self, name: str) -> Volume:
        """A volume of CT, at about the scale of heads."""
        return coarser(whole(self.guides[name]))

    @property
    def lengths(self) -> dict[str, int]:
        """Iterations of each stage."""
        return dict(zip(STAGES, (self.iterations, self.pseudo, self.joint), strict=True))

    def preset(self, way: Way) -> Preset:
        """One of the method's presets with these sizes."""
        own = PRESETS[way]
        sizes: Arguments = {
            "blocks": self.blocks,
            "layers": self.layers,
            "channels": self.channels,
            "growth": self.channels,
        }
        arguments = {**own.networks["srnet"], **sizes}
        joint = replace(
            own.joint,
            patch=self.joint_patch,
            channels=self.width,
            blocks=2,
            hidden=4 * self.width,
            critic=self.width,
            perceptual_every=4,
        )
        preset = replace(own, networks={"srnet": arguments}, joint=joint, batch=self.batch, patch=self.patch)
        return replace(preset, learning_rate=self.rate) if way == "paper" else preset

    def sizes(self) -> str:
        """What the CT-guided networks are, in short."""
        lengths = "+".join(map(str, self.lengths.values()))
        return (
            f"RDN D{self.blocks} C{self.layers} G{self.channels}, {self.batch} x {self.patch}², {lengths} iterations, "
            f"CITNet of {self.width}, MR of {self.mr}, features {self.features}"
        )

    def folder(self, held_out: str, seed: int, name: str) -> Path:
        """Of the checkpoints of a network of that name."""
        others = hashlib.sha256("+".join(self.trained_on(held_out)).encode()).hexdigest()[:8]
        sizes = f"{self.blocks}x{self.layers}x{self.channels}-{self.width}-{self.batch}x{self.patch}-{self.ratio}"
        return self.work / f"{held_out}-{others}-{seed}-{sizes}" / name


def coarser(volume: Volume) -> Volume:
    """Means over so many voxels along each axis that they are about as large as those of heads."""
    factors = [max(1, round(COARSEST_MM / size)) for size in volume.spacing]
    data = volume.data
    for axis, factor in enumerate(factors):
        count = data.shape[axis] // factor
        kept = np.moveaxis(data, axis, 0)[: count * factor]
        data = np.moveaxis(kept.reshape(count, factor, *kept.shape[1:]).mean(axis=1), 0, axis)
    affine = volume.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ [(factor - 1) / 2 for factor in factors]
    affine[:3, :3] *= factors
    return volume.on_grid(np.ascontiguousarray(data, dtype=np.float32), affine)
