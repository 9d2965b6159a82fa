"""Sudden events in picture and sound, and how far apart the two run.

An event in the picture is a sudden start, stop or turn of motion; in the sound it is an onset. Both become curves of
peaks, and the lag at which the curves fit best is the offset, if it fits much better there than at random.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RATE = 100.0
"""Of the curves, per second."""
WIDTH_S = 0.04
"""Standard deviation of an event's peak: one picture at 25 per second."""
REACH_S = 12 * WIDTH_S
"""Beyond it nothing is left of a peak."""
LATEST_S = 1.0
LAGS = np.arange(-round(LATEST_S * RATE), round(LATEST_S * RATE) + 1) / RATE
GAP_S = 0.15
"""Events closer than this are one."""
TIMES = 4.0
"""How many times the median change an event's change must be."""
FEWEST = 3
"""Events on either side under which nothing is told: two fit at some lag by chance."""
DRAWS = 200
CHANCE = 0.01
"""Share of random placings of the picture's events that may fit as well."""


class Event(NamedTuple):
    """A sudden change."""

    time_s: float
    strength: float
    """As a share of the strongest, 0 to 1."""


class Fit(NamedTuple):
    """How well two lists of events fit."""

    lag_s: float
    """Positive: the sound is late."""
    score: float
    """0 to 1."""
    chance: float
    """Share of random placings that fit as well at their best lag."""


def motion_events(motion: Floats, times: Floats, shots: Sequence[tuple[int, int]]) -> list[Event]:
    """Moments at which motion suddenly grows or falls.

    Args:
        motion: Change of each frame to the one before; [n].
        times: Of the frames; [n].
        shots: First frame and the one past the last; a cut is no event.
    """
    found: list[Event] = []
    for first, last in shots:
        # The change to a shot's first frame is the cut; the two around it belong to nothing inside the shot.
        inside = np.log(motion[first + 1 : last] + 1e-4)
        if len(inside) < 5:
            continue
        change = np.abs(np.diff(inside))
        # What is first seen in a frame happened, on average, half a frame before it.
        at = (times[first + 1 : last - 1] + times[first + 2 : last]) / 2
        found += _peaks(change, at)
    strongest = max((e.strength for e in found), default=1.0)
    return [Event(e.time_s, e.strength / strongest) for e in found]


def _peaks(change: Floats, at: Floats) -> list[Event]:
    usual = max(float(np.median(change)), 0.05)
    peaks: list[Event] = []
    for place in np.argsort(-change):
        if change[place] < TIMES * usual:
            break
        if all(abs(at[place] - p.time_s) >= GAP_S for p in peaks):
            peaks.append(Event(float(at[place]), float(change[place])))
    return sorted(peaks)


def fit(seen: Sequence[Event], heard: Sequence[Event], length_s: float) -> Fit | None:
    """The lag at which events of the picture and of the sound fall together.

    Args:
        seen: Of the picture.
        heard: Of the sound.
        length_s: Of the clip.

    Returns:
        None for fewer than three events on either side.
    """
    if len(seen) < FEWEST or len(heard) < FEWEST:
        return None
    sound = _curve([e.time_s for e in heard], [e.strength for e in heard], length_s)
    strengths = [e.strength for e in seen]
    times = np.array([e.time_s for e in seen])
    scores = _scores(times, strengths, sound)
    best = int(np.argmax(scores))
    # Random placings keep the picture's rhythm: only where it starts, round the clip, is drawn.
    generator = np.random.default_rng(0)
    moved = generator.uniform(0, length_s, DRAWS)
    gaps = generator.permuted(np.tile(np.diff(np.append(times, times[0] + length_s)), (DRAWS, 1)), axis=1)
    drawn = (moved[:, None] + np.cumsum(gaps, axis=1)) % length_s
    chance = np.mean([_scores(row, strengths, sound).max() >= scores[best] for row in drawn])
    return Fit(float(LAGS[best]), float(scores[best]), float(chance))


def _scores(times: NDArray[Any], strengths: Sequence[float], sound: Floats) -> Floats:
    """Mean height of the sound's curve at the picture's events, for each lag; 0 to 1."""
    places = np.round((times[:, None] + LAGS) * RATE).astype(int)
    inside = (places >= 0) & (places < len(sound))
    heights = np.where(inside, sound[np.clip(places, 0, len(sound) - 1)], 0.0)
    weights = np.array(strengths)[:, None]
    return np.asarray((heights * weights).sum(axis=0) / weights.sum())


def _curve(times: Sequence[float], strengths: Sequence[float], length_s: float) -> Floats:
    grid = np.arange(0, length_s + 1 / RATE, 1 / RATE)
    curve = np.zeros(len(grid))
    for time, strength in zip(times, strengths, strict=True):
        near = slice(max(0, round((time - REACH_S) * RATE)), max(0, round((time + REACH_S) * RATE)) + 1)
        curve[near] = np.maximum(curve[near], strength * np.exp(-0.5 * ((grid[near] - time) / WIDTH_S) ** 2))
    return curve
