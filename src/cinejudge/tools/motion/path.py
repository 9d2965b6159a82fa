"""The camera's path through one shot, from points tracked over the luma thumbnails.

Points of an anchor frame are looked up in each later frame (pyramidal Lucas-Kanade, started from where the motion so
far would take them) and a similarity is fitted to them by RANSAC, so that things that move by themselves drop out.
Because every frame is compared with its anchor rather than with the frame before, nothing drifts, however slow the
motion and however high the frame rate. A new anchor is taken when the old one has gone too far.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cinejudge.tools.models.boxes import Boxes

Floats = NDArray[np.float64]
Points = NDArray[np.complex128]
"""Places from the picture's centre in picture widths: x to the right is real, y downwards is imaginary."""

SQUARE = 6
"""Side in pixels of the squares that give one point each."""
LEAST_TEXTURE = 3e-5
"""Smaller eigenvalue of the structure tensor below which a place cannot be found again."""
LEAST_POINTS = 12
"""Fewer points than this tell no motion."""
WINDOW = (11, 11)
LEVELS = 2
REACH = 0.6
"""Pixels of the thumbnail within which a point agrees with the fitted motion."""
ROUND_TRIP = 0.7
"""Pixels that a point may be off after being tracked there and back."""
LEAST_AGREEING = 0.42
"""Share of the anchor's points that must agree, or a new anchor is tried."""
CELLS = (8, 5)
"""Columns and rows in which agreement is counted, so that a richly textured thing does not outvote its background."""
STEADY = 1.5
"""How much more of the picture must move in another way than before, for the camera to be taken to move so."""
ANCHOR_SHIFT = 0.15
ANCHOR_TURN = 0.08
ANCHOR_AGE_S = 1.5
"""How far (picture widths), by how much (log scale and radians) and how long an anchor carries."""


@dataclass(frozen=True)
class Motion:
    """A similarity ``z' = turn * z + shift``, and which of the points that it was fitted to agree with it."""

    turn: complex
    shift: complex
    before: Points
    after: Points
    agree: NDArray[np.bool_]

    @property
    def expected(self) -> Points:
        """Where the motion takes the points."""
        return np.asarray(self.turn * self.before + self.shift)


@dataclass(frozen=True)
class Path:
    """How the picture's content moves over a shot; the camera moves the other way.

    Positions are cumulative from 0 at the first frame, float64 [n] each.
    """

    times: Floats
    """Seconds."""
    x: Floats
    """Picture widths to the right."""
    y: Floats
    """Picture widths downwards."""
    zoom: Floats
    """Natural logarithm of the scale."""
    roll: Floats
    """Radians clockwise."""
    agreeing: Floats
    """Share of the tracked points that agree with the motion, 0 to 1; 0 where none could be fitted."""
    anchors: tuple[tuple[int, int, Motion], ...]
    """For each anchor its frame, the last frame compared with it, and the motion between: depth shows in them."""


def track(luma: NDArray[np.uint8], times: Floats, aspect: float, movers: Sequence[Boxes] | None = None) -> Path:
    """Follows the camera through one shot.

    Args:
        luma: Thumbnails of its frames, uint8 [n, h, w].
        times: Their times in seconds, float64 [n].
        aspect: Width over height of the displayed picture; the thumbnails may be squeezed.
        movers: For each frame, boxes (shares of the picture) of what moves by itself: points in them are left out.
    """
    count = len(luma)
    movers = movers or [np.zeros((0, 4), np.float32)] * count
    steps = np.zeros((count, 4))
    agreeing = np.zeros(count)
    anchors: list[tuple[int, int, Motion]] = []
    anchor = _Anchor(luma[0], aspect, movers[0])
    since, last = 0, _still()
    step = _still()
    for t in range(1, count):
        motion = anchor.motion_to(luma[t], _after(step, last))
        if since < t - 1 and (motion is None or motion.agree.mean() < LEAST_AGREEING):
            if last.before.size:
                anchors.append((since, t - 1, last))
            anchor, since, last = _Anchor(luma[t - 1], aspect, movers[t - 1]), t - 1, _still()
            motion = anchor.motion_to(luma[t], step)
        if motion is None:
            anchor, since, last, step = _Anchor(luma[t], aspect, movers[t]), t, _still(), _still()
            continue
        step = _between(last, motion)
        steps[t] = step.shift.real, step.shift.imag, np.log(abs(step.turn)), np.angle(step.turn)
        agreeing[t] = motion.agree.mean()
        last = motion
        if t == count - 1 or _far(motion) or times[t] - times[since] > ANCHOR_AGE_S:
            anchors.append((since, t, motion))
            anchor, since, last = _Anchor(luma[t], aspect, movers[t]), t, _still()
    agreeing[0] = agreeing[1] if count > 1 else 0.0
    x, y, zoom, roll = np.cumsum(steps, axis=0).T
    return Path(np.asarray(times, np.float64), x, y, zoom, roll, agreeing, tuple(anchors))


