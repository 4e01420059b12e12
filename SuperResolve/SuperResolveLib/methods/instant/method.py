"""``instant`` as the registry knows it: the network that comes with this program, applied to the scan."""

from __future__ import annotations

from typing import ClassVar

from ...networks.gated_edsr_sizes import receptive_radius
from ...physics.problem import Problem
from ...progress import ProgressCallback
from ..learned import Learned
from ..method import MethodInfo, MethodSettings, Restoration


class Instant:
    """One network for all scans, which has learned from synthetic anatomy ahead of time, restores in seconds.

    Args:
        settings: with the ``model``, and its ``graph`` where ONNX Runtime is to compute; ``preset`` means nothing.
    """

    info: ClassVar[MethodInfo] = MethodInfo(
        name="instant",
        title="Instant (learned ahead, from no one's scans)",
        summary="A network that has learned from synthetic anatomy, for any ratio and profile. Takes seconds.",
        learns_from="synthetic anatomy",
        needs_torch=True,
        also_runs_on="onnxruntime",
        tells_uncertainty=True,
        combines=True,
        cost=25.0,
        operator="profile",
        ships=True,
    )

    def __init__(self, settings: MethodSettings) -> None:
        self.settings = settings

    def restore(self, problem: Problem, progress: ProgressCallback) -> Restoration:
        """What the network makes of the scan, on the planes of the answer.

        Raises:
            InputError: torch, where there is no graph, or the device is not there.
        """
        model, graph = self.settings.model, self.settings.graph
        assert model is not None
        if graph is None:
            return Learned(model, self.settings).restore(problem, progress)
        progress(0.0, "loading the network")
        from ..through_plane.onnx_convolutions import OnnxConvolutions
        from ..through_plane.restore import restore

        radius = receptive_radius(int(model.card.network_arguments["depth"]))
        return restore(OnnxConvolutions(graph, radius), problem, self.settings, progress)
