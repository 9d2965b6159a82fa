"""Marks drawn into pictures."""

from __future__ import annotations

import numpy as np

from cinejudge.tools.drawing.marks import DARK, INK, write


def test_the_rim_of_a_text_lies_around_it() -> None:
    rgb = np.full((500, 900, 3), 128, np.uint8)
    write(rgb, "worst of its shot: 7 of 100")
    inked = np.abs(rgb.astype(int) - INK).sum(axis=2) < 120
    dark = np.abs(rgb.astype(int) - DARK).sum(axis=2) < 120
    assert inked.any() and dark.any()
    assert dark.any(axis=0).nonzero()[0].max() - inked.any(axis=0).nonzero()[0].max() <= 3
