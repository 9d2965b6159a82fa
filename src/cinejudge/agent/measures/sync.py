"""Measures of sound against picture, from the tools ``lipsync``, ``avsync``, ``active_speaker`` and ``speakers``."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from cinejudge.agent.measures.registry import NoValue, Query, measure
from cinejudge.schema import Line, Measured, Shot, Span

NARRATOR = re.compile(r"\b(narrat|voice.?over|off.?screen|announcer|inner voice)", re.IGNORECASE)
"""Who is meant to be heard and not seen."""
LEAST_S = 0.5
"""Less speech in a target says nothing of its mouths."""
LEAST_UNSEEN_S = 0.3


@measure("sync.lips", unit="confidence")
async def sync_lips(query: Query) -> Measured:
    """Mean over the faces that speak, weighted by their speech, of how well lips and voice fit, 0 to 10.

    With SyncNet it is SyncNet's confidence. The stand-in gives 10 where mouth and voice belong together at an offset
    of at most 80 ms, less for more, 0 from 400 ms; and 0 where no seen mouth goes with the voice. Faces beside one
    that speaks are listeners and do not count; faces of which it is unclear count neither way.
    """
    found, evidence = await query.look("lipsync")
    faces = _speakers(found, query)
    if not faces:
        raise NoValue(
            "no face of which it is clear whether its lips go with the voice", missing=True, evidence=(evidence.id,)
        )
    parts = {f"track{f.track}": f.rating for f in faces}
    total = sum(f.heard_s for f in faces)
    offsets = [f"{f.offset_ms:+.0f} ms" for f in faces if f.offset_ms is not None]
    return Measured(
        name=query.name,
        target=query.target,
        value=sum(f.rating * f.heard_s for f in faces) / total,
        unit="confidence",
        note=f"offset {', '.join(offsets)}" if offsets else "no mouth moves with the voice",
        evidence=(evidence.id,),
        parts=parts,
        spans=tuple(Span(start_s=f.start_s, end_s=f.end_s) for f in faces[:8]),
    )


def _speakers(found: Any, query: Query) -> list[Any]:
    """In each shot the faces in step, or all that are surely out of step where none is or may be."""
    shots: dict[int | None, list[Any]] = defaultdict(list)
    for face in found.faces:
        if face.standing != "unreadable" and face.shot in {s.index for s in query.shots}:
            shots[face.shot].append(face)
    chosen = []
    for faces in shots.values():
        speaking = [f for f in faces if f.standing == "in_step"]
        if not speaking and all(f.standing == "out_of_step" for f in faces):
            speaking = faces
        chosen += speaking
    return chosen


@measure("sync.audio_visual", unit="s")
async def sync_audio_visual(query: Query) -> Measured:
    """Offset between sound and picture, absolute, in seconds: from what happens, or else from lips.

    With Synchformer it is the mean of the absolute offsets of the first and the last 4.8 s.
    """
    try:
        found, evidence = await query.look("avsync")
        if found.apart_s is not None:
            return Measured(
                name=query.name,
                target=query.target,
                value=found.apart_s,
                unit="s",
                note=found.summary,
                evidence=(evidence.id,),
                spans=tuple(Span(start_s=w.start_s, end_s=w.end_s) for w in found.windows),
            )
        offset, how = found.offset_s, "from sudden motions and sounds"
    except NoValue as nothing:
        try:
            lips, evidence = await query.look("lipsync")
        except NoValue as neither:
            raise NoValue(
                f"{nothing}; {neither}", missing=True, evidence=(*nothing.evidence, *neither.evidence)
            ) from None
        if lips.offset_ms is None or not lips.sure:
            raise NoValue(
                f"{nothing}; lipsync: no sure offset", missing=True, evidence=(*nothing.evidence, evidence.id)
            ) from None
        offset, how = lips.offset_ms / 1000, "from lips"
    return Measured(
        name=query.name,
        target=query.target,
        value=abs(offset),
        unit="s",
        note=f"sound {'late' if offset > 0 else 'early'} by {abs(offset):.2f} s, {how}",
        evidence=(evidence.id,),
    )


@measure("speakers.attribution", unit="share")
async def speakers_attribution(query: Query) -> Measured:
    """Share of the speech with a moving mouth in view in which the face that moves with the voice owns that voice.

    Speech during which every seen mouth rests has its speaker elsewhere and does not count, nor does speech of which
    it is unclear whether a seen face speaks it. Where several voices are told apart, each face of a shot owns at most
    one of them and each voice belongs to at most one face: the pairing that explains most of the time.
    """
    found, evidence = await query.look("active_speaker")
    parts = [p for p in found.speaking if p.decided and p.moving and _inside(p, query) >= LEAST_S]
    if not parts:
        raise NoValue(
            "no speech of which it is clear whether a seen face speaks it", missing=True, evidence=(evidence.id,)
        )
    try:
        voices, more = await query.look("speakers")
        turns: tuple[Any, ...] = voices.turns
        cited: tuple[str, ...] = (evidence.id, more.id)
    except NoValue:  # one voice, or too little to tell voices apart
        turns, cited = (), (evidence.id,)
    total = sum(_inside(p, query) for p in parts)
    owned = _owned([p for p in parts if p.track is not None], turns, {f.track: f.shot for f in found.faces})
    return Measured(
        name=query.name,
        target=query.target,
        value=min(1.0, owned / total),
        unit="share",
        note=f"{owned:.1f} of {total:.1f} s of speech",
        evidence=cited,
        spans=tuple(Span(start_s=p.start_s, end_s=p.end_s) for p in parts if p.track is None)[:8],
    )


def _owned(parts: list[Any], turns: tuple[Any, ...], shots: dict[int, int | None]) -> float:
    """Seconds of speech that the best pairing of faces and voices, shot by shot, explains."""
    if len({t.speaker for t in turns}) < 2:
        return float(sum(p.end_s - p.start_s for p in parts))
    shared: dict[int | None, dict[tuple[int, int], float]] = defaultdict(lambda: defaultdict(float))
    for part in parts:
        for turn in turns:
            both = min(part.end_s, turn.end_s) - max(part.start_s, turn.start_s)
            if both > 0:
                shared[shots[part.track]][part.track, turn.speaker] += both
    return sum(_best_pairing(pairs) for pairs in shared.values())


def _best_pairing(pairs: dict[tuple[int, int], float]) -> float:
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    faces, voices = sorted({a for a, _ in pairs}), sorted({b for _, b in pairs})
    table = np.array([[pairs.get((face, voice), 0.0) for voice in voices] for face in faces])
    return float(table[linear_sum_assignment(table, maximize=True)].sum())


@measure("speech.unseen_mouth", unit="share")
async def speech_unseen_mouth(query: Query) -> Measured:
    """Share of the speech with a readable face in view during which no seen mouth moves, 0 to 1.

    Shots whose lines the brief gives to a narrator or a voice off screen are left out.
    """
    shots = [s for s in query.shots if not _narrated(query, s)]
    if not shots:
        raise NoValue("the brief gives these lines to a voice that is not seen, or no shot is known to hold them")
    found, evidence = await query.look("active_speaker")
    seen = sum(span.overlap_s(s.span) for span in found.seen for s in shots)
    if seen < LEAST_S:
        raise NoValue("hardly any speech while a readable face is seen", evidence=(evidence.id,))
    still = [
        Span(start_s=max(span.start_s, s.start_s), end_s=min(span.end_s, s.end_s))
        for span in found.still
        for s in shots
        if span.overlap_s(s.span) > 0
    ]
    unseen = sum(span.length_s for span in still)
    return Measured(
        name=query.name,
        target=query.target,
        value=min(1.0, unseen / seen),
        unit="share",
        note=f"{unseen:.1f} of {seen:.1f} s",
        evidence=(evidence.id,),
        spans=tuple(span for span in still if span.length_s >= LEAST_UNSEEN_S)[:8],
    )


def _narrated(query: Query, shot: Shot) -> bool:
    """Whether a voice that is not seen is meant to speak in a shot, or in the line in question."""
    brief = query.brief
    if brief is None:
        return False
    if query.target.startswith("line"):
        lines: tuple[Line, ...] = (brief.all_lines[int(query.target.removeprefix("line"))],)
    else:
        lines = (brief.shots[shot.spec].lines if shot.spec is not None else ()) or brief.lines
    return any(line.speaker and NARRATOR.search(line.speaker) for line in lines)


def _inside(part: Any, query: Query) -> float:
    return sum(s.span.overlap_s(Span(start_s=part.start_s, end_s=part.end_s)) for s in query.shots)
