"""Log mel bands as Kaldi computes them, which networks that know voices were trained on."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
WINDOW, HOP, SIZE = 400, 160, 512
LOW_HZ = 20.0
PREEMPHASIS = 0.97
FAINTEST = float(np.finfo(np.float32).eps)


def log_bands(samples: NDArray[Any], bands: int = 80) -> NDArray[np.float32]:
    """Log energies in mel bands from 20 Hz to 8 kHz, 100 per second; [frames, bands].

    Kaldi's ``compute-fbank-feats`` without dither and energy, with a Hamming window.

    Args:
        samples: float32 [n], mono, 16 kHz, in [-1, 1]; taken to the range of 16-bit integers.
        bands: How many.
    """
    if len(samples) < WINDOW:
        return np.zeros((0, bands), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(np.asarray(samples, np.float64) * 32768, WINDOW)[::HOP]
    frames = frames - frames.mean(axis=1, keepdims=True)
    before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    power = np.abs(np.fft.rfft((frames - PREEMPHASIS * before) * np.hamming(WINDOW), SIZE)) ** 2
    return np.asarray(np.log(np.maximum(power[:, :-1] @ _filters(bands).T, FAINTEST)), np.float32)


@cache
def _filters(bands: int) -> NDArray[np.float64]:
    """Triangles of height 1 whose sides are straight on the mel scale; [bands, 256]."""

    def mel(hz: Any) -> Any:
        return 1127 * np.log1p(np.asarray(hz) / 700)

    edges = np.linspace(mel(LOW_HZ), mel(RATE / 2), bands + 2)[:, None]
    at = mel(np.arange(SIZE // 2) * RATE / SIZE)
    width = edges[1] - edges[0]
    return np.asarray(np.maximum(0, 1 - np.abs(at - edges[1:-1]) / width))
