"""Networks of torch as what is applied to through-plane images: arrays in and out."""

from __future__ import annotations

import torch

from ...device import choose_device
from ...networks.gated_edsr import GatedEDSR
from ...networks.planes_and_errors import PlanesAndErrors
from ...networks.slice_to_planes import SliceToPlanes
from .inference import Image


class TorchNetwork:
    """A network from slices to their fine grid, applied where its parameters are.

    Args:
        network: is put into eval mode.
    """

    def __init__(self, network: SliceToPlanes | PlanesAndErrors) -> None:
        self._network = network.eval()
        self._device = next(network.parameters()).device
        self.maps: tuple[int, ...] = network.maps
        self.receptive_radius: int = network.receptive_radius
        self.skips_air = isinstance(network, SliceToPlanes)

    def planes(self, images: Image, reading: Image, columns: slice, is_air: bool) -> Image:
        """Planes that are read off what it makes of images; see :class:`~.inference.Network`."""
        with torch.inference_mode():
            tile = torch.as_tensor(images, device=self._device)
            fine_planes = self._fine_planes(tile, is_air)[..., columns]
            read = torch.einsum("pf,b...fw->b...pw", torch.as_tensor(reading, device=self._device), fine_planes)
        planes: Image = read.cpu().numpy()
        return planes

    def _fine_planes(self, tile: torch.Tensor, is_air: bool) -> torch.Tensor:
        if is_air and isinstance(self._network, SliceToPlanes):
            return self._network.without_backbone(tile)
        planes: torch.Tensor = self._network(tile)
        return planes


class TorchConvolutions:
    """The network for all scans in torch, for :class:`~.adding_network.AddingNetwork`.

    Args:
        network: is put on the device and into eval mode.
        device: one of :data:`~SuperResolveLib.device.DEVICES`.

    Raises:
        InputError: the device is not there.
    """

    def __init__(self, network: GatedEDSR, device: str) -> None:
        self._device = choose_device(device)
        self._network: GatedEDSR = network.to(self._device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]  # in no stub
        self.receptive_radius = network.receptive_radius

    def __call__(self, image: Image, told: Image) -> Image:
        """What is to be added to the fine planes; see :class:`~.adding_network.Convolutions`."""
        with torch.inference_mode():
            added: Image = self._network(*self._on_device(image, told)).cpu().numpy()
        return added

    def with_log_variance(self, image: Image, told: Image) -> tuple[Image, Image]:
        """The same, and the logarithm of the variance of its error."""
        with torch.inference_mode():
            added, log_variance = self._network.with_log_variance(*self._on_device(image, told))
            return added.cpu().numpy(), log_variance.cpu().numpy()

    def _on_device(self, image: Image, told: Image) -> tuple[torch.Tensor, torch.Tensor]:
        seen = torch.as_tensor(image, device=self._device).contiguous(memory_format=torch.channels_last)
        return seen, torch.as_tensor(told, device=self._device)
