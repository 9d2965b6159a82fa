"""Finds the people of a picture with the points of their bodies and hands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cinejudge.tools.models import blazepose, hand_landmarks, nanodet
from cinejudge.tools.models.blazepose import POINTS, Proposals
from cinejudge.tools.models.boxes import Boxes
from cinejudge.tools.models.coco import PERSON
from cinejudge.tools.models.squares import Picture, Points, Square

PERSON_SCORE = 0.4
AROUND = 1.25
"""Side of the square that is searched for a head, over the longer side of the person's box."""
MOST = 6
"""People of a picture that are looked at, the largest first."""
SPREAD = 0.05
"""Share of the square that holds a body by which a point may differ between the three looks."""
LEAST_SURE = 0.5
"""Share of a body's points inside the picture that must agree so well, or the whole body is unsure."""
SMALLEST_PX = 128
"""Side of that square; a person who stands is some 0.8 of it high."""
HIDDEN = 0.5
"""Visibility below which a hand is not looked for."""


@dataclass(frozen=True)
class Figure:
    """One person in one picture, in its pixels."""

    box: NDArray[np.float32]
    score: float
    """Of the person, by the detector."""
    points: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    """By name: x, y and the chance that it is seen and not hidden. Only points inside the picture that are sure."""
    hands: Mapping[str, Points] = field(default_factory=dict)
    """``left`` and ``right``: float32 [21, 2]."""
    yaw: float | None = None
    """Degrees by which the chest turns to the picture's right."""


class Search(Protocol):
    """What a pose provider does with a batch of pictures."""

    def __call__(self, pictures: Sequence[Picture], device: str) -> list[list[Figure]]:
        """People of each picture, largest first; without points where their pose is unsure."""
        ...


def search(pictures: Sequence[Picture], device: str) -> list[list[Figure]]:
    """People by NanoDet, bodies by BlazePose, hands by MediaPipe Hands."""
    seen = nanodet.detect(pictures, threshold=PERSON_SCORE, classes=(PERSON,), device=device)
    found = []
    for picture, people in zip(pictures, seen, strict=True):
        height, width = picture.shape[:2]
        boxes = people.boxes * np.array([width, height, width, height], np.float32)
        sides = boxes[:, 2:] - boxes[:, :2]
        largest = np.argsort(-sides[:, 0] * sides[:, 1], kind="stable")[:MOST]
        found.append(_figures(picture, boxes[largest], people.scores[largest], device))
    return found


def _figures(picture: Picture, boxes: Boxes, scores: NDArray[np.float32], device: str) -> list[Figure]:
    squares = [Square((b[:2] + b[2:]) / 2, AROUND * float(max(b[2:] - b[:2]))) for b in boxes]
    proposed = blazepose.propose(picture, squares, device)
    heads = match(boxes, proposed.heads)
    return [
        _figure(picture, box, float(score), proposed, head)
        for box, score, head in zip(boxes, scores, heads, strict=True)
    ]


def _figure(picture: Picture, box: NDArray[np.float32], score: float, proposed: Proposals, head: int | None) -> Figure:
    body = None if head is None else blazepose.body(picture, proposed.hips[head], proposed.rims[head])
    if body is None or body.side < SMALLEST_PX:
        return Figure(box, score)
    inside = ((body.points >= 0) & (body.points < [picture.shape[1], picture.shape[0]])).all(axis=1)
    sure = inside & (body.spread <= SPREAD)
    if sure.sum() < LEAST_SURE * max(inside.sum(), 1):
        return Figure(box, score)
    points = {
        name: np.append(body.points[i], body.visibility[i]).astype(np.float32)
        for i, name in enumerate(POINTS)
        if sure[i]
    }
    return Figure(box, score, points, _hands(picture, points), body.yaw)


def match(boxes: Boxes, heads: Boxes) -> list[int | None]:
    """For each person the head that is theirs: inside the box, nearest to the middle of its upper edge, each once."""
    from scipy.optimize import linear_sum_assignment

    if not len(boxes) or not len(heads):
        return [None] * len(boxes)
    far = 10.0
    middle, size = (heads[:, :2] + heads[:, 2:]) / 2, heads[:, 2:] - heads[:, :2]
    share = (middle[None] - boxes[:, None, :2]) / np.maximum(boxes[:, None, 2:] - boxes[:, None, :2], 1)
    half_head = 0.5 * size[None, :, 1] / np.maximum(boxes[:, None, 3] - boxes[:, None, 1], 1)
    inside = ((share > 0) & (share < 1)).all(axis=2)
    distance = np.where(inside, np.hypot(share[..., 0] - 0.5, share[..., 1] - half_head), far)
    own: list[int | None] = [None] * len(boxes)
    for person, head in zip(*linear_sum_assignment(distance), strict=True):
        if distance[person, head] < far:
            own[person] = int(head)
    return own


def _hands(picture: Picture, points: Mapping[str, NDArray[np.float32]]) -> dict[str, Points]:
    found = {}
    for side in ("left", "right"):
        needed = [points.get(f"{side}_{part}") for part in ("wrist", "index", "pinky")]
        known = [p for p in needed if p is not None and p[2] >= HIDDEN]
        if len(known) < len(needed):
            continue
        hand = hand_landmarks.hand(picture, *(p[:2] for p in known))
        if hand is not None and hand.right == (side == "right"):
            found[side] = hand.points
    return found
