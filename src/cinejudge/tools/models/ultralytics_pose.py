"""YOLO11 pose through the ultralytics package (extra ``yolo``, AGPL-3.0): 17 points of every person in one pass.

The package unpickles its weight file without restriction; the file is the one whose SHA-256 the catalogue names.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from cinejudge import weights
from cinejudge.tools.models.pose_search import MOST, Figure
from cinejudge.tools.models.squares import Picture

POINTS = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
    "right_ankle",
)  # fmt: skip
"""COCO's names of the points, in the network's order."""
PERSON_SCORE = 0.35
SURE = 0.5
"""Least confidence of a point; the network has one number for where it is and whether it is seen."""


@cache
def _model() -> Any:
    from ultralytics import YOLO

    return YOLO(str(weights.path("yolo11n-pose", "yolo11n-pose.pt")))


def search(pictures: Sequence[Picture], device: str) -> list[list[Figure]]:
    """People of RGB pictures; neither hands nor the turn of the chest."""
    bgr = [np.ascontiguousarray(picture[..., ::-1]) for picture in pictures]  # the package takes arrays as BGR
    results = _model().predict(bgr, conf=PERSON_SCORE, device=device, verbose=False)
    return [_figures(result) for result in results]


def _figures(result: Any) -> list[Figure]:
    boxes = result.boxes.xyxy.cpu().numpy().astype(np.float32)
    scores = result.boxes.conf.cpu().numpy()
    if not len(boxes):
        return []
    rows = result.keypoints.data.cpu().numpy().astype(np.float32)  # [people, 17, 3]: x, y in pixels, confidence
    largest = np.argsort(-np.prod(boxes[:, 2:] - boxes[:, :2], axis=1), kind="stable")[:MOST]
    return [
        Figure(boxes[i], float(scores[i]), {n: p for n, p in zip(POINTS, rows[i], strict=True) if p[2] >= SURE})
        for i in largest
    ]
