"""The 21 points of a hand (Zhang et al., "MediaPipe Hands", https://arxiv.org/abs/2006.10214).

The first square comes from the wrist and fingers of a body's pose; from then on the network finds its own, as
MediaPipe's hand tracking does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from cinejudge import weights
from cinejudge.tools.models.litert import Network
from cinejudge.tools.models.squares import Picture, Points, Square, around, upright

SIDE = 224
REACH = 3.6
"""Side of the first square over the distance from the wrist to the middle of the knuckles, as a pose gives them."""
LOOKS = 3
WRIST, INDEX, MIDDLE, RING = 0, 5, 9, 13
"""The wrist and knuckles."""
PALM = (0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18)
"""Points that move little when fingers bend; the next square is laid around them."""
MARGIN, SHIFT = 2.0, 0.1
"""Side of that square over the palm, and its move towards the fingertips, as a share of the palm."""
PRESENCE = 0.8
"""Least presence in the last two looks. Below it, what is told as a hand on generated clips often is none."""
STEADY = 0.04
"""Largest median move of the points between the last two looks, as a share of the square."""
SMALLEST_PX = 48
"""Side of the last square."""


@dataclass(frozen=True)
class Hand:
    """One hand."""

    points: Points
    """Wrist, then thumb, index, middle, ring and little finger from root to tip: float32 [21, 2] in pixels."""
    presence: float
    right: bool
    """Whether it is a right hand."""


def hand(picture: Picture, wrist: Points, index: Points, pinky: Points) -> Hand | None:
    """The hand at a wrist of a pose; None where it is too small, hidden or unsure.

    Two hands that touch may both lead to the one seen better: whose it is, :attr:`Hand.right` tells.

    Args:
        picture: RGB uint8 [H, W, 3].
        wrist: x, y in pixels.
        index: Root of the index finger.
        pinky: Root of the little finger.
    """
    knuckles = (2 * index + pinky) / 3
    square = Square(knuckles, REACH * float(np.linalg.norm(knuckles - wrist)), upright(wrist, knuckles))
    looks = []
    for _ in range(LOOKS):
        looks.append(_look(picture, square))
        square = _next(looks[-1].points)
    before, after = looks[-2:]
    moved = float(np.median(np.linalg.norm(after.points - before.points, axis=1))) / max(square.side, 1.0)
    if min(before.presence, after.presence) < PRESENCE or moved > STEADY or square.side < SMALLEST_PX:
        return None
    return after


def _look(picture: Picture, square: Square) -> Hand:
    points, presence, right = _network()(square.cut(picture, SIDE)[None].astype(np.float32) / 255)
    placed = square.place(points.reshape(-1, 3)[:, :2], SIDE)
    return Hand(placed, float(presence.flat[0]), bool(right.flat[0] > 0.5))


def _next(points: Points) -> Square:
    angle = upright(points[WRIST], ((points[INDEX] + points[RING]) / 2 + points[MIDDLE]) / 2)
    palm = around(points[list(PALM)], angle, 1.0)
    towards_tips = np.array([np.sin(angle), -np.cos(angle)], np.float32)
    return Square(palm.centre + SHIFT * palm.side * towards_tips, MARGIN * palm.side, angle)


@cache
def _network() -> Network:
    content = weights.path("hand-landmarks", "hand_landmark_full.tflite").read_bytes()
    return Network(content, ("Identity", "Identity_1", "Identity_2"))
