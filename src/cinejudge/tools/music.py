"""Tool ``music``: tempo, beats and character of the music, and whether it goes on over the cuts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cinejudge import weights
from cinejudge.media import Sound
from cinejudge.schema import Record, Shot, Span
from cinejudge.tools.audio_events import WEIGHTS, events
from cinejudge.tools.contract import Abstain, Look, Provider, Tool, ToolArgs, ToolResult
from cinejudge.tools.signals import rhythm, spectrum, timbre

RATE = 16_000
LEAST_S = 1.0
"""Music in a shot, without a gap, below which nothing is said about it."""
ONE_TEMPO = 0.08
"""Tempi that differ by so much, as a share, do not agree at all; double and half count as the same."""
BEATS_AHEAD = 4
"""So many beats of the later shot are held against the beat of the earlier one: further on small errors add up."""
SIDE_S = 0.5
"""Sound on either side of a cut whose level and tone colour are compared."""


class Args(ToolArgs):
    """The whole clip is listened to."""


class Stretch(Record):
    """The longest stretch of music in a shot."""

    shot: int
    start_s: float
    end_s: float
    bpm: float | None
    """Beats per minute, possibly doubled or halved; None under 3 s or without a steady beat."""
    beat_strength: float | None
    """How steadily the beat comes back, 0 to 1; noise stays under 0.28."""
    beats: tuple[float, ...]
    """Times in seconds."""
    level_db: float
    """RMS in dBFS."""


class Join(Record):
    """Music on both sides of a cut."""

    first: int
    """Shot before the cut."""
    second: int
    embedding: float
    """Likeness of tone colour and notes, or the cosine of what MuQ makes of either side; 0 to 1."""
    tempo: float | None
    """Agreement of the tempi, 0 to 1; 0 where only one side has a beat, None where neither has."""
    beat: float | None
    """Whether the later beats fall on the earlier beat carried on, 0 to 1; None and 0 as for the tempo."""
    level_step_db: float
    """Level of the half second after the cut over the half second before."""
    colour_step: float
    """Distance of the tone colours of these half seconds; within one piece it stays under some 5."""

    @property
    def consistency(self) -> float:
        """Equal parts of embedding, tempo and beat, as far as there are any; 0 to 1."""
        parts = [p for p in (self.embedding, self.tempo, self.beat) if p is not None]
        return sum(parts) / len(parts)


class Result(ToolResult):
    """Music per shot and over the cuts between neighbouring shots that both hold some."""

    music: tuple[Span, ...]
    music_s: float
    bpm: float | None
    """Of the longest stretch of music in the clip."""
    beat_strength: float | None
    stretches: tuple[Stretch, ...]
    joins: tuple[Join, ...]

    @property
    def summary(self) -> str:
        """How much music, its tempo, its breaks."""
        known = f" at {self.bpm:.0f} beats per minute" if self.bpm else " without a steady beat"
        pace = " (too short to tell a tempo)" if self.beat_strength is None else known
        joins = "".join(f"; shots {j.first + 1}-{j.second + 1}: {j.consistency:.2f} alike" for j in self.joins[:6])
        return f"{self.music_s:.1f} s of music{pace}{joins}"


Vectors = tuple[NDArray[np.float64], ...]


class _Heard(NamedTuple):
    """A stretch of music with what is compared."""

    record: Stretch
    like: Vectors
    """What the provider compares."""


class _Ear(NamedTuple):
    """What a provider hears, and how it compares."""

    samples: NDArray[Any]
    """What the music is looked for in: mono, 16 kHz."""
    describe: Callable[[float, float], Vectors]
    """Takes start and end in seconds."""
    likeness: Callable[[Vectors, Vectors], float]
    """0 to 1."""


def _own(look: Look, args: Args) -> Result:
    samples = _sound(look).mono(RATE)

    def describe(start_s: float, end_s: float) -> Vectors:
        part = _between(samples, start_s, end_s)
        return timbre.colour(part), timbre.notes(part)

    def likeness(a: Vectors, b: Vectors) -> float:
        return (timbre.colour_likeness(a[0], b[0]) + timbre.note_likeness(a[1], b[1])) / 2

    return _run(look, _Ear(samples, describe, likeness))


def _muq(look: Look, args: Args) -> Result:
    from cinejudge.tools.models import htdemucs, muq

    network = muq.load(weights.path("muq-large"), look.device)
    music = htdemucs.without_voices(htdemucs.load(weights.path("htdemucs"), look.device), _sound(look))

    def describe(start_s: float, end_s: float) -> Vectors:
        return (muq.embed(network, music.slice(start_s, end_s).mono(muq.RATE)),)

    def likeness(a: Vectors, b: Vectors) -> float:
        return float(np.clip(a[0] @ b[0], 0, 1))

    return _run(look, _Ear(music.mono(RATE), describe, likeness))


def _sound(look: Look) -> Sound:
    sound = look.footage.sound
    if sound is None:
        raise Abstain("the clip has no sound")
    if sound.duration_s < LEAST_S:
        raise Abstain(f"the sound is only {sound.duration_s:.2f} s long")
    return sound


def _run(look: Look, ear: _Ear) -> Result:
    samples = ear.samples
    spans = [Span(start_s=e.start_s, end_s=e.end_s) for e in events(samples) if e.kind == "music"]
    longest = max(spans, key=lambda s: s.length_s, default=None)
    if longest is None or longest.length_s < LEAST_S:
        raise Abstain(f"no music of {LEAST_S:g} s is heard by itself")
    heard = [h for h in (_in_shot(ear, spans, shot) for shot in look.shots) if h]
    whole = _stretch(samples, longest, -1)
    return Result(
        music=tuple(spans),
        music_s=round(sum(s.length_s for s in spans), 3),
        bpm=whole.bpm,
        beat_strength=whole.beat_strength,
        stretches=tuple(h.record for h in heard),
        joins=tuple(_join(ear, a, b, look.shots) for a, b in pairwise(heard) if b.record.shot == a.record.shot + 1),
    )


def _in_shot(ear: _Ear, music: Sequence[Span], shot: Shot) -> _Heard | None:
    parts = [(max(s.start_s, shot.start_s), min(s.end_s, shot.end_s)) for s in music]
    start_s, end_s = max(parts, key=lambda p: p[1] - p[0])
    if end_s - start_s < LEAST_S:
        return None
    record = _stretch(ear.samples, Span(start_s=start_s, end_s=end_s), shot.index)
    return _Heard(record, ear.describe(start_s, end_s))


def _stretch(samples: NDArray[Any], span: Span, shot: int) -> Stretch:
    part = _between(samples, span.start_s, span.end_s)
    flux = spectrum.flux(part, rhythm.FAINTEST)
    hop_s = spectrum.ONSET_HOP / RATE
    pulse = rhythm.tempo(flux, hop_s)
    steady = pulse is not None and pulse.strength >= rhythm.STEADY
    times = rhythm.beats(flux, hop_s, pulse.bpm) + span.start_s if pulse and steady else np.zeros(0)
    return Stretch(
        shot=shot,
        start_s=span.start_s,
        end_s=span.end_s,
        bpm=round(pulse.bpm, 2) if pulse and steady else None,
        beat_strength=round(pulse.strength, 3) if pulse else None,
        beats=tuple(round(float(t), 3) for t in times),
        level_db=_level(part),
    )


def _join(ear: _Ear, first: _Heard, second: _Heard, shots: Sequence[Shot]) -> Join:
    cut_s = next(s.start_s for s in shots if s.index == second.record.shot)
    before, after = _between(ear.samples, cut_s - SIDE_S, cut_s), _between(ear.samples, cut_s, cut_s + SIDE_S)
    tempo, beat = _rhythms(first.record, second.record)
    return Join(
        first=first.record.shot,
        second=second.record.shot,
        embedding=round(ear.likeness(first.like, second.like), 4),
        tempo=tempo,
        beat=beat,
        level_step_db=round(_level(after) - _level(before), 2),
        colour_step=round(float(np.linalg.norm(timbre.colour(after) - timbre.colour(before))), 2),
    )


def _rhythms(first: Stretch, second: Stretch) -> tuple[float | None, float | None]:
    """Agreement of tempo and of beat."""
    if first.beat_strength is None or second.beat_strength is None:
        return None, None  # too short to have a beat
    if first.bpm is None and second.bpm is None:
        return None, None
    if first.bpm is None or second.bpm is None:
        return 0.0, 0.0
    octave = round(float(np.log2(second.bpm / first.bpm)))
    apart = abs(second.bpm / 2.0**octave / first.bpm - 1) if abs(octave) <= 1 else 1.0
    tempo = max(0.0, 1 - apart / ONE_TEMPO)
    # At another tempo a beat that falls on the old one does so by chance.
    return round(tempo, 4), round(alignment(first, second), 4) if tempo else 0.0


def alignment(first: Stretch, second: Stretch) -> float:
    """How well the first beats of a stretch fall on the beat of the one before, carried on; 0 to 1.

    ``max(0, mean cos(2 pi distance / period))``: 1 on the beat, 0 from a quarter of a beat off. Where the later tempo
    is doubled, half beats of the earlier one count as beats.
    """
    if first.bpm is None or second.bpm is None or len(first.beats) < 3 or not second.beats:
        return 0.0
    period = 60 / min(200.0, max(first.bpm, second.bpm))
    beats = np.asarray(first.beats)
    own = 60 / first.bpm
    # The last beats tell best where the beat stands: their phases are averaged on the circle.
    phase = float(np.angle(np.exp(2j * np.pi * beats[-BEATS_AHEAD:] / own).mean())) / (2 * np.pi) * own
    later = np.asarray(second.beats[:BEATS_AHEAD])
    return max(0.0, float(np.cos(2 * np.pi * (later - phase) / period).mean()))


def _between(samples: NDArray[Any], start_s: float, end_s: float) -> NDArray[Any]:
    return samples[max(0, round(start_s * RATE)) : round(end_s * RATE)]


def _level(samples: NDArray[Any]) -> float:
    power = float(np.square(samples, dtype=np.float64).mean()) if len(samples) else 0.0
    return round(10 * float(np.log10(max(power, 1e-12))), 2)


TOOL = Tool(
    name="music",
    description=(
        "Tells the tempo and beats of the music, how each shot's music sounds, and whether it goes on over a cut: "
        "tone colour, notes, tempo, beat and level. Call it for music that breaks, restarts or jumps."
    ),
    validity=(
        "Music of at least 1 s, and not under speech unless Demucs takes the voices off; tempo and beat need 3 s in a "
        "shot and a steady beat of 45 to 200 per minute, and may come out doubled or halved. Soft solo instruments may "
        "not be known as music."
    ),
    args=Args,
    result=Result,
    providers=(
        Provider(
            name="muq-demucs",
            version="1",
            fidelity="substitute",
            run=_muq,
            packages=("demucs",),
            weights=("muq-large", "htdemucs", WEIGHTS),
            extra="music",
        ),
        Provider(name="own", version="1", fidelity="substitute", run=_own, weights=(WEIGHTS,)),
    ),
    uses_shots=True,
)
