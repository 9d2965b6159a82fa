"""Mel-frequency cepstra as SyncNet was trained on (the defaults of python_speech_features 0.6)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cinejudge.tools.signals import mel

RATE = 16_000
PER_S = 100
WINDOW, HOP, SIZE = 400, 160, 512
FILTERS, CEPSTRA, LIFTER = 26, 13, 22
PREEMPHASIS = 0.97


def mfcc(samples: NDArray[Any]) -> NDArray[np.float32]:
    """Cepstra of sound; [frames, 13], the first the log energy; 100 per second.

    Args:
        samples: float32 [n] in [-1, 1], mono, 16 kHz; taken to 16-bit integers as the model was trained on.
    """
    from scipy.fft import dct

    sound = np.round(np.clip(np.asarray(samples, np.float64), -1, 1) * 32767)
    emphasised = np.append(sound[:1], sound[1:] - PREEMPHASIS * sound[:-1])
    emphasised = np.pad(emphasised, (0, max(0, WINDOW - len(emphasised))))
    power = mel.power_spectra(emphasised, np.ones(WINDOW), HOP, SIZE) / SIZE
    tiny = np.finfo(np.float64).eps
    bands = np.maximum(power @ _filters().T, tiny)
    cepstra = dct(np.log(bands), type=2, axis=1, norm="ortho")[:, :CEPSTRA]
    cepstra *= 1 + LIFTER / 2 * np.sin(np.pi * np.arange(CEPSTRA) / LIFTER)
    cepstra[:, 0] = np.log(np.maximum(power.sum(axis=1), tiny))
    return np.asarray(cepstra, np.float32)


def _filters() -> NDArray[np.float64]:
    """Triangles of height 1 whose corners lie on whole bins; [26, 257]."""
    corners = np.floor((SIZE + 1) * mel.htk_edges(FILTERS, 0, RATE / 2) / RATE)
    bins = np.arange(SIZE // 2 + 1)
    low, centre, high = (corners[i : len(corners) - 2 + i, None] for i in range(3))
    rising = (bins - low) / np.maximum(centre - low, 1)
    falling = (high - bins) / np.maximum(high - centre, 1)
    inside = (bins >= low) & (bins < high)
    return np.asarray(np.where(inside, np.where(bins < centre, rising, falling), 0.0))
