"""Measures of voices, from the tool ``speakers``."""

from __future__ import annotations

import asyncio
import statistics
from pathlib import Path
from typing import Any

from cinejudge.agent.measures.registry import NoValue, Query, measure
from cinejudge.schema import Measured, Reference, Span
from cinejudge.schema.errors import MediaError


@measure("voice.similarity", unit="cosine")
async def voice_similarity(query: Query) -> Measured:
    """Likeness of voices between shots; for a speaker, how like itself a voice stays. Cosine, 0 to 1.

    For the clip: every voice of a shot is held against the likest voice of the other shots, and the mean is taken, so
    that a dialogue over many shots is no change of voice. For ``speaker0``: nine tenths of the pairs of stretches of
    that voice are more alike.
    """
    voices, evidence = await query.look("speakers")
    if query.target.startswith("speaker"):
        return _of_speaker(query, voices, evidence.id)
    heard = {s.index for s in query.shots} & {v.shot for v in voices.shot_voices}
    if len(heard) < 2:
        raise NoValue("a voice is heard for 1.2 s in fewer than two shots", evidence=(evidence.id,))
    if _given_to_different(query, heard):
        raise NoValue("the brief lets nobody speak in two of the shots with speech", evidence=(evidence.id,))
    best: dict[str, float] = {}
    for place, voice in enumerate(voices.shot_voices):
        alike = [
            match.similarity
            for match in voices.matches
            if place in (match.first, match.second)
            and {voices.shot_voices[i].shot for i in (match.first, match.second)} <= heard
        ]
        if voice.shot in heard and alike:
            best[f"shot{voice.shot}:speaker{voice.speaker}"] = max(alike)
    return Measured(
        name=query.name,
        target=query.target,
        value=statistics.fmean(best.values()),
        unit="cosine",
        evidence=(evidence.id,),
        parts=best,
    )


@measure("speakers.overlap", unit="share")
async def speakers_overlap(query: Query) -> Measured:
    """Share of the speaking time in which several voices speak at once, 0 to 1."""
    voices, evidence = await query.look("speakers")
    if voices.several is not False:
        raise NoValue("voices that speak at once cannot be told apart here", missing=True, evidence=(evidence.id,))
    return Measured(
        name=query.name,
        target=query.target,
        value=0.0,
        unit="share",
        note="one voice only",
        evidence=(evidence.id,),
        spans=tuple(Span(start_s=t.start_s, end_s=t.end_s) for t in voices.turns[:8]),
    )


@measure("reference.voice", unit="cosine")
async def reference_voice(query: Query) -> Measured:
    """Likeness of the likest speaker to each reference recording, mean over the recordings; cosine, 0 to 1."""
    references = [r for r in query.brief.references if r.kind == "voice"] if query.brief else []
    if not references:
        raise NoValue("the brief holds no reference voice")
    kept = [await asyncio.to_thread(_kept, query, reference) for reference in references]
    voices, evidence = await query.look("speakers", references=tuple(kept))
    values = {
        f"reference{place}": max(m.similarity for m in voices.references if m.reference == artifact)
        for place, artifact in enumerate(kept)
    }
    return Measured(
        name=query.name,
        target=query.target,
        value=statistics.fmean(values.values()),
        unit="cosine",
        evidence=(evidence.id,),
        parts=values,
    )


def _of_speaker(query: Query, voices: Any, evidence: str) -> Measured:
    speaker = int(query.target.removeprefix("speaker"))
    voice = next((v for v in voices.voices if v.speaker == speaker), None)
    if voice is None or voice.steadiness is None:
        raise NoValue("this voice speaks too briefly to be held against itself", evidence=(evidence,))
    return Measured(
        name=query.name,
        target=query.target,
        value=voice.steadiness,
        unit="cosine",
        note="a voice that changes altogether counts as another speaker",
        evidence=(evidence,),
        spans=tuple(Span(start_s=t.start_s, end_s=t.end_s) for t in voices.turns if t.speaker == speaker)[:8],
    )


def _given_to_different(query: Query, heard: set[int]) -> bool:
    """Whether the brief names the speakers of all these shots, and none of them twice."""
    if query.brief is None:
        return False
    named: list[set[str]] = []
    for shot in query.shots:
        if shot.index not in heard:
            continue
        lines = query.brief.shots[shot.spec].lines if shot.spec is not None else ()
        if not lines or any(line.speaker is None for line in lines):
            return False
        named.append({str(line.speaker).casefold() for line in lines})
    return sum(map(len, named)) == len(set().union(*named))


def _kept(query: Query, reference: Reference) -> str:
    try:
        return query.perception.keep_sound(Path(reference.path))
    except MediaError as error:
        raise NoValue(f"a reference voice cannot be read: {error}", missing=True) from error
