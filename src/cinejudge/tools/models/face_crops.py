"""A followed face cut out of each picture, as SyncNet and the networks after it were trained on (Chung et al. 2016)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cinejudge.media import Footage

SIDE = 224
MARGIN = 0.4
"""How far the crop reaches beyond the face, as a share of its larger side."""
SMOOTHED = 13
"""Boxes are smoothed by the median over so many pictures."""
PICTURE_SIDE = 1280
GREY = (110, 110, 110)
"""What lies beyond the picture."""


class Followed(NamedTuple):
    """A face at an even rate."""

    times: NDArray[np.float64]
    """Seconds; [n]."""
    pictures: NDArray[np.uint8]
    """BGR, [n, 224, 224, 3]."""


def follow(
    footage: Footage, frames: Sequence[int], boxes: Sequence[tuple[float, float, float, float]], fps: float
) -> Followed:
    """A face from where it is first seen to where it is last seen; between two sightings the nearer one stands in.

    Args:
        footage: The clip.
        frames: Rising; where it is seen.
        boxes: Of the face, as shares of the picture; one for each frame.
        fps: Pictures wanted per second.
    """
    times = footage.times[list(frames)]
    grid = np.arange(times[0], times[-1] + 1e-9, 1 / fps)
    places = np.abs(times[:, None] - grid).argmin(axis=0)
    return Followed(grid, _crops(footage, [frames[p] for p in places], [boxes[p] for p in places]))


def _crops(
    footage: Footage, frames: Sequence[int], boxes: Sequence[tuple[float, float, float, float]]
) -> NDArray[np.uint8]:
    import cv2
    from scipy.ndimage import median_filter

    clip = footage.clip
    corners = np.array(boxes) * np.tile([clip.width, clip.height], 2)
    middle = (corners[:, :2] + corners[:, 2:]) / 2
    half = (corners[:, 2:] - corners[:, :2]).max(axis=1, keepdims=True) / 2
    smooth = median_filter(np.concatenate([middle, half], axis=1), size=(SMOOTHED, 1), mode="nearest")
    crops = []
    for (_, picture), (x, y, reach) in zip(footage.frames(frames, max_side=PICTURE_SIDE), smooth, strict=True):
        scale = picture.shape[1] / clip.width
        # As published: from the face's top, its side and twice the margin downwards, the same width.
        side = 2 * reach * (1 + MARGIN) * scale
        left, top = x * scale - side / 2, (y - reach) * scale
        place = np.array([[side / SIDE, 0, left], [0, side / SIDE, top]], np.float32)
        crop = cv2.warpAffine(
            picture, place, (SIDE, SIDE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderValue=GREY
        )
        crops.append(crop[:, :, ::-1])
    return np.stack(crops)
