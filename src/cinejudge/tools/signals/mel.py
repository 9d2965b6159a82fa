"""Spectra on the mel scale, in the two ways that the networks here were trained on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def htk_edges(bands: int, low_hz: float, high_hz: float) -> Floats:
    """Corners of ``bands`` triangles, evenly spaced on ``mel = 2595 log10(1 + f / 700)``; Hz, [bands + 2]."""
    mels = np.linspace(2595 * np.log10(1 + low_hz / 700), 2595 * np.log10(1 + high_hz / 700), bands + 2)
    return np.asarray(700 * (10 ** (mels / 2595) - 1))


def slaney_edges(bands: int, low_hz: float, high_hz: float) -> Floats:
    """The same on Slaney's scale: 3 mel per 200 Hz up to 1 kHz, then 27 mel for each factor of 6.4; Hz, [bands + 2]."""
    step, knee_hz, knee_mel, growth = 200 / 3, 1000.0, 15.0, np.log(6.4) / 27

    def mel(hz: float) -> float:
        return hz / step if hz < knee_hz else float(knee_mel + np.log(hz / knee_hz) / growth)

    mels = np.linspace(mel(low_hz), mel(high_hz), bands + 2)
    return np.where(mels < knee_mel, mels * step, knee_hz * np.exp(growth * (mels - knee_mel)))


def triangles(edges: Floats, bins_hz: Floats) -> Floats:
    """Filters of equal area, height ``2 / (upper - lower corner)``; [bands, bins].

    Args:
        edges: Corners as given by the functions above, Hz, [bands + 2].
        bins_hz: Frequencies of the spectrum's bins, Hz, [bins].
    """
    low, centre, high = (edges[i : len(edges) - 2 + i, None] for i in range(3))
    rising, falling = (bins_hz - low) / (centre - low), (high - bins_hz) / (high - centre)
    return np.asarray(np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low))


_PIECE = 4096
"""Spectra that are in memory at a time, where only their bands are wanted."""


def bands(
    samples: NDArray[Any], window: Floats, hop: int, size: int, filters: Floats, *, emphasis: float = 0.0
) -> Floats:
    """Energies under filters, one row every ``hop`` samples; an hour takes little more memory than its result.

    Args:
        samples: [n], mono.
        window: What each spectrum is taken under, [width].
        hop: Samples from one to the next.
        size: Points of the transform.
        filters: [bands, size // 2 + 1].
        emphasis: Share of the sample before it that is taken off each sample; the first one's is its own.

    Returns:
        [rows, bands], as many rows as the window fits.
    """
    count = max(0, (len(samples) - len(window)) // hop + 1)
    out = np.empty((count, len(filters)))
    for first in range(0, count, _PIECE):
        last = min(first + _PIECE, count)
        start, end = first * hop, (last - 1) * hop + len(window)
        before = samples[start - 1 : end - 1] if start else np.append(samples[:1], samples[: end - 1])
        piece = np.asarray(samples[start:end], np.float64) - emphasis * np.asarray(before, np.float64)
        out[first:last] = power_spectra(piece, window, hop, size) @ filters.T
    return out


def power_spectra(samples: NDArray[Any], window: Floats, hop: int, size: int) -> Floats:
    """Power spectra ``|X|^2``, one every ``hop`` samples while the window fits; [n, size // 2 + 1]."""
    if len(samples) < len(window):
        return np.zeros((0, size // 2 + 1))
    frames = np.lib.stride_tricks.sliding_window_view(np.asarray(samples, np.float64), len(window))[::hop]
    return np.abs(np.fft.rfft(frames * window, size)) ** 2
