"""Ratings of each shot's pictures: what every model that rates single pictures has in common."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from cinejudge.media import Footage
from cinejudge.schema import Record
from cinejudge.tools.contract import Abstain, Look, ToolResult
from cinejudge.tools.sampling.stretches import SampledArgs, Stretch, stretches

if TYPE_CHECKING:
    from cinejudge.tools.models.views import Picture

PICTURE_SIDE = 640
"""Longer side of the pictures rated: about that of the pictures that people rated for these models."""
SMALLEST_PX = 128


class RatedArgs(SampledArgs):
    """Which pictures."""

    fps: Annotated[float, Field(ge=0.2, le=30)] = 1.0
    """Pictures rated per second."""


class ShotRating(Record):
    """One shot."""

    shot: int | None
    frames: int
    """Pictures rated; blank ones are left out."""
    rating: float
    """Median, 0 (worst) to 100 (best)."""
    raw: float
    """Median on the model's own scale."""
    worst: float
    worst_s: float


class Ratings(ToolResult):
    """Shots in order; those that show only blank pictures are left out."""

    shots: tuple[ShotRating, ...]
    scale: str
    """What the raw numbers mean."""

    @property
    def summary(self) -> str:
        """Each shot's rating, and the worst moment of all."""
        told = ", ".join(f"shot {s.shot}: {s.rating:.0f}" for s in self.shots[:12])
        worst = min(self.shots, key=lambda s: s.worst)
        return f"of 100: {told}; worst {worst.worst:.0f} at {worst.worst_s:.2f} s"


def rate_shots(
    look: Look, args: RatedArgs, scale: str, rate: Callable[[Picture], float], level: Callable[[float], float]
) -> Ratings:
    """Rates the pictures asked for.

    Args:
        look: The clip.
        args: Which pictures.
        scale: What the ratings mean.
        rate: Gives a picture's rating.
        level: Puts a rating on 0 to 100.

    Raises:
        Abstain: the picture is too small, or all pictures are blank.
        ToolError: no such shot or span.
    """
    clip = look.footage.clip
    if min(clip.width, clip.height) < SMALLEST_PX:
        raise Abstain(f"the picture is smaller than {SMALLEST_PX} pixels")
    shots = [rated for part in stretches(look, args) if (rated := _shot(look.footage, part, rate, level))]
    if not shots:
        raise Abstain("only blank pictures, which cannot be rated")
    return Ratings(shots=tuple(shots), scale=scale)


def _shot(
    footage: Footage, stretch: Stretch, rate: Callable[[Picture], float], level: Callable[[float], float]
) -> ShotRating | None:
    from cinejudge.tools.models.views import is_blank

    seen = footage.frames(stretch.frames, max_side=PICTURE_SIDE)
    rated = [(float(footage.times[frame]), rate(rgb)) for frame, rgb in seen if not is_blank(rgb)]
    if not rated:
        return None
    levels = [(min(100.0, max(0.0, level(raw))), time_s) for time_s, raw in rated]
    worst, worst_s = min(levels)
    return ShotRating(
        shot=stretch.shot,
        frames=len(rated),
        rating=round(statistics.median(each for each, _ in levels), 1),
        raw=round(statistics.median(raw for _, raw in rated), 2),
        worst=round(worst, 1),
        worst_s=round(worst_s, 3),
    )


def draw(footage: Footage, result: Ratings) -> Iterator[tuple[str, Any]]:
    """The worst picture of each shot."""
    from cinejudge.tools.drawing.marks import write

    for shot in result.shots:
        rgb = footage.frame(footage.frame_at(shot.worst_s), max_side=960).copy()
        write(rgb, f"worst of its shot: {shot.worst:.0f} of 100")
        yield f"{shot.worst_s:.2f} s", rgb
