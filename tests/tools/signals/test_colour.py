"""Differences of light and colour between two stretches."""

from __future__ import annotations

import numpy as np
import pytest

from cinejudge.tools.signals.colour import colour_change, lab, lightness_change

RANDOM = np.random.default_rng(3)
SCENE = (RANDOM.random((4, 27, 48, 3)) * [170, 110, 60] + [30, 40, 20]).astype(np.uint8)


def darker(rgb: np.ndarray, light: float) -> np.ndarray:
    """The same scene in a share of the light (IEC 61966-2-1)."""
    code = rgb / 255
    linear = light * np.where(code > 0.04045, ((code + 0.055) / 1.055) ** 2.4, code / 12.92)
    seen = np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)
    return (255 * seen).round().astype(np.uint8)


@pytest.mark.parametrize("light", [0.7, 0.4, 0.2])
def test_less_light_is_no_other_colour(light: float) -> None:
    before, after = lab(SCENE), lab(darker(SCENE, light))
    assert lightness_change(before, after) < -4
    assert colour_change(before, after) < 0.5


def test_another_colour_is_told_at_any_light() -> None:
    cold = (SCENE * [0.8, 1.0, 1.2]).clip(0, 255).astype(np.uint8)
    plain = colour_change(lab(SCENE), lab(cold))
    assert plain > 8
    assert colour_change(lab(SCENE), lab(darker(cold, 0.5))) == pytest.approx(plain, rel=0.25)


def test_between_stretches_of_equal_lightness_it_is_the_distance_of_a_and_b() -> None:
    before = np.array([[50.0, 10.0, 0.0]])
    assert colour_change(before, np.array([[50.0, 13.0, 4.0]])) == pytest.approx(5)
    assert colour_change(before, before) == 0
