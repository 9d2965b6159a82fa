"""BlazePose: 33 body points of one person (Bazarevsky et al., https://arxiv.org/abs/2006.10204).

A detector finds heads and, with each, the circle that holds the whole body; the landmark network looks at that circle,
upright. Pre- and post-processing follow MediaPipe's pose graph. The network answers even where there is nobody to see,
so each body is looked at three times, the last time in the mirror: what it puts elsewhere then is not to be trusted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from cinejudge import weights
from cinejudge.tools.models.boxes import Boxes, suppress
from cinejudge.tools.models.litert import Network
from cinejudge.tools.models.squares import Picture, Points, Square, upright

# fmt: off
POINTS = (
    "nose", "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye", "right_eye_outer",
    "left_ear", "right_ear", "mouth_left", "mouth_right", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_pinky", "right_pinky", "left_index", "right_index", "left_thumb",
    "right_thumb", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle", "left_heel",
    "right_heel", "left_foot", "right_foot",
)
"""Names of the points in the network's order; left and right are the person's own."""
# fmt: on
HIPS, CIRCLE = len(POINTS), len(POINTS) + 1
"""Two more points: between the hips, and on the circle around the body, above the head."""

DETECTOR_SIDE, SIDE, HEAT = 224, 256, 64
LEVELS = ((28, 2), (14, 2), (7, 6))
"""Cells along a side of the detector's input and answers in each cell."""
CANDIDATE = 0.4
"""Least score of a proposal."""
OVERLAP = 0.3
"""Of two heads that are one."""
MARGIN = 1.25
"""Side of the square looked at over the diameter of the circle."""
PRESENCE = 0.5
"""Least presence of a body (the graph's own default)."""
KERNEL = 3
"""Cells to each side of a point over which its place on the heat map is averaged."""


@dataclass(frozen=True)
class Proposals:
    """Heads that the detector found, best first, in pixels of the picture."""

    heads: Boxes
    """Float32 [n, 4]."""
    hips: Points
    """The point between the hips, float32 [n, 2]."""
    rims: Points
    """A point on the circle around the whole body, above the head, float32 [n, 2]."""


@dataclass(frozen=True)
class Body:
    """The points of one person."""

    points: Points
    """Float32 [33, 2] in pixels of the picture."""
    visibility: NDArray[np.float32]
    """Chance that each is seen and not hidden behind something [33]."""
    spread: NDArray[np.float32]
    """How far the three looks differ, as a share of the square that holds the body [33]."""
    side: float
    """Of that square, in pixels: some 1.25 times the height of the person standing."""
    yaw: float
    """Degrees by which the chest turns to the picture's right; 0 faces the lens, 180 turns its back."""


def propose(picture: Picture, squares: Sequence[Square], device: str) -> Proposals:
    """Heads inside squares of one picture, RGB uint8 [H, W, 3]."""
    import torch

    from cinejudge.tools.models import tfjs

    folder = weights.path("human-models")
    model = tfjs.load(folder / "blazepose-detector.json", folder / "blazepose-detector.bin", device)
    parts = [np.zeros((0, 9), np.float32)]
    if squares:
        cuts = np.stack([square.cut(picture, DETECTOR_SIDE) for square in squares]).astype(np.float32) / 127.5 - 1
        answers = model(torch.from_numpy(cuts))["Identity"].cpu().numpy()
        parts += [_decode(answer, square) for answer, square in zip(answers, squares, strict=True)]
    rows = np.concatenate(parts)
    rows = rows[suppress(rows[:, 1:5], rows[:, 0], OVERLAP)] if len(rows) else rows
    return Proposals(rows[:, 1:5], rows[:, 5:7], rows[:, 7:9])


def body(picture: Picture, hips: Points, rim: Points) -> Body | None:
    """The points of the person whose circle is centred at ``hips`` and goes through ``rim``; None where nobody is."""
    first = _look(picture, _square(hips, rim))
    if first.presence < PRESENCE:
        return None
    square = _square(first.points[HIPS], first.points[CIRCLE])
    second, mirrored = _look(picture, square), _look(picture, square, mirror=True)
    if min(second.presence, mirrored.presence) < PRESENCE:
        return None
    looks = np.stack([look.points[: len(POINTS)] for look in (first, second, mirrored)])
    apart = np.linalg.norm(looks[:, None] - looks[None], axis=-1).max(axis=(0, 1))
    across = second.across + mirrored.across
    return Body(
        points=looks[1:].mean(axis=0),
        visibility=np.minimum(second.visibility, mirrored.visibility),
        spread=np.asarray(apart / square.side, np.float32),
        side=square.side,
        yaw=float(np.rad2deg(np.arctan2(across[2], across[0]))),
    )


