"""EfficientNet-Lite0 (ImageNet), read at three depths: what is shown, and how it is drawn.

The lite variants of Tan and Le's EfficientNet (https://arxiv.org/abs/1905.11946) have no squeeze-and-excitation and
ReLU6 throughout; see Google's ``efficientnet/lite``. Convolutions pad as TensorFlow's ``SAME`` does. Batch
normalisation is folded into the weights, and channels lie last in memory: twice as fast on few cores.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

STAGES = ((1, 1), (2, 2), (2, 2), (3, 2), (3, 1), (4, 2), (1, 1))
"""Blocks of each stage and stride of its first."""
EARLY, MIDDLE = 3, 5
"""Blocks after which the early and the middle maps are taken: 24 and 40 channels, at a quarter and an eighth."""
STRIDE = 32
SHORT_SIDE = 224
"""Pixels of the shorter side of what is looked at; the longer one keeps the picture's shape, in steps of 32."""
LONGEST_SIDE = 448
EPSILON = 1e-3


class Maps(NamedTuple):
    """Feature maps of one picture, float32 [channels, rows, columns]."""

    early: Tensor
    """24 channels at a quarter of the size: strokes, grain, edges."""
    middle: Tensor
    """40 channels at an eighth: texture."""
    last: Tensor
    """1280 channels at a thirty-second: things."""


@cache
def load(weights: Path, device: str = "cpu") -> EfficientNetLite0:
    """The network, loaded once per process."""
    return EfficientNetLite0(weights, device)


class EfficientNetLite0:
    """The network with its weights."""

    def __init__(self, weights: Path, device: str) -> None:
        """Reads the PyTorch weights (``.pth``, as plain tensors only)."""
        state: dict[str, Tensor] = torch.load(weights, map_location=device, weights_only=True)
        self._device = device
        self._stem = _Conv(state, "_conv_stem", "_bn0", stride=2)
        self._blocks: list[_Block] = []
        for count, stride in STAGES:
            for place in range(count):
                self._blocks.append(_Block(state, len(self._blocks), stride if place == 0 else 1))
        self._head = _Conv(state, "_conv_head", "_bn1")
        self._classes = state["_fc.weight"], state["_fc.bias"]

    @torch.inference_mode()
    def maps(self, rgb: NDArray[np.uint8]) -> Maps:
        """Feature maps of a picture, uint8 RGB [H, W, 3], brought to the network's size with its shape kept."""
        x = self._prepared(rgb)
        x = functional.relu6(self._stem(x))
        early = middle = x
        for number, block in enumerate(self._blocks, start=1):
            x = block(x)
            if number == EARLY:
                early = x
            elif number == MIDDLE:
                middle = x
        return Maps(early[0], middle[0], functional.relu6(self._head(x))[0])

    @torch.inference_mode()
    def classify(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Probability of each of the 1000 classes of ImageNet: float32 [1000]."""
        weight, bias = self._classes
        scores = functional.linear(self.maps(rgb).last.mean(dim=(1, 2)), weight, bias)
        return np.asarray(torch.softmax(scores, dim=0).cpu().numpy())

    def _prepared(self, rgb: NDArray[np.uint8]) -> Tensor:
        import cv2

        height, width = rgb.shape[:2]
        scale = SHORT_SIDE / min(height, width)
        size = [min(LONGEST_SIDE, max(1, round(side * scale / STRIDE)) * STRIDE) for side in (width, height)]
        small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        plain = torch.from_numpy(small).to(self._device).permute(2, 0, 1).float()
        return ((plain - 127) / 128)[None].contiguous(memory_format=torch.channels_last)


class _Conv:
    """A convolution without bias and the batch normalisation after it, as one convolution."""

    def __init__(self, state: dict[str, Tensor], conv: str, norm: str, stride: int = 1) -> None:
        scale = state[f"{norm}.weight"] / torch.sqrt(state[f"{norm}.running_var"] + EPSILON)
        weight = state[f"{conv}.weight"]
        self._weight = (weight * scale.view(-1, 1, 1, 1)).contiguous(memory_format=torch.channels_last)
        self._bias = state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * scale
        self._stride = stride
        self._depthwise = weight.shape[1] == 1

    def __call__(self, x: Tensor) -> Tensor:
        groups = x.shape[1] if self._depthwise else 1
        x = functional.pad(x, _same(x.shape[2:], self._weight.shape[2], self._stride))
        return functional.conv2d(x, self._weight, self._bias, stride=self._stride, groups=groups)


class _Block:
    """Inverted bottleneck: widen, filter each channel, narrow; added to its input where the shape stays."""

    def __init__(self, state: dict[str, Tensor], number: int, stride: int) -> None:
        name = f"_blocks.{number}."
        widens = f"{name}_expand_conv.weight" in state
        self._expand = _Conv(state, f"{name}_expand_conv", f"{name}_bn0") if widens else None
        self._filter = _Conv(state, f"{name}_depthwise_conv", f"{name}_bn1", stride)
        self._project = _Conv(state, f"{name}_project_conv", f"{name}_bn2")

    def __call__(self, x: Tensor) -> Tensor:
        y = x if self._expand is None else functional.relu6(self._expand(x))
        y = self._project(functional.relu6(self._filter(y)))
        return y + x if y.shape == x.shape else y


def _same(size: Sequence[int], kernel: int, stride: int) -> list[int]:
    """Padding left, right, top, bottom as TensorFlow's ``SAME``: any odd pixel goes right and below."""
    rows, columns = (max((-(-side // stride) - 1) * stride + kernel - side, 0) for side in size)
    return [columns // 2, columns - columns // 2, rows // 2, rows - rows // 2]
