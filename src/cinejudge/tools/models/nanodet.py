"""NanoDet: a light one-stage detector of the 80 classes of COCO.

Boxes are distances to the four sides, each the mean of a distribution over 11 bins (generalised focal loss);
see https://github.com/RangiLyu/nanodet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cinejudge import weights
from cinejudge.tools.models.boxes import Boxes, suppress
from cinejudge.tools.models.coco import COCO

SIDE = 416
"""Side of the square input in pixels."""
STRIDES = (8, 16, 32)
BINS = 11
MEAN = (103.53, 116.28, 123.675)
DEVIATION = (57.375, 57.12, 58.395)
"""Of blue, green and red, in 0 to 255."""
BATCH = 8


@dataclass(frozen=True)
class Detections:
    """What one picture holds, best first."""

    boxes: Boxes
    """Shares of the picture, float32 [n, 4]."""
    scores: NDArray[np.float32]
    classes: NDArray[np.int64]
    """Places in :data:`~cinejudge.tools.models.coco.COCO`."""


def detect(
    pictures: Iterable[NDArray[np.uint8]],
    *,
    threshold: float = 0.4,
    overlap: float = 0.6,
    classes: Sequence[int] | None = None,
    device: str = "cpu",
) -> list[Detections]:
    """Finds objects in pictures, in batches.

    Args:
        pictures: RGB uint8 [H, W, 3].
        threshold: Least score.
        overlap: Intersection over union above which the weaker of two boxes of one class goes.
        classes: Only these; None for all.
        device: ``cpu`` or ``cuda``.
    """
    import torch

    from cinejudge.tools.models import tfjs

    folder = weights.path("human-models")
    model = tfjs.load(folder / "nanodet.json", folder / "nanodet.bin", device)
    found: list[Detections] = []
    for batch in batches(pictures):
        prepared = [_letterbox(picture) for picture in batch]
        outputs = model(torch.from_numpy(np.stack([p for p, _ in prepared]))).values()
        scores = _joined([o for o in outputs if o.shape[-1] == len(COCO)])
        sides = _joined([o for o in outputs if o.shape[-1] == 4 * BINS])
        for i, (_, scale) in enumerate(prepared):
            height, width = batch[i].shape[:2]
            size = np.array([width, height, width, height], np.float32) * scale
            found.append(_select(scores[i], _decode(sides[i]) / size, threshold, overlap, classes))
    return found


def batches(pictures: Iterable[NDArray[np.uint8]]) -> Iterator[list[NDArray[np.uint8]]]:
    """The pictures in lists of :data:`BATCH`."""
    batch: list[NDArray[np.uint8]] = []
    for picture in pictures:
        batch.append(picture)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _letterbox(rgb: NDArray[np.uint8]) -> tuple[NDArray[np.float32], float]:
    """The picture as network input [3, 416, 416], fitted into the upper left, and the scale it was brought to."""
    import cv2

    height, width = rgb.shape[:2]
    scale = SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    canvas = np.empty((SIDE, SIDE, 3), np.float32)
    canvas[:] = MEAN
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    canvas[: size[1], : size[0]] = cv2.resize(rgb, size, interpolation=interpolation)[..., ::-1]
    canvas -= np.array(MEAN, np.float32)
    canvas /= np.array(DEVIATION, np.float32)
    return canvas.transpose(2, 0, 1), scale


def _joined(outputs: Sequence[Any]) -> NDArray[np.float32]:
    """Outputs of the three levels, finest first, one after the other: [batch, cells, channels]."""
    ordered = sorted(outputs, key=lambda o: -o.shape[1])
    return np.concatenate([o.cpu().numpy() for o in ordered], axis=1)


def _centres() -> NDArray[np.float32]:
    """Centre and stride of every cell, float32 [3549, 3], in input pixels."""
    levels = []
    for stride in STRIDES:
        cells = SIDE // stride
        y, x = np.mgrid[:cells, :cells].reshape(2, -1)
        levels.append(np.stack([(x + 0.5) * stride, (y + 0.5) * stride, np.full(cells**2, stride)], axis=1))
    return np.concatenate(levels).astype(np.float32)


def _decode(sides: NDArray[np.float32]) -> Boxes:
    """Boxes in input pixels from the distributions [cells, 4 * 11]."""
    logits = sides.reshape(-1, 4, BINS)
    shares = np.exp(logits - logits.max(axis=2, keepdims=True))
    distance = (shares / shares.sum(axis=2, keepdims=True)) @ np.arange(BINS, dtype=np.float32)
    centres = _centres()
    distance *= centres[:, 2:]
    return np.concatenate([centres[:, :2] - distance[:, :2], centres[:, :2] + distance[:, 2:]], axis=1)


def _select(
    scores: NDArray[np.float32], boxes: Boxes, threshold: float, overlap: float, classes: Sequence[int] | None
) -> Detections:
    if classes is not None:
        others = np.ones(len(COCO), bool)
        others[list(classes)] = False
        scores = np.where(others, 0, scores)
    best = scores.argmax(axis=1)
    score = scores.max(axis=1)
    likely = np.flatnonzero(score >= threshold)
    boxes, best, score = np.clip(boxes[likely], 0, 1), best[likely], score[likely]
    kept = suppress(boxes + best[:, None], score, overlap)  # boxes of different classes moved apart never overlap
    return Detections(boxes[kept], score[kept], best[kept])
