"""Measures of the sound track, from the tools ``sound`` and ``speech``."""

from __future__ import annotations

import statistics
from typing import Any

from cinejudge.agent.measures.registry import NoValue, Query, measure
from cinejudge.agent.measures.speech import word_errors
from cinejudge.schema import Measured, Span

BLOCK_S = 0.4
"""Length of the blocks of the momentary loudness (ITU-R BS.1770-4)."""
EDGE_S = 0.3
"""Silence that comes nearer to the clip's beginning or end is a late start or an early end, not a hole."""
SILENT = 0.99
LEAST_BLOCKS = 5
"""Fewer blocks on one side say nothing about a level."""
MISHEARD = 1 / 3
"""Word error rate against the script from which on its words are not all made out: every third is wrong."""
AUDIBLE_DB = 9.0
"""Speech that stands out by so much can be followed whatever else sounds."""


@measure("sound.silence", unit="share")
async def sound_silence(query: Query) -> Measured:
    """Share of the clip's time under -60 dBFS, 0 to 1; 1 for a clip without a sound track."""
    if not query.perception.footage.clip.has_audio:
        return Measured(name=query.name, target=query.target, value=1.0, unit="share", note="there is no sound track")
    sound, evidence = await query.look("sound")
    return Measured(
        name=query.name,
        target=query.target,
        value=sound.silent_share,
        unit="share",
        evidence=(evidence.id,),
        spans=sound.silences[:8],
    )


@measure("sound.dropout", unit="s")
async def sound_dropout(query: Query) -> Measured:
    """Longest silence under -60 dBFS with sound before and after it, in seconds; 0 where there is none."""
    sound, evidence = await query.look("sound")
    if sound.silent_share >= SILENT:
        raise NoValue("the clip is silent throughout: no sound breaks off", evidence=(evidence.id,))
    inside = [span for span in sound.silences if span.start_s >= EDGE_S and span.end_s <= sound.duration_s - EDGE_S]
    longest = max(inside, key=lambda span: span.length_s, default=None)
    return Measured(
        name=query.name,
        target=query.target,
        value=longest.length_s if longest else 0.0,
        unit="s",
        note=f"from {longest.start_s:.2f} to {longest.end_s:.2f} s" if longest else "",
        evidence=(evidence.id,),
        spans=tuple(inside[:8]),
    )


@measure("sound.clipping", unit="share")
async def sound_clipping(query: Query) -> Measured:
    """Share of samples in flat tops at full scale, 0 to 1."""
    sound, evidence = await query.look("sound")
    return Measured(
        name=query.name,
        target=query.target,
        value=sound.clipped_share,
        unit="share",
        evidence=(evidence.id,),
        spans=(sound.worst_clipping,) if sound.worst_clipping else (),
    )


@measure("sound.background", unit="LKFS")
async def sound_background(query: Query) -> Measured:
    """Loudness that the quietest tenth of the stretches without speech stays below; -120 is digital silence."""
    sound, evidence = await query.look("sound")
    spans, heard = await _speech(query)
    _, without = _split(sound, spans)
    if len(without) < LEAST_BLOCKS:
        raise NoValue("hardly any stretch without speech", evidence=(evidence.id, heard))
    quiet = sorted(without)[len(without) // 10]
    return Measured(name=query.name, target=query.target, value=quiet, unit="LKFS", evidence=(evidence.id, heard))


@measure("sound.speech_margin", unit="dB")
async def sound_speech_margin(query: Query) -> Measured:
    """Median loudness while somebody speaks less the median loudness of the stretches without speech, in dB.

    It is a floor for how far speech stands out: sound that stops while somebody speaks makes it look smaller. So a
    small margin says nothing about words that were recognised all the same; where there is a script, as its words.
    """
    sound, evidence = await query.look("sound")
    spoken, found = await query.look("speech")
    spans, heard = spoken.spans, found.id
    if not spans:
        raise NoValue(
            "no speech is found: whether the script's lines are covered or missing needs ears",
            missing=True,
            evidence=(evidence.id, heard),
        )
    during, without = _split(sound, spans)
    if len(during) < LEAST_BLOCKS or len(without) < LEAST_BLOCKS:
        raise NoValue("too little speech, or too little beside it, to compare", evidence=(evidence.id, heard))
    parts = {"speech": statistics.median(during), "rest": statistics.median(without)}
    margin = parts["speech"] - parts["rest"]
    errors = word_errors(query.brief.all_lines, spoken.text, whole=True) if query.brief else None
    if margin < AUDIBLE_DB and spoken.fully_transcribed and (errors is None or errors < MISHEARD):
        raise NoValue(
            f"speech is {margin:+.1f} dB over the rest, but its words were recognised: calling them covered needs ears",
            missing=True,
            evidence=(evidence.id, heard),
        )
    return Measured(
        name=query.name,
        target=query.target,
        value=margin,
        unit="dB",
        evidence=(evidence.id, heard),
        spans=tuple(spans[:8]),
        parts=parts,
    )


async def _speech(query: Query) -> tuple[tuple[Span, ...], str]:
    heard, evidence = await query.look("speech")
    return heard.spans, evidence.id


def _split(sound: Any, spans: tuple[Span, ...]) -> tuple[list[float], list[float]]:
    """Momentary loudness of the blocks wholly within speech, and of those wholly outside."""
    during: list[float] = []
    without: list[float] = []
    for place, level in enumerate(sound.momentary_lkfs):
        block = Span(start_s=place * sound.curve_step_s, end_s=place * sound.curve_step_s + BLOCK_S)
        shared = sum(span.overlap_s(block) for span in spans)
        if shared >= BLOCK_S - 1e-6:
            during.append(level)
        elif shared <= 0:
            without.append(level)
    return during, without
