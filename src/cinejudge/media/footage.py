"""One clip, decoded once, lazily, into a private work folder."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from cinejudge.media.atomic import write_atomic
from cinejudge.media.limits import FramePlan, MediaLimits
from cinejudge.media.process import run_decoder
from cinejudge.media.sound import Sound
from cinejudge.schema import Clip
from cinejudge.schema.errors import MediaError


class Footage:
    """One clip: opened through the one door, decoded at most once, in a process of its own."""

    def __init__(
        self,
        path: Path,
        *,
        cache: Path,
        plan: FramePlan = FramePlan(),  # noqa: B008 - immutable
        limits: MediaLimits = MediaLimits(),  # noqa: B008 - immutable
    ) -> None:
        """Names the file; nothing is opened yet.

        Args:
            path: The video.
            cache: Folder for clip records and work folders.
            plan: What the decoding pass keeps.
            limits: Bounds on the file.
        """
        self.path = path
        self.decoded = False
        self.decode_seconds = 0.0
        self._cache = cache
        self._plan = plan
        self._limits = limits
        self._lock = threading.RLock()

    @cached_property
    def clip(self) -> Clip:
        """The facts of the file.

        Raises:
            MediaError: it cannot be judged; one line says why.
        """
        with self._lock:
            sha256, _ = self._identity
            record = self._cache / "clips" / f"{sha256}.json"
            try:
                return Clip.model_validate_json(record.read_bytes()).model_copy(update={"name": self.path.name})
            except (FileNotFoundError, ValidationError):
                return self._work[1]

    @cached_property
    def _identity(self) -> tuple[str, int]:
        descriptor = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise MediaError(f"{self.path}: not a regular file")
        with os.fdopen(os.dup(descriptor), "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest(), descriptor

    @cached_property
    def _work(self) -> tuple[Path, Clip]:
        with self._lock:
            start = time.perf_counter()
            (self._cache / "work").mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(dir=self._cache / "work"))
            self._remove = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
            sha256, descriptor = self._identity
            try:
                result = run_decoder(descriptor, folder, self._plan, self._limits)
            except MediaError as error:
                raise MediaError(f"{self.path.name}: {error}") from None
            size = os.fstat(descriptor).st_size
            clip = Clip(id=sha256[:16], sha256=sha256, name=self.path.name, size_bytes=size, **result["facts"])
            write_atomic(self._cache / "clips" / f"{sha256}.json", clip.model_dump_json().encode())
            self._names = tuple(result["signals"])
            self.decoded = True
            self.decode_seconds = time.perf_counter() - start
            return folder, clip

    def _array(self, name: str) -> NDArray[Any]:
        loaded: NDArray[Any] = np.load(self._work[0] / f"{name}.npy", allow_pickle=False)
        return loaded

    @cached_property
    def times(self) -> NDArray[np.float64]:
        """Presentation time of each frame in seconds, non-decreasing, from 0: float64 [N]."""
        return self._array("times")

    @cached_property
    def thumbs(self) -> NDArray[np.uint8]:
        """RGB thumbnails, uint8 [N, 27, 48, 3], memory-mapped."""
        return self._mapped("thumbs", (27, 48, 3))

    @cached_property
    def luma(self) -> NDArray[np.uint8]:
        """Luma thumbnails, uint8 [N, 72, 128], memory-mapped."""
        return self._mapped("luma", (72, 128))

    def _mapped(self, name: str, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        folder, clip = self._work
        return np.memmap(folder / f"{name}.bin", np.uint8, "r", shape=(clip.frames, *shape))

    @cached_property
    def signals(self) -> dict[str, NDArray[np.float32]]:
        """Measures of each frame on its original pixels, float32 [N] each."""
        table = self._array("signals")
        return {name: table[:, i] for i, name in enumerate(self._names)}

    @cached_property
    def stored(self) -> NDArray[np.int32]:
        """Indices of the kept pictures, int32 [M]."""
        return self._array("stored")

    @cached_property
    def _offsets(self) -> NDArray[np.int64]:
        return self._array("offsets")

    @cached_property
    def _pictures(self) -> int:
        return os.open(self._work[0] / "pictures.bin", os.O_RDONLY)

    def frame(self, index: int, *, max_side: int | None = None) -> NDArray[np.uint8]:
        """The kept picture nearest to ``index``, RGB uint8 [H, W, 3], at most ``max_side`` pixels long."""
        return next(self.frames([index], max_side=max_side))[1]

    def frames(self, indices: Sequence[int], *, max_side: int | None = None) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """For each index the nearest kept picture: ``(its own index, RGB uint8 [H, W, 3])``."""
        import cv2

        for index in indices:
            place = self._nearest(index)
            start, end = (int(o) for o in self._offsets[place : place + 2])
            data = np.frombuffer(os.pread(self._pictures, end - start, start), np.uint8)
            picture = cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
            scale = max_side / max(picture.shape) if max_side else 1.0
            if scale < 1:
                picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            yield int(self.stored[place]), picture

    def _nearest(self, index: int) -> int:
        return int(np.abs(self.stored - index).argmin())

    def sample(
        self, start_frame: int, end_frame: int, *, fps: float | None = None, count: int | None = None
    ) -> list[int]:
        """Kept frames spread evenly over ``[start_frame, end_frame)``; at least one where the span holds one."""
        inside = self.stored[(self.stored >= start_frame) & (self.stored < end_frame)]
        if not len(inside):
            return []
        if count is None:
            seconds = (end_frame - start_frame) / self.clip.fps
            count = max(1, round(seconds * fps)) if fps else len(inside)
        count = min(max(count, 1), len(inside))
        places = (np.arange(count) + 0.5) * len(inside) / count
        return [int(inside[int(p)]) for p in places]

    def frame_at(self, seconds: float) -> int:
        """Index of the frame shown at that time."""
        return int(np.clip(np.searchsorted(self.times, seconds + 1e-6, side="right") - 1, 0, len(self.times) - 1))

    @cached_property
    def sound(self) -> Sound | None:
        """The sound, or None where there is none."""
        folder, clip = self._work
        path = folder / "sound.bin"
        if not path.is_file() or not path.stat().st_size:
            return None
        channels = 1 if clip.channels == 1 else 2
        samples = np.memmap(path, np.float32, "r").reshape(-1, channels)
        return Sound(samples, min(clip.sample_rate or 48000, 48000))

    def close(self) -> None:
        """Removes the work folder."""
        if "_work" in self.__dict__:
            self._remove()

    def __enter__(self) -> Footage:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
