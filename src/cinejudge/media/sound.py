"""The sound of a clip, on the clock of its pictures."""

from __future__ import annotations

import io
import threading
import wave
from dataclasses import dataclass, field
from math import gcd
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

_PIECE = 1 << 20
"""Samples resampled at a time."""


class _Held:
    """Sound at other rates, as long as anybody holds it: tools that listen side by side share one copy."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.by_rate: WeakValueDictionary[int, NDArray[np.float32]] = WeakValueDictionary()


@dataclass(frozen=True)
class Sound:
    """Samples in [-1, 1]; sample 0 sounds at time 0, when the first picture is shown."""

    samples: NDArray[np.float32]
    """[n, channels], one or two channels."""
    rate: int
    """Samples per second."""
    _held: _Held = field(default_factory=_Held, init=False, repr=False, compare=False)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.rate

    def slice(self, start_s: float, end_s: float) -> Sound:
        """The part from ``start_s`` to ``end_s``, cut at the ends of the sound."""
        start, end = (min(max(round(s * self.rate), 0), len(self.samples)) for s in (start_s, end_s))
        return Sound(self.samples[start : max(start, end)], self.rate)

    def mono(self, rate: int = 16000) -> NDArray[np.float32]:
        """The mean of the channels at ``rate`` samples per second, float32 [n], not to be written to.

        Works through the sound piece by piece, so that an hour takes little more memory than its result, and whoever
        asks while another holds that gets the same.
        """
        with self._held.lock:
            held = self._held.by_rate.get(rate)
            if held is None:
                held = self._mixed(rate)
                held.flags.writeable = False
                self._held.by_rate[rate] = held
            return held

    def _mixed(self, rate: int) -> NDArray[np.float32]:
        if rate == self.rate:
            return np.asarray(self.samples.mean(axis=1, dtype=np.float32))
        from scipy.signal import resample_poly

        up, down = (n // gcd(rate, self.rate) for n in (rate, self.rate))
        # Pieces begin where an output sample falls on an input sample; the margin covers resample_poly's filter,
        # which reaches 10 samples of the slower rate to either side.
        piece = down * max(1, _PIECE // down)
        margin = down * -(-10 * max(up, down) // (up * down))
        whole = np.empty(-(-len(self.samples) * up // down), np.float32)
        for start in range(0, len(self.samples), piece):
            before = min(start, margin)
            block = self.samples[start - before : start + piece + margin].mean(axis=1, dtype=np.float32)
            count = -(-min(piece, len(self.samples) - start) * up // down)
            first, place = before * up // down, start * up // down
            whole[place : place + count] = resample_poly(block, up, down)[first : first + count]
        return whole

    def wav(self) -> bytes:
        """A 16-bit PCM WAV file; what lies outside [-1, 1] is clipped."""
        whole = np.round(np.clip(self.samples, -1.0, 1.0) * 32767).astype("<i2")
        target = io.BytesIO()
        with wave.open(target, "wb") as out:
            out.setnchannels(self.samples.shape[1])
            out.setsampwidth(2)
            out.setframerate(self.rate)
            out.writeframes(whole.tobytes())
        return target.getvalue()
