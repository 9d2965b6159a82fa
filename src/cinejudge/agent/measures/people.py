"""Measures of people, from the tools ``faces`` and ``objects``."""

from __future__ import annotations

import statistics
from collections import Counter
from itertools import combinations
from typing import Any

from cinejudge.agent.measures.brief import shared
from cinejudge.agent.measures.registry import NoValue, Query, measure
from cinejudge.schema import Measured, Span

EDGE = 0.01
"""A face box that comes this close to the picture's edge, as a share of its side, is cut by it."""
CLOSE_UP = 0.75
"""Height of a face, as a share of the picture's, from which on cutting it is the shot's purpose."""
LARGE_PX = 64
"""Shorter side of a face from which on its cropping or expression means anything."""


@measure("persons.count_gap", unit="persons")
async def persons_count_gap(query: Query) -> Measured:
    """People seen less the number that the brief gives: negative when some are missing."""
    if query.brief is None or query.brief.persons is None:
        raise NoValue("the brief gives no number of people")
    faces, evidence = await query.look("faces")
    return Measured(
        name=query.name,
        target=query.target,
        value=float(faces.people - query.brief.persons),
        unit="persons",
        note=f"at least {faces.people} people seen, {query.brief.persons} wanted",
        evidence=(evidence.id,),
    )


@measure("persons.seen", unit="persons")
async def persons_seen(query: Query) -> Measured:
    """People seen in one of the shots in question: its faces or its bodies at once, whichever are more."""
    faces, evidence = await query.look("faces")
    objects, more = await query.look("objects")
    shots = {s.index for s in query.shots}
    by_face = Counter(track.shot for track in faces.tracks if track.shot in shots)
    by_body = [count.most for count in objects.counts if count.name == "person" and count.shot in shots]
    return Measured(
        name=query.name,
        target=query.target,
        value=float(max([*by_face.values(), *by_body], default=0)),
        unit="persons",
        evidence=(evidence.id, more.id),
    )


@measure("faces.identity", unit="cosine")
async def faces_identity(query: Query) -> Measured:
    """Mean over pairs of shots of max(0, cosine) between the most alike faces of both.

    Only pairs that should show one person count: those for which the brief names a common subject. Where it names
    none, pairs of neighbours do in questions about a cut, and for the clip pairs that share a person by the tool's own
    threshold, which makes the mean an upper bound.
    """
    faces, evidence = await query.look("faces")
    alikes = _alikes(faces)
    pairs: dict[str, float] = {}
    for first, second in combinations(query.shots, 2):
        alike = alikes.get((first.index, second.index))
        expected = shared(query, "subjects", first, second)
        if expected is None:
            expected = query.target != "clip" or (alike is not None and alike >= faces.threshold)
        if alike is not None and expected:
            pairs[f"shot{first.index}-{second.index}"] = max(0.0, alike)
    if not pairs:
        raise NoValue(
            "no two shots that should show one person both show a face large enough to compare; a subject without a "
            "face needs another tool",
            missing=True,
            evidence=(evidence.id,),
        )
    return Measured(
        name=query.name,
        target=query.target,
        value=statistics.fmean(pairs.values()),
        unit="cosine",
        note=f"one person from {faces.threshold:.2f}",
        evidence=(evidence.id,),
        parts={pair: round(value, 4) for pair, value in pairs.items()},
    )


def _alikes(faces: Any) -> dict[tuple[int, int], float]:
    """For pairs of shots, the earlier first, the highest cosine between a face of one and a face of the other."""
    shot = {track.id: track.shot for track in faces.tracks}
    found: dict[tuple[int, int], float] = {}
    for s in faces.similarities:
        first, second = sorted((shot[s.a], shot[s.b]))
        found[first, second] = max(s.cosine, found.get((first, second), -1.0))
    return found


