"""Marks drawn into pictures: boxes with labels, and curves with a cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

INK = (255, 214, 10)
DARK = (0, 0, 0)
LIGHT = (235, 235, 235)


def draw_box(rgb: Any, box: tuple[float, float, float, float], label: str, colour: tuple[int, int, int] = INK) -> None:
    """Draws a labelled box into a picture, in place.

    Args:
        rgb: uint8 RGB [H, W, 3], writable.
        box: ``x0, y0, x1, y1`` as shares of the picture.
        label: Written above the box; characters that the drawing font lacks become ``?``.
        colour: RGB.
    """
    import cv2

    height, width = rgb.shape[:2]
    x0, y0, x1, y1 = round(box[0] * width), round(box[1] * height), round(box[2] * width), round(box[3] * height)
    line = max(1, round(max(height, width) / 500))
    cv2.rectangle(rgb, (x0, y0), (x1, y1), colour, line)
    _write(rgb, label, x0, y0 - 3 * line if y0 > height * 0.06 else y1 + round(height * 0.05), colour)


def write(rgb: Any, text: str, colour: tuple[int, int, int] = INK) -> None:
    """Writes one line into the upper left corner of a picture, in place."""
    _write(rgb, text, round(rgb.shape[1] * 0.01), round(rgb.shape[0] * 0.06), colour)


def curve(
    values: Sequence[float] | NDArray[Any],
    width: int,
    height: int,
    *,
    low: float,
    high: float,
    cursor: float | None = None,
) -> Any:
    """A curve on a dark strip.

    Args:
        values: At least one, evenly spaced in time.
        width: Pixels.
        height: Pixels.
        low: Value at the lower edge.
        high: Value at the upper edge.
        cursor: Where a vertical line stands, as a share of the width.

    Returns:
        uint8 RGB [height, width, 3].
    """
    import cv2
    import numpy as np

    strip = np.full((height, width, 3), 24, np.uint8)
    shares = (np.clip(np.asarray(values, np.float64), low, high) - low) / (high - low)
    x = np.linspace(0, width - 1, len(shares))
    points = np.stack([x, (1 - shares) * (height - 1)], axis=1).round().astype(np.int32)
    cv2.polylines(strip, [points], False, LIGHT, 1, cv2.LINE_AA)
    if cursor is not None:
        at = round(cursor * (width - 1))
        cv2.line(strip, (at, 0), (at, height - 1), INK, 1)
    return strip


def _write(rgb: Any, text: str, x: int, y: int, colour: tuple[int, int, int]) -> None:
    import cv2

    plain = text.encode("ascii", "replace").decode()
    size = max(0.4, max(rgb.shape[:2]) / 1400)
    left, base = max(x, 0), max(y, 10)
    # The rim is the same text moved: a bolder one would be wider.
    for dx, dy, ink in (*((dx, dy, DARK) for dx in (-1, 1) for dy in (-1, 1)), (0, 0, colour)):
        cv2.putText(rgb, plain, (left + dx, base + dy), cv2.FONT_HERSHEY_SIMPLEX, size, ink, 1, cv2.LINE_AA)
