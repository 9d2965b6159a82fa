"""Offsets of a film by Synchformer: DeSync, as the published benchmark of generated sound takes it.

Pictures are scaled to 224 pixels on the shorter side and cut to a square; each piece of 0.64 s gives its own 66 moments
of 128 mel bands. The first and the last 4.8 s are asked (they overlap in films under 9.6 s).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from cinejudge.media import Footage
from cinejudge.tools.models import pixels, synchformer
from cinejudge.tools.signals import mel

RATE = 16_000
FPS = 25.0
STEP = 8
"""Pictures from one piece to the next."""
WINDOW_S = ((synchformer.PIECES - 1) * STEP + synchformer.PICTURES) / FPS
GRID_S = np.linspace(-2.0, 2.0, synchformer.OFFSETS)
"""How early the sound is, for each answer of the network."""
_PIECE, _HOP, _WINDOW, _SIZE = 10_240, 160, 400, 1024
_FAINTEST, _MEAN, _SPREAD = 1e-6, -4.2677393, 4.5689974
_FORM = pixels.Form(pixels.HALF, cut=True)
_BATCH = 2


class Asked(NamedTuple):
    """What the network says of one window."""

    start_s: float
    late_s: float
    """Positive: the sound is late."""
    likely: float
    """How likely the network holds this offset, beside the 20 others; 0 to 1."""


@torch.inference_mode()
def offsets(network: synchformer.Synchformer, footage: Footage, sound: NDArray[np.float32]) -> list[Asked]:
    """The offset in the first and in the last 4.8 s; one where they are the same; none in shorter films.

    Args:
        network: From :func:`cinejudge.tools.models.synchformer.load`.
        footage: The clip.
        sound: Its sound at 16 kHz, mono, [n].
    """
    pictures = int(min(footage.times[-1] + 1 / footage.clip.fps, footage.clip.duration_s) * FPS + 1e-6)
    count = min((pictures - synchformer.PICTURES) // STEP, (len(sound) - _PIECE) // (_PIECE // 2)) + 1
    if count < synchformer.PIECES:
        return []
    windows = [range(first, first + synchformer.PIECES) for first in sorted({0, count - synchformer.PIECES})]
    device = next(network.parameters()).device
    seen: dict[int, torch.Tensor] = {}
    heard: dict[int, torch.Tensor] = {}
    needed = sorted({piece for window in windows for piece in window})
    for first in range(0, len(needed), _BATCH):
        batch = needed[first : first + _BATCH]
        shown = torch.stack([look(footage, piece) for piece in batch]).to(device)
        bands = torch.from_numpy(np.stack([log_mel(sound, piece) for piece in batch])).to(device)
        seen.update(zip(batch, network.see(shown), strict=True))
        heard.update(zip(batch, network.hear(bands), strict=True))
    found = []
    for window in windows:
        answer = network.compare(torch.stack([seen[p] for p in window]), torch.stack([heard[p] for p in window]))
        best = int(answer.argmax())
        likely = float(answer.softmax(0)[best])
        found.append(Asked(window[0] * STEP / FPS, -float(GRID_S[best]) + 0.0, likely))
    return found


def look(footage: Footage, piece: int) -> torch.Tensor:
    """The 16 pictures of a piece, RGB in [-1, 1]; [3, 16, 224, 224]."""
    # At a fixed rate a picture is shown for the turn that its own time is nearest to, or else until the next one's.
    turns = [piece * STEP + i for i in range(synchformer.PICTURES)]
    frames = [footage.frame_at((turn + 0.5) / FPS - 1e-4) for turn in turns]
    pictures = (picture for _, picture in footage.frames(frames))
    return pixels.squares(pictures, synchformer.SIDE, _FORM).transpose(0, 1)


def log_mel(sound: NDArray[np.float32], piece: int) -> NDArray[np.float32]:
    """Log mel bands of a piece, on the scale of the network's training; [66, 128].

    Args:
        sound: 16 kHz, mono, [n].
        piece: Its number.
    """
    start = piece * _PIECE // 2
    padded = np.pad(np.asarray(sound[start : start + _PIECE], np.float64), _SIZE // 2, mode="reflect")
    window = np.zeros(_SIZE)
    window[(_SIZE - _WINDOW) // 2 : (_SIZE + _WINDOW) // 2] = np.hanning(_WINDOW + 1)[:-1]
    bins = np.arange(_SIZE // 2 + 1) * RATE / _SIZE
    edges = mel.htk_edges(synchformer.BANDS, 0.0, RATE / 2)
    # The filters of its training have height 1; the bands' own have area 1.
    filters = mel.triangles(edges, bins) * ((edges[2:] - edges[:-2]) / 2)[:, None]
    power = mel.power_spectra(padded, window, _HOP, _SIZE) @ filters.T
    bands = np.zeros((synchformer.MOMENTS, synchformer.BANDS))
    bands[: len(power)] = np.log(power + _FAINTEST)[: synchformer.MOMENTS]  # the last moment is filled up with 0
    return np.asarray((bands - _MEAN) / (2 * _SPREAD), np.float32)
