"""Finds transitions in the self-similarity of a video: in how like each frame is to each other one nearby.

All of it comes from inner products of small pictures, worked out once for each pair.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_Index = NDArray[np.intp]
_Matrix = NDArray[np.float64]

_CHUNK = 512
"""Frames worked on at once, so that memory does not grow with the video."""
_REACH = 6
"""Frames on either side of a step that its novelty compares."""
_HALVES = (2, 4, 8, 14, 22, 32)
"""Half lengths of gaps in which a transition is sought."""
_SPANS = (3, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 60)
"""Lengths of mixtures that are tried."""
_CLOSE = 4
"""Frames on either side of a place that are compared at least."""
_PASSAGE_NOVELTY = 2.0
_PASSAGE_CHANGE = 12.0
"""Root mean squared difference, of 255, that two shots have at least."""
_BLEND_FIT = 0.4
_BLEND_CHANGE = 150.0
"""Mean squared difference that a dissolve at least makes: 12 grey levels."""


@dataclass(frozen=True)
class Stretch:
    """A stretch of frames that may be a transition."""

    start: int
    """First changed frame."""
    end: int
    """First frame after it."""
    strength: float
    """How much speaks for it; comparable within one detector."""


@dataclass(frozen=True)
class SelfSimilarity:
    """What the comparison of all frames nearby says."""

    novelty: Floats
    """``[N]``: how much more the pictures differ across the step to frame ``t`` than on either side of it.

    The checkerboard novelty of Foote (2000), as a ratio so that busy and calm clips compare: ``mean distance across /
    (mean distance within + 1)``; about 1 where nothing changes.
    """
    passages: list[Stretch]
    """Stretches with unlike pictures on both sides, however it goes on between them; strength is the novelty."""
    blends: list[Stretch]
    """Stretches whose pictures are mixtures of the two around them; strength is the fit, at most 1."""


def self_similarity(thumbs: NDArray[np.uint8], longest: int) -> SelfSimilarity:
    """Compares all frames nearby.

    Args:
        thumbs: ``[N, 27, 48, 3]`` RGB; may be memory-mapped.
        longest: Longest transition in frames.
    """
    count = len(thumbs)
    novelty = np.zeros(count, np.float32)
    passages: list[Stretch] = []
    blends: list[Stretch] = []
    for first, gram in _grams(thumbs, longest + 2):
        area = _area(gram)
        t = np.arange(1, len(gram))
        ratio, _ = _contrast(area, t, 0, _REACH)
        # The ends of a piece lack their neighbours; the piece before or after has them.
        whole = ((t >= _REACH) | (first == 0)) & ((t + _REACH <= len(gram)) | (first + len(gram) == count))
        novelty[first + t[whole]] = ratio[whole]
        passages += [p for half in _HALVES if 2 * half <= longest for p in _passages(gram, area, first, half)]
        blends += [b for n in _SPANS if n <= longest for b in _blends(gram, first, n)]
    return SelfSimilarity(novelty, _strongest(passages), _strongest(blends))


def sides(thumbs: NDArray[np.uint8], start: int, end: int) -> dict[str, float]:
    """How unlike the pictures on both sides of a place are, and how the way between them runs.

    Args:
        thumbs: ``[N, 27, 48, 3]`` RGB; may be memory-mapped.
        start: First changed frame.
        end: First frame after the change; equal to ``start`` for a hard cut.

    Returns:
        ``apart``: mean root mean squared difference across, of 255. ``contrast``: the same over that within both sides,
        as in :func:`self_similarity`. With two frames or more in between ``mixture``: 1 where they are straight
        mixtures of the pictures around them, 0 as for a jump, at least -1; and ``straight``: the way from one side to
        the other over the way that the pictures took, at most 1.
    """
    reach = max(_CLOSE, (end - start) // 2)
    first = max(0, start - reach)
    flat = _flat(thumbs[first : end + reach])
    before, between, after = flat[: start - first], flat[start - first : end - first], flat[end - first :]
    apart = float(_distances(before, after).mean())
    within = sum(_distances(s, s).sum() / max(1, len(s) * (len(s) - 1)) for s in (before, after))
    found = {"apart": apart, "contrast": apart / (float(within) / 2 + 1.0)}
    count = end - start
    if count >= 2:
        share = (np.arange(1, count + 1, dtype=np.float32) / (count + 1))[:, None]
        change = float(np.square(after[0] - before[-1]).mean())
        unexplained = float(np.square(between - (1 - share) * before[-1] - share * after[0]).mean())
        steps = np.diff(np.concatenate([before[-1:], between, after[:1]]), axis=0)
        found["mixture"] = float(np.clip(1 - 12 * unexplained / (change + 1e-3), -1, 1))
        found["straight"] = float(np.sqrt(change) / (np.sqrt(np.square(steps).mean(axis=1)).sum() + 1))
    return found


def _passages(gram: _Matrix, area: _Matrix, first: int, half: int) -> Iterator[Stretch]:
    """The same novelty with a gap, whose content does not count.

    Start and end are where the way from the picture before the gap to the one after it is one tenth and nine tenths
    done.
    """
    t = np.arange(half + 2, len(gram) - half - 2)
    if not len(t):
        return
    ratio, across = _contrast(area, t, half, max(_CLOSE, half // 2))
    ratio[across < _PASSAGE_CHANGE] = 0
    padded = np.concatenate([[0.0], ratio, [0.0]])
    peaks = (padded[1:-1] > padded[:-2]) & (padded[1:-1] >= padded[2:]) & (ratio > _PASSAGE_NOVELTY)
    for at, strength in zip(t[peaks], ratio[peaks], strict=True):
        a, b = at - half - 1, at + half
        inner = np.arange(a, b + 1)
        change = gram[a, a] + gram[b, b] - 2 * gram[a, b]
        share = (gram[inner, b] - gram[inner, a] - gram[a, b] + gram[a, a]) / max(change, 1e-6)
        end = int(np.argmax(share >= 0.9))
        start = int(np.flatnonzero(share[: end + 1] <= 0.1)[-1]) + 1
        if end - start >= 2:
            yield Stretch(first + int(a) + start, first + int(a) + end, float(strength))


def _blends(gram: _Matrix, first: int, n: int) -> Iterator[Stretch]:
    """Mixtures of ``n`` frames: the k-th should be ``a + (k / (n + 1)) (b - a)`` of the frames around them."""
    i = np.arange(0, len(gram) - n - 1)
    j = i + n + 1
    norm = np.diag(gram)
    change = norm[i] + norm[j] - 2 * gram[i, j]
    unexplained = np.zeros(len(i))
    for k in range(1, n + 1):
        w, m = k / (n + 1), i + k
        # |f_m - (1-w) a - w b|^2, multiplied out
        unexplained += norm[m] + (1 - w) ** 2 * norm[i] + w**2 * norm[j]
        unexplained += 2 * (w * (1 - w) * gram[i, j] - (1 - w) * gram[m, i] - w * gram[m, j])
    # A jump instead of a mixture leaves a twelfth of the change in each frame.
    fit = 1 - 12 * unexplained / n / np.maximum(change, 1e-6)
    for a in np.flatnonzero((fit > _BLEND_FIT) & (change > _BLEND_CHANGE)):
        yield Stretch(first + int(a) + 1, first + int(a) + n + 1, float(fit[a]))


def _strongest(found: list[Stretch]) -> list[Stretch]:
    """Of stretches of like length that overlap by more than half only the one with most evidence."""
    kept: list[Stretch] = []
    near: dict[int, list[Stretch]] = {}
    for stretch in sorted(found, key=lambda b: -b.strength * np.sqrt(b.end - b.start)):
        # Stretches that share a frame lie in the same or in neighbouring cells as long as the longest of them.
        cell = stretch.start // max(_SPANS[-1], 2 * _HALVES[-1])
        if not any(_rivals(stretch, other) for c in (cell - 1, cell, cell + 1) for other in near.get(c, ())):
            kept.append(stretch)
            near.setdefault(cell, []).append(stretch)
    return sorted(kept, key=lambda b: (b.start, b.end))


def _rivals(a: Stretch, b: Stretch) -> bool:
    short, long = sorted((a.end - a.start, b.end - b.start))
    shared = min(a.end, b.end) - max(a.start, b.start)
    return long <= 2 * short and shared > short / 2


def _contrast(area: _Matrix, t: _Index, half: int, reach: int) -> tuple[_Matrix, _Matrix]:
    """Mean distance across ``t`` over that within both sides, and itself; ``half`` frames on either side left out."""
    before, after = t - half, t + half
    low, high = np.maximum(before - reach, 0), np.minimum(after + reach, len(area) - 1)

    def total(r0: _Index, r1: _Index, c0: _Index, c1: _Index) -> _Matrix:
        return np.asarray(area[r1, c1] - area[r0, c1] - area[r1, c0] + area[r0, c0])

    left, right = before - low, high - after
    across = total(low, before, after, high) / np.maximum(left * right, 1)
    within = total(low, before, low, before) / np.maximum(left**2 - left, 1)
    within += total(after, high, after, high) / np.maximum(right**2 - right, 1)
    return across / (within / 2 + 1.0), across


def _area(gram: _Matrix) -> _Matrix:
    """Sums of root mean squared differences over all rectangles from the corner."""
    norm = np.diag(gram)
    distance = np.sqrt(np.maximum(norm[:, None] + norm - 2 * gram, 0))
    return np.pad(distance.cumsum(0).cumsum(1), ((1, 0), (1, 0)))


def _grams(thumbs: NDArray[np.uint8], reach: int) -> Iterator[tuple[int, _Matrix]]:
    """Inner products per value of pieces of film that overlap by twice ``reach``, with their first frames."""
    for first in range(0, len(thumbs), _CHUNK):
        piece = thumbs[first : first + _CHUNK + 2 * reach]
        if first and len(piece) <= 2 * reach:
            return  # the piece before held all of it
        flat = _flat(piece)
        yield first, (flat @ flat.T).astype(np.float64) / flat.shape[1]


def _flat(thumbs: NDArray[np.uint8]) -> Floats:
    """Pictures of half the size, one per row."""
    small = thumbs[:, :26].reshape(len(thumbs), 13, 2, 24, 2, 3).mean(axis=(2, 4), dtype=np.float32)
    return np.asarray(small.reshape(len(thumbs), -1))


def _distances(a: Floats, b: Floats) -> Floats:
    """Root mean squared difference of each row of ``a`` to each of ``b``."""
    squared = np.square(a).mean(axis=1)[:, None] + np.square(b).mean(axis=1) - 2 * (a @ b.T) / a.shape[1]
    return np.asarray(np.sqrt(np.maximum(squared, 0)))
