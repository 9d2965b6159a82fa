"""Which stretches of a clip a tool looks at: shots by index, or a time span."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from cinejudge.schema.errors import ToolError
from cinejudge.tools.contract import Look, ToolArgs


class SampledArgs(ToolArgs):
    """Which part of the clip, and how densely."""

    shots: tuple[int, ...] = ()
    """Shot indices; empty means all."""
    start_s: Annotated[float, Field(ge=0)] = 0.0
    end_s: Annotated[float, Field(gt=0)] | None = None
    """None means the end of the clip."""
    fps: Annotated[float, Field(ge=0.2, le=30)] = 4.0
    """Frames looked at per second."""


@dataclass(frozen=True)
class Stretch:
    """A part of one shot and the frames to look at in it."""

    shot: int | None
    """None while the shots are not known yet."""
    frames: tuple[int, ...]


def stretches(look: Look, args: SampledArgs) -> list[Stretch]:
    """The parts that the arguments ask for, each with at least one frame.

    Raises:
        ToolError: no such shot, or nothing of the clip lies in the span.
    """
    footage = look.footage
    known = {shot.index: (shot.start_frame, shot.end_frame) for shot in look.shots}
    for wanted in args.shots:
        if wanted not in known:
            there = f"there are shots 0 to {len(known) - 1}" if known else "the shots are not known yet"
            raise ToolError(f"no shot {wanted}; {there}")
    parts: dict[int | None, tuple[int, int]] = {None: (0, footage.clip.frames)}
    if known:
        parts = {index: known[index] for index in args.shots or known}
    first = footage.frame_at(args.start_s)
    last = footage.clip.frames if args.end_s is None else footage.frame_at(args.end_s) + 1
    found = []
    for index, (start, end) in parts.items():
        frames = footage.sample(max(start, first), min(end, last), fps=args.fps)
        if frames:
            found.append(Stretch(index, tuple(frames)))
    if not found:
        raise ToolError(f"no picture between {args.start_s:g} s and {args.end_s or footage.clip.duration_s:g} s")
    return found
