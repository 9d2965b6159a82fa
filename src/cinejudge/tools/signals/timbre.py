"""What music sounds like, apart from its rhythm: its tone colour and its notes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cinejudge.tools.signals import mel

RATE = 16_000
COEFFICIENTS = 12
_FFT, _HOP, _BANDS = 1024, 512, 40
_FAINTEST = 1e-2
"""Power, as a share of the mean, that the quietest bands are lifted to: -20 dB."""
_SILENT = 1e-5
_NOTE_FFT, _NOTE_HOP, _NOTE_LOW_HZ, _NOTE_HIGH_HZ = 4096, 2048, 120.0, 2000.0
COLOUR_SCALE = 3.0
"""Distance of tone colours at which the likeness has fallen to 1/e."""


def colour(samples: NDArray[Any]) -> NDArray[np.float64]:
    """Mean cepstrum (coefficients 1 to 12 of the log mel spectrum): tone colour without level; [12].

    Args:
        samples: float32 [n], mono, 16 kHz, at least 64 ms.
    """
    from scipy.fft import dct

    window = np.hanning(_FFT)
    filters = mel.triangles(mel.htk_edges(_BANDS, 50, 7600), np.arange(_FFT // 2 + 1) * RATE / _FFT)
    bands = mel.bands(samples, window, _HOP, _FFT, filters)
    loudness = bands.mean(axis=1)
    heard = loudness > _SILENT * loudness.max(initial=0)
    if not heard.any():
        return np.zeros(COEFFICIENTS)
    # The floor goes with the level, so that a gain changes nothing.
    logs = np.log(bands[heard] / loudness[heard].mean() + _FAINTEST)
    return np.asarray(dct(logs, norm="ortho", axis=1)[:, 1 : COEFFICIENTS + 1].mean(axis=0))


def notes(samples: NDArray[Any]) -> NDArray[np.float64]:
    """How much of each of the twelve pitch classes is heard, C first, at unit length; zeros for no pitch; [12].

    Args:
        samples: float32 [n], mono, 16 kHz, at least 0.26 s.
    """
    window = np.hanning(_NOTE_FFT)
    magnitude = np.sqrt(mel.power_spectra(samples, window, _NOTE_HOP, _NOTE_FFT)) / (window.sum() / 2)
    hz = np.arange(_NOTE_FFT // 2 + 1) * RATE / _NOTE_FFT
    used = (hz >= _NOTE_LOW_HZ) & (hz <= _NOTE_HIGH_HZ)
    # Peaks only: a bin beside a peak belongs to the same note or to noise.
    inner = magnitude[:, 1:-1]
    peaks = np.zeros_like(magnitude)
    peaks[:, 1:-1] = np.where((inner > magnitude[:, :-2]) & (inner >= magnitude[:, 2:]), inner, 0)
    strength = np.log1p(peaks[:, used] / 1e-3).sum(axis=0)
    classes = np.round(12 * np.log2(hz[used] / 261.6256)).astype(int) % 12
    chroma = np.bincount(classes, weights=strength, minlength=12)
    chroma -= chroma.min()
    length = float(np.linalg.norm(chroma))
    return np.asarray(chroma / length if length > 0 else chroma)


def colour_likeness(first: NDArray[Any], second: NDArray[Any]) -> float:
    """How alike two tone colours are, ``exp(-distance / 3)``, 0 to 1."""
    return float(np.exp(-np.linalg.norm(first - second) / COLOUR_SCALE))


def note_likeness(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Cosine of two pitch class profiles, 0 to 1."""
    return float(np.clip(first @ second, 0, 1))
