"""What a measurement of resolution tells."""

from __future__ import annotations

from dataclasses import dataclass

from slicer.i18n import tr as _


@dataclass(frozen=True)
class Measurement:
    """The resolution of a volume along its worst axis.

    Attributes:
        fwhm, fwhmLow, fwhmHigh: FWHM of the relative profile left in mm, and its 80 % interval.
        fwhmRatio: FWHM in in-plane voxels; 1 or less is as good as in plane.
        axis: "i", "j" or "k".
        warnings: what to know before trusting it, sentences.
    """

    fwhm: float
    fwhmLow: float
    fwhmHigh: float
    fwhmRatio: float
    axis: str
    warnings: tuple[str, ...]

    @property
    def text(self) -> str:
        """The measurement in a line."""
        return _(
            "FWHM {width} mm along {axis} (80 % interval {low} to {high} mm), {ratio} times the in-plane voxel"
        ).format(
            width=f"{self.fwhm:.2f}",
            axis=self.axis,
            low=f"{self.fwhmLow:.2f}",
            high=f"{self.fwhmHigh:.2f}",
            ratio=f"{self.fwhmRatio:.2f}",
        )
