"""How well a mouth moves with a voice, and how late the voice is.

Two things that a mouth does are compared with the loudness of the voice: how far it opens, and how much it moves.
Both are fixed in advance. A projection that is fitted to each clip (canonical correlation) finds one for any sound in
the few seconds that a shot lasts; on studio recordings of 3 s it put the sound of one in two half a second off.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cinejudge.tools.signals import mel

Floats = NDArray[np.float64]

RATE = 25.0
"""Mouth samples per second."""
SOUND_RATE = 16_000
ENVELOPE_RATE = 100.0
VOICE_HZ = (300.0, 4000.0)
"""Where vowels have their formants."""
BANDS = 24
FLOOR = 1e-5
"""Of the loudest moment in a band; fainter sound counts as silence."""
SYLLABLES_HZ = (0.7, 7.0)
"""Rates at which a mouth opens and closes in speech."""
LATEST_S = 0.6
STEP_S = 0.02
LAGS: Floats = np.arange(-round(LATEST_S / STEP_S), round(LATEST_S / STEP_S) + 1, dtype=np.float64) * STEP_S
"""Delays of the sound that are tried, in seconds."""
FEWEST = 25
"""Mouth samples under which nothing is told."""
CLEAR = 3.0
"""Agreement from which on mouth and voice belong together: with 1 of 20 unrelated voices the best of all lags reaches
it (docs/perception.md)."""
POOR = 1.9
"""Agreement under which they do not: the mean of an unrelated voice's best."""


class Mouth(NamedTuple):
    """What a mouth does over time."""

    times: Floats
    """Seconds, rising; [n]."""
    shape: Floats
    """Measures that grow as the mouth opens; [n, any]."""
    motion: Floats
    """Change of its picture per second; [n]."""


class Agreement(NamedTuple):
    """How a mouth and a voice agree."""

    scores: Floats
    """For each of ``LAGS``, in standard deviations of unrelated signals; NaN where the two overlap too little."""
    lag_s: float
    """Lag of the best; positive: the sound is late."""
    score: float
    """The best."""


def envelope(samples: NDArray[Any]) -> Floats:
    """Loudness of a voice: mean log mel energy from 300 Hz to 4 kHz, its rhythm of syllables only; 100 per second.

    Args:
        samples: float32 [n], mono, 16 kHz.
    """
    window, hop = np.hanning(401)[:-1], round(SOUND_RATE / ENVELOPE_RATE)
    bins = np.arange(512 // 2 + 1) * SOUND_RATE / 512
    filters = mel.triangles(mel.htk_edges(BANDS, *VOICE_HZ), bins)
    bands = mel.bands(np.pad(samples, len(window) // 2), window, hop, 512, filters)
    loudest = bands.max(axis=0, initial=0.0)
    if not loudest.all():
        return np.zeros(len(bands))
    return syllables(np.log(bands / loudest + FLOOR).mean(axis=1), ENVELOPE_RATE)


def syllables(values: Floats, rate: float) -> Floats:
    """What varies at the rate of syllables, without delay; [n] or [n, k] as given."""
    from scipy.signal import butter, sosfiltfilt

    sections = butter(2, SYLLABLES_HZ, "bandpass", fs=rate, output="sos")
    return np.asarray(sosfiltfilt(sections, values, axis=0, padlen=min(len(values) - 1, round(rate))))


def agreement(mouth: Mouth, loudness: Floats, heard: NDArray[np.bool_], lags: Floats = LAGS) -> Agreement | None:
    """Compares a mouth with a voice at each lag.

    The score is the mean of two correlations (opening and motion, each with the loudness) after Fisher's
    transformation, over its standard deviation for a voice that has nothing to do with the mouth (number of independent
    samples after Bartlett 1946; what opening and motion have in common counts once).

    Args:
        mouth: Sampled at 10 Hz or more.
        loudness: From :func:`envelope`.
        heard: Which of the mouth's samples count; [n]. The others only help the filter.
        lags: Seconds.

    Returns:
        None for fewer than 25 samples that count, or a mouth or voice that does not move at all.
    """
    times = np.arange(mouth.times[0], mouth.times[-1] + 1e-9, 1 / RATE)
    nearest = np.abs(mouth.times[:, None] - times).argmin(axis=0)
    counts = heard[nearest] & (np.abs(mouth.times[nearest] - times) < 0.12)
    if counts.sum() < FEWEST:
        return None
    opening = syllables(_resampled(mouth.times, mouth.shape, times), RATE)
    spread = opening.std(axis=0)
    motion = syllables(_resampled(mouth.times, mouth.motion[:, None], times), RATE)[:, 0]
    if not spread.all() or not motion.any() or not loudness.any():
        return None
    moves = ((opening / spread).mean(axis=1), motion)
    scores = np.array([_score(moves, loudness, times, counts, lag) for lag in lags])
    if np.isnan(scores).all():
        return None
    best = int(np.nanargmax(scores))
    return Agreement(scores, float(lags[best]), float(scores[best]))


def _resampled(at: Floats, values: Floats, times: Floats) -> Floats:
    return np.stack([np.interp(times, at, column) for column in values.T], axis=1)


def _score(
    moves: tuple[Floats, Floats], loudness: Floats, times: Floats, counts: NDArray[np.bool_], lag: float
) -> float:
    inside = counts & (times + lag >= 0) & (times + lag <= (len(loudness) - 1) / ENVELOPE_RATE)
    if inside.sum() < FEWEST:
        return float("nan")
    voice = np.interp(times[inside] + lag, np.arange(len(loudness)) / ENVELOPE_RATE, loudness)
    total, deviations = 0.0, []
    for move in moves:
        x, y = move[inside] - move[inside].mean(), voice - voice.mean()
        energy = float(np.sqrt((x @ x) * (y @ y)))
        if not energy:
            return float("nan")
        total += float(np.arctanh(np.clip(x @ y / energy, -0.99, 0.99)))
        deviations.append(1 / max(_independent(x, y) - 3, 1.0) ** 0.5)
    # A mouth that moves as it opens says one thing twice.
    alike = max(0.0, float(np.corrcoef(moves[0][inside], moves[1][inside])[0, 1]))
    first, second = deviations
    return total / float(np.sqrt(first**2 + second**2 + 2 * alike * first * second))


def _independent(x: Floats, y: Floats) -> float:
    """How many independent samples two smooth signals amount to."""
    count = len(x)
    both = _autocorrelation(x) * _autocorrelation(y)
    weight = 1 - np.arange(len(both)) / count
    return float(count / max(1 + 2 * (weight[1:] * both[1:]).sum(), 1.0))


def _autocorrelation(x: Floats) -> Floats:
    """At the lags up to half the length; 1 at lag 0."""
    spectrum = np.abs(np.fft.rfft(x, 2 * len(x))) ** 2
    found = np.fft.irfft(spectrum)[: len(x) // 2]
    return np.asarray(found / found[0])
