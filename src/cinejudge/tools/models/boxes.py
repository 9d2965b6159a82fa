"""Boxes as arrays ``x0, y0, x1, y1``: overlap, suppression of duplicates, and tracks over time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

FLEETING = 2
"""What is seen in fewer samples, of three or more, does not count."""

Boxes = NDArray[np.float32]
"""float32 [n, 4]; pixels or shares, as long as all are the same."""


def area(boxes: Boxes) -> NDArray[np.float32]:
    """Area of each box [n]; nothing for a box that is turned inside out."""
    sides = np.clip(boxes[:, 2:] - boxes[:, :2], 0, None)
    return np.asarray(sides[:, 0] * sides[:, 1], np.float32)


def intersection(a: Boxes, b: Boxes) -> NDArray[np.float32]:
    """Area that each pair shares [n, m]."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    sides = np.clip(high - low, 0, None)
    return np.asarray(sides[..., 0] * sides[..., 1], np.float32)


def iou(a: Boxes, b: Boxes) -> NDArray[np.float32]:
    """Intersection over union of each pair [n, m], in [0, 1]."""
    shared = intersection(a, b)
    union = area(a)[:, None] + area(b)[None, :] - shared
    return np.asarray(shared / np.maximum(union, 1e-9), np.float32)


def containment(a: Boxes, b: Boxes) -> NDArray[np.float32]:
    """Shared area over the smaller box of each pair [n, m], in [0, 1]."""
    smaller = np.minimum(area(a)[:, None], area(b)[None, :])
    return np.asarray(intersection(a, b) / np.maximum(smaller, 1e-9), np.float32)


def suppress(boxes: Boxes, scores: NDArray[Any], threshold: float) -> list[int]:
    """Greedy non-maximum suppression: indices that stay, best first."""
    order = list(np.argsort(-scores, kind="stable"))
    overlaps = iou(boxes, boxes)
    kept: list[int] = []
    for index in order:
        if not kept or overlaps[index, kept].max() <= threshold:
            kept.append(int(index))
    return kept


def link(frames: Sequence[Boxes], *, overlap: float = 0.3, patience: int = 2) -> list[list[int]]:
    """Links boxes of successive frames into tracks by optimal assignment (Hungarian) on their overlap.

    Args:
        frames: Boxes of each frame, in order of time.
        overlap: Least intersection over union of two boxes that are the same thing.
        patience: Frames that a track may be unseen before it ends.

    Returns:
        For each frame, the track number of each box; tracks are numbered from 0 as they appear.
    """
    from scipy.optimize import linear_sum_assignment

    last: dict[int, tuple[int, NDArray[np.float32]]] = {}
    numbers: list[list[int]] = []
    count = 0
    for time, boxes in enumerate(frames):
        last = {track: seen for track, seen in last.items() if time - seen[0] <= patience + 1}
        assigned = [-1] * len(boxes)
        if last and len(boxes):
            tracks = list(last)
            gain = iou(np.stack([last[t][1] for t in tracks]), boxes)
            for row, column in zip(*linear_sum_assignment(-gain), strict=True):
                if gain[row, column] >= overlap:
                    assigned[column] = tracks[row]
        for i, box in enumerate(boxes):
            if assigned[i] < 0:
                assigned[i], count = count, count + 1
            last[assigned[i]] = (time, box)
        numbers.append(assigned)
    return numbers


def lasting(numbers: Sequence[Sequence[int]]) -> dict[int, int]:
    """Tracks that are seen often enough to count, with new numbers from 0 as they appear.

    Args:
        numbers: Track numbers of each frame, as :func:`link` gives them.
    """
    sightings = Counter(number for each in numbers for number in each)
    needed = FLEETING if len(numbers) > FLEETING else 1
    return {old: new for new, old in enumerate(sorted(n for n, count in sightings.items() if count >= needed))}
