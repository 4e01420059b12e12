"""Figures: that they are written in each format, and show what was asked."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from SuperResolveLib.data.volume import Volume
from SuperResolveLib.physics.profile import SliceProfile
from SuperResolveLib.workflows.figures import FIGURE_ENDINGS, coronal_figure, draw_profile, plot_profile

PROFILE = SliceProfile.gaussian(4.0, 0.8)


@pytest.mark.parametrize("ending", FIGURE_ENDINGS)
def test_a_profile_is_drawn_in_each_format(tmp_path, ending):
    path = tmp_path / f"profile{ending}"
    plot_profile(PROFILE, path, title="a scan")
    assert path.stat().st_size > 5000


def test_profiles_on_different_taps_are_drawn_on_one_scale():
    axes = Figure().add_subplot()
    draw_profile(axes, PROFILE, truth=PROFILE.resampled(0.4))
    peaks = [line.get_ydata().max() for line in axes.get_lines() if len(line.get_xdata()) > 5]
    assert len(peaks) == 2
    assert peaks[0] == pytest.approx(peaks[1], rel=0.02)


def test_the_legend_tells_the_widths():
    axes = Figure().add_subplot()
    draw_profile(axes, PROFILE, truth=SliceProfile.rect(5.0, 0.8))
    told = [text.get_text() for text in axes.get_legend().get_texts()]
    assert told == [
        f"true: FWHM {SliceProfile.rect(5.0, 0.8).fwhm_mm:.2f} mm",
        f"estimated: FWHM {PROFILE.fwhm_mm:.2f} mm",
    ]


def test_volumes_stand_side_by_side_on_their_own_voxels(tmp_path):
    truth = Volume(np.random.default_rng(0).normal(100, 20, (40, 30, 40)).astype(np.float32), np.eye(4))
    scan = Volume(truth.data[:, :, ::5], np.diag([1.0, 1.0, 5.0, 1.0]))
    path = tmp_path / "demo.png"
    coronal_figure([("scan", scan), ("truth", truth)], path, PROFILE, detail=(5.0, 5.0, 20.0))
    assert path.stat().st_size > 20_000
