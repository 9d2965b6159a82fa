"""Which stretches of a clip a tool looks at: shots by index, or a time span."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field

from cinejudge.schema.errors import ToolError
from cinejudge.tools.contract import Look, ToolArgs

MOST_FRAMES = 2400
"""Ten minutes at four frames per second. Longer videos are looked at more thinly, so that the work is bounded."""


class SampledArgs(ToolArgs):
    """Which part of the clip, and how densely."""

    shots: tuple[int, ...] = ()
    """Shot indices; empty means all."""
    start_s: Annotated[float, Field(ge=0)] = 0.0
    end_s: Annotated[float, Field(gt=0)] | None = None
    """None means the end of the clip."""
    fps: Annotated[float, Field(ge=0.2, le=30)] = 4.0
    """Frames looked at per second; fewer in long videos."""


@dataclass(frozen=True)
class Stretch:
    """A part of one shot and the frames to look at in it."""

    shot: int | None
    """None while the shots are not known yet."""
    frames: tuple[int, ...]
    step_s: float | None = None
    """Time between two of them, where the video is too long for the density that was asked for."""


def stretches(look: Look, args: SampledArgs, most: int = MOST_FRAMES) -> list[Stretch]:
    """The parts that the arguments ask for, each with at least one frame.

    Args:
        look: The clip.
        args: Which part of it, and how densely.
        most: Frames in all from which on they are thinned.

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
    spans = {index: (max(start, first), min(end, last)) for index, (start, end) in parts.items()}
    seconds = sum(max(0, end - start) for start, end in spans.values()) / footage.clip.fps
    fps = min(args.fps, most / max(seconds, 1e-6))
    found = []
    for index, (start, end) in spans.items():
        frames = footage.sample(start, end, fps=fps)
        if frames:
            found.append(Stretch(index, tuple(frames), round(1 / fps, 3) if fps < args.fps else None))
    if not found:
        raise ToolError(f"no picture between {args.start_s:g} s and {args.end_s or footage.clip.duration_s:g} s")
    return found


def some(parts: list[Stretch], most: int) -> list[Stretch]:
    """Stretches spread evenly over the clip with at most so many frames in all, for what cannot be thinned."""
    total = sum(len(part.frames) for part in parts)
    if total <= most:
        return parts
    every = min(len(parts), -(-total // most))
    chosen = parts[every // 2 :: every]
    return [replace(part, frames=part.frames[: most // len(chosen)]) for part in chosen]
