"""Measures of what is said, from the tool ``speech``."""

from __future__ import annotations

from collections.abc import Iterable

from cinejudge.agent.measures.registry import NoValue, Query, measure
from cinejudge.schema import Line, Measured, Span
from cinejudge.tools.text.distance import edit_distance, normal_words


@measure("speech.error_rate", unit="WER")
async def speech_error_rate(query: Query) -> Measured:
    """Word error rate of the script's lines against what is heard, 0 to 1.

    For the clip: all lines in order as one reference against all words. For one line (``line0``): the edit distance
    to the stretch of the words that fits it best, over the line's words. Both count at most 1.
    """
    lines = _lines(query)
    heard, evidence = await query.look("speech")
    if not heard.fully_transcribed:
        left = next(u for u in heard.utterances if not u.transcribed)
        raise NoValue(f"not all speech was transcribed: {left.reason}", missing=True, evidence=(evidence.id,))
    rate = word_errors(lines, heard.text, whole=query.target == "clip")
    if rate is None:
        raise NoValue("the script's lines hold no words")
    return Measured(
        name=query.name,
        target=query.target,
        value=rate,
        unit="WER",
        note=f"script “{' '.join(line.text for line in lines)[:300]}”, heard “{heard.text[:300]}”",
        evidence=(evidence.id,),
        spans=tuple(Span(start_s=s.start_s, end_s=s.end_s) for s in heard.spans[:12]),
    )


@measure("speech.pause", unit="s")
async def speech_pause(query: Query) -> Measured:
    """Longest pause between two stretches of speech inside the clip, in seconds."""
    heard, evidence = await query.look("speech")
    if len(heard.spans) < 2:
        raise NoValue("fewer than two stretches of speech", evidence=(evidence.id,))
    gaps = [(b.start_s - a.end_s, a.end_s, b.start_s) for a, b in zip(heard.spans, heard.spans[1:], strict=False)]
    length, start, end = max(gaps)
    return Measured(
        name=query.name,
        target=query.target,
        value=max(0.0, length),
        unit="s",
        evidence=(evidence.id,),
        spans=(Span(start_s=start, end_s=max(start, end)),),
    )


def word_errors(lines: Iterable[Line], heard: str, *, whole: bool) -> float | None:
    """Word errors of what is heard against lines, by their words, 0 to 1; None for lines without words.

    Args:
        lines: The script.
        heard: All words that were heard.
        whole: Whether the lines are all that should be heard, rather than a part of it.
    """
    reference = normal_words(" ".join(line.text for line in lines), "lenient")
    words = normal_words(heard, "lenient")
    if not reference:
        return None
    distance = edit_distance(reference, words) if whole else best_stretch_distance(reference, words)
    return min(1.0, distance / len(reference))


def best_stretch_distance(reference: list[str], words: list[str]) -> int:
    """Fewest edits between ``reference`` and any stretch of ``words``.

    Semi-global alignment (Sellers 1980): what stands before and after the stretch costs nothing.
    """
    row = [0] * (len(words) + 1)
    for i, wanted in enumerate(reference, start=1):
        diagonal, row[0] = row[0], i
        for j, word in enumerate(words, start=1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (wanted != word))
    return min(row)


def _lines(query: Query) -> tuple[Line, ...]:
    if query.brief is None or not query.brief.all_lines:
        raise NoValue("the brief holds no script lines")
    lines = query.brief.all_lines
    if query.target.startswith("line"):
        return (lines[int(query.target.removeprefix("line"))],)
    return lines
