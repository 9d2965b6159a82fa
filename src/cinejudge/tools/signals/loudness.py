"""Loudness and true peak after ITU-R BS.1770-4.

Loudness in LKFS (the same number as LUFS): K-weighted mean square per channel, ``-0.691 + 10 log10(sum of channels)``.
A full-scale sine of 997 Hz in one channel reads -3.01 LKFS, in both -0.00. All channels here are front channels, whose
weight is 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK_S = 0.4
HOP_S = 0.1
ABSOLUTE_GATE = -70.0
RELATIVE_GATE = -10.0
_OFFSET = -0.691
_OVERSAMPLING = 4
_CHUNK_S = 10

# The two filters of the standard as analogue prototypes, so that any sample rate can be served. At 48 kHz they give
# the coefficients of its tables 1 and 2.
_SHELF_HZ, _SHELF_DB, _SHELF_Q, _SHELF_EXPONENT = (
    1681.974450955533,
    3.999843853973347,
    0.7071752369554196,
    0.4996667741545416,
)
_PASS_HZ, _PASS_Q = 38.13547087602444, 0.5003270373238773


def k_filter(rate: int) -> NDArray[np.float64]:
    """The K-weighting filter as two second-order sections, [2, 6], for ``scipy.signal.sosfilt``."""
    k = np.tan(np.pi * _SHELF_HZ / rate)
    high = 10 ** (_SHELF_DB / 20)
    band = high**_SHELF_EXPONENT
    a0 = 1 + k / _SHELF_Q + k * k
    shelf = [
        (high + band * k / _SHELF_Q + k * k) / a0,
        2 * (k * k - high) / a0,
        (high - band * k / _SHELF_Q + k * k) / a0,
        1.0,
        2 * (k * k - 1) / a0,
        (1 - k / _SHELF_Q + k * k) / a0,
    ]
    k = np.tan(np.pi * _PASS_HZ / rate)
    a0 = 1 + k / _PASS_Q + k * k
    high_pass = [1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / a0, (1 - k / _PASS_Q + k * k) / a0]
    return np.array([shelf, high_pass])


def block_powers(samples: NDArray[Any], rate: int) -> NDArray[np.float64]:
    """K-weighted mean square, summed over channels, of blocks of 400 ms every 100 ms; empty below 400 ms of sound.

    Args:
        samples: [n, channels], -1 to 1.
        rate: Samples per second.
    """
    from scipy.signal import sosfilt

    hop = round(HOP_S * rate)
    hops = len(samples) // hop
    per_block = round(BLOCK_S / HOP_S)
    if hops < per_block:
        return np.zeros(0)
    power = np.zeros(hops)
    sections = k_filter(rate)
    for channel in range(samples.shape[1]):
        state = np.zeros((len(sections), 2))
        for first in range(0, hops, 10 * _CHUNK_S):
            last = min(first + 10 * _CHUNK_S, hops)
            weighted, state = sosfilt(sections, samples[first * hop : last * hop, channel].astype(np.float64), zi=state)
            power[first:last] += np.square(weighted).reshape(-1, hop).mean(axis=1)
    return np.convolve(power, np.full(per_block, 1 / per_block), "valid")


def loudness(power: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """LKFS of a K-weighted power; -inf for none."""
    with np.errstate(divide="ignore"):
        return np.asarray(_OFFSET + 10 * np.log10(power), dtype=np.float64)


def integrated(powers: NDArray[np.float64]) -> float | None:
    """Integrated loudness in LKFS, gated at -70 LKFS and then at 10 LU below the mean; None where nothing is left."""
    heard = powers[loudness(powers) > ABSOLUTE_GATE]
    if not len(heard):
        return None
    kept = heard[loudness(heard) > loudness(heard.mean()) + RELATIVE_GATE]
    return float(loudness(kept.mean()))


def true_peak(samples: NDArray[Any], rate: int) -> float:
    """Largest magnitude between the samples, by fourfold oversampling (annex 2), as a factor of full scale."""
    from scipy.signal import resample_poly

    chunk, margin = _CHUNK_S * rate, 64
    peak = 0.0
    for first in range(0, len(samples), chunk):
        part = np.asarray(samples[max(0, first - margin) : first + chunk + margin], np.float64)
        peak = max(peak, float(np.abs(resample_poly(part, _OVERSAMPLING, 1, axis=0)).max(initial=0.0)))
    return peak


def decibels(factor: float) -> float | None:
    """Level of an amplitude in dBFS; None for zero."""
    return float(20 * np.log10(factor)) if factor > 0 else None
