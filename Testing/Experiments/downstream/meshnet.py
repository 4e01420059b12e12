"""MeshNet: dilated 3x3x3 convolutions of few channels, which see a whole T1-weighted head and label its tissues.

Layers of dilation 1, 2, 4, 8, 16, 8, 4, 2, 1 see 93 voxels across, and a last one of a voxel makes classes of channels.
Sources: Fedorov et al., IJCNN 2017, arXiv 1612.00940; Masoud et al., JOSS 2023 (brainchop), whose weights are read.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import affine_transform
from torch import nn

from SuperResolveLib.data.volume import Volume
from SuperResolveLib.image_io.safetensors_file import read_tensors

#: Voxels along each side of what the networks learned from, at 1 mm.
SIDE = 256
#: The quantile of intensities above 0 that becomes 1.
BRIGHTEST = 0.999
#: Its axes in RAS: left, inferior, anterior, as FreeSurfer conforms heads.
_DIRECTIONS = np.array([[-1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])

Labels = NDArray[np.uint8]


def meshnet(description: dict[str, Any]) -> nn.Sequential:
    """The network of a description: its layers' arguments, and ``elu`` where that follows them in place of ReLU."""
    layers: list[nn.Module] = []
    for layer in description["layers"]:
        layers += [nn.Conv3d(**layer, bias=description["bias"]), nn.ELU() if description.get("elu") else nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def read_meshnet(folder: Path) -> nn.Sequential:
    """The network of a folder's ``model.json`` with the weights of its ``model.pth``, which is of safetensors."""
    network = meshnet(json.loads((folder / "model.json").read_text()))
    tensors, _ = read_tensors(folder / "model.pth")
    network.load_state_dict({name.removeprefix("model."): torch.from_numpy(data) for name, data in tensors.items()})
    return network.eval()


def conformed(volume: Volume) -> NDArray[np.float32]:
    """A volume on :data:`SIDE`³ voxels of 1 mm about its middle, read linearly, from 0 to 1.

    As heads are conformed for the networks, what lies below 0 or above :data:`BRIGHTEST` of what is above 0 is clipped.
    """
    middle = volume.affine[:3, :3] @ (np.array(volume.shape) - 1) / 2 + volume.affine[:3, 3]
    to_ras = np.eye(4)
    to_ras[:3, :3] = _DIRECTIONS
    to_ras[:3, 3] = middle - _DIRECTIONS.sum(axis=1) * (SIDE - 1) / 2
    matrix = np.linalg.inv(volume.affine) @ to_ras
    data = np.maximum(affine_transform(volume.data, matrix[:3, :3], matrix[:3, 3], (SIDE,) * 3, order=1), 0)
    return np.asarray(np.minimum(data / np.quantile(data[data > 0], BRIGHTEST), 1), dtype=np.float32)


@torch.inference_mode()
def segmented(network: nn.Module, volume: Volume, device: str) -> Labels:
    """The most probable class of each voxel of the :func:`conformed` volume."""
    image = torch.from_numpy(conformed(volume))[None, None].to(device)
    return network.to(device)(image)[0].argmax(dim=0).to(torch.uint8).cpu().numpy()
