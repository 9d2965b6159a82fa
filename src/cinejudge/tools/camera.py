"""Tool ``camera``: how the camera moves in every shot, how fast, and how much it shakes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cinejudge.media import Footage
from cinejudge.schema import Record, Shot
from cinejudge.schema.errors import ToolError
from cinejudge.tools.contract import Abstain, Look, Provider, Tool, ToolArgs, ToolResult
from cinejudge.tools.models.boxes import Boxes
from cinejudge.tools.models.coco import ANIMALS, PERSON
from cinejudge.tools.motion.names import Move, Still

Label = Move | Still

UNITS = {"push": "/s", "pull": "/s", "roll": "deg/s"}
"""Unit of a rate by the first word of the move; of all others it is picture widths per second."""

LEAST_FRAMES = 4
LEAST_FOLLOWED = 0.5
"""Share of the frames in which the background must be followed for a shot to be told."""
DOMINANT = 0.3
"""Share of the strongest move's way that another must have to name the shot too."""
HANDHELD = 0.25
"""Shake in per cent of the picture's width from which a shot is hand-held."""
HANDHELD_OF_SPEED = 0.02
"""Shake as a share of what the camera covers in a second, below which it is the roughness of the move."""
SAMPLES_PER_SECOND = 2.0
MAX_SAMPLES = 60
"""Pictures of a shot in which people and animals are looked for."""
MARGIN = 0.03
"""Share of the picture by which their boxes are widened, since they move between those pictures."""
LEAST_SCORE = 0.5


class Args(ToolArgs):
    """Which shots."""

    shots: tuple[int, ...] = ()
    """Shot indices; empty means all."""


class CameraMove(Record):
    """One move."""

    kind: Move
    rate: float
    """Mean, positive: picture widths per second; scale per second (natural logarithm); degrees per second."""
    unit: str
    way: float
    """Picture widths by which it displaces the picture on average, in all: compares moves of different kinds."""


class CameraStretch(Record):
    """A time during which the camera does one thing; without moves it stands."""

    start_s: float
    end_s: float
    moves: tuple[CameraMove, ...]
    agreeing: float
    """Share of the followed points that agree with the motion."""


class ShotCamera(Record):
    """What the camera does in one shot."""

    shot: int
    start_s: float
    end_s: float
    labels: tuple[Label, ...]
    """What names the shot, strongest first; empty where nothing can be told."""
    moves: tuple[CameraMove, ...]
    """All moves of the shot, farthest first."""
    stretches: tuple[CameraStretch, ...]
    shake: float | None
    """Root mean square displacement above 2 Hz in per cent of the picture's width; None for shots too short."""
    confidence: float
    """From how well the background agrees on one motion and for how much of the shot, 0 to 1."""
    reason: str | None = None
    """Why nothing can be told."""


class Result(ToolResult):
    """The camera, shot by shot."""

    shots: tuple[ShotCamera, ...]

    @property
    def summary(self) -> str:
        """What names each shot."""
        told = [f"shot {s.shot}: {', '.join(_words(x) for x in s.labels) or 'not told'}" for s in self.shots]
        return "; ".join(told[:8]) + (f" and {len(told) - 8} more" if len(told) > 8 else "")


def _run_with_persons(look: Look, args: Args) -> Result:
    return _run(look, args, without_persons=True)


def _run_plain(look: Look, args: Args) -> Result:
    return _run(look, args, without_persons=False)


def _run(look: Look, args: Args, *, without_persons: bool) -> Result:
    if not look.shots:
        raise ToolError("camera: the shots are not known yet")
    known = {shot.index: shot for shot in look.shots}
    unknown = [i for i in args.shots if i not in known]
    if unknown:
        raise ToolError(f"camera: no shot {unknown[0]}; there are shots 0 to {len(look.shots) - 1}")
    found = tuple(_shot(look, known[i], without_persons) for i in args.shots or known)
    if all(s.reason for s in found):
        raise Abstain(f"no shot tells how the camera moves: {found[0].reason}")
    return Result(shots=found)


def _shot(look: Look, shot: Shot, without_persons: bool) -> ShotCamera:
    from cinejudge.tools.motion.moves import shake, stretches
    from cinejudge.tools.motion.path import track

    footage = look.footage
    if shot.frames < LEAST_FRAMES:
        return _nothing(shot, f"{shot.frames} frames show no motion")
    frames = slice(shot.start_frame, shot.end_frame)
    aspect = footage.clip.width / footage.clip.height
    movers = _movers(look, shot) if without_persons else None
    path = track(footage.luma[frames], footage.times[frames], aspect, movers)
    followed = float((path.agreeing > 0).mean())
    if followed < LEAST_FOLLOWED:
        why = "people fill too much of it" if movers and any(map(len, movers)) else "it has too little texture"
        return _nothing(shot, f"the background cannot be followed: {why}")
    parts = tuple(
        CameraStretch(
            start_s=round(part.start_s, 3),
            end_s=round(part.end_s, 3),
            moves=tuple(_move(m.kind, m.rate, m.strength * (part.end_s - part.start_s)) for m in part.moves),
            agreeing=round(part.agreeing, 3),
        )
        for part in stretches(path, aspect)
    )
    trembling = shake(path)
    moves = _summed(parts)
    agreeing = float(path.agreeing[path.agreeing > 0].mean())
    return ShotCamera(
        shot=shot.index,
        start_s=shot.start_s,
        end_s=shot.end_s,
        labels=_labels(moves, parts, trembling),
        moves=moves,
        stretches=parts,
        shake=None if trembling is None else round(trembling, 4),
        confidence=round(float(np.clip((agreeing - 0.3) / 0.5, 0, 1)) * followed, 3),
    )


