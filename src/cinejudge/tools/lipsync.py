"""Tool ``lipsync``: whether mouths move with the voice, how late the sound is, and which face speaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cinejudge import weights
from cinejudge.media import Footage
from cinejudge.schema import Span
from cinejudge.tools.contract import Abstain, Look, Provider, Tool
from cinejudge.tools.lip_records import Args, FaceSync, Result, Speaking, Standing
from cinejudge.tools.sampling import SampledArgs, some, stretches
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
RULED_OUT_S = 2.5
"""With less speech a poor agreement does not rule a match out."""
GRID_S = 0.04
PART_S = 3.0
"""Speech is divided into parts of at most so much to tell who speaks."""
SHORTEST_S = 0.4
HERE = 1.64
"""Agreement in a part, at a known lag, that one of 20 unrelated mouths reaches."""
CLOSE_MS, FAR_MS = 80.0, 400.0
"""Offsets up to the first are as good as none, beyond the second nothing fits (see :class:`FaceSync`)."""
SURE, WORTHLESS = 3.0, 1.5
"""SyncNet's confidence from which on lips and voice are usually taken to belong together (training data for lip models
is kept from 3), and under which they are not."""

Samples = NDArray[np.float32]


class Compared(NamedTuple):
    """What a comparison of one face with the voice gives."""

    standing: Standing
    lag_s: float
    confidence: float
    rating: float | None


Compare = Callable[[Footage, "MouthTrack", Samples, NDArray[np.bool_]], Compared | None]
"""Takes the track, mono sound at 16 kHz, and which of the track's samples are near speech."""


def _mouth_correlation(look: Look, args: Args) -> Result:
    return _run(look, args, correlate)


def _syncnet(look: Look, args: Args) -> Result:
    from cinejudge.tools.models import syncnet

    network = syncnet.load(weights.path("syncnet"), look.device)

    def compare(footage: Footage, track: MouthTrack, sound: Samples, near: NDArray[np.bool_]) -> Compared | None:
        found = syncnet.compare(network, footage, track.frames, track.boxes, sound)
        if found is None:
            return None
        standing: Standing = "in_step" if found.confidence >= SURE else "unclear"
        if found.confidence < WORTHLESS:
            standing = "out_of_step"
        return Compared(standing, found.lag_s, found.confidence, float(np.clip(found.confidence, 0, 10)))

    return _run(look, args, compare)


def correlate(footage: Footage, track: MouthTrack, sound: Samples, near: NDArray[np.bool_]) -> Compared | None:
    """The stand-in's way: opening and motion of the mouth against the loudness of the voice."""
    found = lips.agreement(_mouth(track), lips.envelope(sound), near)
    if found is None:
        return None
    if found.score >= lips.CLEAR:
        return Compared("in_step", found.lag_s, found.score, closeness(found.lag_s * 1000) * 10)
    if found.score < lips.POOR:
        return Compared("out_of_step", found.lag_s, found.score, 0.0)
    return Compared("unclear", found.lag_s, found.score, None)


def closeness(offset_ms: float) -> float:
    """1 for an offset that nobody notices, 0 for one at which nothing fits, a straight line between them."""
    return float(np.clip((FAR_MS - abs(offset_ms)) / (FAR_MS - CLOSE_MS), 0, 1))


def _run(look: Look, args: Args, compare: Compare) -> Result:
    from cinejudge.tools.models.mouth import mouths
    from cinejudge.tools.models.whisper import speech_spans

    if look.footage.sound is None:
        raise Abstain("the clip has no sound")
    sound = look.footage.sound.mono(lips.SOUND_RATE)
    spoken = speech_spans(sound)
    if sum(b - a for a, b in spoken) < SPOKEN_S:
        raise Abstain(f"less than {SPOKEN_S:g} s of speech")
    times = look.footage.times
    near = _within(times, spoken, CONTEXT_S)  # pictures far from any speech are not looked at
    parts = stretches(look, SampledArgs(shots=args.shots, fps=FPS), most=look.footage.clip.frames)
    parts = [replace(part, frames=tuple(f for f in part.frames if near[f])) for part in parts]
    parts = [part for part in parts if len(part.frames) >= lips.FEWEST]
    looked_at = some(parts, MOST_FRAMES)
    tracks = [track for part in looked_at for track in mouths(look.footage, part.shot, part.frames, look.device)]
    if not tracks:
        raise Abstain("no face is seen while somebody speaks")
    faces = [compare_face(number, look.footage, track, sound, spoken, compare) for number, track in enumerate(tracks)]
    readable = [number for number, face in enumerate(faces) if face.standing != "unreadable"]
    if not readable:
        raise Abstain("; ".join(dict.fromkeys(face.reason or "" for face in faces)))
    surest = max((f for f in faces if f.offset_ms is not None), key=lambda f: f.confidence or 0.0, default=None)
    grid = np.arange(0, len(sound) / lips.SOUND_RATE, GRID_S)
    heard = _within(grid, spoken, 0.0)
    seen = heard & np.any([_shown(tracks[n], grid) for n in readable], axis=0)
    moving = np.any([_shown(tracks[n], grid) & _moving(tracks[n], grid) for n in readable], axis=0)
    return Result(
        faces=tuple(faces),
        speech_s=round(sum(b - a for a, b in spoken), 3),
        seen=_spans(seen),
        still=_spans(seen & ~moving),
        speaking=tuple(_speaking(tracks, faces, readable, spoken, lips.envelope(sound))),
        offset_ms=surest.offset_ms if surest else None,
        confidence=surest.confidence if surest else None,
        sure=surest is not None and surest.standing == "in_step",
        looked_at=round(sum(len(p.frames) for p in looked_at) / sum(len(p.frames) for p in parts), 3),
    )


