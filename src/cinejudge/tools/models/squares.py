"""Squares cut out of a picture, turned and scaled to what a network takes in, and the way back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Points = NDArray[np.float32]


@dataclass(frozen=True)
class Square:
    """A square in a picture, in its pixels; may reach beyond it."""

    centre: NDArray[Any]
    """x, y."""
    side: float
    angle: float = 0.0
    """Radians by which its upper edge is turned clockwise in the picture."""

    def cut(self, rgb: Picture, size: int) -> Picture:
        """Its content, upright, as uint8 [size, size, 3]; black outside the picture."""
        import cv2

        back = np.concatenate([self._turn(size), self.place(np.zeros((1, 2), np.float32), size).T], axis=1)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpAffine(rgb, back.astype(np.float32), (size, size), flags=flags), np.uint8)

    def place(self, points: Points, size: int) -> Points:
        """Points [n, 2] of the cut, in its pixels, where they lie in the picture."""
        turned = (points - size / 2) @ self._turn(size).T + self.centre
        return np.asarray(turned, np.float32)

    def _turn(self, size: int) -> Points:
        scale = max(self.side, 1.0) / size
        cos, sin = math.cos(self.angle) * scale, math.sin(self.angle) * scale
        return np.array([[cos, -sin], [sin, cos]], np.float32)


def upright(start: NDArray[Any], end: NDArray[Any]) -> float:
    """Angle of a square in which ``end`` lies right above ``start``."""
    x, y = (float(v) for v in end - start)
    return math.atan2(y, x) + math.pi / 2


def around(points: Points, angle: float, margin: float) -> Square:
    """The square of that angle around points [n, 2], ``margin`` times as large as they reach."""
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]], np.float32)
    level = points @ turn
    low, high = level.min(axis=0), level.max(axis=0)
    return Square(turn @ ((low + high) / 2), float(max(high - low)) * margin, angle)
