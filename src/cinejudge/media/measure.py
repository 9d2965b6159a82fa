"""Measures of single pictures, taken on the pixels as they were decoded."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

SIGNALS = (
    "brightness",
    "contrast",
    "saturation",
    "temperature",
    "dark_share",
    "bright_share",
    "sharpness",
    "noise",
    "blockiness",
    "difference",
    "exact_repeat",
)


class Meter:
    """Measures one picture after another; remembers the one before."""

    def __init__(self) -> None:
        self._last: NDArray[np.uint8] | None = None
        self._last_small: NDArray[np.uint8] | None = None

    def measure(self, rgb: NDArray[np.uint8], small: NDArray[np.uint8]) -> tuple[float, ...]:
        """One value per name in ``SIGNALS``."""
        luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
        grey = luma.astype(np.float32)
        tiny = cv2.resize(rgb, (64, 36), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        scale = 288 / min(luma.shape)
        fixed = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
        columns = np.abs(np.diff(grey, axis=1)).mean(axis=0)
        at = columns[7::8].mean() if len(columns) > 8 else 0.0
        values = (
            grey.mean() / 255,
            grey.std() / 255,
            (tiny.max(axis=2) - tiny.min(axis=2)).mean(),
            (tiny[..., 0] - tiny[..., 2]).mean(),
            (luma < 16).mean(),
            (luma >= 250).mean(),
            cv2.Laplacian(fixed, cv2.CV_32F).var(),
            np.sqrt(np.pi / 2) / 6 * np.abs(cv2.filter2D(grey, -1, kernel)).mean(),
            at / (columns.mean() + 1e-3),
            0.0 if self._last_small is None else np.abs(small.astype(int) - self._last_small).mean() / 255,
            float(
                self._last is not None and self._last.shape == luma.shape and not cv2.absdiff(luma, self._last).any()
            ),
        )
        self._last, self._last_small = luma, small
        return tuple(float(v) for v in values)
