"""The networks that a model may hold, by name: built from their arguments, and loaded from a model.

Arguments and tensors come from files of anyone's: what cannot be one of these networks, or would not fit into memory,
is refused before memory is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ..errors import InputError
from ..model import Model
from ..networks.ct_guided.srnet import SRNet, SRNet3D
from ..networks.dcsrn import DCSRN
from ..networks.deepresolve import DeepResolve
from ..networks.gated_edsr import GatedEDSR
from ..networks.generator import Generator
from ..networks.mdcsrn import MDCSRN
from ..networks.multi_scale import MIXINGS, MultiScale
from ..networks.of_detail import OfDetail
from ..networks.post_rrdb import PostRRDB
from ..networks.rdn import RDN
from ..networks.reconresnet import ReconResNet
from ..networks.rrdb import RRDB
from ..networks.unet import UNet

Argument = int | float | bool | str
#: What a network's tensors are, by name: type and shape.
Shapes = dict[str, tuple[torch.dtype, tuple[int, ...]]]

#: Largest number of parameters that is built, 512 MB: twice those of the largest published network in 3-D.
MOST_PARAMETERS = 128_000_000
#: Types that tensors of networks have, as numpy calls them.
NUMPY_TYPES = {torch.float32: np.dtype(np.float32), torch.int64: np.dtype(np.int64)}


@dataclass(frozen=True)
class Whole:
    """A whole number between two others, these included."""

    lowest: int
    highest: int

    def accepts(self, value: object) -> bool:
        """Whether a value is such a number."""
        return isinstance(value, int) and not isinstance(value, bool) and self.lowest <= value <= self.highest

    def __str__(self) -> str:
        return f"a whole number from {self.lowest} to {self.highest}"


@dataclass(frozen=True)
class Real:
    """A number between two others, these included."""

    lowest: float
    highest: float

    def accepts(self, value: object) -> bool:
        """Whether a value is such a number."""
        return isinstance(value, int | float) and not isinstance(value, bool) and self.lowest <= value <= self.highest

    def __str__(self) -> str:
        return f"a number from {self.lowest:g} to {self.highest:g}"


@dataclass(frozen=True)
class Switch:
    """True or false."""

    def accepts(self, value: object) -> bool:
        """Whether a value is one of these."""
        return isinstance(value, bool)

    def __str__(self) -> str:
        return "true or false"


@dataclass(frozen=True)
class OneOf:
    """One of some names."""

    names: tuple[str, ...]

    def accepts(self, value: object) -> bool:
        """Whether a value is one of these."""
        return isinstance(value, str) and value in self.names

    def __str__(self) -> str:
        return f"one of {', '.join(self.names)}"


@dataclass(frozen=True)
class Kind:
    """A network.

    Attributes:
        construct: its class.
        arguments: what its constructor takes, within which bounds.
    """

    construct: Callable[..., Generator]
    arguments: Mapping[str, Whole | Real | Switch | OneOf]


CHANNELS = Whole(1, 256)
_OF_SLICES: dict[str, Whole | Real | Switch | OneOf] = {
    "factor": Whole(2, 16),
    "blocks": Whole(1, 32),
    "layers": Whole(1, 16),
    "channels": CHANNELS,
    "growth": CHANNELS,
    "residual": Switch(),
    "centred": Switch(),
    "zero_last": Switch(),
}
#: The argument of every network that lets it see detail alone (:mod:`~SuperResolveLib.networks.of_detail`).
DETAIL = "detail"
NETWORKS: dict[str, Kind] = {
    "deepresolve": Kind(
        DeepResolve, {"layers": Whole(2, 64), "channels": CHANNELS, "zero_last": Switch(), "identity": Switch()}
    ),
    "dcsrn": Kind(DCSRN, {"growth": CHANNELS, "units": Whole(1, 32), "residual": Switch(), "zero_last": Switch()}),
    "mdcsrn": Kind(
        MDCSRN,
        {
            "growth": CHANNELS,
            "blocks": Whole(1, 16),
            "units": Whole(1, 16),
            "residual": Switch(),
            "zero_last": Switch(),
        },
    ),
    "rdn": Kind(
        RDN,
        {
            "blocks": Whole(1, 32),
            "layers": Whole(1, 16),
            "channels": CHANNELS,
            "growth": CHANNELS,
            "zero_last": Switch(),
        },
    ),
    "reconresnet": Kind(
        ReconResNet,
        {
            "channels": CHANNELS,
            "blocks": Whole(1, 64),
            "dropout": Real(0.0, 0.9),
            "residual": Switch(),
            "zero_last": Switch(),
        },
    ),
    "rrdb": Kind(
        RRDB,
        {
            "blocks": Whole(1, 32),
            "channels": CHANNELS,
            "growth": CHANNELS,
            "residual_scale": Real(0.0, 1.0),
            "zero_last": Switch(),
        },
    ),
    "multi-scale": Kind(
        MultiScale,
        {
            "lowest": Whole(1, 100),
            "scales": Whole(1, 32),
            "channels": CHANNELS,
            "layers": Whole(0, 64),
            "mixing": OneOf(MIXINGS),
            "zero_last": Switch(),
            "identity": Switch(),
        },
    ),
    "post-rrdb": Kind(
        PostRRDB,
        {
            "lowest": Whole(1, 100),
            "scales": Whole(1, 32),
            "blocks": Whole(1, 32),
            "channels": CHANNELS,
            "growth": CHANNELS,
            "residual_scale": Real(0.0, 1.0),
            "zero_last": Switch(),
        },
    ),
    "unet": Kind(UNet, {"levels": Whole(1, 5), "channels": CHANNELS, "zero_last": Switch()}),
    "gated-edsr": Kind(GatedEDSR, {"channels": CHANNELS, "depth": Whole(1, 64), "errors": Switch()}),
    "srnet": Kind(SRNet, _OF_SLICES),
    "srnet-3d": Kind(SRNet3D, _OF_SLICES),
}


def build_network(name: str, arguments: Mapping[str, Argument]) -> Generator:
    """A new network, in training mode; its weights are drawn from torch's global generator.

    Args:
        name: one of :data:`NETWORKS`.
        arguments: of its constructor; what is left out is as its default says.

    Raises:
        InputError: there is no such network, it has no such argument, an argument is out of bounds, or the network is
            too large to be one.
    """
    on_meta_device(name, arguments)
    return constructed(name, arguments)


def constructed(name: str, arguments: Mapping[str, Argument]) -> Generator:
    """The network of checked arguments; with ``detail``, which all may have, it is given detail alone."""
    own = {key: value for key, value in arguments.items() if key != DETAIL}
    network = NETWORKS[name].construct(**own)
    return OfDetail(network) if arguments.get(DETAIL) else network


def network_shapes(name: str, arguments: Mapping[str, Argument]) -> Shapes:
    """Type and shape of all weights and buffers by name, without taking memory for them.

    Raises:
        InputError: as of :func:`build_network`.
    """
    return shapes_of(on_meta_device(name, arguments))


def parameter_count(name: str, arguments: Mapping[str, Argument]) -> int:
    """How many numbers training such a network adjusts.

    Raises:
        InputError: as of :func:`build_network`.
    """
    return count_parameters(on_meta_device(name, arguments))


def tensors_of(network: torch.nn.Module) -> dict[str, NDArray[np.generic]]:
    """Copies of all weights and buffers by name, as a model keeps them."""
    return {key: tensor.detach().cpu().numpy().copy() for key, tensor in network.state_dict().items()}


def load_network(model: Model) -> Generator:
    """The network of a model, in eval mode on the processor, with copies of the model's tensors.

    Raises:
        InputError: its card tells of no network that can be built, or the tensors are not those of this network.
    """
    name, arguments = model.card.network, model.card.network_arguments
    network = on_meta_device(name, arguments)
    check_tensors(model.tensors, shapes_of(network), name)
    state = {key: torch.from_numpy(np.array(tensor)) for key, tensor in model.tensors.items()}
    network.load_state_dict(state, strict=True, assign=True)
    return network.eval()


def check_tensors(tensors: Mapping[str, NDArray[np.generic]], shapes: Shapes, name: str) -> None:
    """Refuse tensors that are not those of a network.

    Raises:
        InputError: one is missing, foreign, of another shape or type, or holds what is no finite number.
    """
    another = "take a model that was written by this version's training, and whole"
    missing, foreign = sorted(shapes.keys() - tensors.keys()), sorted(tensors.keys() - shapes.keys())
    if missing:
        raise InputError(f"the model lacks {several(missing)} of its network {name}: {another}")
    if foreign:
        raise InputError(f"the model holds {several(foreign)}, which its network {name} has not: {another}")
    for key, (kind, shape) in shapes.items():
        tensor = tensors[key]
        if tensor.shape != shape:
            raise InputError(
                f"the model's tensor {key} has the shape {tensor.shape}, its network {name} needs {shape}: {another}"
            )
        if tensor.dtype != NUMPY_TYPES[kind]:
            raise InputError(
                f"the model's tensor {key} is of type {tensor.dtype}, its network {name} needs {NUMPY_TYPES[kind]}: "
                f"{another}"
            )
        if not np.isfinite(tensor.sum(dtype=np.float64)):
            raise InputError(f"the model's tensor {key} holds values that are not finite numbers: {another}")


def shapes_of(network: torch.nn.Module) -> Shapes:
    """Type and shape of all weights and buffers by name."""
    return {key: (tensor.dtype, tuple(tensor.shape)) for key, tensor in network.state_dict().items()}


def several(keys: list[str]) -> str:
    """The tensors of a list, in so many words: the first and how many more."""
    more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
    return f"the tensor {keys[0][:100]}{more}"


def on_meta_device(name: str, arguments: Mapping[str, Argument]) -> Generator:
    """The network without memory for its tensors.

    Raises:
        InputError: as of :func:`build_network`.
    """
    check_arguments(name, arguments)
    with torch.device("meta"):
        network = constructed(name, arguments)
    count = count_parameters(network)
    if count > MOST_PARAMETERS:
        raise InputError(
            f"the network {name} would have {count / 1e6:.0f} million parameters with these arguments, more than the "
            f"{MOST_PARAMETERS / 1e6:.0f} million that are allowed: choose smaller ones"
        )
    return network


def check_arguments(name: str, arguments: Mapping[str, Argument]) -> None:
    """Refuse what is no network, or no argument of it.

    Raises:
        InputError: there is none of that name, or an argument is unknown or out of bounds.
    """
    if not isinstance(name, str) or name not in NETWORKS:
        raise InputError(f"there is no network {shortened(name)}: choose one of {', '.join(NETWORKS)}")
    known = {**NETWORKS[name].arguments, DETAIL: Switch()}
    for key, value in arguments.items():
        if key not in known:
            raise InputError(f"the network {name} has no argument {shortened(key)}: it takes {', '.join(known)}")
        if not known[key].accepts(value):
            raise InputError(f"the argument {key} of the network {name} is {shortened(value)}: it must be {known[key]}")


def shortened(value: object) -> str:
    """A value of anyone's, short enough for a sentence."""
    if isinstance(value, int) and value.bit_length() > 64:  # Python refuses to write out the longest
        return "a huge number"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def count_parameters(network: torch.nn.Module) -> int:
    """How many numbers training a network adjusts."""
    return sum(parameter.numel() for parameter in network.parameters())
