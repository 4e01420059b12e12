"""How the tests of the computation look for examples."""

from __future__ import annotations

import pytest
from hypothesis import settings

from SuperResolveLib.data.volume import Volume
from SuperResolveLib.physics.phantom.head_phantom import head_phantom
from SuperResolveLib.physics.profile import SliceProfile
from SuperResolveLib.physics.simulation import simulate

# What passed once passes again; --hypothesis-profile=search looks for examples that nobody has seen yet.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile("repeatable")


@pytest.fixture(scope="module")
def scan() -> Volume:
    """A small head, seen in slices of 6 mm, 6 mm apart, with noise; files that need another have their own."""
    return simulate(
        head_phantom((40, 37, 36), spacing=2.0, seed=5), SliceProfile.gaussian(6.0, 2.0), 3.0, "k", noise_sigma=1.0
    )
