r"""A thin volume from thick slices: V(Y) = D((1 - xi) mu_n + xi mu_{n+1}) with xi = 0, 1/K, ..., (K - 1)/K.

The observed slices are decoded too, and not copied; n slices become K (n - 1) + 1 planes (Xuan et al. 2020, Fig. 4).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from ...data.volume import Volume
from ...networks.xuan.decoder import Decoder
from ...networks.xuan.encoder import Encoder
from .planes import Frame, ObservedPlanes
from .presets import Fit

#: Slices that are coded at once.
AT_ONCE = 16


@torch.no_grad()
def means_of(encoder: Encoder, slices: torch.Tensor) -> torch.Tensor:
    """The mean codes of slices of shape (planes, side, side): (planes, latent)."""
    encoder.eval()
    return torch.cat([encoder(part[:, None])[0] for part in slices.split(AT_ONCE)])


def between(means: torch.Tensor, factor: int) -> torch.Tensor:
    """Codes at so many steps between neighbours: shape (n, latent) to (factor (n - 1) + 1, latent)."""
    steps = torch.arange(factor, device=means.device, dtype=means.dtype)[None, :, None] / factor
    inner = (1 - steps) * means[:-1, None] + steps * means[1:, None]
    return torch.cat([inner.flatten(0, 1), means[-1:]])


@torch.no_grad()
def decoded(decoder: Decoder, codes: torch.Tensor) -> torch.Tensor:
    """Slices of codes, shape (codes, side, side)."""
    decoder.eval()
    return torch.cat([decoder(part)[:, 0] for part in codes.split(AT_ONCE)])


def synthesised_planes(
    encoder: Encoder, decoder: Decoder, observed: ObservedPlanes, factor: int, side: int, fit: Fit
) -> NDArray[np.float32]:
    """V(Y), normalised as the observed planes are: (factor (n - 1) + 1, rows, columns), less where slices are cropped.

    Args:
        encoder: of the first stage, on the device where to compute.
        decoder: the same.
        observed: n planes.
        factor: K.
        side: of the networks' slices.
        fit: how slices are brought to it.
    """
    device = next(encoder.parameters()).device
    frame = Frame(observed.planes.shape[1], observed.planes.shape[2], side, fit)
    slices = frame.into(torch.as_tensor(observed.planes, device=device))
    thin = decoded(decoder, between(means_of(encoder, slices), factor))
    return np.ascontiguousarray(frame.back(thin).cpu().numpy())


def as_volume(planes: NDArray[np.float32], observed: ObservedPlanes, scan: Volume, factor: int) -> Volume:
    """Synthesised planes in the scan's intensities and in its place.

    The first plane lies on the first observed one, and the last on the last.
    """
    data = np.moveaxis(planes * np.float32(observed.scale) + np.float32(observed.low), 0, observed.axis)
    others = [axis for axis in range(3) if axis != observed.axis]
    affine, first = scan.affine.copy(), np.zeros(4)
    first[3] = 1
    for axis, size in zip(others, planes.shape[1:], strict=True):
        first[axis] = (scan.shape[axis] - size) // 2
    affine[:, 3] = scan.affine @ first
    affine[:3, observed.axis] *= observed.every / factor
    return scan.on_grid(np.ascontiguousarray(data, np.float32), affine)
