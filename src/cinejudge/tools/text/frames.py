"""Which frames are read for text, and which need not be read again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from numpy.typing import NDArray

from cinejudge.media import Footage
from cinejudge.tools.look import Region
from cinejudge.tools.models.rapid import Read, TextReader

SAMPLES_PER_SECOND = 2.0
MAX_SAMPLES = 600
"""Longer spans are sampled more thinly."""
STILL = 4.0
"""A frame is not read again while no part of its luma thumbnail (a sixteenth of its sides) has changed by more than
this since the frame read last, in grey levels of 255."""
JUMP = 0.08
"""Mean luma difference to the frame before (0 to 1) that starts a new picture, which is read at least once."""
REGION_SIDE = 960
"""A region is enlarged up to this longer side, at most fourfold, before it is read."""


class Sample(NamedTuple):
    """A chosen frame with its text."""

    frame: int
    lines: list[Read]
    fresh: bool
    """Whether it was read itself."""


def choose(footage: Footage, first: int, last: int) -> list[int]:
    """Evenly spread frames, and one for every new picture that would fall between them, at most as many again."""
    import numpy as np

    seconds = (last - first) / footage.clip.fps
    even = footage.sample(first, last, count=max(1, min(MAX_SAMPLES, round(seconds * SAMPLES_PER_SECOND))))
    jumps = first + 1 + np.flatnonzero(footage.signals["difference"][first + 1 : last] > JUMP)
    edges = [first, *(int(j) for j in jumps), last]
    between = [
        footage.sample(start, end, count=1)
        for start, end in pairwise(edges)
        if not any(start <= frame < end for frame in even)
    ]
    missed = [frame for found in between for frame in found]
    return sorted({*even, *missed[: len(even)]})


def read(footage: Footage, frames: Sequence[int], region: Region | None, reader: TextReader) -> Iterator[Sample]:
    """The text of each frame; a frame that has not changed since the last one read keeps that one's text."""
    last: NDArray[Any] | None = None
    lines: list[Read] = []
    for frame, rgb in footage.frames(frames):
        luma = footage.luma[frame]
        fresh = last is None or _changed(last, luma)
        if fresh:
            last = luma
            lines = reader.read(rgb) if region is None else _read_region(rgb, region, reader)
        yield Sample(frame, lines, fresh)


def _changed(old: NDArray[Any], new: NDArray[Any]) -> bool:
    """Whether any part of the thumbnail changed, so that words may have changed in it."""
    import cv2
    import numpy as np

    difference = np.abs(new.astype(np.float32) - old.astype(np.float32))
    return bool(cv2.blur(difference, (8, 4)).max() > STILL)


def _read_region(rgb: NDArray[Any], region: Region, reader: TextReader) -> list[Read]:
    import cv2

    height, width = rgb.shape[:2]
    x0, y0, x1, y1 = (
        round(region.x0 * width),
        round(region.y0 * height),
        round(region.x1 * width),
        round(region.y1 * height),
    )
    part = rgb[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)]
    scale = min(4.0, REGION_SIDE / max(part.shape[:2]))
    if scale > 1:
        part = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    wide, high = region.x1 - region.x0, region.y1 - region.y0
    return [
        read._replace(
            box=(
                region.x0 + read.box[0] * wide,
                region.y0 + read.box[1] * high,
                region.x0 + read.box[2] * wide,
                region.y0 + read.box[3] * high,
            )
        )
        for read in reader.read(part)
    ]
