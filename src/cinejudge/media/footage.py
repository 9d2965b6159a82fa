"""One clip, decoded at most once, when it is first needed, into a private work folder."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from cinejudge.media import facts
from cinejudge.media.facts import Facts
from cinejudge.media.limits import FramePlan, MediaLimits
from cinejudge.media.names import printable
from cinejudge.media.pictures import Pictures
from cinejudge.media.process import run_decoder
from cinejudge.media.sound import Sound
from cinejudge.media.source import Source
from cinejudge.media.workfolder import WorkFolder
from cinejudge.schema import Clip
from cinejudge.schema.errors import MediaError

Made = TypeVar("Made")


@dataclass(frozen=True)
class _Decoded:
    """What the pass left."""

    folder: Path
    facts: Facts
    signals: tuple[str, ...]
    sound: dict[str, int] | None
    pictures: Pictures


class Footage:
    """One clip: opened through the one door, decoded at most once, in a process of its own.

    Safe to use from several threads. Pictures come from JPEG at the size of the plan; everything else was measured
    on the original pixels. Arrays stay valid after :meth:`close`.
    """

    def __init__(
        self,
        path: Path,
        *,
        cache: Path,
        name: str | None = None,
        plan: FramePlan = FramePlan(),  # noqa: B008 - immutable
        limits: MediaLimits = MediaLimits(),  # noqa: B008 - immutable
    ) -> None:
        """Names the file; nothing is opened yet.

        Args:
            path: The video.
            cache: Folder for clip records (``clips/``) and work folders (``work/``).
            name: What people are shown; by default the name of the file.
            plan: What the decoding pass keeps.
            limits: Bounds on the file.
        """
        self.path = path
        self.name = printable(name or path.name)
        self.decode_seconds = 0.0
        """Wall time of the decoding pass; 0 until it has run."""
        self._cache = cache
        self._plan = plan
        self._limits = limits
        self._lock = threading.RLock()
        self._made: dict[str, Any] = {}
        self._given_up = threading.Event()
        self._source: Source | None = None
        self._facts: Facts | None = None
        self._work: WorkFolder | None = None
        self._result: _Decoded | None = None
        self._failure: MediaError | None = None

    @property
    def clip(self) -> Clip:
        """The facts of the file, from the cache where it was decoded before.

        Raises:
            MediaError: it cannot be judged; one line says why.
        """
        return self._known().clip

    @property
    def words(self) -> tuple[str, ...]:
        """Words that the file carries beside picture and sound (``title: …``); see :mod:`cinejudge.media.words`.

        Untrusted, and nothing of what is judged.

        Raises:
            MediaError: it cannot be judged; one line says why.
        """
        return self._known().words

    @property
    def decoded(self) -> bool:
        """Whether the decoding pass has run."""
        return self._result is not None

    @property
    def times(self) -> NDArray[np.float64]:
        """Presentation time of each frame in seconds, non-decreasing, starting at 0: float64 [N]."""
        return self._once("times", lambda: np.fromfile(self._decoded().folder / "times.bin", np.float64))

    @property
    def thumbs(self) -> NDArray[np.uint8]:
        """RGB thumbnails, uint8 [N, 27, 48, 3], memory-mapped."""
        return self._mapped("thumbs", 27, 48, 3)

    @property
    def luma(self) -> NDArray[np.uint8]:
        """Luma thumbnails of full range, uint8 [N, 72, 128], memory-mapped."""
        return self._mapped("luma", 72, 128)

    @property
    def signals(self) -> dict[str, NDArray[np.float32]]:
        """Measures of each frame on its original pixels, float32 [N] each; see ``media.measure.SIGNALS``."""
        names = self._decoded().signals
        values = self._once("signals", lambda: np.fromfile(self._decoded().folder / "signals.bin", np.float32))
        return {name: values[column :: len(names)] for column, name in enumerate(names)}

    @property
    def stored(self) -> NDArray[np.int32]:
        """Indices of the kept pictures, rising: int32 [M]. Empty when the plan keeps none."""
        return self._decoded().pictures.stored

    @property
    def sound(self) -> Sound | None:
        """The sound; None where there is none, none that decodes, or the plan keeps none."""
        return self._once("sound", self._sound)

    def frame(self, index: int, *, max_side: int | None = None) -> NDArray[np.uint8]:
        """The kept picture nearest to frame ``index``: RGB uint8 [H, W, 3], at most ``max_side`` pixels long."""
        return next(self.frames([index], max_side=max_side))[1]

    def frames(self, indices: Sequence[int], *, max_side: int | None = None) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """For each index the nearest kept picture.

        Yields:
            The index of the frame that is given, and its picture: RGB uint8 [H, W, 3].

        Raises:
            ValueError: the plan keeps no pictures.
        """
        for index in indices:
            yield self._decoded().pictures.read(index, max_side)

    def sample(
        self, start_frame: int, end_frame: int, *, fps: float | None = None, count: int | None = None
    ) -> list[int]:
        """Kept frames spread evenly over ``[start_frame, end_frame)``.

        Args:
            start_frame: First frame.
            end_frame: One past the last.
            fps: So many per second.
            count: So many in all; wins over ``fps``. With neither, all kept frames are given.

        Returns:
            Rising indices without repeats: at least one where the span holds a kept frame, else none.
        """
        first, last = np.searchsorted(self.stored, [start_frame, end_frame])
        inside = self.stored[first:last]
        if not len(inside):
            return []
        if count is None:
            span = np.clip([start_frame, end_frame - 1], 0, len(self.times) - 1)
            seconds = float(np.diff(self.times[span])[0]) + 1 / self.clip.fps
            count = len(inside) if fps is None else round(seconds * fps)
        count = min(max(count, 1), len(inside))
        places = ((np.arange(count) + 0.5) * len(inside) / count).astype(int)
        return [int(index) for index in inside[places]]

    def frame_at(self, seconds: float) -> int:
        """Index of the frame that is shown at that time; the first or last one outside the clip."""
        # Half a microsecond: a time read from ``times`` and rounded for print must find its own frame.
        place = int(np.searchsorted(self.times, seconds + 5e-7, side="right")) - 1
        return min(max(place, 0), len(self.times) - 1)

    def close(self) -> None:
        """Stops a decoder at work, removes the work folder and closes the file. Nothing can be read any more."""
        self._given_up.set()  # before the lock, which whoever waits for the decoder holds
        with self._lock:
            if self._result is not None:
                self._result.pictures.close()
            if self._work is not None:
                self._work.close()
            if self._source is not None:
                self._source.close()
            self._failure = self._failure or MediaError(f"{self.name}: its footage is closed")

    def __enter__(self) -> Footage:
        """Returns itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes."""
        self.close()

    @property
    def _record(self) -> Path:
        return self._cache / "clips" / f"{self._opened().sha256}.json"

    def _opened(self) -> Source:
        if self._source is None:
            with self._named():
                self._source = Source(self.path, self._limits)
        return self._source

    def _known(self) -> Facts:
        with self._lock:
            if self._facts is None:
                if self._failure is not None:
                    raise self._failure
                earlier = facts.load(self._record, self._limits)
                if earlier:  # under the name that the file has now
                    earlier = replace(earlier, clip=earlier.clip.model_copy(update={"name": self.name}))
                self._facts = earlier or self._decoded().facts
            return self._facts

    def _decoded(self) -> _Decoded:
        with self._lock:
            if self._failure is not None:
                raise self._failure
            if self._result is None:
                start = time.perf_counter()
                with self._named():
                    self._result = self._decode()
                self._facts = self._result.facts
                self.decode_seconds = time.perf_counter() - start
            return self._result

    def _decode(self) -> _Decoded:
        source = self._opened()
        self._work = WorkFolder(self._cache / "work")
        folder = self._work.path
        try:
            result = run_decoder(source.descriptor, folder, self._plan, self._limits, self._given_up)
            source.check_unchanged()
        except BaseException:
            self._work.close()
            raise
        clip = Clip(
            id=source.sha256[:16],
            sha256=source.sha256,
            name=self.name,
            size_bytes=source.size,
            **result["facts"],
        )
        found = Facts(clip, tuple(result["words"]))
        facts.save(self._record, self._limits, found)
        return _Decoded(folder, found, tuple(result["signals"]), result["sound"], Pictures(folder))

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Puts the name of the file before what is wrong with it, and remembers that it failed."""
        try:
            yield
        except MediaError as error:
            if self._failure is None:
                self._failure = MediaError(f"{self.name}: {error}")
            raise self._failure from error

    def _mapped(self, name: str, *shape: int) -> NDArray[np.uint8]:
        def made() -> NDArray[np.uint8]:
            decoded = self._decoded()
            return np.memmap(decoded.folder / f"{name}.bin", np.uint8, "r", shape=(decoded.facts.clip.frames, *shape))

        return self._once(name, made)

    def _sound(self) -> Sound | None:
        decoded = self._decoded()
        path = decoded.folder / "sound.bin"
        if decoded.sound is None or not path.stat().st_size:
            return None
        samples = np.memmap(path, np.float32, "r").reshape(-1, decoded.sound["channels"])
        return Sound(samples, decoded.sound["rate"])

    def _once(self, name: str, make: Callable[[], Made]) -> Made:
        """What is made at its first reading, under the lock of this clip.

        ``functools.cached_property`` has, up to Python 3.11, one lock for all: each clip would wait for every decoder.
        """
        with self._lock:
            if name not in self._made:
                self._made[name] = make()
            made: Made = self._made[name]
            return made
