"""Measures of the camera: how it moves and how large it shows people, from the tools ``camera`` and ``framing``."""

from __future__ import annotations

import re
from typing import Any

from cinejudge.agent.measures.registry import NoValue, Query, measure
from cinejudge.schema import Measured, Shot
from cinejudge.schema.terms import named_terms
from cinejudge.tools.framing import SCALES

TERM_OF = {
    "static": "static",
    "handheld": "handheld",
    "pan": "pan",
    "tilt": "tilt",
    "track": "tracking",
    "push": "push_in",
    "pull": "pull_out",
    "roll": "roll",
}
"""The brief's term for what the tool calls a move, by its first word."""

MISTAKABLE = {
    frozenset({"pan", "tracking"}),  # one is the other where nothing stands near
    frozenset({"orbit", "tracking"}),
    frozenset({"orbit", "pan"}),
    frozenset({"tilt", "tracking"}),
    frozenset({"push_in", "tracking"}),
    frozenset({"pull_out", "tracking"}),
    frozenset({"handheld", "static"}),
}
"""Terms that the picture alone may not tell apart: one found for the other decides nothing."""

OPPOSITE = {"left": "right", "right": "left", "up": "down", "down": "up"}
UNDECIDED = 0.5

SWING = 0.4
"""Picture widths per second from which on a pan, tilt or track is a swing."""


@measure("camera.motion_match", unit="")
async def camera_motion_match(query: Query) -> Measured:
    """How well the camera's motion is the one asked for: 1 as asked, 0 another, .5 where it cannot be told.

    A move that names the shot counts fully, one that is there beside stronger ones or may be mistaken for the wanted
    one counts half, and so does one the other way (left for right). What the tool is unsure of is drawn towards .5.
    """
    (shot,) = query.shots
    words = _asked(query, shot, "camera_motion")
    wanted = set(named_terms("motion", words))
    if not wanted:
        raise NoValue(f"the brief names no known camera motion: {words!r}")
    camera, evidence = await query.look("camera")
    found = _of(camera, shot)
    if found is None or found.reason:
        why = found.reason if found else "the camera was not looked at in this shot"
        raise NoValue(why, evidence=(evidence.id,))
    agreement = max(_agreement(term, words, found) for term in wanted)
    labels = ", ".join(found.labels).replace("_", " ")
    return Measured(
        name=query.name,
        target=query.target,
        value=UNDECIDED + (agreement - UNDECIDED) * found.confidence,
        note=f"wanted “{words[:100]}”, found {labels} (confidence {found.confidence:.2f})",
        evidence=(evidence.id,),
        spans=(shot.span,),
    )


def _agreement(term: str, words: str, found: Any) -> float:
    labels = [label for label in found.labels if _term(label) == term]
    if labels:
        return UNDECIDED if all(_turned(label, words) for label in labels) else 1.0
    beside = {_term(move.kind) for move in found.moves}
    named = {_term(label) for label in found.labels}
    return UNDECIDED if term in beside or any(frozenset({term, n}) in MISTAKABLE for n in named) else 0.0


def _term(label: str) -> str:
    return TERM_OF[label.split("_")[0]]


def _turned(label: str, words: str) -> bool:
    """Whether the brief asks for the other direction, and only for that."""
    way = label.split("_")[-1]
    asked = set(re.findall(r"left|right|up|down", words.lower()))
    return OPPOSITE.get(way) in asked and way not in asked


@measure("camera.scale_match", unit="")
async def camera_scale_match(query: Query) -> Measured:
    """How near the shot's scale is to the one asked for: 1 the same, .5 one step off, 0 two steps and more."""
    (shot,) = query.shots
    words = _asked(query, shot, "scale")
    wanted = [SCALES.index(term) for term in named_terms("scale", words) if term in SCALES]
    if not wanted:
        raise NoValue(f"the brief names no known shot scale: {words!r}")
    framing, evidence = await query.look("framing")
    place = _place(framing, shot, evidence.id)
    steps = min(abs(place - each) for each in wanted)
    return Measured(
        name=query.name,
        target=query.target,
        value=max(0.0, 1 - steps / 2),
        note=f"wanted “{words[:100]}”, found {SCALES[round(place)].replace('_', ' ')}, {steps:.1f} steps off",
        evidence=(evidence.id,),
        spans=(shot.span,),
    )


