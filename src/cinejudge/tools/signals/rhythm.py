"""Tempo and beats, from the curve of spectral flux (:func:`cinejudge.tools.signals.spectrum.flux`).

The flux should be taken with :data:`FAINTEST`, so that a soft hi-hat does not count as much as a drum.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

FAINTEST = 0.03
SLOWEST, FASTEST = 45.0, 200.0
"""Beats per minute that are looked for."""
SHORTEST_S = 3.0
"""Less sound holds too few beats to tell a tempo."""
STEADY = 0.3
"""Strength from which on there is a beat."""
HALF = 0.7
"""A beat twice as fast is taken where it fits so nearly as well."""
_USUAL, _OCTAVES = 110.0, 1.0
"""Where listeners like to tap, and the spread of that, for choosing between a tempo and its double or half."""
_TIGHTNESS = 100.0
"""How strongly beats keep their distance; Ellis 2007 uses 100."""
_SMOOTH = np.array([0.25, 0.5, 0.25])


class Tempo(NamedTuple):
    """The steady pulse that stands out most."""

    bpm: float
    strength: float
    """Autocorrelation of the onset curve at one beat, 0 to 1; noise stays under 0.28."""


def tempo(flux: NDArray[Any], hop_s: float) -> Tempo | None:
    """The tempo of a stretch of music; None under 3 s, or where nothing begins.

    The onset curve (flux above its mean over 0.8 s) is compared with itself shifted by one, two, three and four
    beats; the best lag wins, weighted towards 110 beats per minute. Its half wins instead where it fits nearly as well.
    """
    if len(flux) * hop_s < SHORTEST_S:
        return None
    curve = onset_curve(flux, hop_s)
    energy = float(curve @ curve)
    if energy <= 0:
        return None
    size = 1 << (2 * len(curve) - 1).bit_length()
    power = np.abs(np.fft.rfft(curve, size)) ** 2
    # Over the samples that overlap, so that long lags are not put at a disadvantage.
    like = np.fft.irfft(power, size)[: len(curve)] / energy * len(curve) / np.arange(len(curve), 0, -1)
    low, high = 60 / FASTEST / hop_s, min(60 / SLOWEST / hop_s, len(curve) / 2 - 1)
    lags = np.arange(low, high, 0.25)

    def comb(at: NDArray[Any]) -> NDArray[np.float64]:
        several = np.stack([np.interp(k * at, np.arange(len(like)), like) for k in (1, 2, 3, 4)])
        inside = np.stack([k * at < 0.75 * len(like) for k in (1, 2, 3, 4)])
        return np.asarray((several * inside).sum(axis=0) / inside.sum(axis=0))

    fits = comb(lags)
    taste = np.exp(-0.5 * (np.log2(60 / (lags * hop_s) / _USUAL) / _OCTAVES) ** 2)
    best = int((fits * taste).argmax())
    half = np.flatnonzero(np.abs(lags - lags[best] / 2) <= 1.5)
    if len(half):
        faster = half[fits[half].argmax()]
        if float(np.interp(lags[faster], np.arange(len(like)), like)) >= HALF * fits[best]:
            best = int(faster)
    return Tempo(60 / (_refined(like, lags[best]) * hop_s), float(np.clip(fits[best], 0, 1)))


def onset_curve(flux: NDArray[Any], hop_s: float) -> NDArray[np.float64]:
    """Flux above its mean over 0.8 s, smoothed over 30 ms, with mean 0; [n]."""
    x = np.convolve(np.asarray(flux, np.float64), _SMOOTH, "same")
    width = max(1, round(0.4 / hop_s))
    padded = np.pad(x, width, mode="reflect" if len(x) > width else "edge")
    local = np.convolve(padded, np.full(2 * width + 1, 1 / (2 * width + 1)), "valid")
    risen = np.maximum(0, x - local)
    return np.asarray(risen - risen.mean())


def beats(flux: NDArray[Any], hop_s: float, bpm: float) -> NDArray[np.float64]:
    """Times of the beats in seconds: the sequence that meets most onset while keeping its distance (Ellis 2007)."""
    curve = onset_curve(flux, hop_s)
    deviation = float(curve.std())
    if deviation <= 0:
        return np.zeros(0)
    curve = curve / deviation
    period = 60 / bpm / hop_s
    back = np.arange(-round(2 * period), -max(1, round(period / 2)) + 1)
    cost = -_TIGHTNESS * np.log(-back / period) ** 2
    score, came = curve.copy(), np.full(len(curve), -1)
    for t in range(-int(back[-1]), len(curve)):
        fits = back >= -t
        options = score[t + back[fits]] + cost[fits]
        best = int(options.argmax())
        if options[best] > 0:
            score[t] += options[best]
            came[t] = t + back[fits][best]
    at = int(score[-max(1, round(period)) :].argmax()) + max(0, len(score) - max(1, round(period)))
    found = []
    while at >= 0:
        found.append(at * hop_s)
        at = int(came[at])
    return np.array(found[::-1])


def _refined(like: NDArray[np.float64], lag: float) -> float:
    """The lag at which the likeness peaks, taken four beats away, where a quarter of the error remains."""
    for times in (4, 2, 1):
        middle = round(lag * times)
        if middle + 3 < 0.75 * len(like):
            around = np.arange(max(1, middle - 3), middle + 4)
            peak = int(around[like[around].argmax()])
            a, b, c = like[peak - 1 : peak + 2]
            bend = a - 2 * b + c
            shift = 0.5 * (a - c) / bend if bend < 0 else 0.0
            return float((peak + np.clip(shift, -0.5, 0.5)) / times)
    return lag
