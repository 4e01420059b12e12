"""Simulation of a 2-D multi-slice scan from a high-resolution volume, as in Han et al., IPMI 2021, Sec. 3.1.

The volume is degraded along one axis with a slice profile. Slice n of the scan is centred on plane
``ratio * n + phase`` of the volume, for n = 0, 1, ... as far as the volume reaches. The other two axes are not changed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..data.geometry import AXIS_NAMES
from ..data.volume import Volume
from ..errors import InputError
from .acquisition import acquisition_matrix, degrade
from .profile import SliceProfile


def simulate(
    volume: Volume,
    profile: SliceProfile,
    ratio: float,
    axis: Literal["i", "j", "k"],
    phase: float = 0.0,
    noise_sigma: float = 0.0,
    seed: int = 0,
) -> Volume:
    r"""Simulate the scan :math:`y = A x` of a volume x, optionally with Rician noise.

    Args:
        volume: the high-resolution volume x.
        profile: the slice profile.
        ratio: separation ratio, the distance between slices in planes of the volume: 1 or more, not necessarily whole.
        axis: the through-plane axis.
        phase: position of the first slice, in planes of the volume.
        noise_sigma: standard deviation of the noise in the real and in the imaginary part of the image, in the
            volume's intensity unit; 0 adds none.
        seed: random seed of the noise.

    Returns:
        The scan. Its affine places each slice on its plane of the volume, and its header tells the slice spacing.

    Raises:
        InputError: the axis, ratio, phase or noise level is not possible with this volume.
    """
    if axis not in AXIS_NAMES:
        raise InputError(f"there is no axis {axis!r} to simulate slices along: choose i, j or k")
    index = AXIS_NAMES.index(axis)
    count, spacing = volume.shape[index], volume.spacing[index]
    if not (np.isfinite(ratio) and ratio >= 1):
        raise InputError(f"a separation ratio of {ratio} is not possible: choose 1 or more")
    if not 0 <= phase <= count - 1:
        raise InputError(f"the first slice cannot sit on plane {phase}: axis {axis} has planes 0 to {count - 1}")
    slices = int(np.floor((count - 1 - phase) / ratio + 1e-9)) + 1
    centres = (phase + ratio * np.arange(slices)) * spacing
    matrix = acquisition_matrix(profile, centres, np.arange(count) * spacing, spacing)
    affine = volume.affine.copy()
    affine[:3, 3] += phase * affine[:3, index]
    affine[:3, index] *= ratio
    header = replace(volume.header, slice_thickness_mm=None, slice_spacing_mm=ratio * spacing)
    data = with_rician_noise(degrade(matrix, volume.data, index), noise_sigma, seed)
    return replace(volume, data=data, affine=affine, header=header)


def with_rician_noise(data: NDArray[np.float32], sigma: float, seed: int) -> NDArray[np.float32]:
    r"""Add Rician noise: :math:`\sqrt{(x + n_1)^2 + n_2^2}` with n₁ and n₂ normal, of standard deviation ``sigma``.

    Raises:
        InputError: ``sigma`` is negative, or there is noise to add to data with negative values.
    """
    if sigma == 0:
        return data
    if not sigma > 0:
        raise InputError(f"a noise level of {sigma} is not possible: choose 0 or more")
    if data.min() < 0:
        raise InputError(
            "Rician noise needs a magnitude image, but this volume has negative voxels: simulate without noise"
        )
    random = np.random.default_rng(seed)
    real = data + sigma * random.standard_normal(data.shape, dtype=np.float32)
    imaginary = sigma * random.standard_normal(data.shape, dtype=np.float32)
    return np.asarray(np.hypot(real, imaginary), dtype=np.float32)
