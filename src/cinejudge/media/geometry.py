"""From stored pictures to displayed ones: rotation and pixel aspect."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

_TURN = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


@dataclass(frozen=True)
class Geometry:
    """Taken from the first frame and kept for all: a later change of size is scaled back to it."""

    width: int
    """Displayed, in square pixels."""
    height: int
    rotation: int
    """Degrees clockwise: 0, 90, 180 or 270."""

    def turn(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The stored picture as it is shown."""
        if not self.rotation:
            return picture
        return np.asarray(cv2.rotate(picture, _TURN[self.rotation]), dtype=np.uint8)

    def stored(self, width: int, height: int) -> tuple[int, int]:
        """The width and height that a stored picture must have to be ``width`` x ``height`` once turned."""
        return (height, width) if self.rotation in (90, 270) else (width, height)


def displayed(stream: VideoStream, frame: VideoFrame, max_pixels: int, notes: list[str]) -> Geometry:
    """The geometry of a stream by its first frame. Adds to ``notes`` what had to be ignored."""
    # FFmpeg counts counterclockwise; an unusable matrix gives a number far outside a full turn.
    turned = round(-frame.rotation / 90) * 90
    if abs(frame.rotation) > 360 or abs(turned + frame.rotation) > 5:
        notes.append("its rotation is not a quarter turn: ignored")
        turned = 0
    width, height = frame.width, frame.height
    aspect = stream.sample_aspect_ratio
    if aspect and aspect != 1:
        widened = max(1, round(width * aspect))
        if 1 / 8 <= aspect <= 8 and widened * height <= max_pixels:
            width = widened
        else:
            notes.append(f"its pixel aspect {aspect} is not plausible: ignored")
    rotation = turned % 360
    if rotation in (90, 270):
        width, height = height, width
    return Geometry(width, height, rotation)
