"""SyncNet: how well lips and voice fit at each lag (Chung and Zisserman, "Out of time", 2016).

Two networks take five pictures of a face and the 0.2 s of sound around them to 1,024 numbers each; the distance of the
two is small where they belong together. Names of the layers, sizes and preparation are those of the published model
(``syncnet_v2.model``), which was trained on faces found by another detector; ours gives a box of about the same size.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from cinejudge.media import Footage
from cinejudge.tools.models import face_crops
from cinejudge.tools.signals import cepstrum

FPS = 25.0
WINDOW = 5
"""Pictures at once."""
CEPSTRA = 20
"""Cepstra at once, 100 per second."""
LATEST = 10
"""Lags tried to either side, in pictures."""
BATCH = 20
SIZE = 1024


class Synchrony(NamedTuple):
    """How a face and a voice fit."""

    lag_s: float
    """Positive: the sound is late."""
    confidence: float
    """Median distance over the lags less the smallest: above some 3 for speech in step, up to 10."""
    distance: float
    """The smallest."""


class SyncNet(nn.Module):
    """The two networks; names as in the published weights."""

    def __init__(self) -> None:
        """Untrained."""
        super().__init__()
        self.netcnnaud = nn.Sequential(
            *_block2(1, 64, 3, 1),
            nn.MaxPool2d(1),
            *_block2(64, 192, 3, 1),
            nn.MaxPool2d(3, (1, 2)),
            *_block2(192, 384, 3, 1),
            *_block2(384, 256, 3, 1),
            *_block2(256, 256, 3, 1),
            nn.MaxPool2d(3, 2),
            *_block2(256, 512, (5, 4), 0),
        )
        self.netcnnlip = nn.Sequential(
            *_block3(3, 96, (5, 7, 7), (1, 2, 2), 0),
            nn.MaxPool3d((1, 3, 3), (1, 2, 2)),
            *_block3(96, 256, (1, 5, 5), (1, 2, 2), (0, 1, 1)),
            nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)),
            *_block3(256, 256, (1, 3, 3), 1, (0, 1, 1)),
            *_block3(256, 256, (1, 3, 3), 1, (0, 1, 1)),
            *_block3(256, 256, (1, 3, 3), 1, (0, 1, 1)),
            nn.MaxPool3d((1, 3, 3), (1, 2, 2)),
            *_block3(256, 512, (1, 6, 6), 1, 0),
        )
        self.netfcaud = _head()
        self.netfclip = _head()

    def hear(self, cepstra: torch.Tensor) -> torch.Tensor:
        """[n, 1, 13, 20] to [n, 1024]."""
        found: torch.Tensor = self.netfcaud(self.netcnnaud(cepstra).flatten(1))
        return found

    def see(self, pictures: torch.Tensor) -> torch.Tensor:
        """BGR in 0 to 255, [n, 3, 5, 224, 224], to [n, 1024]."""
        found: torch.Tensor = self.netfclip(self.netcnnlip(pictures).flatten(1))
        return found


def _block2(come: int, go: int, kernel: Any, padding: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(come, go, kernel, padding=padding), nn.BatchNorm2d(go), nn.ReLU()


def _block3(come: int, go: int, kernel: Any, stride: Any, padding: Any) -> tuple[nn.Module, ...]:
    return nn.Conv3d(come, go, kernel, stride, padding), nn.BatchNorm3d(go), nn.ReLU()


def _head() -> nn.Sequential:
    return nn.Sequential(nn.Linear(512, 512), nn.BatchNorm1d(512), nn.ReLU(), nn.Linear(512, SIZE))


@cache
def load(weights: Path, device: str) -> SyncNet:
    """The network with the published weights, read as plain tensors only; loaded once per process."""
    network = SyncNet()
    network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    return network.eval().to(device)


def compare(
    network: SyncNet,
    footage: Footage,
    frames: Sequence[int],
    boxes: Sequence[tuple[float, float, float, float]],
    sound: NDArray[np.float32],
) -> Synchrony | None:
    """Compares a followed face with the sound.

    Args:
        network: From :func:`load`.
        footage: The clip.
        frames: Where the face is seen, rising.
        boxes: Of the face, as shares of the picture; one for each frame.
        sound: Mono, 16 kHz, of the whole clip.

    Returns:
        None for a face that is seen for less than a second.
    """
    at, crops = face_crops.follow(footage, frames, boxes, FPS)
    if len(at) < FPS:
        return None
    cepstra = cepstrum.mfcc(sound)
    first = round(float(at[0]) * cepstrum.PER_S)
    device = next(network.parameters()).device
    seen, heard = [], []
    starts = range(0, len(at) - WINDOW + 1)
    with torch.inference_mode():
        for begin in range(0, len(starts), BATCH):
            some = starts[begin : begin + BATCH]
            pictures = np.stack([crops[s : s + WINDOW] for s in some]).transpose(0, 4, 1, 2, 3)
            seen.append(network.see(torch.from_numpy(pictures.astype(np.float32)).to(device)).cpu())
        # Sound before and after the face was seen is heard too, as far as the clip has it.
        for lag in range(-LATEST, len(starts) + LATEST):
            begin = first + lag * 4
            heard.append(cepstra[begin : begin + CEPSTRA] if begin >= 0 else cepstra[:0])
        voices = [network.hear(_stacked(heard[i : i + BATCH]).to(device)).cpu() for i in range(0, len(heard), BATCH)]
    whole = np.array([len(piece) == CEPSTRA for piece in heard])
    return synchrony(torch.cat(seen).numpy(), torch.cat(voices).numpy(), whole)


def synchrony(seen: NDArray[Any], heard: NDArray[Any], whole: NDArray[np.bool_]) -> Synchrony | None:
    """The lag with the smallest mean distance.

    Args:
        seen: Of each picture; [n, 1024].
        heard: Of the sound from ten pictures before to ten after; [n + 20, 1024].
        whole: Which of them have sound.

    Returns:
        None where too little sound is there.
    """
    count = len(seen)
    means = np.full(2 * LATEST + 1, np.nan)
    for place in range(2 * LATEST + 1):
        there = whole[place : place + count]
        if there.sum() * 2 >= count:
            apart = np.linalg.norm(seen[there] - heard[place : place + count][there] + 1e-6, axis=1)
            means[place] = apart.mean()
    if np.isnan(means).all():
        return None
    best = int(np.nanargmin(means))
    return Synchrony((best - LATEST) / FPS, float(np.nanmedian(means) - means[best]), float(means[best]))


def _stacked(pieces: Sequence[NDArray[np.float32]]) -> torch.Tensor:
    padded = [np.pad(piece, ((0, CEPSTRA - len(piece)), (0, 0))) for piece in pieces]
    return torch.from_numpy(np.stack(padded).transpose(0, 2, 1)[:, None].astype(np.float32))
