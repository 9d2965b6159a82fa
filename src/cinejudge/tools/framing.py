"""Tool ``framing``: how large people stand in the picture, which is what shot scale means."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Any, Literal, get_args

import numpy as np

from cinejudge.media import Footage
from cinejudge.schema import Record, Shot
from cinejudge.schema.errors import ToolError
from cinejudge.tools.contract import Abstain, Look, Provider, Tool, ToolArgs, ToolResult
from cinejudge.tools.models.coco import PERSON

Scale = Literal["extreme_close_up", "close_up", "medium_close_up", "medium", "medium_long", "long", "extreme_long"]
SCALES: tuple[Scale, ...] = get_args(Scale)
"""From near to far; a place on this scale is a number from 0 to 6."""

HEADS = (0.8, 1.6, 2.7, 4.3, 6.3, 10.0, 20.0)
"""Picture heights in heads, crown to chin, at the middle of each scale: a figure standing is some 7.5 heads."""
FACE_OF_HEAD = 0.75
"""Height of a face, from the hairline to the chin, over that of its head."""
SIDE_FACE_OF_HEAD = 0.6
"""The same for a face from the side, of which the detector's box goes from the brows to the chin."""
FIGURE_HEADS = 7.5
UPRIGHT = 1.6
"""Height over width from which a whole figure is taken to stand."""
EDGE = 0.02
LEAST_SCORE = 0.5
PICTURES = 3
PICTURE_SIDE = 960

Box = tuple[float, float, float, float]


class Args(ToolArgs):
    """Which shots."""

    shots: tuple[int, ...] = ()
    """Shot indices; empty means all."""


class Subject(Record):
    """The largest person of one picture."""

    frame: int
    time_s: float
    box: Box
    """Of the face, or of the whole figure where no face is seen."""
    by: Literal["face", "figure"]
    heads: float
    """Height of the picture in heads of that person."""
    place: float
    """On the scale from 0 (extreme close-up) to 6 (extreme long shot)."""


class ShotFraming(Record):
    """The scale of one shot."""

    shot: int
    scale: Scale | None
    """None where nobody is seen large enough or whole."""
    place: float | None
    """On the scale from 0 to 6, median over the pictures."""
    confidence: float
    """Share of the pictures that show it, less what they differ by, 0 to 1."""
    subjects: tuple[Subject, ...]


class Result(ToolResult):
    """The scale of each shot."""

    shots: tuple[ShotFraming, ...]

    @property
    def summary(self) -> str:
        """Shot by shot."""
        told = [f"shot {s.shot}: {(s.scale or 'nobody to measure by').replace('_', ' ')}" for s in self.shots]
        return "; ".join(told[:10]) + (f" and {len(told) - 10} more" if len(told) > 10 else "")


def _run(look: Look, args: Args) -> Result:
    if not look.shots:
        raise ToolError("framing: the shots are not known yet")
    known = {shot.index: shot for shot in look.shots}
    unknown = [i for i in args.shots if i not in known]
    if unknown:
        raise ToolError(f"framing: no shot {unknown[0]}; there are shots 0 to {len(look.shots) - 1}")
    found = tuple(_shot(look, known[i]) for i in args.shots or known)
    if all(s.scale is None for s in found):
        raise Abstain("no face and no whole figure is seen: there is nothing to tell a shot's scale by")
    return Result(shots=found)


def _shot(look: Look, shot: Shot) -> ShotFraming:
    from cinejudge.tools.models import nanodet
    from cinejudge.tools.models.face_search import search

    footage = look.footage
    wanted = footage.sample(shot.start_frame, shot.end_frame, count=PICTURES)
    kept = list(footage.frames(wanted, max_side=PICTURE_SIDE))
    pictures = [rgb for _, rgb in kept]
    faces = search(pictures, look.device)
    persons = nanodet.detect(pictures, threshold=LEAST_SCORE, classes=(PERSON,), device=look.device)
    subjects = []
    for (frame, rgb), seen, people in zip(kept, faces, persons, strict=True):
        height, width = rgb.shape[:2]
        size = np.array([width, height, width, height], np.float32)
        heads = [(s.box / size, SIDE_FACE_OF_HEAD if s.face is None else FACE_OF_HEAD) for s in seen]
        subject = _largest_face(heads) or _largest_figure(people.boxes, width / height)
        if subject is not None:
            box, by, count = subject
            subjects.append(
                Subject(
                    frame=frame,
                    time_s=round(float(footage.times[frame]), 3),
                    box=box,
                    by=by,
                    heads=round(count, 2),
                    place=round(place_of(count), 2),
                )
            )
    if not subjects:
        return ShotFraming(shot=shot.index, scale=None, place=None, confidence=0.0, subjects=())
    places = [s.place for s in subjects]
    place = median(places)
    steady = max(0.0, 1 - (max(places) - min(places)) / 2)
    return ShotFraming(
        shot=shot.index,
        scale=SCALES[round(place)],
        place=round(place, 2),
        confidence=round(len(subjects) / len(pictures) * steady, 3),
        subjects=tuple(subjects),
    )


def place_of(heads: float) -> float:
    """Place on the scale from 0 to 6 of a picture that is so many heads high."""
    return float(np.interp(np.log(heads), np.log(HEADS), range(len(HEADS))))


_Found = tuple[Box, Literal["face", "figure"], float]


def _largest_face(heads: list[tuple[Any, float]]) -> _Found | None:
    if not heads:
        return None
    box, share = max(heads, key=lambda h: h[0][3] - h[0][1])
    return _rounded(box), "face", float(share / max(box[3] - box[1], 1e-3))


def _largest_figure(boxes: Any, aspect: float) -> _Found | None:
    """The largest person seen from head to foot and standing."""
    whole = [
        box
        for box in boxes
        if box[1] > EDGE and box[3] < 1 - EDGE and box[3] - box[1] >= UPRIGHT * (box[2] - box[0]) * aspect
    ]
    if not whole:
        return None
    box = max(whole, key=lambda b: b[3] - b[1])
    return _rounded(box), "figure", float(FIGURE_HEADS / max(box[3] - box[1], 1e-3))


def _rounded(box: Any) -> Box:
    x0, y0, x1, y1 = (round(float(v), 4) for v in box)
    return x0, y0, x1, y1


def _draw(footage: Footage, result: Result) -> Iterator[tuple[str, Any]]:
    from cinejudge.tools.drawing.marks import draw_box

    for shot in result.shots:
        for subject in shot.subjects:
            rgb = footage.frame(subject.frame)
            draw_box(rgb, subject.box, f"shot {shot.shot}: {shot.scale}, {subject.heads:.1f} heads high")
            yield f"{subject.time_s:.2f} s", rgb


TOOL = Tool(
    name="framing",
    description=(
        "Tells the scale of each shot, from extreme close-up to extreme long shot, by how large the largest person "
        "stands in the picture. Call it to compare a shot with the size that was asked for, or sizes across a cut."
    ),
    validity="Shots that show a face, or a person standing from head to foot. Shots of things alone are not told.",
    args=Args,
    result=Result,
    providers=(
        Provider(name="heads", version="2", fidelity="own", run=_run, weights=("human-models", "face-landmarker")),
    ),
    uses_shots=True,
    draw=_draw,
)
