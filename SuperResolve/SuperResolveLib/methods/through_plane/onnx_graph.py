"""The network for all scans as an ONNX graph: :class:`~SuperResolveLib.networks.gated_edsr.GatedEDSR` in the
operators of that standard (https://onnx.ai/onnx/operators), written by hand, so that no exporter is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ...networks import gated_edsr_sizes as sizes
from ...networks.error_head_sizes import GAIN

if TYPE_CHECKING:
    import onnx

#: What the graph calls its inputs, and its outputs; the last one is there if the network tells its error.
IMAGE, TOLD, ADDED, LOG_VARIANCE = "image", "told", "added", "log_variance"
#: Versions of the standard's operators and file format: such as every ONNX Runtime of the extra [onnx] reads.
OPSET, FORMAT = 17, 8
#: Under which the file tells the SHA-256 of the model file that its weights are from.
WEIGHTS = "weights_sha256"


def onnx_graph(tensors: Mapping[str, NDArray[Any]], depth: int, weights_sha256: str) -> bytes:
    """The bytes of an ONNX file; the same for the same arguments.

    Args:
        tensors: of a :class:`~SuperResolveLib.networks.gated_edsr.GatedEDSR`, by their names there.
        depth: its number of blocks.
        weights_sha256: of the model file that they are from.

    Raises:
        InputError: onnx is not installed.
    """
    try:
        import onnx
        from onnx import helper, numpy_helper
    except ImportError:
        raise InputError(
            "ONNX files are written by onnx, which is not installed: install it by 'pip install onnx'"
        ) from None
    errors = "errors.level" in tensors
    graph = _Graph(depth, tensors["head.weight"].shape[0], errors)
    values = {**tensors, **graph.constants}
    outputs = [ADDED, LOG_VARIANCE] if errors else [ADDED]
    axes = "images", "slices", "columns"

    def told_of(name: str, *shape: int | str) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)

    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "gated-edsr",
            [told_of(IMAGE, axes[0], sizes.FACTOR + 1, *axes[1:]), told_of(TOLD, sizes.TOLD)],
            [told_of(output, axes[0], sizes.FACTOR, *axes[1:]) for output in outputs],
            [numpy_helper.from_array(np.asarray(values[name]), name) for name in sorted(values)],
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=FORMAT,
        producer_name="slice-profile-sr",
    )
    helper.set_model_props(model, {WEIGHTS: weights_sha256})
    onnx.checker.check_model(model, full_check=True)
    written: bytes = model.SerializeToString(deterministic=True)
    return written


class _Graph:
    """The network's nodes, in the order in which they run.

    Args:
        depth: number of blocks.
        channels: of the features.
        errors: whether the network tells the variance of its error.

    Attributes:
        nodes: each called after its only output.
        constants: what they need beside the weights.
    """

    def __init__(self, depth: int, channels: int, errors: bool) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, NDArray[Any]] = {
            "unchanged": np.ones(1, np.float32),
            "gate_shape": np.array([depth, channels, 1, 1], np.int64),
            "zero": np.array([0], np.int64),
            "one": np.array([1], np.int64),
            **{f"block.{block}": np.array([block], np.int64) for block in range(depth)},
        }
        self._gates()
        self._convolutions(depth)
        if errors:
            self._log_variance()

    def _gates(self) -> None:
        """Factors of the blocks' features, shape (blocks, channels, 1, 1), from what is told."""
        self._add("Unsqueeze", "told.row", TOLD, "zero")
        self._add("Gemm", "gates.0", "told.row", "gates.0.weight", "gates.0.bias", transB=1)
        self._add("Sigmoid", "gates.1.sigmoid", "gates.0")
        self._add("Mul", "gates.1", "gates.0", "gates.1.sigmoid")
        self._add("Gemm", "gates.2", "gates.1", "gates.2.weight", "gates.2.bias", transB=1)
        self._add("Add", "gates.row", "gates.2", "unchanged")
        self._add("Reshape", "gates", "gates.row", "gate_shape")

    def _convolutions(self, depth: int) -> None:
        """From the image to what is added; gates multiply features, as weights that are constant are quicker."""
        rows, columns = sizes.MEAN
        self._add("Slice", "slices", IMAGE, "zero", "one", "one")  # channels from 0 to 1 along axis 1
        beyond = [rows // 2, columns // 2] * 2
        self._add("AveragePool", "mean", "slices", kernel_shape=[rows, columns], pads=beyond, count_include_pad=0)
        self._add("Sub", "centred", IMAGE, "mean")
        features = self._convolution("head", "centred")
        for block in range(depth):
            name = f"blocks.{block}"
            self._add("Relu", f"{name}.relu", self._convolution(f"{name}.first", features))
            self._add("Gather", f"{name}.gate", "gates", f"block.{block}", axis=0)
            self._add("Mul", f"{name}.gated", f"{name}.relu", f"{name}.gate")
            features = self._add("Add", name, features, self._convolution(f"{name}.second", f"{name}.gated"))
        self._add("Add", "features", "head", self._convolution("body", features))
        self._convolution("tail", "features", ADDED)

    def _log_variance(self) -> None:
        """From the image, what is told and what is added to the logarithm of the variance of the error."""
        self.constants |= {
            "told_shape": np.array([1, sizes.TOLD, 1, 1], np.int64),
            "gain": np.array([GAIN], np.float32),
            "two": np.array([2], np.int64),
            "four": np.array([4], np.int64),
        }
        self._add("Shape", "image.shape", IMAGE)
        self._add("Slice", "pixels", "image.shape", "two", "four")  # slices and columns
        self._add("Slice", "images", "image.shape", "zero", "one")
        self._add("Reshape", "told.pixel", TOLD, "told_shape")
        self._add("Concat", "told.shape", "images", "one", "pixels", axis=0)
        self._add("Expand", "told.image", "told.pixel", "told.shape")
        self._add("Mul", "added.seen", ADDED, "gain")
        self._add("Concat", "errors.image", "centred", "features", "told.image", "added.seen", axis=1)
        features = self._add("Relu", "errors.body.1", self._convolution("errors.body.0", "errors.image", bias=True))
        features = self._add("Relu", "errors.body.3", self._convolution("errors.body.2", features, bias=True))
        above = self._convolution("errors.tail", features, bias=True)
        self._add("Add", "errors.all", above, "errors.level")
        self._add("Min", LOG_VARIANCE, "errors.all", "errors.highest")

    def _convolution(self, layer: str, features: str, output: str = "", bias: bool = False) -> str:
        weights = [f"{layer}.weight", f"{layer}.bias"] if bias else [f"{layer}.weight"]
        return self._add("Conv", output or layer, features, *weights, kernel_shape=[3, 3], pads=[1, 1, 1, 1])

    def _add(self, operator: str, output: str, *inputs: str, **attributes: Any) -> str:
        """A node, and what its output is called."""
        from onnx import helper

        self.nodes.append(helper.make_node(operator, inputs, [output], output, **attributes))
        return output
