"""A method of super-resolution that nobody needs, to prove what adding one takes: this file, and a line in a registry.

It picks the nearest slice, has two presets and a note, and is made consistent by selecting planes.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from SuperResolveLib.methods.method import MethodInfo, MethodSettings, Restoration
from SuperResolveLib.physics.problem import Problem
from SuperResolveLib.progress import ProgressCallback
from SuperResolveLib.registry import Preset


class Toy:
    """The nearest slice, made brighter by the preset ``bright``."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="toy",
        title="Toy (nearest slice)",
        summary="Picks the nearest slice.",
        learns_from="nothing",
        presets=(Preset("plain", "plain", "As it is."), Preset("bright", "bright", "Brighter than it is.")),
        operator="select",
    )

    def __init__(self, settings: MethodSettings) -> None:
        self.settings = settings

    def restore(self, problem: Problem, progress: ProgressCallback) -> Restoration:
        """The slice nearest to each plane."""
        progress(0.5, "picking slices")
        stack = problem.stack
        nearest = np.clip(np.rint(problem.grid.positions).astype(int), 0, stack.geometry.slice_count - 1)
        data = np.take(stack.slices, nearest, axis=stack.geometry.axis)
        if self.settings.preset == "bright":
            data = data * np.float32(2)
        return Restoration(data, notes=("toys are not for patients",))
