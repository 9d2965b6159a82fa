"""Runs TensorFlow.js graph models with torch, in batches, on cpu or cuda.

A graph model is a JSON file (the TensorFlow graph after conversion) and one file of weights. Only the operators that
our networks use are here; another one is refused at load, by name. Tensors keep TensorFlow's order NHWC; a
convolution sees the same memory as NCHW in torch's ``channels_last`` format, so nothing is copied between operators.

Semantics follow the TensorFlow API reference of each operator (``SAME`` padding puts the odd pixel last).
"""

from __future__ import annotations

import base64
import json
import math
from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from cinejudge.schema.errors import ToolError

Value = Tensor | list[int]
"""A float tensor on the device, or a short list of integers: shapes, axes, paddings."""


@dataclass
class Node:
    """One operator with its attributes decoded."""

    name: str
    op: str
    inputs: list[tuple[str, int]]
    """Name of the producing node and which of its outputs."""
    attr: dict[str, Any] = field(default_factory=dict)


@cache
def load(topology: Path, weights: Path, device: str = "cpu") -> GraphModel:
    """The model of these files; loaded once per process and device."""
    return GraphModel(topology, weights, device)


class GraphModel:
    """A loaded graph with one picture input."""

    def __init__(self, topology: Path, weights: Path, device: str = "cpu") -> None:
        """Reads and checks the graph.

        Args:
            topology: The model's JSON file.
            weights: Its one weight file.
            device: ``cpu`` or ``cuda``.

        Raises:
            ToolError: the graph has an operator that is not implemented.
        """
        described = json.loads(topology.read_text("utf-8"))
        self.device = device
        values: dict[str, Value] = {
            name: array.tolist() if array.dtype == np.int32 else torch.from_numpy(array).to(device)
            for name, array in _read_weights(described["weightsManifest"], weights.read_bytes()).items()
        }
        nodes = [_parse(raw) for raw in described["modelTopology"]["node"]]
        unknown = {n.op for n in nodes} - set(_OPS) - {"Const", "Placeholder"}
        if unknown:
            raise ToolError(f"{topology.name}: operators not implemented: {', '.join(sorted(unknown))}")
        self.input = next(n.name for n in nodes if n.op == "Placeholder")
        signature = described.get("signature") or described["userDefinedMetadata"]["signature"]
        self.outputs = [each["name"].partition(":")[0] for each in signature["outputs"].values()]
        self._nodes: list[Node] = []
        self._constants: dict[str, list[Value]] = {name: [value] for name, value in values.items()}
        for node in _ordered([n for n in nodes if n.op not in ("Const", "Placeholder")]):
            if all(source in self._constants for source, _ in node.inputs):
                self._constants[node.name] = _run(node, self._constants)
            else:
                self._nodes.append(node)
        self._last_use = {source: i for i, node in enumerate(self._nodes) for source, _ in node.inputs}

    @torch.inference_mode()
    def __call__(self, batch: Tensor) -> dict[str, Tensor]:
        """Runs a batch.

        Args:
            batch: float32 in the model's own input layout, first axis the batch.

        Returns:
            Output tensors on the model's device, by node name.
        """
        computed: dict[str, list[Value]] = {self.input: [batch.to(self.device)]}
        found: dict[str, Tensor] = {}
        for i, node in enumerate(self._nodes):
            computed[node.name] = _run(node, ChainMap(computed, self._constants))
            if node.name in self.outputs:
                (found[node.name],) = computed[node.name]  # type: ignore[assignment]
            for source, _ in node.inputs:
                if self._last_use[source] == i:
                    computed.pop(source, None)
        return found


def _run(node: Node, values: Mapping[str, list[Value]]) -> list[Value]:
    result = _OPS[node.op](node, [values[source][index] for source, index in node.inputs])
    return result if isinstance(result, tuple) else [result]  # type: ignore[return-value]


def _read_weights(manifest: Sequence[dict[str, Any]], data: bytes) -> dict[str, np.ndarray[Any, Any]]:
    """Weights by name; stored one after the other, float32 possibly as float16."""
    found: dict[str, np.ndarray[Any, Any]] = {}
    offset = 0
    for entry in (w for group in manifest for w in group["weights"]):
        stored = np.dtype(entry.get("quantization", {}).get("dtype", entry["dtype"])).newbyteorder("<")
        count = math.prod(entry["shape"])
        array = np.frombuffer(data, stored, count, offset).reshape(entry["shape"])
        offset += count * stored.itemsize
        found[entry["name"]] = array.astype(entry["dtype"])
    if offset != len(data):
        raise ToolError(f"weights have {len(data)} bytes, the graph describes {offset}")
    return found


