"""Measures of likeness between shots and with reference pictures.

From the tools ``similarity``, whose network's range was measured, so that a value tells the same from the foreign, and
``consistency``, the paper's cosines, of which no range is known. ``framing`` tells which shots compare.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Mapping
from itertools import combinations, pairwise
from pathlib import Path
from typing import Literal

from cinejudge.agent.measures.brief import shared
from cinejudge.agent.measures.registry import NoValue, Query, measure
from cinejudge.schema import Measured, Reference, Shot
from cinejudge.schema.errors import MediaError
from cinejudge.tools.text.distance import similarity as wording

SAME_WORDS = 0.7
"""Similarity from which on two names of a subject mean the same."""

SAME_SIZE = 0.7
"""Agreement in subject size from which on two backgrounds compare: from nearer, another part of the place is seen."""

Kind = Literal["subject", "background", "style"]


@measure("subject.similarity", unit="")
async def subject_similarity(query: Query) -> Measured:
    """Mean likeness of the subjects over all pairs of shots: 0 as in different clips, 1 as within one shot."""
    return await _over_pairs(query, "subject")


@measure("background.similarity", unit="")
async def background_similarity(query: Query) -> Measured:
    """Mean likeness of the backgrounds without people over pairs of one scene: 0 foreign, 1 as within one shot."""
    return await _over_pairs(query, "background")


@measure("style.similarity", unit="")
async def style_similarity(query: Query) -> Measured:
    """Mean likeness of style (line, grain, texture) over pairs of one scene: 0 foreign, 1 as within one shot."""
    return await _over_pairs(query, "style")


@measure("background.consistency", unit="")
async def background_consistency(query: Query) -> Measured:
    """MSAVBench's mean over pairs of max(0, cosine) by CLIP; without it ``background.similarity`` stands in."""
    return await _as_published(query, "background")


@measure("style.consistency", unit="")
async def style_consistency(query: Query) -> Measured:
    """MSAVBench's mean over pairs of max(0, cosine) by CSD; without it ``style.similarity`` stands in."""
    return await _as_published(query, "style")


async def _as_published(query: Query, kind: Literal["background", "style"]) -> Measured:
    pairs, more = await _comparable(query, kind)
    try:
        found, evidence = await query.look("consistency")
    except NoValue as lacking:
        if not lacking.missing:
            raise
        return await _over_pairs(query, kind)
    cosines = {_name(a, b): getattr(found.pair(a.index, b.index), kind, None) for a, b in pairs}
    return _mean(query, kind, cosines, (evidence.id, *more), "mean cosine, below 0 taken for 0, as the paper does")


async def _over_pairs(query: Query, kind: Kind) -> Measured:
    pairs, more = await _comparable(query, kind)
    found, evidence = await query.look("similarity")
    alike = {_name(a, b): getattr(found.pair(a.index, b.index), kind, None) for a, b in pairs}
    cosines = [each.cosine for each in alike.values() if each]
    note = (
        f"mean cosine {statistics.fmean(cosines):.3f} before it is set against the network's own range"
        if cosines
        else ""
    )
    return _mean(query, kind, {name: each and each.value for name, each in alike.items()}, (evidence.id, *more), note)


async def _comparable(query: Query, kind: Kind) -> tuple[list[tuple[Shot, Shot]], tuple[str, ...]]:
    """The pairs that the brief sets in one scene, or that show one subject, and the evidence for their scales.

    Pictures of different things differ whatever their style: over such pairs these networks say nothing. Across one
    cut, of which a suite asks whether the place stayed, the brief need not have spoken.
    """
    attribute: Literal["subjects", "scene"] = "subjects" if kind == "subject" else "scene"
    told = [(a, b, shared(query, attribute, a, b)) for a, b in combinations(query.shots, 2)]
    silent_too = kind == "background" and query.target != "clip"
    wanted = [(a, b) for a, b, same in told if same or (same is None and silent_too)]
    if not wanted:
        what = "show one subject" if kind == "subject" else "play in one scene"
        if all(same is False for _, _, same in told):
            raise NoValue(f"the brief lets no two shots {what}")
        raise NoValue(f"which shots {what} cannot be told without a brief that says so", missing=True)
    sizes, more = await _heads(query) if kind == "background" else ({}, ())
    pairs = [(a, b) for a, b in wanted if _agree(sizes, a, b) >= SAME_SIZE]
    if not pairs:
        raise NoValue(f"no two shots show a {kind} to compare at a similar scale", missing=True, evidence=more)
    return pairs, more


def _name(first: Shot, second: Shot) -> str:
    return f"shot{first.index}-{second.index}"


