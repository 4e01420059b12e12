"""Progress is weighted by cost, so that the time that is left can be foretold."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from SuperResolveLib import SliceProfile, super_resolve
from SuperResolveLib.methods.registry import METHODS
from SuperResolveLib.methods.smore.super_resolve import PRESETS
from SuperResolveLib.physics.phantom.head_phantom import head_phantom
from SuperResolveLib.physics.simulation import simulate


@pytest.fixture(scope="module")
def scan():
    return simulate(head_phantom((112, 112, 112), spacing=1.5), SliceProfile.gaussian(6.0, 1.5), 4, "k")


@pytest.mark.parametrize("method", ["tikhonov", "bspline", "smore"])
def test_the_time_left_is_foretold_within_a_factor_of_two(scan, method, monkeypatch):
    fewer = replace(PRESETS["quick"], iterations=1)
    monkeypatch.setitem(PRESETS, "quick", fewer)
    options = {"preset": "quick", "profile": SliceProfile.gaussian(6.0, 1.5)} if method == "smore" else {}
    run = partial(super_resolve, scan, method=method, device="cpu", **options)
    run()  # what is imported and set up on first use takes time of its own
    monkeypatch.setitem(PRESETS, "quick", replace(fewer, iterations=100))
    marks, started = [], time.process_time()
    run(progress=lambda fraction, *_: marks.append((time.process_time() - started, fraction)))
    total = time.process_time() - started
    ratios = [
        elapsed * (1 - fraction) / fraction / (total - elapsed)
        for elapsed, fraction in marks
        if 0.2 * total < elapsed < 0.8 * total
    ]
    assert ratios and 0.5 < np.median(ratios) < 2.0


def test_training_weighs_less_the_larger_the_scan():
    shares = [PRESETS["fast"].training_share(voxels, 4) for voxels in (300_000, 3_000_000, 30_000_000)]
    assert shares == sorted(shares, reverse=True) and shares[0] > 0.9 and shares[2] < 0.35


def test_costs_are_in_order_and_less_on_a_graphics_card():
    smore = METHODS.info("smore")
    costs = [smore.cost_of(preset, "cpu") for preset in ("quick", "fast", "balanced", "paper")]
    assert costs == sorted(costs)
    assert smore.cost_of(None, "cuda") < smore.cost_of(None, "auto") == smore.cost_of("fast", "cpu")
    assert METHODS.info("bspline").cost_of(None, "cpu") < smore.cost_of("quick", "cpu")
