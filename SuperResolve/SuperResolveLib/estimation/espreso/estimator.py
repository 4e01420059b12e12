"""ESPRESO as the registry knows it: the published adversarial game, and the same game solved in closed form."""

from __future__ import annotations

from typing import ClassVar

from ...data.geometry import SliceGeometry
from ...data.volume import Volume
from ...progress import ProgressCallback
from ...registry import Preset, import_with_torch
from ..estimator import EstimatorInfo, EstimatorSettings
from ..result import EstimatedProfile
from . import closed_form


class Espreso:
    """The profile with which in-plane and through-plane patches cannot be told apart (Han et al., IPMI 2021)."""

    info: ClassVar[EstimatorInfo] = EstimatorInfo(
        name="espreso",
        title="ESPRESO (matched patches)",
        summary="Finds the profile with which patches look alike in plane and through plane (Han et al., IPMI 2021).",
        learns_from="the scan",
        presets=(
            Preset("default", "closed form", "Solves for it among bells and boxes. Takes a few seconds."),
            Preset(
                "paper",
                "adversarial, as published",
                "Trains a generative adversarial network, as published. Takes more than an hour on a processor core, "
                "so use a graphics card where there is one.",
                needs_torch=True,
            ),
        ),
    )

    def __init__(self, settings: EstimatorSettings) -> None:
        self.settings = settings

    def estimate(self, scan: Volume, geometry: SliceGeometry, progress: ProgressCallback) -> EstimatedProfile:
        """The preset ``paper`` plays the game as published; ``default`` solves its discriminator in closed form."""
        device, seed = self.settings.device, self.settings.seed
        if self.settings.preset != "paper":
            return closed_form.estimate(scan, geometry, device, seed, progress)
        adversarial = import_with_torch(f"{__package__}.adversarial")
        profile: EstimatedProfile = adversarial.estimate(scan, geometry, device, seed, progress)
        return profile
