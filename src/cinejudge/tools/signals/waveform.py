"""Measures of the waveform itself: clipping, silence, offset, noise floor, stereo."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

WINDOW_S = 0.05
CLIP_LEVEL = 0.995
CLIP_RUN = 3
SILENCE_DB = -60.0
SILENCE_S = 0.3
QUIETEST_SHARE = 0.1
DIGITAL_ZERO_DB = -100.0


class Stretch(NamedTuple):
    """A time span in seconds."""

    start_s: float
    end_s: float


class Clipping(NamedTuple):
    """Flat tops."""

    share: float
    """Share of all samples that lie in flat tops, 0 to 1."""
    runs: int
    worst: Stretch | None
    """The longest run."""


class Stereo(NamedTuple):
    """How the two channels stand to each other."""

    correlation: float
    """Of left and right, -1 to 1; near -1 they cancel each other in mono."""
    mono_loss_db: float
    """Level of the sum below the level of the channels, in dB: 0 for mono, about 3 for unlike channels."""
    balance_db: float
    """Level of left over right, in dB."""


def levels(samples: NDArray[Any], rate: int) -> NDArray[np.float64]:
    """RMS level of windows of 50 ms in dBFS (0 is a full-scale square wave), floor -120; [n]."""
    window = max(1, round(WINDOW_S * rate))
    count = len(samples) // window
    power = np.empty(count)
    for i in range(count):
        power[i] = np.square(samples[i * window : (i + 1) * window].astype(np.float64)).mean()
    return np.asarray(10 * np.log10(np.maximum(power, 1e-12)), dtype=np.float64)


def clipping(samples: NDArray[Any], rate: int) -> Clipping:
    """Runs of at least three samples in a row, in one channel, at 99.5 % of full scale or beyond.

    A full-scale sine below some 300 Hz has such runs too; programme material that was not clipped has not.
    """
    total, runs, longest, where = 0, 0, 0, None
    for channel in range(samples.shape[1]):
        full = [first + np.flatnonzero(np.abs(part[:, channel]) >= CLIP_LEVEL) for first, part in _pieces(samples)]
        at_full = np.concatenate(full) if full else np.zeros(0, np.intp)
        starts = at_full[np.diff(at_full, prepend=-2) > 1]
        ends = at_full[np.diff(at_full, append=len(samples) + 1) > 1] + 1
        lengths = ends - starts
        flat = lengths >= CLIP_RUN
        total += int(lengths[flat].sum())
        runs += int(flat.sum())
        if flat.any() and lengths.max() > longest:
            at = int(lengths.argmax())
            longest = int(lengths[at])
            where = Stretch(float(starts[at] / rate), float(ends[at] / rate))
    return Clipping(total / max(1, samples.size), runs, where)


def silences(level: NDArray[np.float64]) -> list[Stretch]:
    """Stretches of at least 0.3 s whose 50 ms levels stay below -60 dBFS."""
    starts, ends = spans_of(level < SILENCE_DB)
    return [
        Stretch(float(start * WINDOW_S), float(end * WINDOW_S))
        for start, end in zip(starts, ends, strict=True)
        if (end - start) * WINDOW_S >= SILENCE_S - 1e-9
    ]


def offset(samples: NDArray[Any]) -> float:
    """Largest mean of a channel, as a share of full scale: the DC offset."""
    return float(np.abs(samples.mean(axis=0, dtype=np.float64)).max(initial=0.0))


def noise_floor(level: NDArray[np.float64]) -> float | None:
    """Level in dBFS that the quietest tenth of the 50 ms windows stays below; digital silence left out."""
    heard = level[level > DIGITAL_ZERO_DB]
    return float(np.quantile(heard, QUIETEST_SHARE)) if len(heard) else None


def stereo(samples: NDArray[Any]) -> Stereo | None:
    """How two channels relate; None for mono, or where a channel is silent throughout."""
    if samples.shape[1] != 2:
        return None
    sums = np.zeros((2, 2))
    for _, part in _pieces(samples):
        exact = part.astype(np.float64)
        sums += exact.T @ exact
    power, product = np.diag(sums) / max(1, len(samples)), float(sums[0, 1]) / max(1, len(samples))
    if power.min() < 1e-10:
        return None
    mono = (power[0] + power[1] + 2 * product) / 4
    return Stereo(
        correlation=product / float(np.sqrt(power[0] * power[1])),
        mono_loss_db=float(-10 * np.log10(max(mono, 1e-12) / ((power[0] + power[1]) / 2))),
        balance_db=float(10 * np.log10(power[0] / power[1])),
    )


def peaks(samples: NDArray[Any]) -> NDArray[np.float64]:
    """Largest magnitude of each channel; [channels]."""
    largest = [np.abs(part).max(axis=0) for _, part in _pieces(samples)]
    return np.asarray(np.max(largest, axis=0, initial=0.0), np.float64)


def _pieces(samples: NDArray[Any]) -> Iterator[tuple[int, NDArray[Any]]]:
    """A million samples at a time with the place of the first: an hour of sound is never in memory twice."""
    return ((first, samples[first : first + (1 << 20)]) for first in range(0, len(samples), 1 << 20))


def spans_of(mask: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Starts and ends (exclusive) of the runs of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return edges[::2], edges[1::2]
