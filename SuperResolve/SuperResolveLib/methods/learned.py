r"""A model applied to a scan: a network that has learned from a collection adds to an interpolation of the slices.

The slices y, scaled so that the card's percentiles become 0 and 1, are brought to the planes of the answer at exact
positions, :math:`x_0 = S y` with S the start of the card; the network gives :math:`x = G_s(x_0)`, which is brought back
to the scan's intensities. s is the slice spacing over the distance between planes, for networks that are not the same
for all. Of a network that starts from slices, S repeats each as often as the network makes planes of it, and the planes
of the answer are read off these by cubic convolution. Importing this does not import torch.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.geometry import SliceGeometry
from ..data.intensity_range import intensity_range
from ..device import choose_device, reproducible
from ..errors import InputError
from ..model import Card, Model, Range
from ..physics.acquisition import along, regularised_inverse
from ..physics.degradation import cubic_reading, spline_reading
from ..physics.fine_reading import fine_reading
from ..physics.problem import Problem
from ..physics.profile import SliceProfile
from ..progress import ProgressCallback
from ..registry import import_with_torch
from .axes import Axes
from .method import MethodInfo, MethodSettings, Restoration

Image = NDArray[np.float32]

#: Seconds of a processor core for each weight of a network and a million voxels of scan, roughly: every weight is used
#: at every voxel of the answer, which has a few times as many, and again in halos.
SECONDS_A_WEIGHT = 5e-4
#: By how much a scan's voxels may be smaller or larger than those that a model learned from.
VOXEL_TOLERANCE = 1.25
#: What a model is that a perceptual loss has tuned.
LOOKS_RIGHT = "sharpened to look right: detail may be invented"
#: By how much a ratio may lie beyond those of a card before it is outside: they are told rounded.
ROUNDING = 1e-2


class Learned:
    """A model as a method.

    Args:
        model: from a model file.
        settings: ``preset`` means nothing to it, and ``combine`` to most networks.

    Attributes:
        info: made from the card.
    """

    def __init__(self, model: Model, settings: MethodSettings) -> None:
        self.info = info_of(model)
        self.model = model
        self.settings = settings

    def restore(self, problem: Problem, progress: ProgressCallback) -> Restoration:
        """The network's answer on the planes of the answer.

        Raises:
            InputError: the model's tensors are not those of its network, its card contradicts itself, or the device or
                torch is not there.
        """
        progress(0.0, "loading the network")
        import_with_torch("torch")
        from ..networks.gated_edsr import GatedEDSR
        from .networks import load_network
        from .through_plane.restore import restore
        from .through_plane.torch_network import TorchConvolutions
        from .tiles import answers_in_tiles

        card, network = self.model.card, load_network(self.model)
        is_told, of_slices = isinstance(network, GatedEDSR), network.factor > 1
        if is_told != (card.start == "fine-grid") or of_slices != (card.start == "slices"):
            raise InputError(
                f"the network {card.network} cannot start from {card.start}, as the model's card says: take a model "
                "that was written by this version's training, and whole"
            )
        if isinstance(network, GatedEDSR):
            convolutions = TorchConvolutions(network, self.settings.device)
            with reproducible(self.settings.seed):
                return restore(convolutions, problem, self.settings, progress)
        device, axes = choose_device(self.settings.device), Axes.of(problem)
        scale = problem.stack.geometry.slice_spacing / problem.grid.spacing
        network = network.to(device).eval().at_scale(scale)
        slices = axes.seen(problem.stack.slices)
        matrix: NDArray[np.floating]
        if of_slices:
            matrix = np.eye(len(slices)).repeat(network.factor, axis=0)
            reading = fine_reading(len(slices), network.factor, network.lead, axes.positions(problem))
        else:
            matrix, reading = axes.of_start(start_matrix(card, problem)), None
        halo = min(card.halo, network.receptive_radius)
        low, height = map(np.float32, intensity_range(problem.stack.slices, card.percentiles))
        restored = np.zeros(axes.restored_shape(problem), np.float32)
        answer = axes.seen(restored)
        shape = (len(matrix), answer.shape[1], answer.shape[2])

        def start_of(rows: slice, columns: slice) -> Image:
            return along(matrix, (slices[:, rows, columns] - low) / height, 0)

        with reproducible(self.settings.seed):
            for part, tile in answers_in_tiles(network, start_of, shape, halo, device, progress):
                if reading is None:
                    answer[part] = tile * height + low
                else:
                    answer[:, part[1], part[2]] += along(reading[:, part[0]], tile * height + low, 0)
        return Restoration(restored)


def info_of(model: Model) -> MethodInfo:
    """What a model declares about itself as a method; without presets, since it was trained with one."""
    card = model.card
    weights = sum(tensor.size for tensor in model.tensors.values())
    return MethodInfo(
        name=card.method,
        title=f"{card.method} ({card.network})",
        summary=f"A model of the method {card.method}, whose network {card.network} has learned from a collection.",
        learns_from="a collection",
        needs_torch=True,
        tells_uncertainty=card.network_arguments.get("errors") is True,
        cost=max(1.0, SECONDS_A_WEIGHT * weights),
        operator=card.operator if card.consistent else None,
    )


def start_matrix(card: Card, problem: Problem) -> NDArray[np.floating]:
    """What brings slices to the planes of the answer before the network, shape (planes, slices), rows summing to 1.

    Tikhonov's inverse of the problem's operator, the cubic B-spline through the slices, or cubic convolution.
    """
    stack, grid = problem.stack, problem.grid
    if card.start == "tikhonov":
        return regularised_inverse(stack.operator.matrix, stack.tikhonov_damping(grid.spacing))
    reading = spline_reading if card.start == "spline" else cubic_reading
    return reading(stack.geometry.slice_count, grid.positions)


class Outside(NamedTuple):
    """In what a scan lies outside what a model has learned from.

    Attributes:
        what: the scan has, and the model has learned.
        risk: what may come of it.
    """

    what: str
    risk: str


def outside(
    card: Card, geometry: SliceGeometry, profile: SliceProfile | None, model: str = "the model"
) -> Iterator[Outside]:
    """In what a scan lies outside what a model has learned from.

    Whether it is of another modality is not told: voxels do not say, and neither do the headers that are read.

    Args:
        card: of the model.
        geometry: of the scan.
        profile: of the scan; ``None`` where it is not known, so that its width is not told of.
        model: what to call the model.
    """
    ratio, voxel = geometry.separation_ratio, geometry.in_plane_voxel
    if not _inside(ratio, card.ratios, 1 + ROUNDING):
        yield Outside(
            f"the slices are {ratio:.3g} in-plane voxels apart and {model} has learned {_told(card.ratios)}",
            "what it adds to the interpolation may be too little or wrong",
        )
    width = None if profile is None else profile.fwhm_mm / geometry.slice_spacing
    if width is not None and card.fwhm_ratios is not None and not _inside(width, card.fwhm_ratios, 1 + ROUNDING):
        yield Outside(
            f"the slice profile is {width:.3g} slice spacings wide and {model} has learned {_told(card.fwhm_ratios)}",
            "the result may be too smooth or too sharp",
        )
    if not _inside(voxel, card.voxels_mm, VOXEL_TOLERANCE):
        yield Outside(
            f"the in-plane voxels are {voxel:.3g} mm and {model} has learned from voxels of {_told(card.voxels_mm)} mm",
            "it takes anatomy for smaller or larger than it is and may add what is not there",
        )


def warnings_for(card: Card, geometry: SliceGeometry, profile: SliceProfile | None) -> tuple[str, ...]:
    """What to know of a model's result on a scan, a sentence each; arguments as of :func:`outside`."""
    tuned = () if card.features is None else (f"the result is {LOOKS_RIGHT}",)
    return (*tuned, *(f"{each.what}: {each.risk}" for each in outside(card, geometry, profile)))


def _inside(value: float, span: Range, factor: float) -> bool:
    return span[0] / factor <= value <= span[1] * factor


def _told(span: Range) -> str:
    low, high = (f"{value:.3g}" for value in span)
    return low if low == high else f"{low} to {high}"
