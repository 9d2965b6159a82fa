"""Measures of technical picture quality, from the tool ``picture``. Each is the worst of the shots in question."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cinejudge.agent.measures.registry import NoValue, Query, measure
from cinejudge.schema import Measured, Span

SOFT_SHARPNESS = 0.04
CRISP_SHARPNESS = 0.15
"""Sharpness (tool ``picture``) of sharp photographs after a Gaussian blur with a sigma of 2 and of 1 pixel at 288 lines
(0.04 to 0.06 and 0.11 to 0.14, five photographs): in between, softness rises from 0 to 1."""
CLEAN_NOISE, HEAVY_NOISE = 0.006, 0.04
"""Noise as a share of full scale: that of a clean encode, and grain that hides detail."""
CLEAN_BLOCKS, HEAVY_BLOCKS = 0.10, 1.0
"""Excess step at the block grid: that of a good encode, and blocks that are plain to see."""


@measure("picture.soft", unit="")
async def picture_soft(query: Query) -> Measured:
    """Softness, 0 for an ordinarily sharp picture to 1 for one without fine detail."""
    return await _worst(query, lambda s: _between(CRISP_SHARPNESS, SOFT_SHARPNESS, s.levels.sharpness))


@measure("picture.degradation", unit="")
async def picture_degradation(query: Query) -> Measured:
    """Noise or blocks, whichever is worse: 0 for a clean picture to 1 for one that hides its detail."""
    return await _worst(
        query,
        lambda s: max(
            _between(CLEAN_NOISE, HEAVY_NOISE, s.levels.noise),
            _between(CLEAN_BLOCKS, HEAVY_BLOCKS, s.levels.blockiness),
        ),
    )


@measure("picture.exposure", unit="share")
async def picture_exposure(query: Query) -> Measured:
    """Share of the picture without drawing: burnt out (250/255 or more) or, in a picture that is not dark, black."""
    return await _worst(
        query,
        lambda s: s.levels.bright_share + (s.levels.dark_share if s.levels.brightness > 0.25 else 0.0),
    )


@measure("picture.flicker", unit="share")
async def picture_flicker(query: Query) -> Measured:
    """Amplitude of frame-to-frame brightness alternation as a share of the mean brightness."""
    return await _worst(query, lambda s: s.flicker)


@measure("picture.freezes", unit="share")
async def picture_freezes(query: Query) -> Measured:
    """Share of the clip's frames that stand still inside a shot that moves otherwise."""
    picture, evidence = await query.look("picture")
    spans = tuple(m.span for m in picture.moments if m.kind == "freeze")
    return Measured(
        name=query.name,
        target=query.target,
        value=picture.frozen_share,
        unit="share",
        note="; ".join(f"still from {s.start_s:.2f} to {s.end_s:.2f} s" for s in spans[:4]),
        evidence=(evidence.id,),
        spans=spans,
    )


async def _worst(query: Query, value: Callable[[Any], float | None]) -> Measured:
    picture, evidence = await query.look("picture")
    wanted = {s.index: s for s in query.shots}
    found = {s.shot: v for s in picture.shots if s.shot in wanted and (v := value(s)) is not None}
    if not found:
        raise NoValue("too short a shot to measure", evidence=(evidence.id,))
    worst = max(found, key=lambda i: found[i])
    return Measured(
        name=query.name,
        target=query.target,
        value=found[worst],
        evidence=(evidence.id,),
        spans=(Span(start_s=wanted[worst].start_s, end_s=wanted[worst].end_s),),
        parts={f"shot{i}": round(v, 4) for i, v in found.items()},
    )


def _between(none: float, full: float, value: float) -> float:
    """0 at ``none``, 1 at ``full``, straight between, held outside."""
    return min(1.0, max(0.0, (value - none) / (full - none)))
