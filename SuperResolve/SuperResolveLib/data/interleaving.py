r"""Whether odd and even slices of a scan differ, as after motion or a change of gain between two interleaved passes.

Slice n is compared with the mean of its neighbours. Anatomy that shifts from slice to slice displaces odd and even
slices alike; motion between the passes displaces them by d and by -d. The displacement is the one that whole voxels
explain best (phase correlation; Kuglin and Hines 1975) plus the least-squares solution, over all slices, of

.. math:: x_n - \bar x_n = \pm \left( (d + \theta J r) \cdot (-\nabla m_n) + g\, m_n \right), \quad
          m_n = (x_n + \bar x_n) / 2

with :math:`\bar x_n` the mean of the neighbours, d a shift, :math:`\theta` a turn about the middle of the image and g a
difference in brightness. Standard errors come from how pairs of neighbouring slices differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft2, fftfreq, ifft2
from scipy.ndimage import gaussian_filter
from scipy.special import stdtrit

from .tapers import tukey

FloatArray = NDArray[np.float64]

#: Smallest displacement that is told, in voxels; smallest difference in brightness; the probability that chance makes
#: one that is told.
SMALLEST, FAINTEST, CHANCE = 0.15, 0.02, 1e-5
#: Frequencies that are compared, up to this many cycles per voxel.
COMPARED = 0.25
#: Least height of the peak of phase correlation, 1 where slices are equal, below which neighbours share too little.
PEAK = 0.3
#: Fraction of each border that is faded out.
FADE = 0.15
#: Fewest slices, and fewest voxels across an image, in which a displacement can be told from chance.
FEWEST, NARROWEST = 8, 32


@dataclass(frozen=True)
class OddAgainstEven:
    """How odd slices differ from even ones.

    Attributes:
        shift: in voxels along the first and the second axis of the image.
        turn: how far a turn about the middle moves the image's structures, root mean square in voxels.
        brighter: by which part of the intensity, above the median.
    """

    shift: tuple[float, float] = (0.0, 0.0)
    turn: float = 0.0
    brighter: float = 0.0

    def moved_mm(self, voxels: Sequence[float]) -> float:
        """How far the image is moved in all, given the voxel size along both axes in mm."""
        return float(np.hypot(np.hypot(self.shift[0] * voxels[0], self.shift[1] * voxels[1]), self.turn * max(voxels)))


def odd_against_even(slices: NDArray[np.floating]) -> OddAgainstEven:
    """How odd slices differ from even ones beyond chance; all zero where they do not.

    Args:
        slices: intensities, shape (rows, columns, slices).
    """
    rows, columns, count = slices.shape
    if count < FEWEST or min(rows, columns) < NARROWEST:
        return OddAgainstEven()
    window = (tukey(rows, 2 * FADE)[:, None] * tukey(columns, 2 * FADE))[..., None]
    smooth = gaussian_filter(slices - np.median(slices).astype(np.float64), (1, 1, 0))
    here, beside = smooth[..., 1:-1], (smooth[..., :-2] + smooth[..., 2:]) / 2
    sign = np.where(np.arange(count - 2) % 2 == 0, 1, -1)
    whole, peak = _whole_voxels(here * window, beside * window, sign)
    if not peak >= PEAK:
        return OddAgainstEven()
    there = [np.roll(beside[..., n], (sign[n] * whole[0], sign[n] * whole[1]), (0, 1)) for n in range(count - 2)]
    found, error = _remaining(here, np.stack(there, axis=-1), sign, window)
    certain = np.abs(found) > error * -stdtrit(max(1, (count - 2) // 2 - 1), CHANCE / 2)
    shift = [step + (rest if sure else 0.0) for step, rest, sure in zip(whole, found, certain, strict=False)]
    return OddAgainstEven(
        shift=(float(shift[0]), float(shift[1])) if np.hypot(shift[0], shift[1]) >= SMALLEST else (0.0, 0.0),
        turn=float(found[2]) if certain[2] and abs(found[2]) >= SMALLEST else 0.0,
        brighter=float(found[3]) if certain[3] and abs(found[3]) >= FAINTEST else 0.0,
    )


def _whole_voxels(here: FloatArray, beside: FloatArray, sign: NDArray[np.int_]) -> tuple[tuple[int, int], float]:
    """The displacement by whole voxels that phase correlation tells, and the height of its peak."""
    rows, columns, _ = here.shape
    cross = fft2(here, axes=(0, 1)) * np.conj(fft2(beside, axes=(0, 1)))
    total = np.where(sign > 0, cross, np.conj(cross)).sum(axis=-1)
    size = np.abs(total)
    compared = np.hypot(fftfreq(rows)[:, None], fftfreq(columns)) < COMPARED
    phases = np.where(compared & (size > 1e-12 * size.max()), total / np.maximum(size, 1e-300), 0.0)
    correlation = ifft2(phases).real * phases.size / np.count_nonzero(compared)
    row, column = np.unravel_index(int(np.argmax(correlation)), correlation.shape)
    steps = [int(at) - size * (int(at) > size // 2) for at, size in ((row, rows), (column, columns))]
    return (steps[0], steps[1]), float(correlation[row, column])


def _remaining(
    here: FloatArray, there: FloatArray, sign: NDArray[np.int_], window: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The least-squares shifts, turn (root mean square displacement) and brightness, and their standard errors."""
    middle = (here + there) / 2
    down, right = np.gradient(middle, axis=(0, 1))
    rows, columns, _ = middle.shape
    y = (np.arange(rows) - (rows - 1) / 2)[:, None, None]
    x = (np.arange(columns) - (columns - 1) / 2)[None, :, None]
    effects = np.stack([-down, -right, down * x - right * y, middle]) * window
    normal = np.einsum("aijn,bijn->nab", effects, effects, optimize=True)
    pull = np.einsum("aijn,ijn->na", effects, (here - there) * window, optimize=True) * sign[:, None]
    total = normal.sum(axis=0)
    inverse = np.linalg.pinv(total, rcond=1e-12, hermitian=True)
    found = inverse @ pull.sum(axis=0)
    rest = pull - normal @ found
    pairs = np.add.reduceat(rest, np.arange(0, len(rest), 2))  # one is displaced against the other
    spread = inverse @ (pairs.T @ pairs) @ inverse * len(pairs) / max(1, len(pairs) - 1)
    energy = down**2 + right**2
    radius = float(np.sqrt(np.sum(energy * (x**2 + y**2)) / max(float(np.sum(energy)), 1e-300)))
    units = np.array([1.0, 1.0, radius, 1.0])
    return found * units, np.sqrt(np.maximum(np.diag(spread), 0.0)) * units