@measure("faces.same_person", unit="cosine")
async def faces_same_person(query: Query) -> Measured:
    """Cosine between the most alike faces of two shots, less the face model's own threshold: from 0 on, one person.

    Below 0 it counts only where the brief names a common subject: elsewhere two people may simply follow each other.
    The lowest over all such pairs.
    """
    faces, evidence = await query.look("faces")
    alikes = _alikes(faces)
    pairs: dict[str, float] = {}
    for first, second in combinations(query.shots, 2):
        alike = alikes.get((first.index, second.index))
        expected = shared(query, "subjects", first, second)
        if alike is not None and (expected or (expected is None and alike >= faces.threshold)):
            pairs[f"shot{first.index}-{second.index}"] = alike - faces.threshold
    if not pairs:
        raise NoValue(
            "no face on both sides that the brief, or likeness, makes one person", missing=True, evidence=(evidence.id,)
        )
    return Measured(
        name=query.name,
        target=query.target,
        value=min(pairs.values()),
        unit="cosine",
        note=f"one person from {faces.threshold:.2f}",
        evidence=(evidence.id,),
        parts={pair: round(value, 4) for pair, value in pairs.items()},
    )


@measure("faces.cropped", unit="share")
async def faces_cropped(query: Query) -> Measured:
    """Share of the sampled large faces whose box the picture's edge cuts; extreme close-ups are left out."""
    tracks, evidence = await _large(query)
    samples = [s for t in tracks for s in t.samples if s.box[3] - s.box[1] < CLOSE_UP]
    if not samples:
        raise NoValue("only extreme close-ups, which cut the head on purpose", evidence=(evidence,))
    cut = [s for s in samples if _at_edge(s.box)]
    return Measured(
        name=query.name,
        target=query.target,
        value=len(cut) / len(samples),
        unit="share",
        evidence=(evidence,),
        spans=tuple(Span(start_s=s.time_s, end_s=s.time_s) for s in cut[:6]),
    )


@measure("faces.expression_range", unit="")
async def faces_expression_range(query: Query) -> Measured:
    """Largest spread of one expression of the main face over the clip, 0 to 1.

    The spread is that between the 10th and the 90th percentile; the jaw is left out, since speech moves it.
    """
    tracks, evidence = await _large(query)
    largest = max(tracks, key=lambda t: t.side_px * len(t.samples))
    same = [t for t in tracks if t.identity is not None and t.identity == largest.identity] or [largest]
    shown = [s.expression for t in same for s in t.samples if s.expression]
    if len(shown) < 5:
        raise NoValue("the face is large enough and turned to the camera in too few frames", evidence=(evidence,))
    spreads = {
        name: statistics.quantiles([e[name] for e in shown], n=10)[-1]
        - statistics.quantiles([e[name] for e in shown], n=10)[0]
        for name in shown[0]
        if name != "jaw_open"
    }
    return Measured(
        name=query.name,
        target=query.target,
        value=min(1.0, max(spreads.values())),
        evidence=(evidence,),
        parts={name: round(value, 4) for name, value in spreads.items()},
    )


@measure("faces.stability", unit="cosine")
async def faces_stability(query: Query) -> Measured:
    """Lowest cosine of one face to the mean of all its own within its shot."""
    tracks, evidence = await _large(query)
    held = {f"track{t.id}": t.stability for t in tracks if t.stability is not None}
    if not held:
        raise NoValue("no face is large enough twice in one shot", evidence=(evidence,))
    return Measured(
        name=query.name,
        target=query.target,
        value=min(held.values()),
        unit="cosine",
        evidence=(evidence,),
        parts=held,
    )


async def _large(query: Query) -> tuple[list[Any], str]:
    faces, evidence = await query.look("faces")
    shots = {s.index for s in query.shots}
    tracks = [t for t in faces.tracks if t.shot in shots and t.side_px >= LARGE_PX]
    if not tracks:
        raise NoValue(f"no face of {LARGE_PX} pixels or more", evidence=(evidence.id,))
    return tracks, evidence.id


def _at_edge(box: tuple[float, float, float, float]) -> bool:
    x0, y0, x1, y1 = box
    return x0 < EDGE or y0 < EDGE or x1 > 1 - EDGE or y1 > 1 - EDGE