def compare_face(
    number: int,
    footage: Footage,
    track: MouthTrack,
    sound: Samples,
    spoken: Sequence[tuple[float, float]],
    compare: Compare,
) -> FaceSync:
    """The record of one face.

    Args:
        number: Of the track.
        footage: The clip.
        track: The mouth.
        sound: Mono, 16 kHz.
        spoken: Where somebody speaks, in seconds.
        compare: The provider's way.
    """
    at = np.array(track.times)
    heard = _within(at, spoken, 0.0)
    heard_s = float(np.diff(at, append=at[-1:])[heard].clip(max=NEAR_S).sum()) if len(at) else 0.0
    record = FaceSync(
        track=number,
        shot=track.shot,
        start_s=round(float(at[0]), 3) if len(at) else 0.0,
        end_s=round(float(at[-1]), 3) if len(at) else 0.0,
        box=_median_box(track),
        side_px=round(track.side_px, 1),
        heard_s=round(heard_s, 3),
        standing="unreadable",
        reason=_unreadable(track, heard_s),
    )
    if record.reason is not None:
        return record
    found = compare(footage, track, sound, _within(at, spoken, CONTEXT_S))
    if found is None:
        return record.model_copy(update={"reason": "mouth or voice does not change"})
    if found.standing == "out_of_step" and heard_s < RULED_OUT_S:
        found = found._replace(standing="unclear", rating=None)
    openings = np.array(track.shapes)[:, 0]
    unclear = "too little agreement to tell a match from chance, too much to rule one out"
    return record.model_copy(
        update={
            "standing": found.standing,
            "reason": unclear if found.standing == "unclear" else None,
            "offset_ms": round(found.lag_s * 1000, 1) if found.standing != "out_of_step" else None,
            "confidence": round(found.confidence, 3),
            "rating": None if found.rating is None else round(found.rating, 3),
            "moving_share": round(float(_moving(track, at[heard]).mean()), 3),
            "mouth": tuple(round(float(v), 3) for v in openings),
        }
    )


def _unreadable(track: MouthTrack, heard_s: float) -> str | None:
    from cinejudge.tools.models.mouth import SMALLEST_PX

    if track.side_px < SMALLEST_PX:
        return f"face smaller than {SMALLEST_PX} pixels"
    if track.yaw is None or track.yaw > TURNED_DEG:
        return f"face turned by more than {TURNED_DEG:.0f} degrees"
    if heard_s < SPOKEN_S:
        return f"face readable for less than {SPOKEN_S:g} s of speech"
    return None


def _speaking(
    tracks: Sequence[MouthTrack],
    faces: Sequence[FaceSync],
    readable: Sequence[int],
    spoken: Sequence[tuple[float, float]],
    loudness: lips.Floats,
) -> Iterator[Speaking]:
    """For each part of the speech the readable face that moves with it."""
    for start, end in _parts(spoken):
        middle = np.arange(start, end, GRID_S)
        there = [n for n in readable if _shown(tracks[n], middle).mean() >= 0.5]
        if not there:
            continue
        agreed = {n: _agrees_here(tracks[n], faces[n], start, end, loudness) for n in there}
        moves = [n for n in there if _moving(tracks[n], middle).mean() >= 0.5]
        # Where one mouth moves and is in step over the whole shot, it speaks here too; several have to show it here.
        able = [n for n in moves if agreed[n] >= HERE or (len(moves) == 1 and faces[n].standing == "in_step")]
        speaker = max(able, key=lambda n: agreed[n], default=None)
        undecided = any(faces[n].standing in ("unclear", "in_step") for n in moves)
        yield Speaking(
            start_s=round(start, 3),
            end_s=round(end, 3),
            track=speaker,
            moving=bool(moves),
            decided=speaker is not None or not undecided,
        )


def _parts(spoken: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    for start, end in spoken:
        if end - start >= SHORTEST_S:
            edges = np.linspace(start, end, int(np.ceil((end - start) / PART_S)) + 1)
            yield from zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)


