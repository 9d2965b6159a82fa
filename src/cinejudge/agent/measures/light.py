"""Measures of light and colour, mostly across a cut, from the tool ``picture``."""

from __future__ import annotations

import math
from typing import Any

from cinejudge.agent.measures.brief import shared
from cinejudge.agent.measures.registry import NoValue, Query, measure
from cinejudge.schema import Measured, Span
from cinejudge.schema.terms import named_terms

KEYS = {"low_key": (0.42, 0.22), "high_key": (0.40, 0.62)}
"""Mean luma at which a picture is surely not in that key, and surely is; in between it may be either."""
SEEN_LIGHTNESS, SEEN_CAST = 20.0, 0.2
"""Changes of L* and of tint that no framing explains."""
NEAR_BLACK = 0.08
"""Brightness below which a shot is black or a card on black, and its light says nothing."""


@measure("light.change", unit="L*")
async def light_change(query: Query) -> Measured:
    """Difference of mean lightness across the cut in CIELAB L*, 0 to 100, between two shots of one scene."""
    change, made = await _change(query)
    return Measured(**made, value=abs(change.lightness), unit="L*")


@measure("color.cast", unit="share")
async def color_cast(query: Query) -> Measured:
    """Change of tint across the cut as a share of all light (red against blue, green against both), one scene only.

    It is a matter of proportions, so a mere change of exposure leaves it alone. Cuts inside one place stay within .05;
    from a wide view to a face before a coloured wall it comes to .16.
    """
    change, made = await _change(query)
    return Measured(**made, value=_cast(change), unit="share")


@measure("look.jump", unit="")
async def look_jump(query: Query) -> Measured:
    """Change of lightness or of tint across the cut, whichever is larger, one scene only; 1 for a jump anybody sees."""
    change, made = await _change(query)
    return Measured(**made, value=max(abs(change.lightness) / SEEN_LIGHTNESS, _cast(change) / SEEN_CAST))


def _cast(change: Any) -> float:
    return math.hypot(change.temperature, change.tint)


@measure("contrast.change", unit="stops")
async def contrast_change(query: Query) -> Measured:
    """Ratio of the contrasts (deviation of luma over its mean) across the cut, logarithm to base 2, one scene only."""
    change, made = await _change(query)
    picture, _ = await query.look("picture")
    levels = {s.shot: s.levels for s in picture.shots}
    before, after = (levels[i].contrast / levels[i].brightness for i in (change.before, change.after))
    if min(before, after) <= 0:
        raise NoValue("a picture without contrast", evidence=made["evidence"])
    note = f"deviation over mean of luma {before:.2f} before, {after:.2f} after"
    return Measured(**made | {"note": note}, value=abs(math.log2(after / before)), unit="stops")


@measure("light.key_match", unit="")
async def light_key_match(query: Query) -> Measured:
    """How surely the shot is in the key that the brief asks for, by its brightness: 1 surely, 0 surely not.

    Only low key and high key are matters of brightness; the side, hardness and colour of light need eyes.
    """
    (shot,) = query.shots
    words = (query.brief.shots[shot.spec].lighting or "") if query.brief and shot.spec is not None else ""
    wanted = named_terms("lighting", words)
    if len(wanted) != 1 or wanted[0] not in KEYS:
        raise NoValue(f"no matter of brightness alone: {words!r}", missing=True)
    picture, evidence = await query.look("picture")
    levels = next((s.levels for s in picture.shots if s.shot == shot.index), None)
    if levels is None:
        raise NoValue("no clean frame in this shot", evidence=(evidence.id,))
    other, full = KEYS[wanted[0]]
    return Measured(
        name=query.name,
        target=query.target,
        value=min(1.0, max(0.0, (levels.brightness - other) / (full - other))),
        note=f"mean luma {levels.brightness:.2f}, wanted {wanted[0].replace('_', ' ')}",
        evidence=(evidence.id,),
        spans=(shot.span,),
    )


async def _change(query: Query) -> tuple[Any, dict[str, Any]]:
    if len(query.shots) != 2:
        raise NoValue("needs two adjacent shots")
    _check_same_scene(query)
    picture, evidence = await query.look("picture")
    before, after = query.shots
    levels = {s.shot: s.levels for s in picture.shots}
    dark = [s.index for s in query.shots if s.index in levels and levels[s.index].brightness < NEAR_BLACK]
    if dark:
        raise NoValue(f"shot {dark[0] + 1} is near black: its light says nothing", evidence=(evidence.id,))
    change = next((c for c in picture.changes if (c.before, c.after) == (before.index, after.index)), None)
    if change is None:
        raise NoValue("no clean frame on one side of the cut", evidence=(evidence.id,))
    note = f"lightness {change.lightness:+.1f} L*, red to blue {change.temperature:+.2f}, green {change.tint:+.2f}"
    span = Span(start_s=max(0.0, before.end_s - 0.2), end_s=after.start_s + 0.2)
    return change, {
        "name": query.name,
        "target": query.target,
        "note": note,
        "evidence": (evidence.id,),
        "spans": (span,),
    }


def _check_same_scene(query: Query) -> None:
    """Light and colour may change with the scene: only the brief tells that two shots share one.

    Raises:
        NoValue: they do not, or nobody can tell.
    """
    before, after = query.shots
    if shared(query, "scene", before, after) is None:
        raise NoValue("whether both shots show one scene cannot be told: needs a model that sees", missing=True)
    if not shared(query, "scene", before, after):
        raise NoValue("the brief sets the two shots in different scenes")
    if shared(query, "lighting", before, after) is False:
        raise NoValue("the brief lights the two shots differently")
