"""ESPRESO: the profile with which in-plane and through-plane patches cannot be told apart (Han et al., IPMI 2021)."""

from __future__ import annotations

from ...data.geometry import SliceGeometry
from ...data.volume import Volume
from ...progress import ProgressCallback
from ...registry import import_with_torch
from ..result import EstimatedProfile
from . import closed_form


def estimate(
    scan: Volume, geometry: SliceGeometry, preset: str, device: str, seed: int, progress: ProgressCallback
) -> EstimatedProfile:
    """The preset ``paper`` plays the adversarial game as published; ``default`` solves the discriminator in closed
    form.
    """
    if preset == "paper":
        adversarial = import_with_torch(f"{__package__}.adversarial")
        result: EstimatedProfile = adversarial.estimate(scan, geometry, device, seed, progress)
        return result
    return closed_form.estimate(scan, geometry, device, seed, progress)