@measure("shots.scale_jump", unit="steps")
async def shots_scale_jump(query: Query) -> Measured:
    """Difference of scale across a cut, in steps of the seven (0 to 6); for a clip the largest.

    Only neighbours count; both must show a person.
    """
    framing, evidence = await query.look("framing")
    places = {s.shot: s.place for s in framing.shots if s.place is not None}
    steps: dict[str, float] = {}
    for shot in query.shots:
        if shot.index in places and shot.index + 1 in places and any(s.index == shot.index + 1 for s in query.shots):
            steps[f"shot{shot.index}-{shot.index + 1}"] = round(abs(places[shot.index + 1] - places[shot.index]), 2)
    if not steps:
        raise NoValue("no cut has a person to measure by on both sides", evidence=(evidence.id,))
    return Measured(
        name=query.name,
        target=query.target,
        value=max(steps.values()),
        unit="steps",
        evidence=(evidence.id,),
        parts=steps,
    )


@measure("camera.moves", unit="")
async def camera_moves(query: Query) -> Measured:
    """How surely the camera moves in the shot: 0 where it surely stands, 1 where it surely does not."""
    (shot,) = query.shots
    camera, evidence = await query.look("camera")
    found = _of(camera, shot)
    if found is None or found.reason:
        raise NoValue(found.reason if found else "the camera was not looked at in this shot", evidence=(evidence.id,))
    stands = found.labels == ("static",)
    return Measured(
        name=query.name,
        target=query.target,
        value=(1 - found.confidence) if stands else found.confidence,
        note=", ".join(found.labels).replace("_", " "),
        evidence=(evidence.id,),
        spans=(shot.span,),
    )


@measure("camera.shake", unit="% of width")
async def camera_shake(query: Query) -> Measured:
    """Root mean square displacement of the picture above 2 Hz, in per cent of its width; the most of the shots.

    Shots in which the camera swings fast are left out: what a swing does above 2 Hz is not a tremor.
    """
    camera, evidence = await query.look("camera")
    shaken = {
        f"shot{shot.index}": found.shake
        for shot in query.shots
        if (found := _of(camera, shot)) is not None and found.shake is not None and not _swings(found)
    }
    if not shaken:
        raise NoValue("no shot is long, clear and calm enough to tell shake", evidence=(evidence.id,))
    return Measured(
        name=query.name,
        target=query.target,
        value=max(shaken.values()),
        unit="% of width",
        evidence=(evidence.id,),
        spans=tuple(s.span for s in query.shots if shaken.get(f"shot{s.index}") == max(shaken.values())),
        parts=shaken,
    )


def _swings(found: Any) -> bool:
    return any(move.unit == "widths/s" and move.rate >= SWING for move in found.moves)


def _asked(query: Query, shot: Shot, attribute: str) -> str:
    if query.brief is None or shot.spec is None:
        raise NoValue("no shot of the brief to compare with")
    words: str | None = getattr(query.brief.shots[shot.spec], attribute)
    if not words:
        raise NoValue(f"the brief gives no {attribute.replace('_', ' ')} for this shot")
    return words


def _of(result: Any, shot: Shot) -> Any:
    return next((found for found in result.shots if found.shot == shot.index), None)


def _place(framing: Any, shot: Shot, evidence: str) -> float:
    found = _of(framing, shot)
    if found is None or found.place is None:
        raise NoValue("nobody is seen to measure the shot's scale by", evidence=(evidence,))
    return float(found.place)
