"""The sound of a clip, on the clock of its pictures."""

from __future__ import annotations

import io
import wave
from dataclasses import dataclass
from math import gcd

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Sound:
    """Samples in [-1, 1]; sample 0 sounds at time 0, when the first picture is shown."""

    samples: NDArray[np.float32]
    """[n, channels], one or two channels."""
    rate: int
    """Samples per second."""

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.rate

    def slice(self, start_s: float, end_s: float) -> Sound:
        """The part from ``start_s`` to ``end_s``, cut at the ends of the sound."""
        start, end = (min(max(round(s * self.rate), 0), len(self.samples)) for s in (start_s, end_s))
        return Sound(self.samples[start : max(start, end)], self.rate)

    def mono(self, rate: int = 16000) -> NDArray[np.float32]:
        """The mean of the channels at ``rate`` samples per second, float32 [n]."""
        mixed = np.asarray(self.samples.mean(axis=1, dtype=np.float32))
        if rate == self.rate or not len(mixed):
            return mixed
        from scipy.signal import resample_poly

        common = gcd(rate, self.rate)
        return np.asarray(resample_poly(mixed, rate // common, self.rate // common), dtype=np.float32)

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
