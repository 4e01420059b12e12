"""Draws relative_profile.svg: the in-plane PSF, the slice profile, and the through-plane PSF that they make up.

python docs/explanation/relative_profile.py
"""

from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from SuperResolveLib import SliceProfile

STEP, IN_PLANE, SLICE = 0.05, 1.0, 5.0


def main() -> None:
    """Draw the three curves beside each other, on one scale in mm."""
    in_plane = SliceProfile.gaussian(IN_PLANE, STEP)
    profile = SliceProfile.rect(SLICE, STEP)
    through_plane = SliceProfile(np.convolve(in_plane.weights, profile.weights), STEP)
    curves = {"in-plane PSF": in_plane, "slice profile": profile, "through-plane PSF": through_plane}

    matplotlib.rcParams.update({"svg.hashsalt": "relative profile", "svg.fonttype": "path"})
    figure = Figure(figsize=(9.0, 2.5), layout="constrained")
    for axes, (title, psf), sign in zip(figure.subplots(1, 3), curves.items(), ("", "*", "="), strict=True):
        outside = np.array([-5.0, 5.0])
        offsets = np.concatenate([outside[:1], psf.offsets[[0]], psf.offsets, psf.offsets[[-1]], outside[1:]])
        heights = np.pad(psf.weights / psf.weights.max(), 2)
        axes.plot(offsets, heights, color="#0072B2")
        axes.fill_between(offsets, heights, color="#0072B2", alpha=0.15)
        axes.set(title=f"{title}\nFWHM {psf.fwhm_mm:.1f} mm", xlabel="mm", xlim=outside, ylim=(0.0, 1.1), yticks=[])
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.text(-0.08, 0.5, sign, fontsize=20, transform=axes.transAxes, ha="center", va="center")
    figure.savefig(Path(__file__).with_suffix(".svg"), metadata={"Date": None}, transparent=False)


if __name__ == "__main__":
    main()
