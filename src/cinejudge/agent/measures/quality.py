"""Measures of how good the sound is, from the tool ``audio_quality``."""

from __future__ import annotations

import statistics
from typing import Any

from cinejudge.agent.measures.registry import NoValue, Query, measure
from cinejudge.schema import Measured

CLEAN_BACKGROUND = 2.0
"""Rating of the background (DNSMOS, 1 to 5) under which much is heard beside the voice. The rating then blames music,
alarms or a crowd for not being silence, and says nothing about how well they were made."""


@measure("sound.quality", unit="1-10")
async def sound_quality(query: Query) -> Measured:
    """Production quality of the sound, 1 to 10: mean over the shots that can be rated, else of the whole clip."""
    rated, evidence = await query.look("audio_quality")
    wanted = {s.index for s in query.shots}
    shots = [q for q in rated.shots if q.shot in wanted]
    whole = [rated.clip] if rated.clip and query.target == "clip" else []
    if not shots and not whole:
        raise NoValue("too little to rate the sound by", evidence=(evidence.id,))
    shots, whole = (
        [q for q in heard if q.background is None or q.background >= CLEAN_BACKGROUND] for heard in (shots, whole)
    )
    if not shots and not whole:
        reason = "much is heard beside the voice: a rating of speech says nothing about the sound as a whole"
        raise NoValue(reason, missing=True, evidence=(evidence.id,))
    return Measured(
        name=query.name,
        target=query.target,
        value=statistics.fmean(q.production_quality for q in shots or whole),
        unit="1-10",
        note=_note((whole or shots)[0]),
        evidence=(evidence.id,),
        parts={f"shot{q.shot}": q.production_quality for q in shots},
    )


def _note(told: Any) -> str:
    if told.overall is None:
        return (
            f"enjoyment {told.enjoyment:.1f}, usefulness {told.usefulness:.1f}, complexity {told.complexity:.1f} of 10"
        )
    return (
        f"converted from a rating of speech: {told.overall:.1f} of 5 (voice {told.signal:.1f}, "
        f"background {told.background:.1f})"
    )
