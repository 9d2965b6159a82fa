"""Squares cut out of pictures, and the way back."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cinejudge.tools.models.squares import Square, around, upright


def test_a_square_brings_points_back_to_where_they_were() -> None:
    picture = np.zeros((100, 120, 3), np.uint8)
    picture[38:43, 68:73] = 255
    square = Square(np.array([64, 44], np.float32), 40.0, math.radians(30))
    cut = square.cut(picture, 80)
    y, x = (v.mean() for v in np.nonzero(cut[..., 0] > 128))
    assert square.place(np.array([[x, y]], np.float32), 80)[0] == pytest.approx([70, 40], abs=0.6)


def test_outside_the_picture_is_black() -> None:
    cut = Square(np.zeros(2, np.float32), 20.0).cut(np.full((30, 30, 3), 200, np.uint8), 20)
    assert cut[:8, :8].max() == 0 and cut[12:, 12:].min() == 200


def test_what_lies_above_is_upright() -> None:
    assert upright(np.array([5, 9]), np.array([5, 2])) == 0
    assert upright(np.array([5, 9]), np.array([8, 9])) == pytest.approx(math.pi / 2)


def test_around_points_the_square_is_as_large_as_they_reach() -> None:
    points = np.array([[0, 0], [10, 10]], np.float32)
    square = around(points, math.radians(45), 1.5)
    assert square.centre == pytest.approx([5, 5]) and square.side == pytest.approx(1.5 * math.hypot(10, 10))