def _nothing(shot: Shot, reason: str) -> ShotCamera:
    return ShotCamera(
        shot=shot.index, start_s=shot.start_s, end_s=shot.end_s, labels=(), moves=(), stretches=(), shake=None,
        confidence=0.0, reason=reason,
    )  # fmt: skip


def _movers(look: Look, shot: Shot) -> list[Boxes]:
    """For every frame of the shot the boxes of people and animals, as seen in the nearest sampled picture."""
    from cinejudge.tools.models import nanodet

    footage = look.footage
    count = min(MAX_SAMPLES, max(2, round((shot.end_s - shot.start_s) * SAMPLES_PER_SECOND)))
    sampled = footage.sample(shot.start_frame, shot.end_frame, count=count)
    pictures = (rgb for _, rgb in footage.frames(sampled, max_side=nanodet.SIDE))
    seen = nanodet.detect(pictures, threshold=LEAST_SCORE, classes=(PERSON, *ANIMALS), device=look.device)
    boxes = [d.boxes + np.array([-MARGIN, -MARGIN, MARGIN, MARGIN], np.float32) for d in seen]
    nearest = np.abs(np.arange(shot.start_frame, shot.end_frame)[:, None] - np.array(sampled)).argmin(axis=1)
    return [boxes[i] for i in nearest]


def _move(kind: Move, rate: float, way: float) -> CameraMove:
    unit = UNITS.get(kind.split("_")[0], "widths/s")
    return CameraMove(kind=kind, rate=round(rate, 4), unit=unit, way=round(way, 4))


def _summed(parts: tuple[CameraStretch, ...]) -> tuple[CameraMove, ...]:
    """Each kind of move over the whole shot; its rate is the mean over the time it lasts."""
    by_kind: dict[Move, list[tuple[CameraMove, float]]] = {}
    for part in parts:
        for move in part.moves:
            by_kind.setdefault(move.kind, []).append((move, part.end_s - part.start_s))
    summed = [
        _move(kind, sum(m.rate * s for m, s in each) / sum(s for _, s in each), sum(m.way for m, _ in each))
        for kind, each in by_kind.items()
    ]
    return tuple(sorted(summed, key=lambda m: -m.way))


def _labels(
    moves: tuple[CameraMove, ...], parts: tuple[CameraStretch, ...], trembling: float | None
) -> tuple[Label, ...]:
    named: list[Label] = [m.kind for m in moves if m.way >= DOMINANT * moves[0].way]
    moving_s = sum(p.end_s - p.start_s for p in parts if p.moves)
    speed = 100 * sum(m.way for m in moves) / moving_s if moving_s else 0.0
    if trembling is not None and trembling >= max(HANDHELD, HANDHELD_OF_SPEED * speed):
        named.append("handheld")
    return tuple(named) or ("static",)


def _words(label: str) -> str:
    return label.replace("_", " ")


def _draw(footage: Footage, result: Result) -> Iterator[tuple[str, Any]]:
    from cinejudge.tools.drawing.marks import write

    for shot in result.shots:
        for part in shot.stretches:
            first, last = footage.frame_at(part.start_s), footage.frame_at(part.end_s)
            told = ", ".join(f"{_words(m.kind)} {m.rate:.3g} {m.unit}" for m in part.moves) or "static"
            for frame, rgb in footage.frames(footage.sample(first, last + 1, count=3)):
                write(rgb, f"shot {shot.shot}: {told}  (shake {shot.shake or 0:.2f} %)")
                for move in part.moves:
                    _arrow(rgb, move)
                yield f"{footage.times[frame]:.2f} s", rgb


_WAYS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}


def _arrow(rgb: NDArray[np.uint8], move: CameraMove) -> None:
    """The way the camera goes: an arrow, or for a zoom four that point in or out."""
    import cv2

    from cinejudge.tools.drawing.marks import INK

    height, width = rgb.shape[:2]
    middle, reach = np.array([width / 2, height / 2]), 0.15 * min(width, height)
    way = _WAYS.get(move.kind.split("_")[-1])
    if way is not None:
        lines = [(middle, middle + reach * 2 * np.array(way))]
    elif move.kind in ("push_in", "pull_out"):
        corners = [middle + 2 * reach * np.array(c) for c in ((-1, -1), (1, -1), (-1, 1), (1, 1))]
        inner = [middle + 0.8 * (c - middle) / 2 for c in corners]
        lines = list(zip(corners, inner, strict=True) if move.kind == "push_in" else zip(inner, corners, strict=True))
    else:
        side = 1 if move.kind == "roll_clockwise" else -1
        top = middle - np.array([0, 2 * reach])
        lines = [(top - np.array([side * reach, 0]), top + np.array([side * reach, 0]))]
    for start, end in lines:
        cv2.arrowedLine(rgb, tuple(int(v) for v in start), tuple(int(v) for v in end), INK, 3, cv2.LINE_AA, 0, 0.3)


TOOL = Tool(
    name="camera",
    description=(
        "Tells how the camera moves in each shot: static, hand-held, pan, tilt, track (things near and far pass at "
        "different speeds), push in, pull out, roll and combinations, with direction, rate, time and shake. Call it "
        "to judge whether, how fast and how steadily the camera moves."
    ),
    validity=(
        f"Shots of at least {LEAST_FRAMES} frames whose background shows some texture beside the people in it. A zoom "
        "is told as a push or pull, a crane as a tilt; an orbit shows as a track or pan."
    ),
    args=Args,
    result=Result,
    providers=(
        Provider(name="tracks", version="1", fidelity="own", run=_run_with_persons, weights=("human-models",)),
        Provider(name="tracks-plain", version="1", fidelity="own", run=_run_plain),
    ),
    uses_shots=True,
    draw=_draw,
)
