"""Measures of the sound's spectrum: mains hum and onsets."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

HUM_HZ = (50.0, 60.0)
HARMONICS = 5
HUM_WINDOW_S = 1.0
HUM_SHORTEST_S = 2.0
HUM_FAINTEST_DB = -80.0

ONSET_WINDOW = 512
ONSET_HOP = 160
ONSET_RATE = 16_000
ONSET_GAP_S = 0.05
ONSET_OVER = 0.12
"""How far, as a share of the largest flux, an onset must stand above the mean around it."""
ONSET_TIMES = 1.6
"""And how many times that mean it must be: the flux of steady noise is high but even."""
FAINTEST = 1e-3
"""Spectral magnitude (of a full-scale sine) that counts as heard: -60 dB."""


class Hum(NamedTuple):
    """The mains frequency that stands out most."""

    hz: float
    prominence_db: float
    """Median over five harmonics of their level over the spectrum around them. Hum-free sound lies below some 6 dB."""
    level_db: float
    """Level of the harmonics together, in dBFS."""


class Onset(NamedTuple):
    """A sudden beginning."""

    time_s: float
    strength: float
    """Flux as a share of the clip's largest, 0 to 1."""


def hum(mono: NDArray[Any], rate: int) -> Hum | None:
    """Mains hum at 50 or 60 Hz with its harmonics; None for less than 2 s of sound or a level under -80 dBFS.

    The spectrum is the lowest fifth over windows of one second, so that what comes and goes (speech, notes) does not
    count and what stays does.
    """
    if len(mono) < HUM_SHORTEST_S * rate:
        return None
    size = round(HUM_WINDOW_S * rate)
    window = np.hanning(size)
    starts = range(0, len(mono) - size + 1, size // 2)
    highest = round(HUM_HZ[-1] * HARMONICS * HUM_WINDOW_S) + 16
    powers = np.array([np.abs(np.fft.rfft(mono[s : s + size] * window)[:highest]) ** 2 for s in starts])
    steady = np.quantile(powers, 0.2, axis=0) / (window.sum() / 2) ** 2  # 1 for a full-scale sine
    found = max((_hum_at(hz, steady) for hz in HUM_HZ), key=lambda h: h.prominence_db)
    return found if found.level_db >= HUM_FAINTEST_DB else None


def _hum_at(hz: float, steady: NDArray[np.float64]) -> Hum:
    prominences, total = [], 0.0
    for harmonic in range(1, HARMONICS + 1):
        centre = round(hz * harmonic * HUM_WINDOW_S)
        line = steady[centre - 1 : centre + 2].max()
        beside = np.concatenate([steady[centre - 12 : centre - 3], steady[centre + 4 : centre + 13]])
        prominences.append(10 * np.log10(max(line, 1e-15) / max(float(np.median(beside)), 1e-15)))
        total += line / 2
    return Hum(hz, float(np.median(prominences)), float(10 * np.log10(max(total, 1e-15))))


def flux(mono: NDArray[Any], faintest: float = FAINTEST) -> NDArray[np.float64]:
    """Spectral flux every 10 ms of sound at 16 kHz: summed rise of the log magnitudes, ``log(1 + |X| / faintest)``.

    The log makes a soft onset count as well as a loud one; magnitudes far under ``faintest`` vanish in it.
    """
    if len(mono) < ONSET_WINDOW:
        return np.zeros(0)
    padded = np.pad(mono, (ONSET_WINDOW // 2, ONSET_WINDOW // 2))
    window = np.hanning(ONSET_WINDOW)
    frames = np.lib.stride_tricks.sliding_window_view(padded, ONSET_WINDOW)[::ONSET_HOP]
    rise = np.zeros(len(frames))
    last: NDArray[np.float64] | None = None
    for first in range(0, len(frames), 1000):
        magnitude = np.abs(np.fft.rfft(frames[first : first + 1000] * window)) / (window.sum() / 2)
        logs = np.log1p(magnitude / faintest)
        before = np.vstack([logs[:1] if last is None else last, logs[:-1]])
        rise[first : first + len(logs)] = np.maximum(logs - before, 0).sum(axis=1)
        last = logs[-1:]
    return rise


def onsets(mono: NDArray[Any]) -> list[Onset]:
    """Peaks of the spectral flux of sound at 16 kHz.

    A peak is the largest within 30 ms either side, stands 12 % of the clip's largest flux above the mean of the 100 ms
    before and 70 ms after (Boeck et al. 2012) and is 1.6 times that mean, and follows the last one by 50 ms or more.
    Times are good to some 15 ms, early rather than late.
    """
    curve = flux(mono)
    if not len(curve) or curve.max() <= 0:
        return []
    hop_s = ONSET_HOP / ONSET_RATE
    curve = curve / curve.max()
    found: list[Onset] = []
    for i, value in enumerate(curve):
        near = curve[max(0, i - 3) : i + 4]
        around = curve[max(0, i - 10) : i + 8]
        if value < max(near.max(), around.mean() + ONSET_OVER, around.mean() * ONSET_TIMES):
            continue
        if found and i * hop_s - found[-1].time_s < ONSET_GAP_S:
            continue
        found.append(Onset(i * hop_s, float(value)))
    return found
