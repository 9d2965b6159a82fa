"""Measures of single pictures, taken on their own pixels while they are in memory.

Each is built to answer to one kind of fault and to stay put for the others: colour is taken as a ratio, so that
exposure cancels; sharpness is relative to contrast and freed of the share that noise has in it; noise is read where
the picture is flattest; blocking is an excess over the neighbouring columns. All are cheap: box reductions by whole
factors and 8-bit filters, no full-size floating point.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import pi, sqrt
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]

SIGNALS: dict[str, str] = {
    "brightness": "mean luma, 0 to 1",
    "contrast": "standard deviation of luma over the thumbnail, which no grain reaches, 0 to 0.5",
    "saturation": "colourfulness: summed (max - min) over summed max of RGB, 0 to 1",
    "temperature": "red minus blue as a share of all light; positive is warm",
    "tint": "green minus the mean of red and blue as a share of all light; positive is green",
    "dark_share": "share of pixels under 16/255, 0 to 1",
    "bright_share": "share of pixels of 250/255 and more, 0 to 1",
    "sharpness": "deviation of the Laplacian, noise taken off, over that of luma, at 288 lines; 0 is featureless",
    "noise": "standard deviation of the noise as a share of full scale, 0 to 1",
    "blockiness": "excess of the luma step at the 8-pixel grid over the steps beside it, 0 is none",
    "difference": "mean absolute luma difference to the frame before, on thumbnails, 0 to 1",
    "exact_repeat": "1 where the picture repeats the one before but for traces of coding, else 0",
}
"""Name and meaning of each signal, in the order of :meth:`Meter.measure`."""

LINES = 288
"""Pixels of the shorter side at which sharpness is taken, so that videos of different sizes compare."""

_BLOCK = 16

_REPEAT_MEAN, _REPEAT_MAX = 0.06, 24
"""Code values by which coding alone moves a repeated frame: x264 at CRF 18 to 30 stays under both, while the stillest
moving frames of the generated clips at hand are above the first."""

_SECOND = np.array([1.0, -2.0, 1.0], np.float32)


@dataclass(frozen=True)
class Picture:
    """What the meter sees of one frame."""

    luma: Plane
    """8-bit luma plane at its native size; rows may be padded. Not written to afterwards: the meter keeps it."""
    black: int
    """Code value of black: 16 for limited range, 0 for full range."""
    white: int
    """Code value of white: 235 or 255."""
    reduced: Plane
    """The luma plane reduced by a whole factor to less than twice :data:`LINES`; see :func:`reduce`."""
    lines: Plane
    """The same at :data:`LINES`, if it is not smaller by itself; see :func:`at_lines`."""
    thumb: Plane
    """RGB thumbnail, [27, 48, 3]."""
    small: Plane
    """Luma thumbnail of full range, [72, 128]."""


class Meter:
    """Measures one picture after another; remembers the one before."""

    def __init__(self) -> None:
        self._last: Plane | None = None
        self._last_small: Plane | None = None

    def measure(self, picture: Picture) -> tuple[float, ...]:
        """One value per name in :data:`SIGNALS`."""
        luma = picture.luma
        span = picture.white - picture.black
        values = (
            (cv2.mean(luma)[0] - picture.black) / span,
            _deviation(picture.small) / 255,
            *_colour(picture.thumb),
            1.0 - _share_above(luma, picture.black + span * 16 / 255 - 0.5),
            _share_above(luma, picture.black + span * 250 / 255 - 0.5),
            _sharpness(picture),
            _noise(luma, picture.black, picture.white) / span,
            _blockiness(luma),
            self._difference(picture.small),
            self._repeats(luma),
        )
        self._last, self._last_small = luma, picture.small
        return values

    def _difference(self, small: Plane) -> float:
        if self._last_small is None:
            return 0.0
        return float(cv2.norm(small, self._last_small, cv2.NORM_L1)) / small.size / 255

    def _repeats(self, luma: Plane) -> float:
        last = self._last
        if last is None or last.shape != luma.shape:
            return 0.0
        apart = cv2.norm(luma, last, cv2.NORM_L1) / luma.size
        return float(apart < _REPEAT_MEAN and cv2.norm(luma, last, cv2.NORM_INF) <= _REPEAT_MAX)


def _share_above(luma: Plane, level: float) -> float:
    return cv2.countNonZero(cv2.compare(luma, int(np.floor(level)), cv2.CMP_GT)) / luma.size


def _colour(thumb: Plane) -> tuple[float, float, float]:
    """Saturation, temperature, tint. Ratios of sums: a change of exposure cancels."""
    red, green, blue = cv2.mean(thumb)[:3]
    light = red + green + blue + 3.0
    peak, trough = (
        cv2.reduce(thumb.reshape(-1, 3), 1, cv2.REDUCE_MAX),
        cv2.reduce(thumb.reshape(-1, 3), 1, cv2.REDUCE_MIN),
    )
    brightest, darkest = cv2.mean(peak)[0], cv2.mean(trough)[0]
    return (brightest - darkest) / (brightest + 1.0), (red - blue) / light, (green - (red + blue) / 2) / light


def _deviation(plane: Plane) -> float:
    return float(cv2.meanStdDev(plane)[1][0, 0])


def _ranked(values: NDArray[Any], share: float, axis: int = -1) -> Any:
    """The value under which ``share`` of the others lie: np.quantile takes longer than all the rest of a measure."""
    place = int(share * (values.shape[axis] - 1) + 0.5)
    return np.partition(values, place, axis=axis).take(place, axis=axis)


def _box(plane: Plane, factor: int) -> Plane:
    """Mean over squares of ``factor`` pixels; a rest at the right and bottom is left out."""
    height, width = (n // factor for n in plane.shape)
    plane = plane[: height * factor, : width * factor]
    while factor > 1:
        step = 2 if factor % 2 == 0 else factor  # halving is vectorised, and so much faster than one large step
        size = (plane.shape[1] // step, plane.shape[0] // step)
        plane = np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        factor //= step
    return plane


def reduce(luma: Plane) -> Plane:
    """The mean over squares of whole pixels that leaves less than twice :data:`LINES`. White noise stays white."""
    return _box(luma, max(1, min(luma.shape) // LINES))


def at_lines(reduced: Plane) -> Plane:
    """A reduced plane scaled to :data:`LINES` on its shorter side; one that has fewer stays as it is."""
    if min(reduced.shape) <= LINES:
        return reduced
    scale = LINES / min(reduced.shape)
    return np.asarray(cv2.resize(reduced, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def _noise(plane: Plane, black: int, white: int, share: float = 0.25) -> float:
    """Standard deviation of the noise in code values.

    J. Immerkaer, "Fast Noise Variance Estimation" (1996): the mask [1 -2 1]' x [1 -2 1] vanishes on planes and straight
    edges, and for white noise its mean magnitude is ``6 sigma sqrt(2/pi)``. Taken per block of 16 pixels, of which
    the quieter ones decide, so that texture does not count; clipped blocks show no noise and are left out.
    """
    rows, columns = (n // _BLOCK for n in plane.shape)
    if not rows or not columns:
        return 0.0
    whole = plane[: rows * _BLOCK, : columns * _BLOCK]
    answer = cv2.convertScaleAbs(cv2.sepFilter2D(whole, cv2.CV_16S, _SECOND, _SECOND))
    runs = cv2.reduce(answer.reshape(-1, _BLOCK), 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)
    means = runs.reshape(rows, _BLOCK, columns).sum(axis=1) / _BLOCK**2
    level = _box(whole, _BLOCK)
    quiet = means[(level > black + 6) & (level < white - 6)]
    return float(_ranked(quiet, share)) * sqrt(pi / 2) / 6 if quiet.size else 0.0


def _sharpness(picture: Picture) -> float:
    """See :data:`SIGNALS`."""
    # The quietest blocks would leave too much noise in: here the median decides.
    noise = _noise(picture.reduced, 0, 255, share=0.5)
    detail = _detail(picture.lines) - _detail_of_noise(picture.reduced.shape) * noise**2
    return sqrt(max(0.0, detail)) / (_deviation(picture.lines) + 2.0)


def _detail(plane: Plane) -> float:
    """Variance of the Laplacian."""
    return float(cv2.meanStdDev(cv2.Laplacian(plane, cv2.CV_16S))[1][0, 0]) ** 2


@lru_cache(maxsize=4)
def _detail_of_noise(shape: tuple[int, int]) -> float:
    """What white noise of variance 1 in a reduced plane of that shape adds to the detail; scaling colours it."""
    grain = np.random.default_rng(0).normal(128, 16, shape).clip(0, 255).astype(np.uint8)
    noise = _noise(grain, 0, 255, share=0.5)
    return _detail(at_lines(grain)) / noise**2 if noise else 0.0


def _blockiness(luma: Plane) -> float:
    return max(_grid(cv2.absdiff(luma[:, 1:], luma[:, :-1]), 0), _grid(cv2.absdiff(luma[1:], luma[:-1]), 1))


def _grid(steps: Plane, axis: int) -> float:
    """Excess of the strongest of the eight phases over the median of all, at any offset of the grid."""
    profile = cv2.reduce(steps, axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel() / steps.shape[axis]
    rows = len(profile) // 8
    if rows < 4:
        return 0.0
    phases = _ranked(profile[: rows * 8].reshape(rows, 8), 0.5, axis=0)
    usual = float(_ranked(phases, 0.5))
    return (float(phases.max()) - usual) / (usual + 0.5)
