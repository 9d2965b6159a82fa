"""Measures of on-screen text, from the tool ``ocr``."""

from __future__ import annotations

from cinejudge.agent.measures.registry import NoValue, Query, measure
from cinejudge.schema import Measured, Span
from cinejudge.tools.text.distance import closest, normal_characters


@measure("text.error_rate", unit="CER")
async def text_error_rate(query: Query) -> Measured:
    """Character error rate of the brief's on-screen texts against their closest readings; mean over the texts.

    Each wanted text is compared with every wording that was read (letters and digits only, case ignored), and counts
    at most 1. Setting ``per`` of ``shot`` takes only the texts that the brief binds to the shots in question.
    """
    brief = query.brief
    if brief is None:
        raise NoValue("there is no brief")
    specs = {s.spec for s in query.shots if s.spec is not None}
    texts = brief.all_texts
    if query.settings.get("per") == "shot":
        texts = tuple(t for spec in brief.shots if spec.index in specs for t in spec.texts)
    wanted = [t for t in texts if normal_characters(t, "lenient")]
    if not wanted:
        raise NoValue("the brief asks for no on-screen text")
    read, evidence = await query.look("ocr")
    wordings = read.wordings()
    rates: dict[str, float] = {}
    notes: list[str] = []
    for place, text in enumerate(wanted):
        best = closest(text, wordings)
        rates[f"text{place}"] = 1.0 if best is None else min(1.0, best.lenient)
        notes.append(f"wanted “{text}”, read " + ("nothing" if best is None or best.lenient >= 1 else f"“{best.text}”"))
    return Measured(
        name=query.name,
        target=query.target,
        value=sum(rates.values()) / len(rates),
        unit="CER",
        note="; ".join(notes),
        evidence=(evidence.id,),
        spans=tuple(Span(start_s=line.start_s, end_s=max(line.start_s, line.end_s)) for line in read.lines[:8]),
        parts=rates,
    )
