"""Speech in windows of 1.6 s and the voice in each: what the tool ``speakers`` puts together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cinejudge import weights
from cinejudge.tools.signals.clusters import mean_vector

WINDOW_S, HOP_S = 1.6, 0.4


class Grouping(NamedTuple):
    """How windows are put together into voices, where it is not by the voice encoder's own vectors."""

    embed: Callable[[Sequence[NDArray[Any]]], NDArray[np.float32]]
    """Takes pieces of speech at 16 kHz, gives unit vectors."""
    same: float
    """Mean cosine between the windows of two groups from which on they are one voice."""


class Window(NamedTuple):
    """Up to 1.6 s of speech and its voice."""

    start_s: float
    end_s: float
    voice: NDArray[Any]
    """What voices are compared by."""
    cue: NDArray[Any]
    """What windows are put together by."""


class Ear:
    """The voice encoder on one recording; what it has listened to once is kept."""

    def __init__(self, samples: NDArray[Any], hop_s: float = HOP_S, grouping: Grouping | None = None) -> None:
        from cinejudge.tools.models import voice_encoder

        self.samples = samples
        self.hop_s = hop_s
        self.grouping = grouping
        self.encoder = voice_encoder.load(weights.path("voice-encoder"))
        self.heard: list[Window] = []

    def windows(self, start_s: float, end_s: float) -> list[Window]:
        """The windows of a stretch of speech, as far apart as the ear's hop."""
        from cinejudge.tools.models import voice_encoder

        rate = voice_encoder.RATE
        part = voice_encoder.louder(self.samples[round(start_s * rate) : round(end_s * rate)])
        starts = [i * self.hop_s for i in range(1 + max(0, int((end_s - start_s - WINDOW_S) / self.hop_s + 1e-6)))]
        pieces = [part[round(s * rate) : round((s + WINDOW_S) * rate)] for s in starts]
        voices = self.encoder.embed(pieces)
        cues = self.grouping.embed(pieces) if self.grouping else voices
        ends = [min(start_s + s + WINDOW_S, end_s) for s in starts]
        found = [Window(start_s + s, e, v, c) for s, e, v, c in zip(starts, ends, voices, cues, strict=True)]
        self.heard += found
        return found

    def inside(self, spans: Sequence[tuple[float, float]]) -> list[Window]:
        """The windows heard so far that lie in one of the stretches by three quarters, in order of time."""
        return sorted(
            (
                w
                for w in self.heard
                if any(min(b, w.end_s) - max(a, w.start_s) >= 0.75 * (w.end_s - w.start_s) for a, b in spans)
            ),
            key=lambda w: w.start_s,
        )

    def voice(self, spans: Sequence[tuple[float, float]]) -> NDArray[np.float64]:
        """The one voice of several stretches."""
        windows = self.inside(spans) or [w for a, b in spans for w in self.windows(a, b)]
        return mean_vector(np.stack([w.voice for w in windows]))
