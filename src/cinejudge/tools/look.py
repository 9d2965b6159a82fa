"""Tool ``look``: pictures of a time span, close up where a region is named."""

from __future__ import annotations

from typing import Annotated, Any

from numpy.typing import NDArray
from pydantic import Field, model_validator

from cinejudge.schema import Record, Unit
from cinejudge.schema.errors import ToolError
from cinejudge.tools.contract import Look, Provider, Tool, ToolArgs, ToolResult

FULL_SIDE = 768
CLOSE_SIDE = 1024


class Region(Record):
    """A box as shares of the picture."""

    x0: Unit
    y0: Unit
    x1: Unit
    y1: Unit

    @model_validator(mode="after")
    def _has_area(self) -> Region:
        if self.x1 - self.x0 < 0.02 or self.y1 - self.y0 < 0.02:
            raise ValueError("the region is empty or thinner than 2 % of the picture")
        return self


class Args(ToolArgs):
    """When, how many pictures, and which part of them."""

    start_s: Annotated[float, Field(ge=0)]
    end_s: Annotated[float, Field(ge=0)]
    count: Annotated[int, Field(ge=1, le=8)] = 3
    region: Region | None = None


class Picture(Record):
    """One picture."""

    frame: int
    time_s: float
    artifact: str


class Result(ToolResult):
    """Pictures in order of time."""

    pictures: tuple[Picture, ...]

    @property
    def summary(self) -> str:
        """When the pictures were taken."""
        return "pictures at " + ", ".join(f"{p.time_s:.2f} s" for p in self.pictures)


def _run(look: Look, args: Args) -> Result:
    footage = look.footage
    end_of_clip = footage.clip.duration_s
    if args.end_s < args.start_s or args.start_s > end_of_clip:
        raise ToolError(f"look: give start_s <= end_s within 0 to {end_of_clip:.2f} s")
    first = footage.frame_at(args.start_s)
    last = max(first + 1, footage.frame_at(min(args.end_s, end_of_clip)) + 1)
    close = args.region is not None
    pictures = []
    for frame, rgb in footage.frames(
        footage.sample(first, last, count=args.count), max_side=None if close else FULL_SIDE
    ):
        time_s = float(footage.times[frame])
        caption = f"{time_s:.2f} s"
        if args.region is not None:
            height, width = rgb.shape[:2]
            r = args.region
            rgb = rgb[int(r.y0 * height) : max(int(r.y1 * height), 1), int(r.x0 * width) : max(int(r.x1 * width), 1)]
            rgb = _at_most(rgb, CLOSE_SIDE)
            caption += f", part {r.x0:.2f},{r.y0:.2f} to {r.x1:.2f},{r.y1:.2f}"
        artifact = look.store.put_image(rgb, caption, frame=frame, time_s=time_s)
        look.artifacts.append(artifact)
        pictures.append(Picture(frame=frame, time_s=round(time_s, 3), artifact=artifact.sha256))
    return Result(pictures=tuple(pictures))


def _at_most(rgb: NDArray[Any], side: int) -> NDArray[Any]:
    import cv2

    height, width = rgb.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return rgb
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    smaller: NDArray[Any] = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    return smaller


TOOL = Tool(
    name="look",
    description=(
        "Looks closer: up to 8 pictures spread over a time span in seconds, or an enlarged region of them "
        "(x0, y0, x1, y1 as shares of the picture). Call it when the contact sheet is too small or too coarse."
    ),
    validity="Any time within the clip.",
    args=Args,
    result=Result,
    providers=(Provider(name="own", version="1", fidelity="own", run=_run),),
)
