"""Measures whose perception tool is not part of this version: they say so, and the metric ends as not judged."""

from __future__ import annotations

from cinejudge.agent.measures.registry import MeasureFunction, NoValue, Query, measure
from cinejudge.schema import Measured

NEEDS = {
    "sync.audio_visual": "avsync",
    "sync.lips": "lipsync",
    "speech.unseen_mouth": "lipsync",
    "speakers.attribution": "speakers",
    "speakers.overlap": "speakers",
    "voice.similarity": "speakers",
    "reference.voice": "speakers",
    "music.consistency": "music",
    "sound.quality": "audio_quality",
}
"""Measure to the tool that it needs."""


def _awaits(tool: str) -> MeasureFunction:
    async def nothing(query: Query) -> Measured:
        raise NoValue(f"needs the perception tool {tool!r}, which is not part of this version", missing=True)

    return nothing


for _name, _tool in NEEDS.items():
    measure(_name, unit="")(_awaits(_tool))
