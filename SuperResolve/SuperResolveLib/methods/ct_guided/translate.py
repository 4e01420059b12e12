"""Whole scans translated from MR to CT and back, for looking."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch.nn import functional

from ...data.volume import Volume
from ...networks.ct_guided.citnet import CITNet
from ...networks.ct_guided.srnet import SRNet
from .acquired import Acquired, damping_of
from .joint import STRIDE
from .mr_scans import ThickScan, on_device

#: Images that are translated at a time.
AT_ONCE = 8


def there_and_back(
    scan: ThickScan,
    network: SRNet,
    translation: CITNet,
    consistent: bool,
    window: tuple[float, float],
    device: torch.device,
) -> Mapping[str, Volume]:
    """A scan super-resolved (``mr``), as CT in HU (``ct``), and back from that (``back``).

    It is translated image by image, each through its slices and along their rows; attributes of CT are those in the
    middle of what is drawn in training.

    Args:
        scan: its slices.
        network: the super-resolving network.
        translation: CITNet.
        consistent: whether the network's answer is made consistent with the slices.
        window: intensities of CT that are -1 and 1, in HU.
        device: where to compute.
    """
    slices = on_device(scan, device)[None]
    acquired = Acquired(slices, scan.column, damping_of(slices, scan.noise))
    with torch.no_grad():
        planes = acquired.restored(network.eval(), consistent)[0]
        images = (2 * planes - 1).movedim(2, 0)[:, None]  # (columns, 1, planes, rows)
        parts = [_translated(part, translation.eval()) for part in images.split(AT_ONCE)]
    ct, back = (torch.cat(each)[:, 0].movedim(0, 2) for each in zip(*parts, strict=True))
    low, high = window
    return {
        "mr": _volume(planes * scan.scale + scan.low, scan),
        "ct": _volume((ct + 1) / 2 * (high - low) + low, scan),
        "back": _volume((back + 1) / 2 * scan.scale + scan.low, scan),
    }


def _translated(images: torch.Tensor, translation: CITNet) -> tuple[torch.Tensor, torch.Tensor]:
    """Images there and back, filled up to multiples of 4 with what is at their edges."""
    rows, columns = images.shape[2:]
    filled = functional.pad(images, (0, -columns % STRIDE, 0, -rows % STRIDE), mode="replicate")
    attributes = torch.zeros(len(images), translation.attributes, device=images.device)
    ct, back = translation.there_and_back(filled, attributes)
    return ct[:, :, :rows, :columns], back[:, :, :rows, :columns]


def _volume(planes: torch.Tensor, scan: ThickScan) -> Volume:
    """Planes of shape (planes, rows, columns) in their place."""
    column = scan.column
    first = (column.seen.start - column.first_centre) / column.ratio
    affine = scan.affine.copy()
    affine[:3, 3] += first * affine[:3, scan.axis]
    affine[:3, scan.axis] /= column.ratio
    return Volume(np.moveaxis(planes.cpu().numpy(), 0, scan.axis), affine)
