"""Cheap per-frame signals of shot changes. Index ``t`` speaks of the step from frame ``t - 1`` to frame ``t``."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_Index = NDArray[np.intp]

_CHUNK = 512
"""Frames worked on at once, so that memory does not grow with the video."""
_RAMP = 1.0
"""Grey levels per frame below which a picture no longer fades."""
_BLEND_FIT = 0.4
_BLEND_CHANGE = 150.0
"""Mean squared difference that a dissolve at least makes: 12 grey levels."""
_PASSAGE_NOVELTY = 2.0
_PASSAGE_CHANGE = 12.0
"""Root mean squared difference, of 255, that two shots have at least."""
_DARK = 20
"""Levels at or below which the bright parts of a picture still count as black; likewise from 255 for white."""


@dataclass(frozen=True)
class Stretch:
    """A stretch of frames that may be a transition."""

    start: int
    """First changed frame."""
    end: int
    """First frame after it."""
    strength: float
    """How much speaks for it; comparable within one detector."""


def content_change(
    thumbs: NDArray[np.uint8], fps: float, alone: MutableMapping[str, tuple[int, ...]]
) -> tuple[Floats, Floats]:
    """PySceneDetect's scores.

    Args:
        thumbs: ``[N, H, W, 3]`` RGB.
        fps: Frames per second.
        alone: Receives the cuts of both detectors at their default thresholds.

    Returns:
        Two arrays ``[N]``: mean change in HSV (0 to 255), and its ratio to the mean of two frames on either side.
    """
    from scenedetect import FrameTimecode, StatsManager
    from scenedetect.detectors import AdaptiveDetector, ContentDetector

    stats = StatsManager()
    adaptive, plain = AdaptiveDetector(), ContentDetector()
    adaptive.stats_manager = stats
    cuts: dict[str, list[int]] = {"pyscenedetect_adaptive": [], "pyscenedetect_content": []}
    for t, rgb in enumerate(thumbs):
        now = FrameTimecode(t, fps)
        bgr = rgb[..., ::-1]
        cuts["pyscenedetect_adaptive"] += [c.frame_num for c in adaptive.process_frame(now, bgr)]
        cuts["pyscenedetect_content"] += [c.frame_num for c in plain.process_frame(now, bgr)]
    alone.update({name: tuple(found) for name, found in cuts.items()})
    content = np.zeros(len(thumbs), np.float32)
    for t in range(1, len(thumbs)):
        content[t] = stats.get_metrics(FrameTimecode(t, fps), ["content_val"])[0]
    return content, _against_neighbours(content, 2)


def novelty(thumbs: NDArray[np.uint8], reach: int = 6) -> Floats:
    """How much more the pictures differ across a step than on either side of it.

    The checkerboard novelty of Foote (2000) on the self-similarity of small pictures, as a ratio so that busy and
    calm clips compare: ``mean distance across / (mean distance within + 1)``.

    Args:
        thumbs: ``[N, H, W, 3]`` RGB.
        reach: Frames looked at on either side.

    Returns:
        ``[N]``, at least 0; about 1 where nothing changes.
    """
    count = len(thumbs)
    out = np.zeros(count, np.float32)
    for first, gram in _grams(thumbs, reach):
        t = np.arange(1, len(gram))
        ratio, _ = _contrast(_distances(gram), t, 0, reach)
        # The ends of a stretch lack their neighbours; the stretch before or after has them.
        whole = ((t >= reach) | (first == 0)) & ((t + reach <= len(gram)) | (first + len(gram) == count))
        out[first + t[whole]] = ratio[whole]
    return out


def passages(thumbs: NDArray[np.uint8], longest: int) -> list[Stretch]:
    """Stretches with unlike pictures on both sides, however it goes on between them.

    The same novelty with a gap: what lies in the gap does not count. Start and end are where the way from the picture
    before the gap to the one after it is one tenth and nine tenths done.

    Args:
        thumbs: ``[N, H, W, 3]`` RGB.
        longest: Longest transition in frames.

    Returns:
        The best stretch of each neighbourhood and length, in order; its strength is the novelty.
    """
    found: list[Stretch] = []
    for half in (h for h in (2, 4, 8, 14, 22, 32) if 2 * h <= longest):
        reach = max(4, half // 2)
        for first, gram in _grams(thumbs, half + reach):
            t = np.arange(half + 2, len(gram) - half - 2)
            if not len(t):
                continue
            ratio, across = _contrast(_distances(gram), t, half, reach)
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
                    found.append(Stretch(first + int(a) + start, first + int(a) + end, float(strength)))
    return _strongest(found)


def _contrast(
    distance: NDArray[np.float64], t: _Index, half: int, reach: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean distance across ``t`` over that within both sides, and itself; ``half`` frames on either side left out."""
    area = np.pad(distance.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    before, after = t - half, t + half
    low, high = np.maximum(before - reach, 0), np.minimum(after + reach, len(distance))

    def total(r0: _Index, r1: _Index, c0: _Index, c1: _Index) -> NDArray[np.float64]:
        return np.asarray(area[r1, c1] - area[r0, c1] - area[r1, c0] + area[r0, c0])

    left, right = before - low, high - after
    across = total(low, before, after, high) / np.maximum(left * right, 1)
    within = total(low, before, low, before) / np.maximum(left**2 - left, 1)
    within += total(after, high, after, high) / np.maximum(right**2 - right, 1)
    return across / (within / 2 + 1.0), across


def _distances(gram: NDArray[np.float64]) -> NDArray[np.float64]:
    """Root mean squared differences from inner products."""
    norm = np.diag(gram)
    return np.asarray(np.sqrt(np.maximum(norm[:, None] + norm - 2 * gram, 0)))


def blends(thumbs: NDArray[np.uint8], longest: int) -> list[Stretch]:
    """Stretches that look like dissolves.

    For two frames ``a``, ``b`` apart by ``n + 1`` the frames between should be ``a + (k / (n + 1)) (b - a)``; the fit
    is one minus the share of the change that this line leaves unexplained. All from inner products, so no picture
    is touched twice.

    Args:
        thumbs: ``[N, H, W, 3]`` RGB.
        longest: Longest transition in frames.

    Returns:
        The best stretch of each neighbourhood and length, in order; its strength is the fit.
    """
    found: list[Stretch] = []
    spans = [n for n in (3, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 60) if n <= longest]
    for first, gram in _grams(thumbs, longest + 2):
        rows = min(_CHUNK, len(thumbs) - first)
        size = len(gram)
        norm = np.diag(gram)
        for n in spans:
            i = np.arange(0, min(rows, size - n - 1))
            j = i + n + 1
            if not len(i):
                continue
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
                found.append(Stretch(first + int(a) + 1, first + int(a) + n + 1, float(fit[a])))
    return _strongest(found)


def _strongest(found: list[Stretch]) -> list[Stretch]:
    """Of stretches of like length that overlap by more than half only the one with most evidence."""
    kept: list[Stretch] = []
    for stretch in sorted(found, key=lambda b: -b.strength * np.sqrt(b.end - b.start)):
        if not any(_rivals(stretch, other) for other in kept):
            kept.append(stretch)
    return sorted(kept, key=lambda b: (b.start, b.end))


def _rivals(a: Stretch, b: Stretch) -> bool:
    short, long = sorted((a.end - a.start, b.end - b.start))
    shared = min(a.end, b.end) - max(a.start, b.start)
    return long <= 2 * short and shared > short / 2


@dataclass(frozen=True)
class Levels:
    """Brightness of each frame, ``[N]`` each: darkest and brightest parts, and mean; 0 to 255."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    mean: NDArray[np.float64]


def levels(thumbs: NDArray[np.uint8]) -> Levels:
    """Measures the brightness of ``[N, H, W, 3]`` pictures."""
    low, high, mean = (np.empty(len(thumbs)) for _ in range(3))
    for i in range(0, len(thumbs), _CHUNK):
        part = thumbs[i : i + _CHUNK].reshape(-1, thumbs[0].size)
        low[i : i + _CHUNK], high[i : i + _CHUNK] = np.percentile(part, (3, 97), axis=1)
        mean[i : i + _CHUNK] = part.mean(axis=1)
    return Levels(low, high, mean)


def black_runs(light: Levels) -> list[tuple[int, int]]:
    """``(start, end)`` of each stretch of black pictures, end exclusive."""
    return runs(light.high <= _DARK)


def fades(light: Levels) -> list[tuple[int, int]]:
    """``(first frame that darkens or brightens, first clean frame)`` of each way through black or white.

    A run of black or white pictures, widened while the mean brightness keeps falling towards it or rising from it.
    """
    mean = light.mean
    found = []
    for plain, towards in ((light.high <= _DARK, -1), (light.low >= 255 - _DARK, 1)):
        for first, last in runs(plain):
            start, end = first, last
            while start > 1 and towards * (mean[start - 1] - mean[start - 2]) > _RAMP:
                start -= 1
            while end < len(mean) - 1 and towards * (mean[end] - mean[end + 1]) > _RAMP:
                end += 1
            found.append((start, end))
    return sorted(found)


def surges(content: Floats, fps: float) -> list[tuple[int, int]]:
    """``(first changed frame, first calm frame)`` of stretches that change far more than the second around them."""
    around = max(4, round(fps))
    found = []
    usual = np.array([np.median(content[max(1, t - around) : t + around + 1]) for t in range(len(content))])
    for start, end in runs((content > 4.0) & (content > 2.0 * usual)):
        if 3 <= end - start <= 2 * fps:
            found.append((start, end))
    return found


def runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """``(start, end)`` of each stretch of True, end exclusive."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _against_neighbours(values: Floats, reach: int) -> Floats:
    out = np.zeros_like(values)
    for t in range(1, len(values)):
        near = np.concatenate([values[max(1, t - reach) : t], values[t + 1 : t + 1 + reach]])
        out[t] = min(255.0, values[t] / max(float(near.mean()) if len(near) else 0.0, 0.05))
    return out


def _grams(pictures: NDArray[np.uint8], reach: int) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Inner products per pixel of stretches of frames that overlap by twice ``reach``, with their first frames."""
    for first in range(0, len(pictures), _CHUNK):
        flat = pictures[first : first + _CHUNK + 2 * reach].reshape(-1, pictures[0].size).astype(np.float32)
        if len(flat) < 2:
            return
        yield first, (flat @ flat.T).astype(np.float64) / flat.shape[1]
