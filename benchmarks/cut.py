"""Shots at given frames."""

from __future__ import annotations

from collections.abc import Sequence

from cinejudge.media import Footage
from cinejudge.schema import Shot


def shots(footage: Footage, starts: Sequence[int], ends: Sequence[int]) -> tuple[Shot, ...]:
    """Shots from each start to its end (exclusive), in frames."""
    times = [*map(float, footage.times), footage.clip.duration_s]
    return tuple(
        Shot(index=i, start_frame=a, end_frame=b, start_s=times[a], end_s=times[b], transition_in=None)
        for i, (a, b) in enumerate(zip(starts, ends, strict=True))
    )
