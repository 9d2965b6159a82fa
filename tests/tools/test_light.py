"""Pictures in neutral light."""

from __future__ import annotations

import numpy as np
import pytest

from cinejudge.tools.models.light import neutral

SCENE = np.linspace(0, 1, 30 * 40 * 3).reshape(30, 40, 3)[::-1] * 200


@pytest.mark.parametrize("cast", [(1, 1, 1), (0.3, 0.75, 0.8), (0.9, 0.35, 0.3), (0.3, 0.3, 0.3)])
def test_a_cast_and_darkness_are_undone(cast: tuple[float, ...]) -> None:
    plain, tinted = neutral(SCENE.astype(np.uint8)), neutral((SCENE * cast).astype(np.uint8))
    assert np.abs(plain.astype(int) - tinted).mean() < 4


def test_black_stays_black() -> None:
    assert neutral(np.full((20, 20, 3), 2, np.uint8)).max() <= 20
