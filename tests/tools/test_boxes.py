"""Overlap, suppression and tracks of boxes, and groups of faces."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from cinejudge.tools.models import blazeface
from cinejudge.tools.models.boxes import containment, iou, lasting, link, suppress


def boxes(*rows: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 4)


def test_overlap_of_halves() -> None:
    a, b = boxes((0, 0, 2, 2)), boxes((1, 0, 3, 2), (5, 5, 6, 6), (0.5, 0.5, 1.5, 1.5))
    assert iou(a, b)[0] == pytest.approx([2 / 6, 0, 1 / 4])
    assert containment(a, b)[0] == pytest.approx([0.5, 0, 1])


def test_suppression_keeps_the_best_of_each_thing() -> None:
    found = boxes((0, 0, 2, 2), (0.1, 0, 2, 2), (5, 5, 6, 6))
    assert suppress(found, np.array([0.5, 0.9, 0.4]), 0.5) == [1, 2]
    assert suppress(boxes(), np.zeros(0), 0.5) == []


def test_tracks_follow_through_a_gap_and_swap_of_order() -> None:
    left, right = (0, 0, 10, 10), (20, 0, 30, 10)
    frames = [boxes(left, right), boxes(), boxes(right, left), boxes((100, 0, 110, 10))]
    assert link(frames) == [[0, 1], [], [1, 0], [2]]


def test_track_ends_when_unseen_for_long() -> None:
    one = boxes((0, 0, 10, 10))
    assert link([one, boxes(), boxes(), boxes(), one], patience=2) == [[0], [], [], [], [1]]


def test_assignment_is_optimal_not_greedy() -> None:
    # The first box overlaps both tracks; taking its best would leave the second without a partner.
    before = boxes((0, 0, 10, 10), (4, 0, 14, 10))
    after = boxes((3, 0, 13, 10), (6, 0, 16, 10))
    assert link([before, after]) == [[0, 1], [0, 1]]


def test_what_is_seen_once_does_not_last() -> None:
    assert lasting([[0], [0, 1], [0, 2], [2]]) == {0: 0, 2: 1}
    assert lasting([[0], [1]]) == {0: 0, 1: 1}  # in two samples nothing can be told to be fleeting


@pytest.mark.parametrize("size", [(720, 1280), (1280, 720), (100, 100), (300, 400), (200, 2000)])
def test_windows_cover_the_picture_and_overlap(size: tuple[int, int]) -> None:
    height, width = size
    whole, *parts = blazeface.windows_of(height, width)
    assert whole[2] == max(size) and whole[0] <= 0 and whole[1] <= 0
    if parts:
        axis = 0 if width > height else 1
        starts = [part[axis] for part in parts]
        assert starts[0] == 0 and starts[-1] + min(size) == max(size)
        assert all(b - a <= 0.8 * min(size) + 1 for a, b in pairwise(starts))
