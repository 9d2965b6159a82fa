"""BlazeFace, full range: finds faces from close-up down to about a twelfth of the picture's height, with six points.

The network looks at a square of 192 pixels and answers in each cell of 4 pixels: a score, a box and six key points
(eyes, nose, mouth, ears), all relative to the cell's centre. See MediaPipe's model card "BlazeFace (full range)".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cinejudge import weights
from cinejudge.tools.models.boxes import Boxes, suppress

SIDE = 192
CELL = 4
STRIDE = 0.8
"""Distance of neighbouring windows over their side: a face of a fifth of the side lies whole in one of them."""
BATCH = 32
OVERLAP = 0.3
"""Intersection over union above which two answers are the same face."""

Picture = NDArray[np.uint8]
Window = tuple[int, int, int]
"""A square that is looked at: left, top, side, in pixels; may reach beyond the picture."""


@dataclass(frozen=True)
class Found:
    """Faces of one picture, best first, in its pixels."""

    boxes: Boxes
    """Eyebrows to chin, float32 [n, 4]."""
    scores: NDArray[np.float32]
    eyes: NDArray[np.float32]
    """The eye on the left of the picture, then the other: float32 [n, 2, 2]."""


def detect(
    pictures: Sequence[Picture], windows: Sequence[Sequence[Window]], *, threshold: float = 0.5, device: str = "cpu"
) -> list[Found]:
    """Finds the faces of each picture inside its windows.

    Args:
        pictures: RGB uint8 [H, W, 3].
        windows: Squares to look at, for each picture.
        threshold: Least score.
        device: ``cpu`` or ``cuda``.
    """
    import torch

    from cinejudge.tools.models import tfjs

    folder = weights.path("human-models")
    model = tfjs.load(folder / "facemesh-detection-full.json", folder / "facemesh-detection-full.bin", device)
    jobs = [(i, window) for i, each in enumerate(windows) for window in each]
    parts: list[list[NDArray[np.float32]]] = [[] for _ in pictures]
    for start in range(0, len(jobs), BATCH):
        batch = jobs[start : start + BATCH]
        crops = np.stack([_crop(pictures[i], window) for i, window in batch])
        answers = model(torch.from_numpy(crops))["Identity"].cpu().numpy()
        for (i, window), answer in zip(batch, answers, strict=True):
            parts[i].append(_decode(answer, window, threshold))
    return [_merge(each) for each in parts]


def windows_of(height: int, width: int) -> list[Window]:
    """The whole picture in one square, and squares of its shorter side along the longer one."""
    long, short = max(height, width), min(height, width)
    whole = ((width - long) // 2, (height - long) // 2, long)
    if long < 1.2 * short:
        return [whole]
    count = math.ceil((long - short) / (STRIDE * short)) + 1
    offsets = [round(i * (long - short) / (count - 1)) for i in range(count)]
    return [whole, *((o, 0, short) if width > height else (0, o, short) for o in offsets)]


def _crop(rgb: Picture, window: Window) -> NDArray[np.float32]:
    """A window as network input [192, 192, 3] in [-1, 1]; black outside the picture."""
    import cv2

    left, top, side = window
    height, width = rgb.shape[:2]
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + side, width), min(top + side, height)
    scale = SIDE / side
    canvas = np.full((SIDE, SIDE, 3), -1, np.float32)
    if x1 <= x0 or y1 <= y0:
        return canvas
    u0, v0 = round((x0 - left) * scale), round((y0 - top) * scale)
    u1, v1 = max(u0 + 1, round((x1 - left) * scale)), max(v0 + 1, round((y1 - top) * scale))
    inside = cv2.resize(
        rgb[y0:y1, x0:x1], (u1 - u0, v1 - v0), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    )
    canvas[v0:v1, u0:u1] = inside[: SIDE - v0, : SIDE - u0] / 127.5 - 1
    return canvas


def _decode(answer: NDArray[np.float32], window: Window, threshold: float) -> NDArray[np.float32]:
    """Likely faces of one window in picture pixels: rows of score, box (4), eyes (4)."""
    scores = 1 / (1 + np.exp(-np.clip(answer[:, 0], -60, 60)))
    likely = np.flatnonzero(scores >= threshold)
    cells = SIDE // CELL
    centre = (np.stack([likely % cells, likely // cells], axis=1) + 0.5) * CELL
    box_centre, size = centre + answer[likely, 1:3], answer[likely, 3:5]
    points = np.concatenate([box_centre - size / 2, box_centre + size / 2, *_eyes(centre, answer[likely])], axis=1)
    left, top, side = window
    origin = np.tile(np.array([left, top], np.float32), 4)
    return np.concatenate([scores[likely, None], points * (side / SIDE) + origin], axis=1).astype(np.float32)


def _eyes(centre: NDArray[np.float32], answer: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
    return centre + answer[:, 5:7], centre + answer[:, 7:9]


def _merge(parts: Sequence[NDArray[np.float32]]) -> Found:
    rows = np.concatenate(parts) if parts else np.zeros((0, 9), np.float32)
    rows = rows[suppress(rows[:, 1:5], rows[:, 0], OVERLAP)] if len(rows) else rows
    return Found(rows[:, 1:5], rows[:, 0], rows[:, 5:9].reshape(-1, 2, 2))
