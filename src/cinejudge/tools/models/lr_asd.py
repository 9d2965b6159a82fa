"""LR-ASD: whether a face speaks what is heard, picture by picture (Liao et al., "LR-ASD", IJCV 2025).

One encoder looks at grey pictures of a face, one listens to cepstra; both convolve in space (or frequency) first and in
time after it. Gates weigh what they found, two recurrent layers run over it from either end. Names of the layers and
preparation are those of the published code; the published weights hold 0.8 million numbers.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

FPS = 25.0
SIDE = 112
"""Of the pictures, in pixels: the middle of a crop of 224."""
CEPSTRA_PER_PICTURE = 4
LENGTHS_S = Counter((1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6))
"""The face is judged in pieces of so many seconds, several times over; the scores are averaged, as published."""
_MEAN, _SPREAD = 0.4161, 0.1688
_EPSILON = 1e-3


class LrAsd(nn.Module):
    """The network; names as in the published weights."""

    def __init__(self) -> None:
        """Untrained."""
        super().__init__()
        self.model = _Model()
        self.lossAV = nn.ModuleDict({"FC": nn.Linear(128, 2)})
        self.lossV = nn.ModuleDict({"FC": nn.Linear(128, 2)})  # of its training only, but part of the file

    def forward(self, cepstra: Tensor, pictures: Tensor) -> Tensor:
        """How surely the face speaks at each picture; positive where it does.

        Args:
            cepstra: [n, 4 * pictures, 13].
            pictures: Luma 0 to 255, [n, pictures, 112, 112].

        Returns:
            [n, pictures].
        """
        found: Tensor = self.lossAV["FC"](self.model(cepstra, pictures))
        return found[..., 1]


class _Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.visualEncoder = nn.ModuleDict(
            {"block1": _Look(1, 32, 2), "block2": _Look(32, 64), "block3": _Look(64, 128)}
        )
        self.audioEncoder = nn.ModuleDict(
            {"block1": _Listen(1, 32), "block2": _Listen(32, 64), "block3": _Listen(64, 128)}
        )
        self.fusion = _Gate(256)
        self.detector = _Detector()

    def forward(self, cepstra: Tensor, pictures: Tensor) -> Tensor:
        seen = (pictures[:, None] / 255 - _MEAN) / _SPREAD
        for block in ("block1", "block2"):
            seen = functional.max_pool3d(self.visualEncoder[block](seen), (1, 3, 3), (1, 2, 2), (0, 1, 1))
        seen = self.visualEncoder["block3"](seen).amax((3, 4))
        heard = cepstra.transpose(1, 2)[:, None]
        for block in ("block1", "block2"):  # each halves the time, so that a picture has one step of sound
            heard = functional.max_pool2d(self.audioEncoder[block](heard), (1, 3), (1, 2), (0, 1))
        heard = self.audioEncoder["block3"](heard).mean(2)
        out: Tensor = self.detector(self.fusion(torch.cat([heard, seen], 1).transpose(1, 2)))
        return out


class _Look(nn.Module):
    """Convolves in space, then in time."""

    def __init__(self, come: int, go: int, stride: int = 1) -> None:
        super().__init__()
        self.s_1 = nn.Conv3d(come, go // 2, (1, 5, 5), (1, stride, stride), (0, 2, 2), bias=False)
        self.s_2 = nn.Conv3d(go // 2, go, (1, 3, 3), padding=(0, 1, 1), bias=False)
        self.t_1 = nn.Conv3d(go, go, (5, 1, 1), padding=(2, 0, 0), bias=False)
        self.t_2 = nn.Conv3d(go, go, (3, 1, 1), padding=(1, 0, 0), bias=False)
        self.s_norm_1, self.s_norm_2, self.t_norm_1, self.t_norm_2 = (
            nn.BatchNorm3d(n, eps=_EPSILON) for n in (go // 2, go, go, go)
        )

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.s_norm_1(self.s_1(x)))
        x = functional.relu(self.s_norm_2(self.s_2(x)))
        x = functional.relu(self.t_norm_1(self.t_1(x)))
        out: Tensor = functional.relu(self.t_norm_2(self.t_2(x)))
        return out


class _Listen(nn.Module):
    """Convolves over the cepstra, then in time."""

    def __init__(self, come: int, go: int) -> None:
        super().__init__()
        self.m_1 = nn.Conv2d(come, go // 2, (5, 1), padding=(2, 0), bias=False)
        self.m_2 = nn.Conv2d(go // 2, go, (3, 1), padding=(1, 0), bias=False)
        self.t_1 = nn.Conv2d(go, go, (1, 5), padding=(0, 2), bias=False)
        self.t_2 = nn.Conv2d(go, go, (1, 3), padding=(0, 1), bias=False)
        self.m_norm_1, self.m_norm_2, self.t_norm_1, self.t_norm_2 = (
            nn.BatchNorm2d(n, eps=_EPSILON) for n in (go // 2, go, go, go)
        )

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.m_norm_1(self.m_1(x)))
        x = functional.relu(self.m_norm_2(self.m_2(x)))
        x = functional.relu(self.t_norm_1(self.t_1(x)))
        out: Tensor = functional.relu(self.t_norm_2(self.t_2(x)))
        return out


class _Gate(nn.Module):
    """Weighs each number by what all of that moment say; [n, steps, channels]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.attention = nn.Conv1d(channels, channels, 1, bias=False)
        self.bn = nn.BatchNorm1d(channels, eps=_EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        weights: Tensor = self.bn(self.attention(x.transpose(1, 2))).sigmoid()
        return x * weights.transpose(1, 2)


class _Detector(nn.Module):
    """Two recurrent layers, one from either end."""

    def __init__(self) -> None:
        super().__init__()
        self.gru_forward = nn.GRU(256, 64, batch_first=True)
        self.gru_backward = nn.GRU(256, 64, batch_first=True)
        self.attention = _Gate(128)

    def forward(self, x: Tensor) -> Tensor:
        on, _ = self.gru_forward(x)
        back, _ = self.gru_backward(x.flip(1))
        out: Tensor = self.attention(torch.cat([on, back.flip(1)], 2))
        return out


@cache
def load(weights: Path, device: str) -> LrAsd:
    """The network with the published weights, read as plain tensors only; loaded once per process."""
    network = LrAsd()
    network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    return network.eval().to(device)


@torch.inference_mode()
def scores(network: LrAsd, faces: NDArray[np.uint8], cepstra: NDArray[np.float32]) -> NDArray[np.float64]:
    """How surely a face speaks what is heard; positive where it does; [pictures].

    Args:
        network: From :func:`load`.
        faces: A followed face at 25 pictures a second: BGR, [n, 224, 224, 3].
        cepstra: Of the sound from the first picture on, 100 a second: [m, 13].

    Returns:
        One number for each picture that has sound: at most ``min(n, m // 4)``. The mean over pieces of 1 to 6 s, then
        over the two pictures before and after each.
    """
    import cv2

    count = min(len(faces), len(cepstra) // CEPSTRA_PER_PICTURE)
    if not count:
        return np.zeros(0)
    inner = slice((faces.shape[1] - SIDE) // 2, (faces.shape[1] + SIDE) // 2)
    grey = np.stack([cv2.cvtColor(face, cv2.COLOR_BGR2GRAY)[inner, inner] for face in faces[:count]])
    device = next(network.parameters()).device
    seen, heard = (torch.from_numpy(x).float().to(device) for x in (grey, cepstra))
    total = torch.zeros(count)
    for seconds, times in LENGTHS_S.items():
        size = round(seconds * FPS)
        for start in range(0, count, size):
            end = min(start + size, count)
            piece = heard[start * CEPSTRA_PER_PICTURE : end * CEPSTRA_PER_PICTURE]
            total[start:end] += times * network(piece[None], seen[None, start:end])[0].cpu()
    found = (total / LENGTHS_S.total()).double().numpy()
    around = np.minimum(count, np.arange(count) + 3), np.maximum(0, np.arange(count) - 2)
    sums = np.concatenate([[0.0], found.cumsum()])
    return np.asarray((sums[around[0]] - sums[around[1]]) / (around[0] - around[1]))
