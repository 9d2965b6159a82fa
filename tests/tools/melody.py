"""Music made here, of known tempo, key and instruments."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
Instrument = Literal["pluck", "organ", "saw", "bell"]
INSTRUMENTS: tuple[Instrument, ...] = ("pluck", "organ", "saw", "bell")
_CHORDS = ((0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7))


def note(hz: float, count: int, instrument: Instrument) -> NDArray[np.float64]:
    t = np.arange(count) / RATE
    if instrument == "pluck":
        parts = [np.sin(2 * np.pi * hz * k * t) * np.exp(-t * (2 + 2 * k)) / k for k in range(1, 7)]
    elif instrument == "organ":
        swell = np.minimum(1, t * 50) * np.clip((count / RATE - t) * 50, 0, 1)
        parts = [np.sin(2 * np.pi * hz * k * t) / k * swell for k in (1, 2, 4, 8)]
    elif instrument == "bell":
        parts = [np.sin(2 * np.pi * hz * k * t) * np.exp(-t * 4 * k**0.5) / k for k in (1, 2.76, 5.4)]
    else:
        parts = [2 * ((hz * t) % 1) - 1]
    return np.sum(parts, axis=0)


def music(
    bpm: float,
    seconds: float,
    instrument: Instrument = "pluck",
    *,
    root_hz: float = 220.0,
    drums: bool = True,
    late_s: float = 0.0,
) -> NDArray[np.float32]:
    """A melody over chords, one note per beat; the first beat falls ``late_s`` after the start; float32 [n]."""
    rng = np.random.default_rng(0)
    beat = 60 / bpm
    out = np.zeros(round((seconds + 4) * RATE))
    length = round(beat * RATE)
    for k in range(int((seconds - late_s) / beat) + 1):
        at = round((late_s + k * beat) * RATE)
        chord = _CHORDS[(k // 4) % 4]
        out[at : at + length] += note(root_hz * 2 ** (chord[k % 3] / 12), length, instrument) * 0.2
        if k % 2 == 0:
            for step in chord:
                out[at : at + 2 * length] += note(root_hz / 2 * 2 ** (step / 12), 2 * length, instrument) * 0.06
        if drums:
            _drum(out, at, k, rng)
    return (out[: round(seconds * RATE)] * 0.5).astype(np.float32)


def _drum(out: NDArray[np.float64], at: int, k: int, rng: np.random.Generator) -> None:
    t = np.arange(round(0.12 * RATE)) / RATE
    out[at : at + len(t)] += np.sin(2 * np.pi * (50 + 80 * np.exp(-t * 40)) * t) * np.exp(-t * 25) * 0.6
    if k % 2:
        out[at : at + len(t)] += rng.normal(size=len(t)) * np.exp(-t * 40) * 0.25
