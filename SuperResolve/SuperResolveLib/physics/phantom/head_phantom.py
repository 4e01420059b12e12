"""A procedural head phantom: a T1-weighted head computed from a random seed.

It has scalp, muscle, skull with marrow, fluid, folded cortex, white matter, ventricles, deep grey nuclei, brain stem,
foliated cerebellum, orbits, air-filled sinuses and vessels, with texture down to the voxel, a mild bias field, partial
volume and Rician noise. Sulci follow the zero level of random fields, and all textures are statistically isotropic, so
that patches look alike along every axis.
"""

from __future__ import annotations

import numpy as np

from ...data.volume import Volume
from ...errors import InputError
from ..simulation import with_rician_noise
from .brain import Brain
from .canvas import CENTRE, Canvas
from .head import paint_head, paint_texture


def head_phantom(
    shape: tuple[int, int, int] = (176, 208, 176), spacing: float = 1.0, seed: int = 0, noise_sigma: float = 1.2
) -> Volume:
    """Compute an isotropic head phantom in RAS orientation.

    The head is 160 mm wide and 205 mm long; the neck is cut off by the lower border of the volume.

    Args:
        shape: number of voxels along x (right), y (anterior) and z (superior).
        spacing: voxel size in mm.
        seed: random seed of the anatomy, its texture and the noise.
        noise_sigma: standard deviation of the Rician noise, where white matter has an intensity of about 100.

    Raises:
        InputError: the shape or spacing is not positive.
    """
    if min(shape) < 1 or not spacing > 0:
        raise InputError(f"no phantom can have shape {shape} and spacing {spacing} mm: choose positive numbers")
    affine = np.diag([spacing, spacing, spacing, 1.0])
    affine[:3, 3] = np.array(CENTRE) - (np.array(shape) - 1) / 2 * spacing
    canvas = Canvas.blank(affine, shape, np.random.default_rng(seed))
    brain = Brain.within(canvas)
    paint_head(canvas, brain.cavity)
    brain.paint(canvas)
    paint_texture(canvas)
    noise_seed = int(canvas.random.integers(2**31))
    return Volume(with_rician_noise(canvas.image, noise_sigma, noise_seed), affine)
