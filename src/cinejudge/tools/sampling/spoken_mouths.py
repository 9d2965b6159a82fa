"""Mouths that are seen while somebody speaks: what the tools ``lipsync`` and ``active_speaker`` look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from cinejudge.media import Footage
from cinejudge.schema import Span
from cinejudge.tools.contract import Abstain, Look
from cinejudge.tools.records.mouths import SeenMouth
from cinejudge.tools.sampling.stretches import SampledArgs, Stretch, some, stretches
from cinejudge.tools.signals import lip_correlation as lips

if TYPE_CHECKING:
    from cinejudge.tools.models.mouth import MouthTrack

FPS = 30.0
"""Pictures looked at per second; slower clips in full, so that no beat arises between the two rates."""
MOST_FRAMES = 9000
"""Five minutes of pictures near speech; of more, some shots are looked at, spread evenly over the video."""
SPOKEN_S = 1.0
"""Less speech tells nothing of its lips."""
CONTEXT_S = 1.5
"""So much before and after speech counts too: a mouth that rests while nobody speaks belongs to the voice as well."""
TURNED_DEG = 45.0
"""Lips of faces turned further hide each other."""
NEAR_S = 0.12
"""A mouth is seen at a time when one of its samples is so near."""
MOVING = 0.01
"""Deviation of the opening, in distances between the eyes' outer corners, from which on a mouth moves. Closed mouths in
the studio recordings keep under 0.007, half a second of speech has 0.02 to 0.06."""
MOVING_S = 0.8
"""Over so much time: longer than the closures within speech."""
GRID_S = 0.04

Samples = NDArray[np.float32]
Floats = NDArray[np.float64]
Spans = Sequence[tuple[float, float]]
"""Starts and ends in seconds."""


@dataclass(frozen=True)
class Scene:
    """Who is seen while somebody speaks."""

    footage: Footage
    tracks: tuple[MouthTrack, ...]
    sound: Samples
    """Mono, 16 kHz."""
    spoken: tuple[tuple[float, float], ...]
    looked_at: float
    """Share of the pictures near speech that were looked at, 0 to 1."""

    @property
    def speech_s(self) -> float:
        """Seconds of speech in all."""
        return sum(b - a for a, b in self.spoken)

    @property
    def times(self) -> Floats:
        """Every 0.04 s of the sound."""
        return np.arange(0, len(self.sound) / lips.SOUND_RATE, GRID_S)


_followed: WeakKeyDictionary[Footage, dict[tuple[object, ...], list[MouthTrack]]] = WeakKeyDictionary()
"""Mouths of the clips that are open: following them takes longer than all that is done with them."""


def scene(look: Look, shots: tuple[int, ...]) -> Scene:
    """The mouths near speech.

    Args:
        look: What a provider is handed.
        shots: Indices; empty means all.

    Raises:
        Abstain: there is no sound, under 1 s of speech, or nobody is seen.
        ToolError: there is no such shot.
    """
    from cinejudge.tools.models.whisper import speech_spans

    if look.footage.sound is None:
        raise Abstain("the clip has no sound")
    sound = look.footage.sound.mono(lips.SOUND_RATE)
    spoken = speech_spans(sound)
    if sum(b - a for a, b in spoken) < SPOKEN_S:
        raise Abstain(f"less than {SPOKEN_S:g} s of speech")
    near = within(look.footage.times, spoken, CONTEXT_S)  # pictures far from any speech are not looked at
    parts = stretches(look, SampledArgs(shots=shots, fps=FPS), most=look.footage.clip.frames)
    parts = [replace(part, frames=tuple(f for f in part.frames if near[f])) for part in parts]
    parts = [part for part in parts if len(part.frames) >= lips.FEWEST]
    looked_at = some(parts, MOST_FRAMES)
    tracks = tuple(track for part in looked_at for track in _mouths(look, part))
    if not tracks:
        raise Abstain("no face is seen while somebody speaks")
    share = sum(len(p.frames) for p in looked_at) / sum(len(p.frames) for p in parts)
    return Scene(look.footage, tracks, sound, tuple(spoken), round(share, 3))


def _mouths(look: Look, part: Stretch) -> list[MouthTrack]:
    from cinejudge.tools.models.mouth import mouths

    known = _followed.setdefault(look.footage, {})
    key = (look.device, part.shot, part.frames)
    if key not in known:
        known[key] = mouths(look.footage, part.shot, part.frames, look.device)
    return known[key]


def record(number: int, scene: Scene) -> SeenMouth:
    """What is told of the track of that number, whoever it belongs to."""
    track = scene.tracks[number]
    return SeenMouth(
        track=number,
        shot=track.shot,
        start_s=round(float(track.times[0]), 3) if track.times else 0.0,
        end_s=round(float(track.times[-1]), 3) if track.times else 0.0,
        box=median_box(track),
        side_px=round(track.side_px, 1),
        heard_s=round(heard_s(track, scene.spoken), 3),
    )


def heard_s(track: MouthTrack, spoken: Spans) -> float:
    """Seconds of speech during which a mouth can be read."""
    at = np.array(track.times)
    if not len(at):
        return 0.0
    return float(np.diff(at, append=at[-1:])[within(at, spoken, 0.0)].clip(max=NEAR_S).sum())


def unreadable(track: MouthTrack, spoken: Spans) -> str | None:
    """Why nothing can be told from a mouth; None where something can."""
    from cinejudge.tools.models.mouth import SMALLEST_PX

    if track.side_px < SMALLEST_PX:
        return f"face smaller than {SMALLEST_PX} pixels"
    if track.yaw is None or track.yaw > TURNED_DEG:
        return f"face turned by more than {TURNED_DEG:.0f} degrees"
    if heard_s(track, spoken) < SPOKEN_S:
        return f"face readable for less than {SPOKEN_S:g} s of speech"
    return None


def measures(track: MouthTrack) -> lips.Mouth:
    """What a mouth does, for comparison with a voice."""
    return lips.Mouth(np.array(track.times), np.array(track.shapes), track.motion)


def within(times: Floats, spans: Spans, margin: float) -> NDArray[np.bool_]:
    """Which times lie in one of the spans, or at most ``margin`` seconds beside it."""
    inside = np.zeros(len(times), bool)
    for start, end in spans:
        inside |= (times >= start - margin) & (times < end + margin)
    return inside


def shown(track: MouthTrack, times: Floats) -> NDArray[np.bool_]:
    """At which times a mouth is seen."""
    at = np.array(track.times)
    return np.asarray(np.abs(at[_nearest(at, times)] - times) <= NEAR_S)


def moving(track: MouthTrack, times: Floats) -> NDArray[np.bool_]:
    """At which times a mouth moves."""
    at, opening = np.array(track.times), np.array(track.shapes)[:, :2].mean(axis=1)
    first, last = np.searchsorted(at, at - MOVING_S / 2), np.searchsorted(at, at + MOVING_S / 2, side="right")
    spread = np.array([opening[a:b].std() for a, b in zip(first, last, strict=True)])
    return np.asarray(spread[_nearest(at, times)] >= MOVING)


def spans(flags: NDArray[np.bool_]) -> tuple[Span, ...]:
    """Runs of True among the times of a scene."""
    from cinejudge.tools.signals.waveform import spans_of

    starts, ends = spans_of(flags)
    return tuple(
        Span(start_s=round(float(a) * GRID_S, 3), end_s=round(float(b) * GRID_S, 3))
        for a, b in zip(starts, ends, strict=True)
    )


def median_box(track: MouthTrack) -> tuple[float, float, float, float] | None:
    """Of the face, as shares of the picture; None for one that was not read."""
    if not track.boxes:
        return None
    x0, y0, x1, y1 = (round(float(v), 4) for v in np.median(np.array(track.boxes), axis=0))
    return x0, y0, x1, y1


def _nearest(at: Floats, times: Floats) -> NDArray[np.int64]:
    after = np.clip(np.searchsorted(at, times), 1, len(at) - 1)
    return np.asarray(np.where(times - at[after - 1] < at[after] - times, after - 1, after))
