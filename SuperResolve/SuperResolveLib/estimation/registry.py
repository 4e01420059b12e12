"""The ways to estimate a profile, by name."""

from __future__ import annotations

from ..registry import Entry

ESTIMATORS: dict[str, Entry] = {
    "auto": Entry(
        summary=(
            "the profile that explains the scan's power spectrum, aliasing included, by anatomy that is about alike "
            "in all directions; in seconds, with an interval and how much of the answer is prior"
        ),
        needs="the scan itself",
        needs_torch=False,
        presets=(),
        implementation="estimation.spectral.estimate:estimate",
    ),
    "espreso": Entry(
        summary=(
            "matches in-plane and through-plane patches (Han et al., IPMI 2021): 'default' with a discriminator solved "
            "in closed form over a family of shapes, in seconds; 'paper' as a GAN, which needs torch"
        ),
        needs="the scan itself",
        needs_torch=False,
        presets=("default", "paper"),
        implementation="estimation.espreso.estimate:estimate",
        torch_presets=("paper",),
    ),
}
