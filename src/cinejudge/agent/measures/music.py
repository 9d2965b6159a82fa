"""Measures of music over cuts, from the tool ``music``."""

from __future__ import annotations

import statistics

from cinejudge.agent.measures.registry import NoValue, Query, measure
from cinejudge.schema import Measured


@measure("music.consistency", unit="")
async def music_consistency(query: Query) -> Measured:
    """Likeness of the music over the cuts: equal thirds of embedding, tempo and beat, mean over the cuts; 0 to 1.

    Where neither side has a beat, the embedding alone counts. Shots that hold less music than a beat can be told from
    are left out: their notes differ from chord to chord within one piece.
    """
    music, evidence = await query.look("music")
    wanted = {s.index for s in query.shots}
    both = [j for j in music.joins if {j.first, j.second} <= wanted]
    if not both:
        raise NoValue("no two neighbouring shots both hold music", evidence=(evidence.id,))
    long = {s.shot for s in music.stretches if s.beat_strength is not None}
    joins = [j for j in both if {j.first, j.second} <= long]
    if not joins:
        raise NoValue(
            "the shots are too short to tell one piece of music from another", missing=True, evidence=(evidence.id,)
        )
    worst = min(joins, key=lambda j: j.consistency)
    told = {"tone": worst.embedding, "tempo": worst.tempo, "beat": worst.beat}
    return Measured(
        name=query.name,
        target=query.target,
        value=statistics.fmean(j.consistency for j in joins),
        note=(
            f"least alike between shots {worst.first + 1} and {worst.second + 1}: "
            + ", ".join(f"{name} {value:.2f}" for name, value in told.items() if value is not None)
            + f", level {worst.level_step_db:+.1f} dB"
        ),
        evidence=(evidence.id,),
        parts={f"shot{j.first}-{j.second}": j.consistency for j in joins},
    )