def _agrees_here(track: MouthTrack, face: FaceSync, start: float, end: float, loudness: lips.Floats) -> float:
    lag = (face.offset_ms or 0.0) / 1000 if face.standing == "in_step" else 0.0
    here = _within(np.array(track.times) + lag, [(start, end)], 0.1)
    found = lips.agreement(_mouth(track), loudness, here, np.array([lag]))
    return found.score if found else 0.0


def _mouth(track: MouthTrack) -> lips.Mouth:
    return lips.Mouth(np.array(track.times), np.array(track.shapes), track.motion)


def _within(times: NDArray[np.float64], spans: Sequence[tuple[float, float]], margin: float) -> NDArray[np.bool_]:
    inside = np.zeros(len(times), bool)
    for start, end in spans:
        inside |= (times >= start - margin) & (times < end + margin)
    return inside


def _shown(track: MouthTrack, times: NDArray[np.float64]) -> NDArray[np.bool_]:
    at = np.array(track.times)
    return np.asarray(np.abs(at[_nearest(at, times)] - times) <= NEAR_S)


def _moving(track: MouthTrack, times: NDArray[np.float64]) -> NDArray[np.bool_]:
    at, opening = np.array(track.times), np.array(track.shapes)[:, :2].mean(axis=1)
    first, last = np.searchsorted(at, at - MOVING_S / 2), np.searchsorted(at, at + MOVING_S / 2, side="right")
    spread = np.array([opening[a:b].std() for a, b in zip(first, last, strict=True)])
    return np.asarray(spread[_nearest(at, times)] >= MOVING)


def _nearest(at: NDArray[np.float64], times: NDArray[np.float64]) -> NDArray[np.int64]:
    after = np.clip(np.searchsorted(at, times), 1, len(at) - 1)
    return np.asarray(np.where(times - at[after - 1] < at[after] - times, after - 1, after))


def _spans(flags: NDArray[np.bool_]) -> tuple[Span, ...]:
    from cinejudge.tools.signals.waveform import spans_of

    starts, ends = spans_of(flags)
    return tuple(
        Span(start_s=round(float(a) * GRID_S, 3), end_s=round(float(b) * GRID_S, 3))
        for a, b in zip(starts, ends, strict=True)
    )


def _median_box(track: MouthTrack) -> tuple[float, float, float, float] | None:
    if not track.boxes:
        return None
    x0, y0, x1, y1 = (round(float(v), 4) for v in np.median(np.array(track.boxes), axis=0))
    return x0, y0, x1, y1


def _draw(footage: Footage, result: Result) -> Iterator[tuple[str, Any]]:
    from cinejudge.tools.drawing.marks import curve, draw_box

    sound = footage.sound
    for face in result.faces:
        if not face.mouth or face.box is None or sound is None:
            continue
        middle = (face.start_s + face.end_s) / 2
        rgb = footage.frame(footage.frame_at(middle), max_side=960).copy()
        offset = "" if face.offset_ms is None else f" {face.offset_ms:+.0f} ms"
        draw_box(rgb, face.box, f"track {face.track} {face.standing}{offset}")
        width = rgb.shape[1]
        voice = np.abs(sound.slice(face.start_s, face.end_s).mono(1000))
        mouth = curve(face.mouth, width, 60, low=0.0, high=max(0.05, *face.mouth), cursor=0.5)
        heard = curve(voice, width, 60, low=0.0, high=max(0.05, float(voice.max(initial=0.0))), cursor=0.5)
        yield f"mouth (above) and voice, {face.start_s:.2f} to {face.end_s:.2f} s", np.vstack([rgb, mouth, heard])


TOOL = Tool(
    name="lipsync",
    description=(
        "Compares the mouths of faces with the voice: whether they belong together, by how many milliseconds the sound "
        "is late, which face speaks when, and whether somebody is heard while no seen mouth moves. Call it for lip "
        "synchronisation, dubbing, voice-over and who says a line."
    ),
    validity=(
        "Faces from 64 pixels, up to 45 degrees from the front, with at least 1 s of speech; offsets up to 600 ms "
        "(SyncNet: 400 ms). Under 3 s of speech a match is often unclear, and then it says so."
    ),
    args=Args,
    result=Result,
    providers=(
        Provider(
            name="syncnet",
            version="v2-1",
            fidelity="paper",
            run=_syncnet,
            packages=("torch", "cv2", "scipy", "ai_edge_litert", "faster_whisper"),
            weights=("syncnet", "human-models", "face-landmarker"),
        ),
        Provider(
            name="mouth-correlation",
            version="1",
            fidelity="substitute",
            run=_mouth_correlation,
            packages=("torch", "cv2", "scipy", "ai_edge_litert", "faster_whisper"),
            weights=("human-models", "face-landmarker"),
        ),
    ),
    uses_shots=True,
    draw=_draw,
)