@dataclass(frozen=True)
class _Look:
    points: Points
    """With the two auxiliary points, [35, 2] in pixels of the picture."""
    visibility: NDArray[np.float32]
    presence: float
    across: NDArray[np.float32]
    """From the right to the left shoulder, x to the right, y down and z away from the lens, in metres."""


def _square(hips: Points, rim: Points) -> Square:
    return Square(hips, 2 * MARGIN * float(np.linalg.norm(rim - hips)), upright(hips, rim))


def _look(picture: Picture, square: Square, *, mirror: bool = False) -> _Look:
    cut = square.cut(picture, SIDE)
    answer, presence, heat, world = _network()((cut[:, ::-1] if mirror else cut)[None].astype(np.float32) / 255)
    rows = answer.reshape(-1, 5)[: CIRCLE + 1]
    points = _refined(rows[:, :2], heat[0])
    space = world.reshape(-1, 3)
    visibility = _sigmoid(rows[: len(POINTS), 3])
    left, right = space[POINTS.index("left_shoulder")], space[POINTS.index("right_shoulder")]
    across = left - right
    if mirror:
        points = np.concatenate([points[_OTHER_SIDE], points[[HIPS, CIRCLE]]])
        points[:, 0] = SIDE - 1 - points[:, 0]
        visibility = visibility[_OTHER_SIDE]
        across = (right - left) * np.array([-1, 1, 1], np.float32)
    return _Look(square.place(points, SIDE), visibility, float(presence.flat[0]), across)


def _refined(points: Points, heat: NDArray[np.float32]) -> Points:
    """Each point moved to the mean of its heat map around it, where the map is sure (MediaPipe's refinement)."""
    refined = points.copy()
    for i, (column, row) in enumerate((points / SIDE * HEAT).astype(int)):
        if not (0 <= column < HEAT and 0 <= row < HEAT):
            continue
        x0, y0 = max(column - KERNEL, 0), max(row - KERNEL, 0)
        near = _sigmoid(heat[y0 : row + KERNEL + 1, x0 : column + KERNEL + 1, i])
        if near.max() >= PRESENCE:
            y, x = np.mgrid[y0 : y0 + near.shape[0], x0 : x0 + near.shape[1]]
            refined[i] = np.array([(near * x).sum(), (near * y).sum()]) / near.sum() * SIDE / HEAT
    return refined


def _decode(answer: NDArray[np.float32], square: Square) -> NDArray[np.float32]:
    """Likely heads of one square in pixels of the picture: rows of score, box (4), hips (2), rim (2)."""
    scores = _sigmoid(answer[:, 0])
    likely = np.flatnonzero(scores >= CANDIDATE)
    centres = _centres()[likely]
    middle, half = centres + answer[likely, 1:3], answer[likely, 3:5] / 2
    corners = np.stack([middle - half, middle + half, centres + answer[likely, 5:7], centres + answer[likely, 7:9]], 1)
    placed = square.place(corners.reshape(-1, 2), DETECTOR_SIDE).reshape(-1, 8)
    return np.concatenate([scores[likely, None], placed], axis=1).astype(np.float32)


@cache
def _centres() -> NDArray[np.float32]:
    """Centre of the cell of every answer, float32 [2254, 2], in input pixels."""
    levels = []
    for cells, answers in LEVELS:
        y, x = np.mgrid[:cells, :cells].reshape(2, -1)
        levels.append(np.repeat(np.stack([x + 0.5, y + 0.5], axis=1) * DETECTOR_SIDE / cells, answers, axis=0))
    return np.concatenate(levels).astype(np.float32)


def _sigmoid(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -60, 60))), np.float32)


def twin(name: str) -> str:
    """The name of the same point on the other side of the body."""
    swap = {"left": "right", "right": "left"}
    return "_".join(swap.get(part, part) for part in name.split("_"))


_OTHER_SIDE = [POINTS.index(twin(name)) for name in POINTS]
"""The point of the other side of the body."""


@cache
def _network() -> Network:
    content = weights.path("blazepose", "pose_landmark_heavy.tflite").read_bytes()
    return Network(content, ("Identity", "Identity_1", "Identity_3", "Identity_4"))
