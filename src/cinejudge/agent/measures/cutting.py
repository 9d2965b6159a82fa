"""Measures of the cutting itself, from the corrected shots and the words in them."""

from __future__ import annotations

import statistics

from cinejudge.agent.measures.registry import NoValue, Query, measure
from cinejudge.schema import Measured, Span
from cinejudge.schema.terms import named_terms

WORDS_PER_S = 3.0
"""Words of lettering that a viewer reads in a second."""


@measure("shots.duration", unit="s")
async def shots_duration(query: Query) -> Measured:
    """Length of the shortest of the shots in question, in seconds."""
    if not query.shots:
        raise NoValue("no shot to measure")
    lengths = {f"shot{s.index}": round(s.end_s - s.start_s, 3) for s in query.shots}
    shortest = min(query.shots, key=lambda s: s.end_s - s.start_s)
    return Measured(
        name=query.name,
        target=query.target,
        value=min(lengths.values()),
        unit="s",
        spans=(shortest.span,),
        parts=lengths,
    )


@measure("shots.time_to_read", unit="s")
async def shots_time_to_read(query: Query) -> Measured:
    """Length of the shortest of the shots in question less the time that the words in it take to read, in seconds."""
    if not query.shots:
        raise NoValue("no shot to measure")
    read, evidence = await query.look("ocr")
    left = {}
    for shot in query.shots:
        lines = [line for line in read.lines if shot.span.overlap_s(Span(start_s=line.start_s, end_s=line.end_s)) > 0]
        words = sum(len(line.text.split()) for line in lines)
        left[f"shot{shot.index}"] = round(shot.end_s - shot.start_s - words / WORDS_PER_S, 3)
    shortest = min(query.shots, key=lambda s: left[f"shot{s.index}"])
    return Measured(
        name=query.name,
        target=query.target,
        value=min(left.values()),
        unit="s",
        evidence=(evidence.id,),
        spans=(shortest.span,),
        parts=left,
    )


@measure("shots.count", unit="shots")
async def shots_count(query: Query) -> Measured:
    """Number of shots."""
    return Measured(name=query.name, target=query.target, value=float(len(query.shots)), unit="shots")


@measure("shots.duration_variation", unit="")
async def shots_duration_variation(query: Query) -> Measured:
    """Coefficient of variation of the shot lengths (standard deviation over mean); needs three shots."""
    lengths = [s.end_s - s.start_s for s in query.shots]
    if len(lengths) < 3:
        raise NoValue("fewer than three shots: there is no rhythm to measure")
    return Measured(
        name=query.name,
        target=query.target,
        value=statistics.pstdev(lengths) / statistics.fmean(lengths),
        parts={f"shot{s.index}": round(length, 3) for s, length in zip(query.shots, lengths, strict=True)},
    )


_SEEN_AS = {
    "hard_cut": {"hard_cut", "match_cut"},
    "cut_to_black": {"hard_cut", "match_cut", "fade"},
    "dissolve": {"dissolve", "fade"},
    "fade": {"fade", "dissolve"},
    "wipe": {"wipe"},
}
"""Transition found to the terms of a brief that it satisfies: signals tell a fade and a dissolve apart less surely than
either from a cut."""


@measure("shots.transition_match", unit="")
async def shots_transition_match(query: Query) -> Measured:
    """1 when the shot begins with a transition that the brief's words name, else 0."""
    (shot,) = query.shots
    if query.brief is None or shot.spec is None:
        raise NoValue("no shot of the brief to compare with")
    if shot.transition_in is None:
        raise NoValue("the first shot comes after nothing")
    words = query.brief.shots[shot.spec].transition or ""
    wanted = set(named_terms("transition", words))
    if not wanted:
        raise NoValue(f"the brief names no known transition: {words!r}")
    found = shot.transition_in.type
    return Measured(
        name=query.name,
        target=query.target,
        value=float(bool(wanted & _SEEN_AS[found])),
        note=f"wanted {' or '.join(sorted(wanted))}, found {found}",
        spans=(shot.span,),
    )
