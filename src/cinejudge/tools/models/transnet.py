"""TransNetV2, the shot-transition network of Souček and Lokoč (https://arxiv.org/abs/2008.04838).

Same arithmetic as the published network, arranged for inference on few cores: (2+1)-D convolutions run as two 2-D ones
with channels last in memory, batch normalisation is folded into the weights, and a long stretch of frames goes through
at once instead of windows of 100 of which 50 are kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

FRAME_SHAPE = (27, 48, 3)
_DILATIONS = (1, 2, 4, 8)
_LOOKUP = 101
"""Frames that a frame is compared with: itself and 50 on either side."""
_MARGIN = 25
"""Context frames on either side of a stretch, as in the published inference."""
_STRETCH = 250
"""Frames judged at once: bounds memory whatever the length of the video."""
_STEP = 16
"""Stretches are made a multiple of this long by more context: memory of ever other sizes is not given back."""
_PIECE = 128
"""Frames that go through the first stack at once."""
_REACH = 2 * max(_DILATIONS)
"""Frames on either side that a frame's features of one stack depend on."""


@cache
def load(weights: Path) -> TransNetV2:
    """The network, loaded once per process."""
    return TransNetV2(weights)


class TransNetV2:
    """The network with its weights, ready to judge frames."""

    def __init__(self, weights: Path) -> None:
        """Reads the published PyTorch weights (``.pth``, read as plain tensors only)."""
        state: dict[str, Tensor] = torch.load(weights, map_location="cpu", weights_only=True)
        self._state = state
        self._stacks = [_stack(state, f"SDDCNN.{i}") for i in range(3)]

    @torch.inference_mode()
    def predict(
        self, frames: NDArray[np.uint8], where: Sequence[tuple[int, int]]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Judges frames of a video.

        Args:
            frames: ``[N, 27, 48, 3]`` RGB; may be memory-mapped.
            where: Spans ``(first, last)`` of frames to judge, end exclusive, in order and apart.

        Returns:
            Two arrays ``[N]`` in [0, 1]: how likely a transition has its middle right after the frame, and how likely
            the frame belongs to a transition. NaN where it was not asked.
        """
        count = len(frames)
        single, many = np.full((2, count), np.nan, np.float32)
        for start, end in _stretches(where):
            asked = slice(_MARGIN, _MARGIN + end - start)
            taken = math.ceil((asked.stop + _MARGIN) / _STEP) * _STEP
            wanted = np.clip(start - _MARGIN + np.arange(taken), 0, count - 1)
            one, all_ = self.judge(torch.from_numpy(np.ascontiguousarray(frames[wanted])))
            single[start:end], many[start:end] = one[asked].numpy(), all_[asked].numpy()
        return single, many

    def judge(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Both outputs ``[T]`` for one piece of film ``[T, 27, 48, 3]``, uint8, without further context."""
        x = _nhwc(frames.permute(0, 3, 1, 2).float().div_(255.0))
        means = []
        for number, stack in enumerate(self._stacks):
            x = _piecewise(stack, x) if number == 0 else _stacked(stack, x)
            means.append(x.mean(dim=(2, 3)))
        flat = x.permute(0, 2, 3, 1).reshape(len(x), -1)
        embedded = self._linear("frame_sim_layer.projection", torch.cat(means, dim=1))
        parts = [self._compared("frame_sim_layer", embedded), self._compared("color_hist_layer", _histograms(frames))]
        # The published order of concatenation: histograms, similarities, features.
        hidden = functional.relu(self._linear("fc1", torch.cat([parts[1], parts[0], flat], dim=1)))
        single, many = self._linear("cls_layer1", hidden), self._linear("cls_layer2", hidden)
        return torch.sigmoid(single[:, 0]), torch.sigmoid(many[:, 0])

    def _linear(self, name: str, x: Tensor) -> Tensor:
        return functional.linear(x, self._state[f"{name}.weight"], self._state[f"{name}.bias"])

    def _compared(self, name: str, x: Tensor) -> Tensor:
        """Cosine similarity of each frame with its neighbours, embedded."""
        x = functional.normalize(x, dim=1)
        half = _LOOKUP // 2
        near = functional.pad(x @ x.T, (half, half))
        rows = near.as_strided((len(x), _LOOKUP), (near.stride(0) + 1, 1))
        return functional.relu(self._linear(f"{name}.fc", rows))


class _Cell:
    """Four dilated (2+1)-D convolutions side by side, with their batch normalisation folded in."""

    def __init__(self, state: dict[str, Tensor], name: str) -> None:
        scale = state[f"{name}.bn.weight"] / torch.sqrt(state[f"{name}.bn.running_var"] + 1e-3)
        bias = state[f"{name}.bn.bias"] - state[f"{name}.bn.running_mean"] * scale
        self._branches = []
        for d, s, b in zip(_DILATIONS, scale.chunk(4), bias.chunk(4), strict=True):
            spatial = state[f"{name}.Conv3D_{d}.layers.0.weight"][:, :, 0]
            temporal = state[f"{name}.Conv3D_{d}.layers.1.weight"][..., 0] * s.view(-1, 1, 1, 1)
            self._branches.append((d, _nhwc(spatial), _nhwc(temporal), b))

    def __call__(self, x: Tensor) -> Tensor:
        """``[T, C, H, W]`` to ``[T, 4F, H, W]``, both with channels last in memory."""
        frames, _, height, width = x.shape
        out = []
        for d, spatial, temporal, bias in self._branches:
            y = functional.conv2d(x, spatial, padding=1)
            # Time as rows and pixels as columns: a convolution in time without moving anything in memory.
            y = y.permute(0, 2, 3, 1).reshape(1, frames, height * width, -1).permute(0, 3, 1, 2)
            y = functional.conv2d(y, temporal, bias, padding=(d, 0), dilation=(d, 1))
            out.append(y.permute(0, 2, 3, 1).reshape(frames, height, width, -1))
        return torch.cat(out, dim=3).permute(0, 3, 1, 2)


_Stack = tuple[_Cell, _Cell]


def _stack(state: dict[str, Tensor], name: str) -> _Stack:
    return _Cell(state, f"{name}.DDCNN.0"), _Cell(state, f"{name}.DDCNN.1")


def _stacked(stack: _Stack, x: Tensor) -> Tensor:
    """``[T, C, H, W]`` to ``[T, 4F, H // 2, W // 2]``."""
    first, second = stack
    shortcut = first(x).relu_()
    return functional.avg_pool2d(second(shortcut).relu_().add_(shortcut), 2)


def _piecewise(stack: _Stack, x: Tensor) -> Tensor:
    """The same, some frames at a time: of 300 frames the whole network takes a sixth less time so, and less memory."""
    count = math.ceil(len(x) / _PIECE)
    bounds = [len(x) * i // count for i in range(count + 1)]
    done = []
    for first, last in pairwise(bounds):
        start = max(first - _REACH, 0)
        done.append(_stacked(stack, x[start : last + _REACH])[first - start : last - start])
    return torch.cat(done)


def _stretches(where: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The spans, those in one whose contexts would overlap, in pieces of bounded length."""
    joined: list[list[int]] = []
    for start, end in where:
        if joined and start - joined[-1][1] <= 2 * _MARGIN:
            joined[-1][1] = end
        else:
            joined.append([start, end])
    for start, end in joined:
        for first in range(start, end, _STRETCH):
            yield first, min(end, first + _STRETCH)


def _nhwc(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last)


def _histograms(frames: Tensor) -> Tensor:
    """Colour histograms of 8x8x8 bins, ``[T, 512]``."""
    r, g, b = (frames.flatten(1, 2).int() >> 5).unbind(dim=2)
    bins = (r << 6) + (g << 3) + b
    counts = torch.zeros(len(frames), 512)
    return counts.scatter_add_(1, bins.long(), torch.ones(1).expand(bins.shape))
