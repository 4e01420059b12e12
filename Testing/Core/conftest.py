"""How the tests of the computation look for examples."""

from __future__ import annotations

from hypothesis import settings

# What passed once passes again; --hypothesis-profile=search looks for examples that nobody has seen yet.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile("repeatable")