def _parse(raw: dict[str, Any]) -> Node:
    inputs = []
    for source in raw.get("input", ()):
        name, _, index = source.partition(":")
        inputs.append((name, int(index or 0)))
    return Node(raw["name"], raw["op"], inputs, {k: _attribute(v) for k, v in raw.get("attr", {}).items()})


def _attribute(raw: dict[str, Any]) -> Any:
    if "list" in raw:
        return [_attribute({kind: each}) for kind, values in raw["list"].items() for each in values]
    kind, value = next(iter(raw.items()))
    decode: dict[str, Callable[[Any], Any]] = {"s": lambda s: base64.b64decode(s).decode(), "i": int, "f": float}
    return decode.get(kind, lambda v: v)(value)


def _ordered(nodes: list[Node]) -> list[Node]:
    """Nodes so that each comes after those it needs (depth first, without recursion)."""
    by_name = {n.name: n for n in nodes}
    done: dict[str, Node] = {}
    for start in nodes:
        stack = [start]
        while stack:
            waiting = [by_name[s] for s, _ in stack[-1].inputs if s in by_name and s not in done]
            if waiting:
                stack.extend(waiting)
            else:
                node = stack.pop()
                done.setdefault(node.name, node)
    return list(done.values())


# --- operators: (node, inputs) -> output, or a tuple of outputs ---


def _conv(node: Node, inputs: list[Any]) -> Tensor:
    """Convolution with its fused bias and activation. Filters are HWIO, or HWIM for depthwise."""
    x, kernel = inputs[0], inputs[1]
    depthwise = "Depthwise" in node.op
    height, width, channels, _ = kernel.shape
    stride, dilation = node.attr["strides"][1:3], node.attr.get("dilations", [1, 1, 1, 1])[1:3]
    if node.attr["padding"] == "SAME":
        x = _same(x, (height, width), stride, dilation, 0.0)
    weight = kernel.permute(2, 3, 0, 1).reshape(-1, 1, height, width) if depthwise else kernel.permute(3, 2, 0, 1)
    fused = node.attr.get("fused_ops", [])
    bias = inputs[2] if "BiasAdd" in fused else None
    groups = channels if depthwise else 1
    y = F.conv2d(x.permute(0, 3, 1, 2), weight, bias, tuple(stride), 0, tuple(dilation), groups)
    return _activate(y.permute(0, 2, 3, 1), fused)


def _matmul(node: Node, inputs: list[Any]) -> Tensor:
    a, b = inputs[0], inputs[1]
    a = a.T if node.attr.get("transpose_a") else a
    b = b.T if node.attr.get("transpose_b") else b
    fused = node.attr.get("fused_ops", [])
    return _activate(a @ b + inputs[2] if "BiasAdd" in fused else a @ b, fused)


def _activate(y: Tensor, fused: list[str]) -> Tensor:
    for op in fused:
        if op == "Relu":
            y = F.relu(y)
        elif op == "Relu6":
            y = F.relu6(y)
        elif op != "BiasAdd":
            raise ToolError(f"fused operator not implemented: {op}")
    return y


def _same(x: Tensor, size: Sequence[int], stride: Sequence[int], dilation: Sequence[int], fill: float) -> Tensor:
    """Pads NHWC so that the output has ceil(input / stride) rows and columns."""
    pads = []
    for axis in (2, 1):  # F.pad counts from the last axis: columns, then rows
        length, step, reach = x.shape[axis], stride[axis - 1], (size[axis - 1] - 1) * dilation[axis - 1] + 1
        total = max((math.ceil(length / step) - 1) * step + reach - length, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, (0, 0, *pads), value=fill) if any(pads) else x


def _max_pool(node: Node, inputs: list[Any]) -> Tensor:
    x, size, stride = inputs[0], node.attr["ksize"][1:3], node.attr["strides"][1:3]
    if node.attr["padding"] == "SAME":
        x = _same(x, size, stride, (1, 1), float("-inf"))
    return F.max_pool2d(x.permute(0, 3, 1, 2), tuple(size), tuple(stride)).permute(0, 2, 3, 1)


