"""What is compared of a picture: all of it, its background without people, its subjects, and its style."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cinejudge import weights
from cinejudge.tools.models import efficientnet, nanodet
from cinejudge.tools.models.boxes import Boxes
from cinejudge.tools.models.coco import ANIMALS, PERSON

Vector = NDArray[np.float32]
Picture = NDArray[np.uint8]

LEAST_SCORE = 0.4
LEAST_BACKGROUND = 0.2
"""Share of the picture that must be free of people for a background."""
LEAST_SUBJECT_PX = 48
"""Shorter side of a subject's crop."""
MOST_SUBJECTS = 2
BLOCK = 16
LEAST_DETAIL = 3.0
"""Standard deviation of luma (0 to 255) from which a block of 16 pixels shows something."""
LEAST_DETAILED = 0.2
"""Share of such blocks below which a picture is blank: a title card, black, a plain wall."""


@dataclass(frozen=True)
class View:
    """Descriptions of one picture; compare each with its like by the cosine."""

    whole: Vector | None
    """None for a blank picture."""
    background: Vector | None
    """None where people fill the picture, or it is blank."""
    style: Vector | None
    subjects: tuple[Vector, ...]
    """Largest first: people and animals, or the largest other thing where there are none."""


def views(pictures: Iterable[Picture], device: str = "cpu") -> Iterator[View]:
    """Describes pictures, uint8 RGB [H, W, 3] with a longer side of some 640 pixels."""
    network = efficientnet.load(weights.path("efficientnet-lite0"), device)
    for rgb in pictures:
        alive, crops = located(rgb, device)
        maps = network.maps(rgb)
        last = maps.last.cpu().numpy()
        free = free_cells(alive, last.shape[1], last.shape[2])
        blank = is_blank(rgb)
        yield View(
            whole=None if blank else last.mean(axis=(1, 2)),
            background=None if blank or free.mean() < LEAST_BACKGROUND else last[:, free].mean(axis=1),
            style=None if blank else _style(maps.early.cpu().numpy(), maps.middle.cpu().numpy()),
            subjects=tuple(network.maps(crop).last.mean(dim=(1, 2)).cpu().numpy() for crop in crops),
        )


def located(rgb: Picture, device: str = "cpu") -> tuple[Boxes, list[Picture]]:
    """Boxes of the people and animals in a picture, and its subjects cut out, largest first."""
    (seen,) = nanodet.detect([rgb], threshold=LEAST_SCORE, device=device)
    alive = np.isin(seen.classes, (PERSON, *ANIMALS))
    return seen.boxes[alive], _crops(rgb, seen.boxes[alive] if alive.any() else seen.boxes[:1])


def cosine(a: Vector, b: Vector) -> float:
    """Cosine of the angle between two descriptions."""
    return float(a @ b / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-12))


def _style(*maps: NDArray[np.float32]) -> Vector:
    """How the channels of the early layers go together, whatever stands where: their correlations at two depths.

    Gatys, Ecker and Bethge's Gram matrices (https://arxiv.org/abs/1508.06576), centred and normalised so that light
    and contrast drop out; each depth has the same weight.
    """
    parts = []
    for each in maps:
        correlation = np.corrcoef(each.reshape(len(each), -1) + 1e-6 * _ripple(each))
        upper = correlation[np.triu_indices(len(correlation), 1)]
        parts.append(upper / max(float(np.linalg.norm(upper)), 1e-12))
    return np.concatenate(parts).astype(np.float32)


def _ripple(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Keeps the deviation of a channel that is the same everywhere from being nothing."""
    return np.resize(np.array([-1, 1], np.float32), (len(maps), maps[0].size))


def _crops(rgb: Picture, boxes: Boxes) -> list[Picture]:
    height, width = rgb.shape[:2]
    sides = (boxes[:, 2:] - boxes[:, :2]) * [width, height]
    order = np.argsort(-sides[:, 0] * sides[:, 1], kind="stable")
    large = [i for i in order if sides[i].min() >= LEAST_SUBJECT_PX][:MOST_SUBJECTS]
    pixels = (boxes[large] * [width, height, width, height]).astype(int)
    return [rgb[y0:y1, x0:x1] for x0, y0, x1, y1 in pixels]


def free_cells(boxes: Boxes, rows: int, columns: int) -> NDArray[np.bool_]:
    """Cells of a map whose middle lies in no box: bool [rows, columns]."""
    y, x = (np.arange(rows) + 0.5) / rows, (np.arange(columns) + 0.5) / columns
    free = np.ones((rows, columns), bool)
    for x0, y0, x1, y1 in boxes:
        free &= ~(((y >= y0) & (y <= y1))[:, None] & ((x >= x0) & (x <= x1))[None])
    return free


def is_blank(rgb: Picture) -> bool:
    """Whether a picture shows too little to be compared: a title card, black, a plain wall."""
    luma = rgb.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    rows, columns = luma.shape[0] // BLOCK, luma.shape[1] // BLOCK
    if not rows or not columns:
        return True
    blocks = luma[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK)
    return bool((blocks.std(axis=(1, 3)) >= LEAST_DETAIL).mean() < LEAST_DETAILED)
