"""How large the network is and how it learns, by preset."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Preset:
    """How the network learns.

    Attributes:
        channels, depth: of the network.
        iterations: how many in which the network learns.
        of_errors: and how many in which it then learns its errors.
        batch: through-plane images of an iteration.
        width: pixels across.
        learning_rate: the largest; it falls along a cosine.
        averaging: decay of the average of the weights.
    """

    channels: int
    depth: int
    iterations: int
    of_errors: int
    batch: int = 8
    width: int = 48
    learning_rate: float = 1e-3
    averaging: float = 0.999


PRESETS: dict[str, Preset] = {
    "fast": Preset(48, 6, iterations=25_000, of_errors=3_000),
    "balanced": Preset(
        64, 12, iterations=200_000, of_errors=10_000, batch=16, width=64, learning_rate=5e-4, averaging=0.9995
    ),
}

#: Slice spacing over voxel.
RATIOS = (1.5, 9.0)
#: The profile's FWHM over the slice spacing, and its exponent: from below a Gaussian to nearly a rect.
FWHM_RATIOS = (0.5, 1.6)
EXPONENTS = (1.5, 6.0)
#: Of the slices, in units of their intensity range.
NOISE = (0.0, 0.05)
#: In mm: synthetic anatomy has no size, for its shapes have all, so that no voxel size is unknown to it.
VOXELS_MM = (0.05, 10.0)
