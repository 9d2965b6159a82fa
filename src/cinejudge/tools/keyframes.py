"""Tool ``keyframes``: a few pictures of every shot and one contact sheet, the first thing a judge looks at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field

from cinejudge.media import Footage
from cinejudge.schema import Record
from cinejudge.schema.errors import ToolError
from cinejudge.tools.contract import Look, Provider, Tool, ToolArgs, ToolResult
from cinejudge.tools.drawing.sheet import Cell, contact_sheet

PICTURE_SIDE = 480
"""Longer side of a key picture in pixels: enough to recognise a face, small enough for a report."""


class Args(ToolArgs):
    """Which shots, and how many pictures of each."""

    shots: tuple[int, ...] = ()
    """Indices of shots, from 0; empty means all."""
    per_shot: Annotated[int, Field(ge=1, le=8)] = 3


class KeyPicture(Record):
    """One picture of a shot."""

    shot: int
    frame: int
    time_s: float
    artifact: str


class Result(ToolResult):
    """Key pictures in order of time, and the sheets that show them together."""

    pictures: tuple[KeyPicture, ...]
    sheets: tuple[str, ...]
    """Artifacts: contact sheets with shot numbers and times written on them."""

    @property
    def summary(self) -> str:
        """How many pictures of how many shots."""
        return f"{len(self.pictures)} pictures of {len({p.shot for p in self.pictures})} shots"


SHEET_CELLS = 24
"""Cells of one sheet at most: more would make each too small to read."""
CELL_WIDTH = 256
"""Pixels: enough to tell who does what where; whoever needs more looks closer. Models charge by the area."""


def _run(look: Look, args: Args) -> Result:
    if not look.shots:
        raise ToolError("keyframes: the shots are not known yet")
    known = {shot.index: shot for shot in look.shots}
    unknown = [i for i in args.shots if i not in known]
    if unknown:
        raise ToolError(f"keyframes: no shot {unknown[0]}; there are shots 0 to {len(look.shots) - 1}")
    pictures: list[KeyPicture] = []
    cells: list[Cell] = []
    footage = look.footage
    for index in args.shots or tuple(known):
        shot = known[index]
        wanted = footage.sample(shot.start_frame, shot.end_frame, count=args.per_shot)
        for frame, rgb in footage.frames(wanted, max_side=PICTURE_SIDE):
            time_s = float(footage.times[frame])
            artifact = look.store.put_image(rgb, f"shot {index + 1} at {time_s:.2f} s", frame=frame, time_s=time_s)
            look.artifacts.append(artifact)
            pictures.append(KeyPicture(shot=index, frame=frame, time_s=round(time_s, 3), artifact=artifact.sha256))
            cells.append(Cell(rgb, f"shot {index + 1}  {time_s:.2f} s"))
    sheets = []
    for first in range(0, len(cells), SHEET_CELLS):
        part = cells[first : first + SHEET_CELLS]
        caption = f"contact sheet: {part[0].label} to {part[-1].label}"
        sheet = look.store.put_image(contact_sheet(part, cell_width=CELL_WIDTH), caption)
        look.artifacts.append(sheet)
        sheets.append(sheet.sha256)
    return Result(pictures=tuple(pictures), sheets=tuple(sheets))


def _draw(footage: Footage, result: Result) -> Iterator[tuple[str, Any]]:
    for picture in result.pictures:
        yield f"shot {picture.shot + 1}", footage.frame(picture.frame)


TOOL = Tool(
    name="keyframes",
    description="Shows a few pictures of each shot, with shot numbers and times. Call it to see what a shot shows.",
    validity="Any clip whose shots are known.",
    args=Args,
    result=Result,
    providers=(Provider(name="own", version="2", fidelity="own", run=_run),),
    uses_shots=True,
    draw=_draw,
)
