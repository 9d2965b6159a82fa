"""Cheap per-frame signals of shot changes. Index ``t`` speaks of the step from frame ``t - 1`` to frame ``t``."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_CHUNK = 512
"""Frames worked on at once, so that memory does not grow with the video."""
_RAMP = 0.2
"""Grey levels per frame below which a picture no longer fades."""
_STEADY = 0.3
"""The same, as a share of what it changed by per frame until there: a fade is steady, light in a scene wavers."""
DARK = 20
"""Levels at or below which the bright parts of a picture still count as black; likewise from 255 for white."""


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

    content = np.zeros(len(thumbs), np.float32)

    class Scores(StatsManager):  # type: ignore[misc]
        """Keeps one number per frame: its own tables grow by a kilobyte with each."""

        def set_metrics(self, timecode: FrameTimecode, metric_kv_dict: dict[str, float]) -> None:
            content[timecode.frame_num] = metric_kv_dict.get("content_val", content[timecode.frame_num])

    adaptive, plain = AdaptiveDetector(), ContentDetector()
    adaptive.stats_manager = Scores()
    cuts: dict[str, list[int]] = {"pyscenedetect_adaptive": [], "pyscenedetect_content": []}
    for t, rgb in enumerate(thumbs):
        now = FrameTimecode(t, fps)
        bgr = rgb[..., ::-1]
        cuts["pyscenedetect_adaptive"] += [c.frame_num for c in adaptive.process_frame(now, bgr)]
        cuts["pyscenedetect_content"] += [c.frame_num for c in plain.process_frame(now, bgr)]
    alone.update({name: tuple(found) for name, found in cuts.items()})
    content[0] = 0.0
    return content, _against_neighbours(content, 2)


@dataclass(frozen=True)
class Levels:
    """Brightness of each frame, ``[N]`` each."""

    mean: NDArray[np.float64]
    """0 to 255."""
    black: NDArray[np.bool_]
    white: NDArray[np.bool_]
    empty: NDArray[np.bool_]
    """Black or white but for a few words: nothing that could be a shot's picture."""

    @property
    def plain(self) -> NDArray[np.bool_]:
        """Black or white."""
        return self.black | self.white

    def through(self, start: int, end: int) -> float:
        """Share of black and white on the way from one picture to another, 0 to 1; 0 where either side is empty."""
        sides = [t for t in (start - 1, end) if 0 <= t < len(self.empty)]
        within = slice(start, end)
        return 0.0 if self.empty[sides].any() else float((self.black[within] | self.white[within]).mean())


def levels(thumbs: NDArray[np.uint8]) -> Levels:
    """Measures the brightness of ``[N, H, W, 3]`` pictures."""
    mean, parts = np.empty(len(thumbs)), np.empty((4, len(thumbs)))
    for i in range(0, len(thumbs), _CHUNK):
        part = thumbs[i : i + _CHUNK].reshape(-1, thumbs[0].size)
        parts[:, i : i + _CHUNK] = np.percentile(part, (3, 10, 90, 97), axis=1)
        mean[i : i + _CHUNK] = part.mean(axis=1)
    dark, light = parts <= DARK, parts >= 255 - DARK
    return Levels(mean, black=dark[3], white=light[0], empty=dark[2] | light[1])


def fades(light: Levels) -> list[tuple[int, int]]:
    """``(first frame that darkens or brightens, first clean frame)`` of each way through black or white.

    A run of black or white pictures, widened while the mean brightness keeps falling towards it or rising from it.
    """
    found = []
    for plain, sign in ((light.black, 1), (light.white, -1)):
        for first, last in runs(plain):
            before = _ramp(light.mean[:first][::-1], sign)
            found.append((first - before, last + _ramp(light.mean[last:], sign)))
    return sorted(found)


def _ramp(mean: NDArray[np.float64], sign: int) -> int:
    """How many frames a fade takes, counted from its plain end on; ``sign`` is 1 for black and -1 for white."""
    for frames in range(len(mean) - 1):
        sofar = sign * (mean[frames] - mean[0]) / max(frames, 1)
        if sign * (mean[frames + 1] - mean[frames]) <= max(_RAMP, _STEADY * sofar):
            return frames
    return max(0, len(mean) - 1)


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
