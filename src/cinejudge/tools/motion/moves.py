"""What moves a camera's path is made of: which, when, how fast, and how much it shakes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from cinejudge.tools.motion import names
from cinejudge.tools.motion.path import Floats, Path

STEP_S = 0.1
"""Spacing of the times at which the camera's velocity is taken."""
SMOOTH_S = 0.2
"""Deviation of the Gaussian window over which it is taken."""
LEAST_RATE = 0.006
"""Picture widths per second by which a move displaces the picture on average; slower is standing still."""
LEAST_WAY = 0.012
"""Picture widths that a move must displace the picture by in all."""
LEAST_PART = 0.25
"""A motion that displaces the picture by less than this share of the strongest one counts as part of it."""
CENTRED = 0.42
"""A zoom or roll about a point within so many picture widths of the middle is no pan."""
SHORTEST_S = 0.5
"""Shorter stretches belong to their neighbours."""
SHAKE_ABOVE_HZ = 2.0
SHAKE_SECONDS = 0.75
"""Shots shorter than this tell no shake."""
RELIEF = 0.1
"""Share of the points that must pass faster or slower than the rest, for a pan to be a track."""
RELIEF_WAY = 0.02
"""Picture widths that the picture must have moved by for that to show."""
RELIEF_SPREAD = 0.12
"""Deviation of their places in picture widths: one thing alone that moves is no depth."""


class Move(NamedTuple):
    """One move of the camera."""

    kind: names.Move
    rate: float
    """Positive: picture widths per second; for a push or pull the change of scale per second, natural logarithm; for
    a roll degrees per second."""
    strength: float
    """Picture widths per second by which it displaces the picture on average, which makes kinds comparable."""


@dataclass(frozen=True)
class Stretch:
    """A time during which the camera does one thing; without moves it stands still."""

    start_s: float
    end_s: float
    moves: tuple[Move, ...]
    """Strongest first."""
    agreeing: float
    """Share of the tracked points that agree with the motion, 0 to 1."""


class _Velocity(NamedTuple):
    """Of the picture's content, per second: widths to the right and down, log scale, radians clockwise."""

    x: float
    y: float
    zoom: float
    roll: float


def stretches(path: Path, aspect: float) -> list[Stretch]:
    """Cuts a path of at least two frames into stretches with one combination of moves each.

    Args:
        path: The camera's path.
        aspect: Width over height of the picture.
    """
    first, last = float(path.times[0]), float(path.times[-1])
    times = np.linspace(first, last, max(2, round((last - first) / STEP_S) + 1))
    slopes = [_lines(path.times, p, times, SMOOTH_S)[1] for p in (path.x, path.y, path.zoom, path.roll)]
    kinds = [frozenset(m.kind for m in _moves(_Velocity(*v), aspect)) for v in zip(*slopes, strict=True)]
    changes = [float(times[i] + times[i + 1]) / 2 for i in range(len(times) - 1) if kinds[i] != kinds[i + 1]]
    course = _Course(path, aspect)
    found = [course.stretch(a, b) for a, b in pairwise([first, *changes, last])]
    while len(found) > 1 and (place := _to_join(found)) is not None:
        joined = course.stretch(found[place].start_s, found[place + 1].end_s)
        found = [*found[:place], joined, *found[place + 2 :]]
    return found


def shake(path: Path) -> float | None:
    """Root mean square of the picture's displacement above 2 Hz, in per cent of its width; None where it is too short.

    The slower part is taken off by local linear regression under a Gaussian whose gain is one half at 2 Hz.
    """
    duration = path.times[-1] - path.times[0]
    if duration < SHAKE_SECONDS or (len(path.times) - 1) / duration < 2 * SHAKE_ABOVE_HZ:
        return None
    deviation = np.sqrt(np.log(2) / 2) / (np.pi * SHAKE_ABOVE_HZ)
    fast = [p - _lines(path.times, p, path.times, deviation)[0] for p in (path.x, path.y)]
    return 100 * float(np.sqrt(np.mean(fast[0] ** 2 + fast[1] ** 2)))


def _to_join(found: list[Stretch]) -> int | None:
    """The first of two neighbours to join: that do the same, else the shortest and what is most like it beside it."""
    for i, (a, b) in enumerate(pairwise(found)):
        if _kinds(a) == _kinds(b):
            return i
    lengths = [s.end_s - s.start_s for s in found]
    short = int(np.argmin(lengths))
    if lengths[short] >= SHORTEST_S:
        return None
    beside = [i for i in (short - 1, short + 1) if 0 <= i < len(found)]
    return min(short, max(beside, key=lambda i: (len(_kinds(found[i]) & _kinds(found[short])), lengths[i])))


