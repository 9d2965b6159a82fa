"""What the tool ``pose`` is asked and what it answers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cinejudge.schema import Record
from cinejudge.tools.contract import ToolResult
from cinejudge.tools.sampling.stretches import SampledArgs

Place = tuple[float, float]
"""x, y as shares of the picture."""


class Args(SampledArgs):
    """Where to look and how densely."""

    fps: Annotated[float, Field(ge=0.2, le=30)] = 2.0
    """Frames looked at per second; fewer in long videos."""


class Sample(Record):
    """One person in one frame."""

    frame: int
    time_s: float
    box: tuple[float, float, float, float]
    points: dict[str, tuple[float, float, float]] = Field(default_factory=dict)
    """Sure points inside the picture by name (``left`` and ``right`` are the person's own): x, y, and the chance that
    the point is seen and not hidden. Empty where the pose is unsure."""
    hands: dict[str, tuple[Place, ...]] = Field(default_factory=dict)
    """``left`` and ``right``, where they are seen well: wrist, then thumb, index, middle, ring and little finger, four
    points each from root to tip."""
    yaw: float | None = None
    """Degrees by which the chest turns to the picture's right: 0 faces the lens, 180 turns its back."""


class Person(Record):
    """One person followed through one shot."""

    id: int
    shot: int | None
    start_s: float
    end_s: float
    """Time of the last sample that shows it."""
    seen: int
    """Samples that show the person."""
    posed: int
    """Those whose pose is sure."""
    facing: str | None
    """``camera``, ``away``, ``left`` or ``right`` of the picture: by the median turn of the chest."""
    shows: tuple[str, ...]
    """Points that are sure and not hidden in most of the posed samples."""
    hands: dict[str, int]
    """Samples in which the left and the right hand are seen well."""
    samples: tuple[Sample, ...]


class Result(ToolResult):
    """Bodies and hands, person by person."""

    frames: int
    """Frames looked at."""
    step_s: float | None = None
    """Time between two of them, where the video is too long for the density that was asked for."""
    people: tuple[Person, ...]

    @property
    def summary(self) -> str:
        """How many people, and how much of their bodies is told."""
        seen = f"{self.frames} frames" + (f", one every {self.step_s:.2g} s" if self.step_s else "")
        if not self.people:
            return f"nobody in {seen}"
        told = [
            f"shot {p.shot if p.shot is not None else '?'}: person {p.id} "
            + (f"faces {p.facing or 'where is not told'}, {len(p.shows)} points" if p.posed else "pose unsure")
            + (f", hands {' and '.join(p.hands)}" if p.hands else "")
            for p in self.people
        ]
        more = f" and {len(told) - 8} more" if len(told) > 8 else ""
        return f"{'; '.join(told[:8])}{more}, in {seen}"
