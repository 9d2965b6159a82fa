"""Looks for boundaries that no detector dared to propose, inside long shots."""

from __future__ import annotations

from collections.abc import Sequence

from cinejudge.agent.segment.propose import Suspect

LONG_S = 1.0
"""Shots from this length on are searched."""
PER_SHOT = 6
"""Places looked at in one shot."""


def hidden(chosen: Sequence[Suspect], reserve: Sequence[Suspect], frames: int, fps: float) -> list[Suspect]:
    """The most promising places of the reserve inside long shots.

    Args:
        chosen: The boundaries that stand.
        reserve: Places that the detectors hardly believe in, with their scores.
        frames: Length of the clip.
        fps: Frames per second.

    Returns:
        At most ``PER_SHOT`` places for each long shot, those that the detectors find likeliest.
    """
    found: list[Suspect] = []
    starts = [0, *(b.span[1] for b in chosen)]
    ends = [*(b.span[0] for b in chosen), frames]
    for start, end in zip(starts, ends, strict=True):
        if end - start < LONG_S * fps:
            continue
        inside = [s for s in reserve if start < s.start and s.end < end]
        inside.sort(key=lambda s: -s.score)
        found += inside[:PER_SHOT]
    return found