class _Anchor:
    """A frame whose points are looked up in others."""

    def __init__(self, luma: NDArray[np.uint8], aspect: float, movers: Boxes) -> None:
        self._height, self._width = luma.shape
        self._aspect = aspect
        # In pixels of the thumbnail's width; those of its height may be coarser.
        self._reach = REACH * max(1.0, self._width / self._height / aspect)
        self._luma = np.ascontiguousarray(luma)
        self._pixels = _outside(_corners(self._luma), movers * np.tile([self._width, self._height], 2))

    def motion_to(self, luma: NDArray[np.uint8], guess: Motion) -> Motion | None:
        """The motion from this frame to another; None where too few points can be followed."""
        if len(self._pixels) < LEAST_POINTS:
            return None
        before = self._places(self._pixels)
        start = self._to_pixels(guess.turn * before + guess.shift)
        other = np.ascontiguousarray(luma)
        there, found, _ = cv2.calcOpticalFlowPyrLK(
            self._luma, other, self._pixels, start, winSize=WINDOW, maxLevel=LEVELS, flags=cv2.OPTFLOW_USE_INITIAL_FLOW
        )
        back, returned, _ = cv2.calcOpticalFlowPyrLK(
            other, self._luma, there, self._pixels.copy(), winSize=WINDOW, maxLevel=LEVELS,
            flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
        )  # fmt: skip
        off = np.abs(back - self._pixels).max(axis=1)
        inside = ((there >= 0) & (there < [self._width, self._height])).all(axis=1)
        good = (found[:, 0] > 0) & (returned[:, 0] > 0) & (off < ROUND_TRIP) & inside
        return self._fit(before[good], self._places(there[good]), guess)

    def _fit(self, before: Points, after: Points, guess: Motion) -> Motion | None:
        """The motion of what surrounds the picture: of the two strongest, the one that more of its borders share."""
        first = self._strongest(before, after, np.ones(len(before), bool))
        if first is None:
            return None
        second = self._strongest(before, after, ~first.agree)
        if second is None:
            return first
        steady, other = sorted((first, second), key=lambda m: abs(m.shift - guess.shift) + abs(m.turn - guess.turn))
        return other if self._presence(other) > STEADY * self._presence(steady) else steady

    def _strongest(self, before: Points, after: Points, among: NDArray[np.bool_]) -> Motion | None:
        if among.sum() < LEAST_POINTS:
            return None
        matrix, agree = cv2.estimateAffinePartial2D(
            _pairs(before[among]) * self._width, _pairs(after[among]) * self._width, method=cv2.RANSAC,
            ransacReprojThreshold=self._reach, maxIters=500, confidence=0.995,
        )  # fmt: skip
        if matrix is None or agree.sum() < LEAST_POINTS / 2:
            return None
        turn = complex(matrix[0, 0], matrix[1, 0])
        shift = complex(matrix[0, 2], matrix[1, 2]) / self._width
        close = np.abs(turn * before + shift - after) * self._width <= self._reach
        return Motion(turn, shift, before, after, close)

    def _presence(self, motion: Motion) -> float:
        """How much of the picture moves so: cells in which most points agree, those at the border counting double."""
        x = np.clip(((motion.before.real + 0.5) * CELLS[0]).astype(int), 0, CELLS[0] - 1)
        y = np.clip(((motion.before.imag * self._aspect + 0.5) * CELLS[1]).astype(int), 0, CELLS[1] - 1)
        all_points, agreeing = np.zeros(CELLS), np.zeros(CELLS)
        np.add.at(all_points, (x, y), 1)
        np.add.at(agreeing, (x, y), motion.agree)
        border = np.ones(CELLS)
        border[[0, -1], :] = border[:, [0, -1]] = 2
        return float((border * (agreeing > all_points / 2)).sum())

    def _places(self, pixels: NDArray[np.float32]) -> Points:
        x = (pixels[:, 0] + 0.5) / self._width - 0.5
        y = ((pixels[:, 1] + 0.5) / self._height - 0.5) / self._aspect
        return np.asarray(x + 1j * y)

    def _to_pixels(self, places: Points) -> NDArray[np.float32]:
        x = (places.real + 0.5) * self._width - 0.5
        y = (places.imag * self._aspect + 0.5) * self._height - 0.5
        return np.stack([x, y], axis=1).astype(np.float32)


def _corners(luma: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The best corner of every small square that holds one, float32 [n, 2]: spread evenly, unlike the best of all."""
    strength = cv2.cornerMinEigenVal(luma, 5)
    rows, columns = luma.shape[0] // SQUARE, luma.shape[1] // SQUARE
    squares = strength[: rows * SQUARE, : columns * SQUARE].reshape(rows, SQUARE, columns, SQUARE).swapaxes(1, 2)
    flat = squares.reshape(rows, columns, -1)
    best = flat.argmax(axis=2)
    row, column = np.nonzero(flat.max(axis=2) > LEAST_TEXTURE)
    inside = best[row, column]
    x, y = column * SQUARE + inside % SQUARE, row * SQUARE + inside // SQUARE
    return np.stack([x, y], axis=1).astype(np.float32)


def _outside(pixels: NDArray[np.float32], boxes: Boxes) -> NDArray[np.float32]:
    """The points that lie in no box."""
    x, y = pixels[:, :1], pixels[:, 1:]
    inside = (x >= boxes[:, 0]) & (x <= boxes[:, 2]) & (y >= boxes[:, 1]) & (y <= boxes[:, 3])
    return np.asarray(pixels[~inside.any(axis=1)])


def _pairs(places: Points) -> Floats:
    return np.stack([places.real, places.imag], axis=1)


def _still() -> Motion:
    return Motion(1 + 0j, 0j, np.zeros(0, complex), np.zeros(0, complex), np.zeros(0, bool))


def _between(first: Motion, second: Motion) -> Motion:
    """From where ``first`` leads to where ``second`` leads."""
    turn = second.turn / first.turn
    return Motion(turn, second.shift - turn * first.shift, second.before, second.after, second.agree)


def _after(step: Motion, motion: Motion) -> Motion:
    """``motion``, then ``step``."""
    turn = step.turn * motion.turn
    return Motion(turn, step.turn * motion.shift + step.shift, motion.before, motion.after, motion.agree)


def _far(motion: Motion) -> bool:
    turned = max(abs(np.log(abs(motion.turn))), abs(np.angle(motion.turn)))
    return abs(motion.shift) > ANCHOR_SHIFT or turned > ANCHOR_TURN
