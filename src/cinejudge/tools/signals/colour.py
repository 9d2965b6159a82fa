"""How light and colour differ between two stretches of pictures, in CIELAB."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

MOST_FRAMES = 48
"""More thumbnails of a shot tell nothing new."""
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
    """Euclidean distance of the mean (a*, b*): CIE76 without lightness."""
    return float(np.linalg.norm(after[:, 1:].mean(axis=0) - before[:, 1:].mean(axis=0)))


def tone_change(before: NDArray[Any], after: NDArray[Any]) -> float:
    """Mean absolute difference of ten quantiles of L* (5 %, 15 % ... 95 %), 0 to 100."""
    return float(np.abs(np.quantile(after[:, 0], _DECILES) - np.quantile(before[:, 0], _DECILES)).mean())