def _pad(node: Node, inputs: list[Any]) -> Tensor:
    fill = float(inputs[2]) if len(inputs) > 2 else 0.0
    return F.pad(inputs[0], [n for before_after in reversed(inputs[1]) for n in before_after], value=fill)


def _resize(node: Node, inputs: list[Any]) -> Tensor:
    if node.attr.get("align_corners") or not node.attr.get("half_pixel_centers"):
        raise ToolError("ResizeBilinear is implemented with half-pixel centres only")
    x = inputs[0].permute(0, 3, 1, 2)
    return F.interpolate(x, size=tuple(inputs[1]), mode="bilinear", align_corners=False).permute(0, 2, 3, 1)


def _reshape(node: Node, inputs: list[Any]) -> Tensor:
    x, shape = inputs[0], list(inputs[1])
    if shape[0] == 1:
        shape[0] = x.shape[0]  # the graph was exported for one picture; the first axis is the batch throughout
    return torch.reshape(x, shape)


def _depth_to_space(node: Node, inputs: list[Any]) -> Tensor:
    x, size = inputs[0], node.attr["block_size"]
    n, h, w, c = x.shape
    blocks = x.reshape(n, h, w, size, size, c // size**2).permute(0, 1, 3, 2, 4, 5)
    return torch.reshape(blocks, (n, h * size, w * size, c // size**2))


def _strided_slice(node: Node, inputs: list[Any]) -> int | list[int]:
    """Of a shape: one entry of it, or some."""
    masks = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask")
    values, (begin,), (end,), (step,) = inputs
    if any(node.attr.get(mask, 0) for mask in masks) or not isinstance(values, list):
        raise ToolError("StridedSlice is implemented for shapes without masks only")
    return int(values[begin]) if node.attr.get("shrink_axis_mask") else values[begin:end:step]


def _sparse_to_dense(node: Node, inputs: list[Any]) -> list[int]:
    indices, (length,), values, default = inputs
    dense = [default] * length
    flat = [i[0] if isinstance(i, list) else i for i in indices]
    for index, value in zip(flat, values if isinstance(values, list) else [values] * len(flat), strict=True):
        dense[index] = value
    return dense


def _add(node: Node, inputs: list[Any]) -> Any:
    a, b = inputs
    return [i + j for i, j in zip(a, b, strict=True)] if isinstance(a, list) else a + b


def _each(function: Callable[..., Any]) -> Callable[[Node, list[Any]], Any]:
    return lambda node, inputs: function(*inputs)


_OPS: dict[str, Callable[[Node, list[Any]], Any]] = {
    "Add": _add,
    "AddV2": _add,
    "ConcatV2": lambda node, inputs: torch.cat(inputs[:-1], dim=inputs[-1]),
    "Conv2D": _conv,
    "DepthToSpace": _depth_to_space,
    "DepthwiseConv2dNative": _conv,
    "FusedDepthwiseConv2dNative": _conv,
    "Identity": _each(lambda x: x),
    "LeakyRelu": lambda node, inputs: F.leaky_relu(inputs[0], node.attr["alpha"]),
    "MaxPool": _max_pool,
    "MatMul": _matmul,
    "Maximum": _each(torch.maximum),
    "Mean": lambda node, inputs: inputs[0].mean(dim=inputs[1], keepdim=bool(node.attr.get("keep_dims"))),
    "Minimum": _each(torch.minimum),
    "Mul": _each(torch.mul),
    "Pack": lambda node, inputs: list(inputs),
    "Pad": _pad,
    "PadV2": _pad,
    "Relu": _each(F.relu),
    "Relu6": _each(F.relu6),
    "Reshape": _reshape,
    "ResizeBilinear": _resize,
    "Shape": _each(lambda x: list(x.shape)),
    "Sigmoid": _each(torch.sigmoid),
    "Softmax": lambda node, inputs: torch.softmax(inputs[0], dim=-1),
    "SparseToDense": _sparse_to_dense,
    "SplitV": lambda node, inputs: tuple(torch.split(inputs[0], inputs[1], dim=inputs[2])),
    "StridedSlice": _strided_slice,
    "Transpose": _each(lambda x, order: x.permute(order)),
    "Sub": _each(torch.sub),
    "_FusedConv2D": _conv,
    "_FusedMatMul": _matmul,
}
