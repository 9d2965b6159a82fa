"""Contact sheets: several pictures on one, each with its label written under it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

CELL_WIDTH = 320
LABEL_HEIGHT = 22
GAP = 4
PAPER = 24
INK = (235, 235, 235)


class Cell(NamedTuple):
    """One picture, uint8 RGB [H, W, 3], and what to write under it (ours, ASCII; never words of the video)."""

    rgb: Any
    label: str


def contact_sheet(cells: Sequence[Cell], *, columns: int | None = None, cell_width: int = CELL_WIDTH) -> Any:
    """Lays pictures out row by row on a dark sheet.

    Args:
        cells: At least one; all of the same clip, so of one aspect ratio (others are fitted inside).
        columns: Pictures a row; by default as square as it gets.
        cell_width: Width of each picture in pixels.

    Returns:
        uint8 RGB array.
    """
    import cv2
    import numpy as np

    columns = columns or max(1, math.ceil(math.sqrt(len(cells))))
    columns = min(columns, len(cells))
    rows = math.ceil(len(cells) / columns)
    height, width = cells[0].rgb.shape[:2]
    cell_height = max(8, round(cell_width * height / width))
    sheet = np.full(
        (GAP + rows * (cell_height + LABEL_HEIGHT + GAP), GAP + columns * (cell_width + GAP), 3), PAPER, np.uint8
    )
    for i, (rgb, label) in enumerate(cells):
        x = GAP + (i % columns) * (cell_width + GAP)
        y = GAP + (i // columns) * (cell_height + LABEL_HEIGHT + GAP)
        h, w = rgb.shape[:2]
        scale = min(cell_width / w, cell_height / h)
        size = (max(1, round(w * scale)), max(1, round(h * scale)))
        small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        sheet[y : y + size[1], x : x + size[0]] = small
        cv2.putText(sheet, label, (x + 2, y + cell_height + 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, INK, 1, cv2.LINE_AA)
    return sheet
