"""Kept pictures: JPEG after JPEG in one file, and where each begins."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from cinejudge.media.geometry import Geometry
from cinejudge.media.limits import FramePlan
from cinejudge.schema.errors import MediaError

JPEG_QUALITY = 90

_IN_FLIGHT = 3
"""Frames handed over and not yet written: each is a full picture in memory."""


class Album:
    """Writes pictures in a thread of its own, since scaling and JPEG take as long as all the rest of the pass."""

    def __init__(self, folder: Path, plan: FramePlan, expected: int) -> None:
        """Opens ``pictures.bin`` in ``folder``; ``expected`` frames decide which of them are kept."""
        self._folder = folder
        self._plan = plan
        self._step = max(1, -(-expected // plan.max_pictures))
        self._indices: list[int] = []
        self._spans: list[tuple[int, int]] = []
        self._end = 0
        self._file = (folder / "pictures.bin").open("wb")
        self._worker = ThreadPoolExecutor(1)
        self._waiting: list[Future[None]] = []
        self._reformatter = VideoReformatter()

    def __enter__(self) -> Album:
        return self

    def __exit__(self, *_: object) -> None:
        self._worker.shutdown(cancel_futures=True)
        self._file.close()

    def add(self, index: int, frame: VideoFrame, geometry: Geometry) -> None:
        """Keeps the frame if the plan wants it."""
        if not self._plan.pictures or index % self._step:
            return
        self._wait(_IN_FLIGHT)
        self._waiting.append(self._worker.submit(self._write, index, frame, geometry))
        if index >= self._step * self._plan.max_pictures:
            self._thin()

    def finish(self) -> None:
        """Writes what is in flight and the index: ``stored.bin`` and ``spans.bin``."""
        self._wait(0)
        np.asarray(self._indices, np.int32).tofile(self._folder / "stored.bin")
        np.asarray(self._spans, np.int64).tofile(self._folder / "spans.bin")

    def _write(self, index: int, frame: VideoFrame, geometry: Geometry) -> None:
        scale = min(1.0, self._plan.max_side / max(geometry.width, geometry.height))
        width, height = (max(1, round(side * scale)) for side in (geometry.width, geometry.height))
        scaled = self._reformatter.reformat(
            frame, *geometry.stored(width, height), format="bgr24", interpolation=Interpolation.BICUBIC
        )
        shown = geometry.turn(np.asarray(scaled.to_ndarray(), dtype=np.uint8))
        done, jpeg = cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        if not done:
            raise MediaError(f"frame {index} cannot be kept as a picture of {width} x {height} pixels")
        self._file.write(jpeg.data)
        self._indices.append(index)
        self._spans.append((self._end, self._end + len(jpeg)))
        self._end += len(jpeg)

    def _wait(self, left: int) -> None:
        while len(self._waiting) > left:
            self._waiting.pop(0).result()

    def _thin(self) -> None:
        """There are more frames than the container promised: keep every second one of those so far and to come."""
        self._wait(0)
        self._step *= 2
        kept = [place for place, index in enumerate(self._indices) if index % self._step == 0]
        self._indices = [self._indices[place] for place in kept]
        self._spans = [self._spans[place] for place in kept]
