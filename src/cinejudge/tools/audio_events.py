"""Tool ``audio_events``: where there is speech, music, noise or silence."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cinejudge import weights
from cinejudge.media import Footage
from cinejudge.schema import Record
from cinejudge.tools.contract import Abstain, Look, Provider, Tool, ToolArgs, ToolResult
from cinejudge.tools.drawing.marks import curve, write
from cinejudge.tools.signals import waveform

AudioClass = Literal["speech", "music", "noise", "silence", "unclear"]

WEIGHTS = "speech-music-noise"
SHORTEST_S = 0.8
SWITCH = 20 * float(np.log(10))
"""Cost of a change of class in nats: the published 80 ln 10 for steps of 20 ms, taken at steps of 80 ms."""
CONFIDENT = 0.6
"""Mean probability below which a stretch is left unclear."""
LEAST_MUSIC_S = 1.0
"""Less music in all is not called music: the network hears 0.7 s at a time."""


class Args(ToolArgs):
    """The whole clip is listened to."""


class Event(Record):
    """A stretch of one class."""

    kind: AudioClass
    start_s: float
    end_s: float
    confidence: float
    """Mean probability of the class, 0 to 1; for ``unclear``, of the likeliest class; 1 for silence."""

    @property
    def length_s(self) -> float:
        """How long it lasts."""
        return self.end_s - self.start_s


class Result(ToolResult):
    """The whole sound track in stretches, in order of time."""

    duration_s: float
    events: tuple[Event, ...]

    def seconds(self, kind: AudioClass) -> float:
        """How long a class is heard in all."""
        return sum(e.length_s for e in self.events if e.kind == kind)

    @property
    def has_music(self) -> bool | None:
        """Whether music is heard by itself; None where speech or unclear sound leaves too little else to tell.

        Music under speech counts as speech for the network, so a clip that is all speech may hold music or not.
        """
        if self.seconds("music") >= LEAST_MUSIC_S:
            return True
        telling = self.seconds("noise") + self.seconds("silence")
        return False if telling >= min(LEAST_MUSIC_S, 0.9 * self.duration_s) else None

    @property
    def summary(self) -> str:
        """Seconds of each class."""
        kinds: tuple[AudioClass, ...] = ("speech", "music", "noise", "silence", "unclear")
        heard = [f"{self.seconds(kind):.1f} s {kind}" for kind in kinds if self.seconds(kind) >= 0.05]
        return ", ".join(heard) or "nothing"


def _run(look: Look, args: Args) -> Result:
    from cinejudge.tools.models import speech_music_noise as net

    sound = look.footage.sound
    if sound is None:
        raise Abstain("the clip has no sound")
    if sound.duration_s < SHORTEST_S:
        raise Abstain(f"the sound is only {sound.duration_s:.2f} s long")
    samples = sound.mono(net.RATE)
    return Result(duration_s=round(sound.duration_s, 3), events=events(samples))


def events(samples: NDArray[Any]) -> tuple[Event, ...]:
    """The classes of sound of at least 0.8 s, float32 [n], mono at 16 kHz.

    Raises:
        WeightsMissing: the network is not here.
    """
    from cinejudge.tools.models import speech_music_noise as net

    logs = net.load(weights.path(WEIGHTS)).log_probabilities(samples)
    path = net.segment(logs, SWITCH)
    kinds = np.array(net.CLASSES)[path].astype(object)
    kinds[_silent(samples, len(path), net.STEP_S)] = "silence"
    sure = np.exp(logs[np.arange(len(path)), path])
    edges = [0, *(np.flatnonzero(kinds[1:] != kinds[:-1]) + 1), len(kinds)]
    end_s = len(samples) / net.RATE
    return tuple(
        _event(kinds[a], sure[a:b], a * net.STEP_S, end_s if b == len(kinds) else b * net.STEP_S)
        for a, b in pairwise(edges)
    )


def _event(kind: str, sure: NDArray[Any], start_s: float, end_s: float) -> Event:
    confidence = 1.0 if kind == "silence" else float(sure.mean())
    told: Any = kind if confidence >= CONFIDENT else "unclear"
    return Event(kind=told, start_s=round(start_s, 3), end_s=round(end_s, 3), confidence=round(confidence, 3))


def _silent(samples: NDArray[Any], steps: int, step_s: float) -> NDArray[np.bool_]:
    """The time steps within 0.3 s or more under -60 dBFS; [steps]."""
    silent = np.zeros(steps, bool)
    for stretch in waveform.silences(waveform.levels(samples, 16_000)):
        silent[round(stretch.start_s / step_s) : round(stretch.end_s / step_s)] = True
    # What is left over after the last full window has no level of its own.
    if steps and silent[-2:].any():
        silent[-1] = True
    return silent


def _draw(footage: Footage, result: Result) -> Iterator[tuple[str, Any]]:
    sound = footage.sound
    if sound is None:
        return
    mono = np.abs(sound.mono(1000))
    for event in result.events[:24]:
        middle = (event.start_s + event.end_s) / 2
        rgb = footage.frame(footage.frame_at(middle), max_side=960)
        strip = curve(
            mono, rgb.shape[1], 80, low=0.0, high=max(0.05, float(mono.max())), cursor=middle / result.duration_s
        )
        picture = np.vstack([rgb, strip])
        write(picture, f"{event.kind} {event.confidence:.2f}")
        yield f"{event.start_s:.2f} to {event.end_s:.2f} s", picture


TOOL = Tool(
    name="audio_events",
    description=(
        "Tells where the sound track is speech, music, noise or silence. Call it to learn whether there is music, "
        "where it begins and ends, and what the sound consists of."
    ),
    validity=(
        "At least 0.8 s of sound. One class at a time: music or noise under speech counts as speech. Borders are good "
        "to some 0.3 s. A single soft instrument may pass for noise; stretches of confidence under 0.6 are unclear."
    ),
    args=Args,
    result=Result,
    providers=(Provider(name="ina-smn-cnn", version="1", fidelity="own", run=_run, weights=(WEIGHTS,)),),
    draw=_draw,
)
