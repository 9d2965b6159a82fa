"""Compares pairs of frames in ways that the detectors do not: after motion compensation, by structure, by edges.

All measures work on 72x128 luma and 27x48 RGB.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from cinejudge.media import Footage
from cinejudge.tools.cutting.signals import DARK

Floats = NDArray[np.float32]

_YY, _XX = np.mgrid[0:72, 0:128].astype(np.float32)
_WINDOW = cv2.createHanningWindow((128, 72), cv2.CV_32F)
_CELL = (9, 16)
"""Height and width of the cells in which a picture goes on or does not."""
_SAME = 0.75
"""Correlation of fine structure from which a cell goes on."""
_TEXTURE = 2.0
"""Standard deviation, in grey levels, below which a cell has nothing to compare."""
_FLAT = 8.0
"""Mean squared gradient below which a picture has no edges to speak of."""


class Pictures:
    """Measures pairs of frames of one clip, each pair once."""

    def __init__(self, footage: Footage) -> None:
        """Binds to a clip."""
        self.luma = footage.luma
        self.thumbs = footage.thumbs
        self.fps = footage.clip.fps
        self.count = len(footage.luma)
        self._dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._dis.setFinestScale(1)  # half of 128 pixels: four times as fast, and nothing finer is asked
        self.pair = lru_cache(maxsize=4096)(self._pair)
        self.flow = lru_cache(maxsize=64)(self._flow_between)
        self.descriptor = lru_cache(maxsize=4096)(self._descriptor)
        self.black = lru_cache(maxsize=4096)(self._black)
        self.plain = lru_cache(maxsize=4096)(self._plain)
        self.smeared = lru_cache(maxsize=4096)(self._smeared)

    def _pair(self, a: int, b: int) -> Pair:
        first, second = self.luma[a], self.luma[b]
        forward, backward = self.flow(a, b), self.flow(b, a)
        height, width = first.shape
        there_x, there_y = _XX + forward[..., 0], _YY + forward[..., 1]
        warped = cv2.remap(second, there_x, there_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        back = cv2.remap(backward, there_x, there_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        lost = np.hypot(*np.moveaxis(forward + back, 2, 0)) > 1.5
        inside = (there_x >= 0) & (there_x < width) & (there_y >= 0) & (there_y < height)
        x, y = first.astype(np.float32), warped.astype(np.float32)
        left = cv2.blur(np.abs(x - y), (5, 5))[inside] if inside.any() else np.abs(x - y).ravel()
        return Pair(
            difference=float(np.abs(x - second).mean()),
            residual=float(left.mean()),
            lost=float((lost | ~inside).mean()),
            motion=float(np.median(np.hypot(forward[..., 0], forward[..., 1]))),
            structure=_structure(first, warped, inside),
            changed=float((cv2.blur(np.abs(x - second), (9, 9)) > 12).mean()),
        )

    def _flow_between(self, a: int, b: int) -> Floats:
        """Where each pixel of frame ``a`` is found in frame ``b``: displacements ``[72, 128, 2]``."""
        return np.asarray(self._dis.calc(np.ascontiguousarray(self.luma[a]), np.ascontiguousarray(self.luma[b]), None))

    def goes_on(self, a: int, b: int, first: int, last: int) -> tuple[float, float]:
        """Whether frame ``b`` is what ``a`` shows, moved as the pictures before and after move.

        A pan, however fast, a zoom and a shake go on; so does all that stands beside what pops up or passes by. A cut
        does not, be it between two pictures of one place: nothing moved that way before.

        Args:
            a: Last frame of the old shot.
            b: First frame of the new shot.
            first: First frame that may be looked at.
            last: One past the last.

        Returns:
            Share of the cells with any texture that go on, and mean correlation of all of them, 0 to 1.
        """
        gap = b - a
        beside = [(x, y) for x, y in ((a - 1, a), (b, b + 1)) if x >= first and y < last]
        ways = [np.zeros((*self.luma[a].shape, 2), np.float32)]
        for x, y in beside:
            ways += [gap * self.flow(x, y), self._slide(a, b, gap * self.shift(x, y))]
        old = _fine(self.luma[a])
        best: Floats | None = None
        for way in ways:
            there = _fine(self._warped(b, way))
            alike = _cells_alike(old, there)
            best = alike if best is None else np.maximum(best, alike)
        assert best is not None
        seen = best[np.isfinite(best)]
        return (float((seen > _SAME).mean()), float(seen.mean())) if len(seen) else (1.0, 1.0)

    def _slide(self, a: int, b: int, guess: Floats) -> Floats:
        """The shift of the whole picture from ``a`` to ``b`` that is at most a third off ``guess``, as a field."""
        there = self._warped(b, np.broadcast_to(guess, (*self.luma[a].shape, 2)))
        more = np.asarray(cv2.phaseCorrelate(self.luma[a].astype(np.float32), there.astype(np.float32), _WINDOW)[0])
        if np.hypot(*more) <= max(1.0, float(np.hypot(*guess)) / 3):
            guess = guess + more
        return np.broadcast_to(np.asarray(guess, np.float32), (*self.luma[a].shape, 2))

    def shift(self, a: int, b: int) -> Floats:
        """How far the picture as a whole moves from ``a`` to ``b``: pixels in x and y."""
        return np.asarray(
            cv2.phaseCorrelate(self.luma[a].astype(np.float32), self.luma[b].astype(np.float32), _WINDOW)[0], np.float32
        )

    def _warped(self, t: int, way: Floats) -> NDArray[np.uint8]:
        """Frame ``t`` taken back along a field of displacements."""
        moved = cv2.remap(
            self.luma[t], _XX + way[..., 0], _YY + way[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT
        )
        return np.asarray(moved, np.uint8)

    def _descriptor(self, t: int) -> tuple[Floats, Floats]:
        """Colours and edges of a frame, each of unit sum or unit length."""
        rgb = np.asarray(self.thumbs[t])
        hsv = cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV)
        histogram = cv2.calcHist([hsv], [0, 1, 2], None, [12, 4, 4], [0, 180, 0, 256, 0, 256]).ravel()
        colours = np.sqrt(histogram / histogram.sum())
        grey = np.asarray(self.luma[t], np.float32)
        gx, gy = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
        strength, angle = cv2.cartToPolar(gx, gy)
        bins = (angle * (8 / (2 * np.pi))).astype(int) % 8
        rows, columns = np.mgrid[0:72, 0:128]
        cell = (rows // 12) * 8 + columns // 16
        edges = np.bincount((cell * 8 + bins).ravel(), strength.ravel(), minlength=48 * 8).astype(np.float32)
        edges = np.sqrt(edges)
        return colours.astype(np.float32), edges / max(float(np.linalg.norm(edges)), 1e-6)

    def _smeared(self, t: int) -> float:
        """How far all edges of a frame run one way, 0 to 1: the coherence of its structure tensor.

        A camera that is swung round smears the picture along its way.
        """
        soft = cv2.GaussianBlur(np.asarray(self.luma[t], np.float32), (0, 0), 1)
        gx, gy = cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)
        across, along, mixed = ((p * q).mean() for p, q in ((gx, gx), (gy, gy), (gx, gy)))
        return float(np.hypot(across - along, 2 * mixed) / (across + along + _FLAT))

    def _black(self, t: int) -> bool:
        """Whether a frame is black."""
        return bool(np.percentile(self.thumbs[t], 97) <= DARK)

    def _plain(self, t: int) -> bool:
        """Whether a frame is black or white."""
        return bool(self.black(t) or np.percentile(self.thumbs[t], 3) >= 255 - DARK)

    def empty(self, t: int) -> bool:
        """Whether a frame is black or white but for a few words, as in ``signals.Levels``."""
        return bool(np.percentile(self.thumbs[t], 90) <= DARK or np.percentile(self.thumbs[t], 10) >= 255 - DARK)

    def unlike(self, a: int, b: int) -> tuple[float, float]:
        """Distance of colours (Hellinger) and of edges (1 - cosine) of two frames, 0 to 1."""
        (c1, e1), (c2, e2) = self.descriptor(a), self.descriptor(b)
        return float(np.sqrt(max(0.0, 1 - float(c1 @ c2)))), float(1 - e1 @ e2)


@dataclass(frozen=True)
class Pair:
    """How two frames compare."""

    difference: float
    """Mean absolute difference, grey levels."""
    residual: float
    """The same after motion compensation, where the motion stays inside the picture."""
    lost: float
    """Share of pixels that cannot be followed there and back."""
    motion: float
    """Median displacement in pixels of 128."""
    structure: float
    """1 - correlation of local contrast after motion compensation: blind to changes of light."""
    changed: float
    """Share of the picture that changed."""


def _structure(first: NDArray[np.uint8], second: NDArray[np.uint8], inside: NDArray[np.bool_]) -> float:
    x, y = (_high_pass(p)[inside] for p in (first, second))
    if not len(x):
        return 1.0
    norm = float(np.sqrt((x * x).sum() * (y * y).sum()))
    if norm < len(x) * 4.0:  # both flat: black, white, fog
        return 0.0 if max(x.std(), y.std()) < 2.0 else 1.0
    return float(1 - np.clip((x * y).sum() / norm, 0, 1))


def _fine(picture: NDArray[np.uint8]) -> Floats:
    x = picture.astype(np.float32)
    return np.asarray(x - cv2.blur(x, (9, 9)), np.float32)


def _cells_alike(x: Floats, y: Floats) -> Floats:
    """Correlation of two pictures in each cell, NaN where the first shows no texture."""
    xx, yy, xy = (_cell_means(p) for p in (x * x, y * y, x * y))
    alike = np.clip(xy / np.sqrt(xx * yy + 1e-6), 0, 1)
    return np.asarray(np.where(xx > _TEXTURE**2, alike, np.nan), np.float32)


def _cell_means(picture: Floats) -> Floats:
    rows, columns = (n // c for n, c in zip(picture.shape, _CELL, strict=True))
    return np.asarray(picture.reshape(rows, _CELL[0], columns, _CELL[1]).mean(axis=(1, 3)))


def _high_pass(picture: NDArray[np.uint8]) -> Floats:
    x = picture.astype(np.float32)
    return np.asarray(x - cv2.blur(x, (13, 13)), np.float32)
