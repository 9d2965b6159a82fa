"""Reads the pictures that :mod:`cinejudge.media.album` wrote."""

from __future__ import annotations

import os
import threading
import weakref
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


class Pictures:
    """Kept pictures of one clip. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        """Opens the album in ``folder``."""
        self.stored: NDArray[np.int32] = np.fromfile(folder / "stored.bin", np.int32)
        """Frame indices of the pictures, rising: int32 [M]."""
        self._spans: NDArray[np.int64] = np.fromfile(folder / "spans.bin", np.int64).reshape(-1, 2)
        self._file = os.open(folder / "pictures.bin", os.O_RDONLY | os.O_CLOEXEC)
        self._lock = threading.Lock()
        self._close = weakref.finalize(self, os.close, self._file)

    def read(self, index: int, max_side: int | None) -> tuple[int, NDArray[np.uint8]]:
        """The picture nearest to frame ``index``.

        Returns:
            The index of its own frame, and the picture: RGB uint8 [H, W, 3], at most ``max_side`` pixels long.

        Raises:
            ValueError: there are no pictures, or the album is closed.
        """
        import cv2

        if not len(self.stored):
            raise ValueError("this footage was decoded without pictures (FramePlan.pictures)")
        place = self._nearest(index)
        start, end = (int(offset) for offset in self._spans[place])
        with self._lock:
            if not self._close.alive:
                raise ValueError("this footage is closed")
            jpeg = os.pread(self._file, end - start, start)
        picture = np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR_RGB), dtype=np.uint8)
        height, width = picture.shape[:2]
        scale = max_side / max(height, width) if max_side else 1.0
        if scale < 1:
            size = (max(1, round(width * scale)), max(1, round(height * scale)))
            picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        return int(self.stored[place]), picture

    def close(self) -> None:
        """Closes the album; a second call does nothing."""
        with self._lock:
            self._close()

    def _nearest(self, index: int) -> int:
        after = int(np.searchsorted(self.stored, index))
        if after == 0 or after == len(self.stored):
            return min(after, len(self.stored) - 1)
        return after if self.stored[after] - index < index - self.stored[after - 1] else after - 1
