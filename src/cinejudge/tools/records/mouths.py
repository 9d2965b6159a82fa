"""What ``lipsync`` and ``active_speaker`` are asked, and what both tell of a face."""

from __future__ import annotations

from cinejudge.schema import Record
from cinejudge.tools.contract import ToolArgs


class Args(ToolArgs):
    """Which shots."""

    shots: tuple[int, ...] = ()
    """Shot indices; empty means all."""


class SeenMouth(Record):
    """One face that is seen in a shot while somebody speaks."""

    track: int
    shot: int | None
    start_s: float
    end_s: float
    box: tuple[float, float, float, float] | None
    """Median; None for a face that could not be read."""
    side_px: float
    heard_s: float
    """Seconds of speech during which its mouth can be read."""