def _mean(
    query: Query, kind: Kind, found: Mapping[str, float | None], evidence: tuple[str, ...], note: str
) -> Measured:
    """Mean of what was found, each value below 0 taken for 0."""
    values = {name: max(0.0, value) for name, value in found.items() if value is not None}
    if not values:
        raise NoValue(f"no two shots show a {kind} to compare", evidence=evidence)
    return Measured(
        name=query.name,
        target=query.target,
        value=statistics.fmean(values.values()),
        note=note,
        evidence=evidence,
        parts=values,
    )


@measure("shots.likeness", unit="")
async def shots_likeness(query: Query) -> Measured:
    """Likeness of the view on both sides of a hard cut, 0 to 1; for a clip the highest.

    Likeness of the two pictures at the cut, times the smaller over the larger subject where both sides show one.
    """
    cuts = [(a, b) for a, b in pairwise(query.shots) if b.index == a.index + 1 and _hard(b)]
    if not cuts:
        raise NoValue("no hard cut to look at")
    found, evidence = await query.look("similarity")
    sizes, more = await _heads(query)
    values: dict[str, float] = {}
    for first, second in cuts:
        pair = found.pair(first.index, second.index)
        if pair is None or pair.cut is None:
            continue
        values[f"shot{first.index}-{second.index}"] = round(pair.cut.value * _agree(sizes, first, second), 4)
    if not values:
        raise NoValue("blank pictures at the cut", evidence=(evidence.id,))
    return Measured(
        name=query.name,
        target=query.target,
        value=max(values.values()),
        evidence=(evidence.id, *more),
        parts=values,
    )


def _agree(sizes: dict[int, float], first: Shot, second: Shot) -> float:
    """The smaller over the larger subject of two shots, 0 to 1; 1 where one of them shows none to measure."""
    a, b = sizes.get(first.index), sizes.get(second.index)
    return min(a, b) / max(a, b) if a and b else 1.0


def _hard(shot: Shot) -> bool:
    return shot.transition_in is not None and shot.transition_in.type == "hard_cut"


async def _heads(query: Query) -> tuple[dict[int, float], tuple[str, ...]]:
    """Height of each shot in heads of its largest person, where there is one, and the evidence for it."""
    try:
        framing, evidence = await query.look("framing")
    except NoValue as nobody:
        return {}, nobody.evidence
    heads = {s.shot: statistics.median(x.heads for x in s.subjects) for s in framing.shots if s.subjects}
    return heads, (evidence.id,)


@measure("reference.subject", unit="")
async def reference_subject(query: Query) -> Measured:
    """Mean of max(0, cosine) by DINOv2 between the subject in each shot and its reference picture.

    Without DINOv2's weights, likeness by ``similarity``: 0 foreign, 1 as within one shot. A reference that names its
    subject counts only in the shots for which the brief names that subject too.
    """
    references = [r for r in query.brief.references if r.kind == "subject_image"] if query.brief else []
    if not references:
        raise NoValue("the brief holds no reference picture of a subject")
    artifacts = [await asyncio.to_thread(_kept, query, reference) for reference in references]
    matches, evidence = await _matches(query, tuple(artifacts))
    wanted = {s.index: s for s in query.shots}
    values: dict[str, float] = {}
    for place, (reference, artifact) in enumerate(zip(references, artifacts, strict=True)):
        for index, name, value in matches:
            shot = wanted.get(index)
            if name == artifact and shot and _belongs(query, reference, shot):
                values[f"shot{index}:reference{place}"] = max(0.0, value)
    if not values:
        raise NoValue("no shot shows a subject to compare with its reference", evidence=(evidence,))
    return Measured(
        name=query.name,
        target=query.target,
        value=statistics.fmean(values.values()),
        evidence=(evidence,),
        parts=values,
    )


async def _matches(query: Query, artifacts: tuple[str, ...]) -> tuple[list[tuple[int, str, float]], str]:
    """Shot, reference and likeness of each subject that was found, and the evidence; by DINOv2 where it is here."""
    try:
        found, evidence = await query.look("consistency", references=artifacts)
    except NoValue as lacking:
        if not lacking.missing:
            raise
        found, evidence = await query.look("similarity", references=artifacts)
        return [(m.shot, m.reference, m.subject.value) for m in found.matches if m.subject], evidence.id
    return [(m.shot, m.reference, m.subject) for m in found.matches if m.subject is not None], evidence.id


def _kept(query: Query, reference: Reference) -> str:
    """The reference picture as an artifact, decoded through the same door as videos."""
    try:
        return query.perception.keep_picture(Path(reference.path))
    except MediaError as error:
        raise NoValue(f"a reference picture cannot be read: {error}", missing=True) from error


def _belongs(query: Query, reference: Reference, shot: Shot) -> bool:
    named = query.brief.shots[shot.spec].subjects if query.brief and shot.spec is not None else ()
    if reference.subject is None or not named:
        return True
    return any(wording(reference.subject, name) >= SAME_WORDS for name in named)
