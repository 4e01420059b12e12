"""The network for all scans in ONNX Runtime, where torch is not there to run it."""

from __future__ import annotations

import os

from ...errors import InputError
from .inference import Image
from .onnx_graph import ADDED, IMAGE, LOG_VARIANCE, TOLD


class OnnxConvolutions:
    """An ONNX graph of the network, run on the processor.

    Args:
        graph: that comes with this program; it is handed to a library that was not made to read anyone's.
        receptive_radius: how many columns away a pixel of the network's answer sees.

    Raises:
        InputError: ONNX Runtime cannot load the graph.
    """

    def __init__(self, graph: bytes, receptive_radius: int) -> None:
        import onnxruntime

        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads()
        options.log_severity_level = 3  # errors
        # Between two runs numpy computes: threads that wait must not take the processor from it.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its exceptions have no common class of their own
            reason = " ".join(str(error).split())
            raise InputError(
                f"ONNX Runtime cannot load the network ({reason[:200]}): install this program anew, or torch"
            ) from error
        self.receptive_radius = receptive_radius

    def __call__(self, image: Image, told: Image) -> Image:
        """What is to be added to the fine planes; see :class:`~.adding_network.Convolutions`."""
        added: Image = self._session.run([ADDED], {IMAGE: image, TOLD: told})[0]
        return added

    def with_log_variance(self, image: Image, told: Image) -> tuple[Image, Image]:
        """The same, and the logarithm of the variance of its error."""
        added, log_variance = self._session.run([ADDED, LOG_VARIANCE], {IMAGE: image, TOLD: told})
        return added, log_variance


def threads() -> int:
    """How many threads compute: as many as ``OMP_NUM_THREADS`` says, as for torch; 0 leaves it to ONNX Runtime."""
    told = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return int(told) if told.isdecimal() else 0
