"""Tool ``avsync``: by how much sound and picture run apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cinejudge import weights
from cinejudge.media import Footage
from cinejudge.schema import Record
from cinejudge.tools.contract import Abstain, Look, Provider, Tool, ToolArgs, ToolResult
from cinejudge.tools.signals import events, spectrum, temporal, waveform

STRONG = 0.35
"""Onsets weaker than this share of the strongest accompany something else."""
MOST = 60
"""Events drawn or told of each kind."""
SHORTEST_S = 2.0
LEAST_S = 1.0
"""Less sound above silence is nothing to compare by Synchformer, which has an answer for everything."""


class Args(ToolArgs):
    """The whole clip is compared."""


class Moment(Record):
    """A sudden motion or sound."""

    time_s: float
    strength: float
    """As a share of the strongest of its kind, 0 to 1."""


class Window(Record):
    """A stretch that was compared on its own."""

    start_s: float
    end_s: float
    offset_s: float
    """Positive: the sound is late; in steps of .2 from -2 to 2."""
    confidence: float
    """How likely the network holds this offset, beside the 20 others; 0 to 1."""


class Result(ToolResult):
    """How far sound and picture run apart."""

    offset_s: float
    """Positive: the sound is late. With windows, their mean."""
    confidence: float
    """0 to 1: one less the share of random placings of the motions that fit as well; with windows, their least."""
    apart_s: float | None = None
    """Mean over the windows of the offset without its sign (DeSync); none without windows."""
    fit: float | None = None
    """Mean strength of the sound at the motions, 0 to 1."""
    motions: tuple[Moment, ...] = ()
    sounds: tuple[Moment, ...] = ()
    windows: tuple[Window, ...] = ()

    @property
    def summary(self) -> str:
        """The offset."""
        side = "in time" if abs(self.offset_s) < 0.1 else "late" if self.offset_s > 0 else "early"
        count = f"{len(self.motions)} sudden motions, {len(self.sounds)} sudden sounds"
        if self.windows:
            count = ", ".join(f"{w.offset_s * 1000:+.0f} ms from {w.start_s:.1f} s" for w in self.windows)
        return f"sound {side} ({self.offset_s * 1000:+.0f} ms, confidence {self.confidence:.2f}); {count}"


def _synchformer(look: Look, args: Args) -> Result:
    from cinejudge.tools.models import desync, synchformer

    footage = look.footage
    if footage.sound is None:
        raise Abstain("the clip has no sound")
    sound = footage.sound.mono(desync.RATE)
    heard_s = float((waveform.levels(sound, desync.RATE) >= waveform.SILENCE_DB).sum()) * waveform.WINDOW_S
    if heard_s < LEAST_S:
        raise Abstain(f"less than {LEAST_S:g} s of sound louder than {waveform.SILENCE_DB:g} dBFS")
    found = desync.offsets(synchformer.load(weights.path("synchformer"), look.device), footage, sound)
    if not found:
        raise Abstain(f"under {desync.WINDOW_S:g} s of picture and sound, which is what Synchformer reads at a time")
    windows = [
        Window(
            start_s=round(f.start_s, 3),
            end_s=round(f.start_s + desync.WINDOW_S, 3),
            offset_s=round(f.late_s, 3),
            confidence=round(f.likely, 3),
        )
        for f in found
    ]
    return Result(
        offset_s=round(float(np.mean([w.offset_s for w in windows])), 3),
        confidence=min(w.confidence for w in windows),
        apart_s=round(float(np.mean([abs(w.offset_s) for w in windows])), 3),
        windows=tuple(windows),
    )


def _run(look: Look, args: Args) -> Result:
    footage = look.footage
    if footage.sound is None:
        raise Abstain("the clip has no sound")
    length = min(footage.clip.duration_s, footage.sound.duration_s)
    if length < SHORTEST_S:
        raise Abstain(f"under {SHORTEST_S:g} s")
    shots = [(s.start_frame, s.end_frame) for s in look.shots] or [(0, footage.clip.frames)]
    seen = events.motion_events(temporal.motion(footage.luma), footage.times, shots)
    onsets = spectrum.onsets(footage.sound.mono(spectrum.ONSET_RATE))
    heard = [events.Event(o.time_s, o.strength) for o in onsets if o.strength >= STRONG]
    found = events.fit(seen, heard, length)
    if found is None:
        raise Abstain(
            f"{len(seen)} sudden motions and {len(heard)} sudden sounds: at least {events.FEWEST} of each are needed"
        )
    if found.chance > events.CHANCE:
        raise Abstain(f"sudden motions and sounds fit no better than at random (chance {found.chance:.2f})")
    return Result(
        offset_s=round(found.lag_s, 3),
        confidence=round(1 - found.chance, 3),
        fit=round(found.score, 3),
        motions=_moments(seen),
        sounds=_moments(heard),
    )


def _moments(found: list[events.Event]) -> tuple[Moment, ...]:
    strongest = sorted(found, key=lambda e: -e.strength)[:MOST]
    return tuple(Moment(time_s=round(e.time_s, 3), strength=round(e.strength, 3)) for e in sorted(strongest))


def _draw(footage: Footage, result: Result) -> Iterator[tuple[str, Any]]:
    from cinejudge.tools.drawing.marks import curve

    for window in result.windows:
        yield (
            f"{window.start_s:.2f} to {window.end_s:.2f} s: {window.offset_s * 1000:+.0f} ms",
            footage.frame(footage.frame_at((window.start_s + window.end_s) / 2), max_side=800),
        )
    if result.windows:
        return
    grid = np.linspace(0, footage.clip.duration_s, 800)
    strips = [
        curve(
            np.max([m.strength * (np.abs(grid - m.time_s) < 0.04) for m in moments], axis=0),
            800,
            60,
            low=0.0,
            high=1.0,
        )
        for moments in (result.motions, result.sounds)
    ]
    yield "sudden motions (above) and sounds", np.vstack(strips)


TOOL = Tool(
    name="avsync",
    description=(
        "Compares what is seen with what is heard and tells by how much the sound is late or early. Call it for "
        "blows, steps, doors, claps, instruments; for speech call lipsync."
    ),
    validity=(
        "Synchformer: clips of 4.8 s or more with at least 1 s of sound above -60 dBFS; their first and last 4.8 s, "
        "offsets up to 2 s in steps of 0.2 s. It answers whatever is shown: its confidence tells how surely. "
        "Without it: clips of 2 s or more with at least three sudden motions and three sudden sounds that fit together "
        "better than 99 of 100 random placings; offsets up to 1 s. What goes on evenly (speech, music, wind) has no "
        "such moments."
    ),
    args=Args,
    result=Result,
    providers=(
        Provider(
            name="synchformer",
            version="1",
            fidelity="paper",
            run=_synchformer,
            packages=("torch", "scipy"),
            weights=("synchformer",),
        ),
        Provider(name="event-correlation", version="1", fidelity="substitute", run=_run, packages=("scipy",)),
    ),
    uses_shots=True,
    draw=_draw,
)
