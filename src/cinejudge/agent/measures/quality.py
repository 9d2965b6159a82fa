"""Measures of how good the sound is, from the tool ``audio_quality``."""

from __future__ import annotations

import statistics

from cinejudge.agent.measures.registry import NoValue, Query, measure
from cinejudge.schema import Measured


@measure("sound.quality", unit="1-10")
async def sound_quality(query: Query) -> Measured:
    """Production quality of the sound, 1 to 10: mean over the shots that can be rated, else of the whole clip."""
    rated, evidence = await query.look("audio_quality")
    wanted = {s.index for s in query.shots}
    parts = {f"shot{q.shot}": q.production_quality for q in rated.shots if q.shot in wanted}
    if not parts and query.target != "clip":
        raise NoValue("too little speech in this shot to rate its sound", evidence=(evidence.id,))
    overall, signal, background = rated.clip.overall, rated.clip.signal, rated.clip.background
    return Measured(
        name=query.name,
        target=query.target,
        value=statistics.fmean(parts.values()) if parts else rated.clip.production_quality,
        unit="1-10",
        note=(
            f"converted from a rating of speech: {overall:.1f} of 5 (voice {signal:.1f}, background {background:.1f})"
        ),
        evidence=(evidence.id,),
        parts=parts,
    )
