"""Subjects, backgrounds and style of pictures, by the networks that MSAVBench names: DINOv2, CLIP and CSD."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cinejudge.tools.models import csd, dinov2, image_text, pixels
from cinejudge.tools.models.boxes import Boxes
from cinejudge.tools.models.views import LEAST_BACKGROUND, Picture, free_cells, is_blank, located

GRID = 32
"""Rows and columns by which the share of free background is reckoned."""
Vectors = NDArray[np.float32]
"""[N, D], each of length 1."""


class Descriptors(NamedTuple):
    """Descriptions of one picture; empty where it shows no such thing."""

    subject: Vectors
    """DINOv2 of each of the largest subjects."""
    background: Vectors
    """CLIP of the picture with people and animals erased."""
    style: Vectors
    """CSD of the picture."""


def describe(pictures: Iterable[Picture], device: str = "cpu") -> Iterator[Descriptors]:
    """Describes pictures, uint8 RGB [H, W, 3] with a longer side of some 640 pixels."""
    clip = image_text.load("clip", device)
    none = np.empty((0, 0), np.float32)
    for rgb in pictures:
        alive, crops = located(rgb, device)
        blank = is_blank(rgb)
        hidden = blank or free_cells(alive, GRID, GRID).mean() < LEAST_BACKGROUND
        yield Descriptors(
            subject=dinov2.describe(crops, device) if crops else none,
            background=none if hidden else clip.pictures([erased(rgb, alive)]),
            style=none if blank else csd.load(device).pictures([rgb]),
        )


def erased(rgb: Picture, boxes: Boxes) -> Picture:
    """The picture with boxes (shares of the picture) in the one colour that is nothing to CLIP."""
    height, width = rgb.shape[:2]
    plain = rgb.copy()
    for x0, y0, x1, y1 in (boxes * [width, height, width, height]).round().astype(int):
        plain[y0:y1, x0:x1] = np.round(np.array(pixels.CLIP[0]) * 255)
    return plain
