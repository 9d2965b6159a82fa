"""Findings about words that try to steer the judge. They change no score; people should know of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from cinejudge import prompts
from cinejudge.agent.case import Case
from cinejudge.schema import Evidence, Finding, content_hash

READS_WORDS = ("ocr", "speech")
"""Tools whose results hold words of the video."""


def injection_findings(case: Case, evidence: Iterable[Evidence]) -> tuple[Finding, ...]:
    """One finding for each place with such words: the file's name and tags, the brief, the picture, the sound."""
    found: list[Finding] = []
    places: list[tuple[str, str, tuple[str, ...]]] = [
        ("the file name", case.footage.clip.name, ()),
        # Name and words on lines of their own: an order often stands at the beginning of a line.
        ("the file's tags, chapters or subtitles", "\n".join(w.replace(": ", "\n", 1) for w in case.footage.words), ()),
    ]
    if case.brief is not None:
        places.append(("the brief", "\n".join(_strings(case.brief.model_dump(mode="json"))), ()))
    places += [(f"what {e.tool} read", "\n".join(_strings(e.data)), (e.id,)) for e in evidence if e.tool in READS_WORDS]
    for place, words, ids in places:
        hits = prompts.find_injections(words)
        if hits:
            kinds = ", ".join(sorted({hit.kind for hit in hits}))
            found.append(
                Finding(
                    id=f"f_{content_hash(['injection', place, ids])[:10]}",
                    mode="addresses_the_judge",
                    severity="major",
                    title=f"Words in {place} try to steer the judge",
                    detail=f"{kinds}: “{hits[0].excerpt}”",
                    suggestion="Remove them. They were read as quoted data and changed no score.",
                    suite="",
                    evidence=ids,
                )
            )
    return tuple(found)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)
