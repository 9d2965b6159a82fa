"""Measures of music over cuts, from the tool ``music``."""

from __future__ import annotations

import statistics

from cinejudge.agent.measures.registry import NoValue, Query, measure
from cinejudge.schema import Measured


@measure("music.consistency", unit="")
async def music_consistency(query: Query) -> Measured:
    """Likeness of the music over the cuts: equal thirds of embedding, tempo and beat, mean over the cuts; 0 to 1.

    Where neither side has a beat, or a shot is too short for one, the parts that remain count alike.
    """
    music, evidence = await query.look("music")
    wanted = {s.index for s in query.shots}
    joins = [j for j in music.joins if {j.first, j.second} <= wanted]
    if not joins:
        raise NoValue("no two neighbouring shots both hold music", evidence=(evidence.id,))
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
