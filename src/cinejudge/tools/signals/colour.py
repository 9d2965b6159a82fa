"""How light and colour differ between two stretches of pictures, in CIELAB."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

MOST_FRAMES = 48
"""More thumbnails of a shot tell nothing new."""
_LINEAR_UP_TO = 6 / 29
"""Cube root of the share of white up to which CIELAB is linear."""
_DARKEST = 1e-3
"""Luminance below which a stretch is black and has no colour to compare."""
_DECILES = np.arange(0.05, 1.0, 0.1)


def lab(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """CIELAB (D65) of pictures spread over a stretch.

    Args:
        rgb: sRGB uint8 [n, h, w, 3], n at least 1.

    Returns:
        float32 [pixels, 3]: L* 0 to 100, a*, b*.
    """
    import cv2

    step = max(1, len(rgb) // MOST_FRAMES)
    pixels = np.asarray(rgb[::step]).reshape(-1, 1, 3).astype(np.float32) / 255
    return cast("NDArray[np.float32]", cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB).reshape(-1, 3))


def lightness_change(before: NDArray[Any], after: NDArray[Any]) -> float:
    """Mean L* after less mean L* before, -100 to 100."""
    return float(after[:, 0].mean() - before[:, 0].mean())


def colour_change(before: NDArray[Any], after: NDArray[Any]) -> float:
    """Euclidean distance of the mean (a*, b*) in the same light: CIE76 without lightness.

    In less light the same colours have smaller a* and b*. So both stretches are first brought to one mean luminance,
    the geometric mean of theirs, by a gain on XYZ, as an exposure does.
    """
    seen = [_xyz(each) for each in (before, after)]
    luminances = [max(float(each[:, 1].mean()), _DARKEST) for each in seen]
    common = float(np.sqrt(luminances[0] * luminances[1]))
    tints = [_a_b(each * (common / own)).mean(axis=0) for each, own in zip(seen, luminances, strict=True)]
    return float(np.linalg.norm(tints[1] - tints[0]))


def _xyz(lab: NDArray[Any]) -> NDArray[np.float64]:
    """X, Y and Z as shares of the white point's [n, 3] (CIE 15:2004, 8.2.1)."""
    y = (lab[:, 0].astype(np.float64) + 16) / 116
    roots = np.stack([y + lab[:, 1] / 500, y, y - lab[:, 2] / 200], axis=1)
    return np.where(roots > _LINEAR_UP_TO, roots**3, (roots - 16 / 116) * 3 * _LINEAR_UP_TO**2)


def _a_b(xyz: NDArray[np.float64]) -> NDArray[np.float64]:
    roots = np.where(xyz > _LINEAR_UP_TO**3, np.cbrt(xyz), xyz / (3 * _LINEAR_UP_TO**2) + 16 / 116)
    return np.stack([500 * (roots[:, 0] - roots[:, 1]), 200 * (roots[:, 1] - roots[:, 2])], axis=1)


def tone_change(before: NDArray[Any], after: NDArray[Any]) -> float:
    """Mean absolute difference of ten quantiles of L* (5 %, 15 % ... 95 %), 0 to 100."""
    return float(np.abs(np.quantile(after[:, 0], _DECILES) - np.quantile(before[:, 0], _DECILES)).mean())