def _kinds(stretch: Stretch) -> frozenset[names.Move]:
    return frozenset(move.kind for move in stretch.moves)


class _Course:
    """A path freed of its tremor, of which any stretch can be named by how far it gets."""

    def __init__(self, path: Path, aspect: float) -> None:
        self._path = path
        self._aspect = aspect
        axes = (path.x, path.y, path.zoom, path.roll)
        self._smooth = [_lines(path.times, p, path.times, SMOOTH_S)[0] for p in axes]
        self._least_way = LEAST_WAY + 2 * (shake(path) or 0.0) / 100

    def stretch(self, start: float, end: float) -> Stretch:
        """What the camera does between two times."""
        path, length = self._path, max(end - start, 1e-6)
        ends = [np.interp([start, end], path.times, p) for p in self._smooth]
        moves = _moves(_Velocity(*(float(e[1] - e[0]) / length for e in ends)), self._aspect)
        moves = [m for m in moves if m.strength * length >= self._least_way]
        if _relief(path, start, end):
            moves = [m._replace(kind=_TRACKS.get(m.kind, m.kind)) for m in moves]
        inside = path.agreeing[(path.times >= start) & (path.times <= end)]
        return Stretch(start, end, tuple(moves), float(inside.mean()) if len(inside) else 0.0)


_TRACKS: dict[names.Move, names.Move] = {"pan_left": "track_left", "pan_right": "track_right"}


def _moves(velocity: _Velocity, aspect: float) -> list[Move]:
    """The moves of the camera that let the picture's content move so, strongest first."""
    radius = np.sqrt((1 + aspect**-2) / 12)  # root mean square distance of a place in the picture from its middle
    shift, turn = complex(velocity.x, velocity.y), complex(velocity.zoom, velocity.roll)
    if abs(turn) * radius >= LEAST_RATE and abs(shift) < CENTRED * abs(turn):
        shift = 0j
    found = [
        Move("pan_left" if shift.real > 0 else "pan_right", abs(shift.real), abs(shift.real)),
        Move("tilt_up" if shift.imag > 0 else "tilt_down", abs(shift.imag), abs(shift.imag)),
        Move("push_in" if turn.real > 0 else "pull_out", abs(turn.real), abs(turn.real) * radius),
        Move(
            "roll_counterclockwise" if turn.imag > 0 else "roll_clockwise",
            float(np.rad2deg(abs(turn.imag))),
            abs(turn.imag) * radius,
        ),
    ]
    least = max(LEAST_RATE, LEAST_PART * max(move.strength for move in found))
    return sorted((m for m in found if m.strength >= least), key=lambda m: -m.strength)


def _relief(path: Path, start: float, end: float) -> bool:
    """Whether things pass at different speeds along one way, in several places: near and far, seen by moving past."""
    votes = []
    for first, last, motion in path.anchors:
        if path.times[last] <= start or path.times[first] >= end:
            continue
        moved = motion.expected - motion.before
        if np.abs(moved).mean() < RELIEF_WAY:
            continue
        ratio = (motion.after - motion.before) / np.where(np.abs(moved) > RELIEF_WAY / 3, moved, np.inf)
        along = np.abs(ratio.imag) < 0.25 * np.abs(ratio.real)
        passing = along & ((ratio.real > 1.3) | ((ratio.real > 0.25) & (ratio.real < 0.75)))
        where = motion.before.real[passing]
        votes.append(len(where) >= RELIEF * len(passing) and float(where.std()) >= RELIEF_SPREAD)
    return sum(votes) > len(votes) / 2


def _lines(times: Floats, values: Floats, at: Floats, deviation: float) -> tuple[Floats, Floats]:
    """Heights at ``at`` and slopes there of lines through the values around, weighted by a Gaussian in time."""
    found = np.array([_line(times, values, t, deviation) for t in at])
    return found[:, 0], found[:, 1]


def _line(times: Floats, values: Floats, at: float, deviation: float) -> tuple[float, float]:
    low, high = np.searchsorted(times, [at - 3.5 * deviation, at + 3.5 * deviation])
    low, high = max(0, min(low, len(times) - 2)), min(len(times), max(high, 2))
    t, v = times[low:high] - at, values[low:high]
    w = np.exp(-0.5 * (t / deviation) ** 2) + 1e-9
    w /= w.sum()
    middle, height = w @ t, w @ v
    spread = w @ (t - middle) ** 2
    slope = float(w @ ((t - middle) * (v - height)) / spread) if spread > 0 else 0.0
    return float(height - slope * middle), slope
