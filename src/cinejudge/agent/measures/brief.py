"""What the brief says about two shots: whether they should show the same place, light or person."""

from __future__ import annotations

from typing import Literal

from cinejudge.agent.measures.registry import Query
from cinejudge.schema import Shot
from cinejudge.tools.text.distance import similarity

SAME_WORDS = 0.65
"""Similarity from which on two descriptions mean the same."""


def shared(query: Query, attribute: Literal["scene", "lighting", "subjects"], first: Shot, second: Shot) -> bool | None:
    """Whether the brief gives both shots the same value; None where it gives one of them none."""
    values = [_said(query, shot, attribute) for shot in (first, second)]
    if not all(values):
        return None
    return any(similarity(a, b) >= SAME_WORDS for a in values[0] for b in values[1])


def _said(query: Query, shot: Shot, attribute: str) -> tuple[str, ...]:
    if query.brief is None or shot.spec is None:
        return ()
    value = getattr(query.brief.shots[shot.spec], attribute)
    return value if isinstance(value, tuple) else (value,) if value else ()
