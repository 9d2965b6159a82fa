"""Operators of graph models against values computed by hand, and whole small graphs."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cinejudge.schema.errors import ToolError
from cinejudge.tools.models import tfjs
from cinejudge.tools.models.tfjs import _OPS, GraphModel, Node


def run(op: str, *inputs: Any, **attr: Any) -> Any:
    return _OPS[op](Node("n", op, [], attr), list(inputs))


def image(*rows: list[float]) -> torch.Tensor:
    """One picture of one channel, NHWC."""
    return torch.tensor(rows, dtype=torch.float32)[None, :, :, None]


GRID = image([1, 2, 3], [4, 5, 6], [7, 8, 9])


def test_conv_is_a_correlation_with_hwio_filters() -> None:
    kernel = torch.tensor([[1.0, 0.0], [0.0, 10.0]])[:, :, None, None]
    out = run("Conv2D", GRID, kernel, strides=[1, 1, 1, 1], padding="VALID")
    assert out[0, :, :, 0].tolist() == [[51, 62], [84, 95]]


def test_same_padding_puts_the_odd_pixel_last() -> None:
    kernel = torch.ones(2, 2, 1, 1)
    out = run("Conv2D", GRID, kernel, strides=[1, 1, 1, 1], padding="SAME")
    assert out[0, :, :, 0].tolist() == [[12, 16, 9], [24, 28, 15], [15, 17, 9]]


def test_same_padding_with_stride_covers_the_whole_input() -> None:
    out = run("Conv2D", GRID, torch.ones(3, 3, 1, 1), strides=[1, 2, 2, 1], padding="SAME")
    assert out[0, :, :, 0].tolist() == [[12, 16], [24, 28]]


def test_conv_mixes_channels_in_order() -> None:
    x = torch.tensor([[[[1.0, 10.0]]]])
    kernel = torch.tensor([[[[1.0, 0.0, 2.0], [0.0, 1.0, 3.0]]]])
    out = run("Conv2D", x, kernel, strides=[1, 1, 1, 1], padding="VALID")
    assert out.flatten().tolist() == [1, 10, 32]


def test_depthwise_keeps_channels_apart_and_multiplies_them() -> None:
    x = torch.tensor([[[[1.0, 10.0]]]])
    kernel = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    out = run("DepthwiseConv2dNative", x, kernel, strides=[1, 1, 1, 1], padding="VALID")
    assert out.flatten().tolist() == [1, 2, 30, 40]


def test_fused_bias_comes_before_the_activation() -> None:
    kernel, bias = torch.ones(1, 1, 1, 1), torch.tensor([-4.0])
    out = run("_FusedConv2D", GRID, kernel, bias, strides=[1, 1, 1, 1], padding="VALID", fused_ops=["BiasAdd", "Relu"])
    assert out[0, :, :, 0].tolist() == [[0, 0, 0], [0, 1, 2], [3, 4, 5]]
    out = run(
        "FusedDepthwiseConv2dNative",
        *(GRID, kernel, bias + 6),
        strides=[1, 1, 1, 1],
        padding="VALID",
        fused_ops=["BiasAdd", "Relu6"],
    )
    assert out[0, :, :, 0].tolist() == [[3, 4, 5], [6, 6, 6], [6, 6, 6]]


def test_dilation_spreads_the_filter() -> None:
    out = run("Conv2D", GRID, torch.ones(2, 2, 1, 1), strides=[1, 1, 1, 1], dilations=[1, 2, 2, 1], padding="VALID")
    assert out.flatten().tolist() == [1 + 3 + 7 + 9]


def test_fused_matmul() -> None:
    a, b, bias = torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 0.0], [0.0, -1.0]]), torch.tensor([10.0, 1.0])
    assert run("_FusedMatMul", a, b, bias, fused_ops=["BiasAdd", "Relu"]).tolist() == [[11, 0]]
    assert run("MatMul", a, torch.tensor([[1.0, 1.0]]), transpose_b=True).tolist() == [[3]]


def test_max_pool_same_ignores_what_it_pads() -> None:
    out = run("MaxPool", -GRID, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME")
    assert out[0, :, :, 0].tolist() == [[-1, -3], [-7, -9]]


def test_pad_counts_axes_from_the_first() -> None:
    out = run("Pad", GRID, [[0, 0], [1, 0], [0, 2], [0, 0]])
    assert out.shape == (1, 4, 5, 1)
    assert out[0, 1, :, 0].tolist() == [1, 2, 3, 0, 0]
    assert run("PadV2", GRID, [[0, 0], [1, 0], [0, 0], [0, 0]], torch.tensor(-7.0))[0, 0, 0, 0] == -7


def test_resize_uses_half_pixel_centres() -> None:
    out = run("ResizeBilinear", image([0, 4]), [1, 4], half_pixel_centers=True, align_corners=False)
    assert out[0, 0, :, 0].tolist() == [0, 1, 3, 4]
    with pytest.raises(ToolError, match="half-pixel"):
        run("ResizeBilinear", image([0, 4]), [1, 4], align_corners=True)


def test_depth_to_space_lays_blocks_row_by_row() -> None:
    out = run("DepthToSpace", torch.tensor([[[[1.0, 2.0, 3.0, 4.0]]]]), block_size=2)
    assert out[0, :, :, 0].tolist() == [[1, 2], [3, 4]]


def test_reshape_of_a_graph_for_one_picture_keeps_the_batch() -> None:
    x = torch.arange(12.0).reshape(2, 6)
    assert run("Reshape", x, [1, 3, 2]).shape == (2, 3, 2)
    assert run("Reshape", x, [1, -1]).shape == (2, 6)


def test_shapes_are_lists_of_integers() -> None:
    shape = run("Shape", GRID)
    assert shape == [1, 3, 3, 1]
    assert run("StridedSlice", shape, [1], [2], [1], shrink_axis_mask=1) == 3
    assert run("StridedSlice", shape, [1], [3], [1]) == [3, 3]
    assert run("Pack", 1, 2) == [1, 2]
    assert run("SparseToDense", [[0], [2]], [4], [7, 8], 1) == [7, 1, 8, 1]
    assert run("AddV2", [1, 2], [3, 4]) == [4, 6]


def test_split_and_concat_undo_each_other() -> None:
    x = torch.arange(6.0).reshape(1, 6)
    parts = run("SplitV", x, [2, 4], 1)
    assert [p.shape[1] for p in parts] == [2, 4]
    assert torch.equal(run("ConcatV2", *parts, 1), x)


def test_small_operators() -> None:
    x = torch.tensor([[-2.0, 8.0]])
    assert run("LeakyRelu", x, alpha=0.5).tolist() == [[-1, 8]]
    assert run("Relu6", x).tolist() == [[0, 6]]
    assert run("Mean", x, [1]).tolist() == [3]
    assert run("Mean", x, [1], keep_dims=True).tolist() == [[3]]
    assert run("Sub", x, torch.tensor(1.0)).tolist() == [[-3, 7]]
    assert run("Softmax", torch.zeros(1, 4)).tolist() == [[0.25] * 4]
    assert run("Transpose", torch.zeros(1, 2, 3, 4), [0, 3, 1, 2]).shape == (1, 4, 2, 3)


# --- whole graphs ---


def _attr(**values: Any) -> dict[str, Any]:
    kinds = {str: lambda v: {"s": base64.b64encode(v.encode()).decode()}, float: lambda v: {"f": v}}
    return {
        k: {"list": {"i": [str(i) for i in v]}} if isinstance(v, list) else kinds[type(v)](v) for k, v in values.items()
    }


def _write_graph(folder: Path, nodes: list[dict[str, Any]], weights: dict[str, np.ndarray], half: bool = False) -> None:
    described = {
        "signature": {"outputs": {"y": {"name": "y:0"}}},
        "modelTopology": {"node": [{"name": "x", "op": "Placeholder"}, *nodes]},
        "weightsManifest": [
            {
                "weights": [
                    {"name": n, "shape": list(w.shape), "dtype": str(w.dtype)}
                    | ({"quantization": {"dtype": "float16"}} if half and w.dtype == np.float32 else {})
                    for n, w in weights.items()
                ]
            }
        ],
    }
    data = b"".join((w.astype("<f2") if half and w.dtype == np.float32 else w).tobytes() for w in weights.values())
    (folder / "model.json").write_text(json.dumps(described))
    (folder / "model.bin").write_bytes(data)


NODES = [
    {"name": "w", "op": "Const"},
    # out of order on purpose: a graph file need not be sorted
    {"name": "y", "op": "LeakyRelu", "input": ["conv"], "attr": _attr(alpha=0.5)},
    {"name": "conv", "op": "Conv2D", "input": ["x", "w"], "attr": _attr(strides=[1, 1, 1, 1], padding="SAME")},
]


def test_graph_runs_in_batches_with_half_precision_weights(tmp_path: Path) -> None:
    _write_graph(tmp_path, NODES, {"w": np.full((1, 1, 1, 1), -0.5, np.float32)}, half=True)
    model = GraphModel(tmp_path / "model.json", tmp_path / "model.bin")
    out = model(torch.tensor([2.0, -4.0]).reshape(2, 1, 1, 1))
    assert list(out) == ["y"]
    assert out["y"].flatten().tolist() == [-0.5, 2.0]


def test_unknown_operator_is_refused_by_name(tmp_path: Path) -> None:
    _write_graph(tmp_path, [{"name": "y", "op": "Erf", "input": ["x"]}], {})
    with pytest.raises(ToolError, match="Erf"):
        GraphModel(tmp_path / "model.json", tmp_path / "model.bin")


def test_weights_that_do_not_fit_the_graph_are_refused(tmp_path: Path) -> None:
    _write_graph(tmp_path, NODES, {"w": np.ones((1, 1, 1, 1), np.float32)})
    with (tmp_path / "model.bin").open("ab") as more:
        more.write(b"more")
    with pytest.raises(ToolError, match="describes"):
        GraphModel(tmp_path / "model.json", tmp_path / "model.bin")


def test_model_is_loaded_once(tmp_path: Path) -> None:
    _write_graph(tmp_path, NODES, {"w": np.ones((1, 1, 1, 1), np.float32)})
    files = (tmp_path / "model.json", tmp_path / "model.bin")
    assert tfjs.load(*files) is tfjs.load(*files)
