"""A cohort of small simulated scans, some of them poisoned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from SuperResolveLib.data.volume import Volume
from SuperResolveLib.image_io.volumes import write_volume
from SuperResolveLib.physics.profile import SliceProfile
from SuperResolveLib.physics.simulation import simulate

SIZE, RATIO = 24, 3.0
PROFILE = SliceProfile.gaussian(3.0, 1.0)
#: One scan of so many is poisoned.
POISONED = 100


def save_cohort(folder: Path, count: int) -> int:
    """Write so many scans simulated from cubes of texture, one folder each hundred.

    Returns:
        How many of them are cut off and cannot be read.
    """
    poisoned = 0
    for number in range(count):
        path = folder / f"{number // 100:03d}" / f"scan{number:05d}.nii.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        if number % POISONED == POISONED // 2:
            poisoned += 1
            path.write_bytes(b"cut off")
            continue
        truth = np.random.default_rng(number).normal(100, 20, (SIZE, SIZE, SIZE)).astype(np.float32)
        scan = simulate(Volume(truth, np.eye(4)), PROFILE, RATIO, "k")
        write_volume(replace(scan, header=replace(scan.header, slice_thickness_mm=None)), path)
    return poisoned
