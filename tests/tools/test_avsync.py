"""Tool ``avsync`` on a drawn square that jumps and clicks at known times."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cinejudge.media import Sound
from cinejudge.tools import avsync
from cinejudge.tools.contract import Abstain
from tests.tools.fakes import FakeFootage, look, scene, shots

FPS, SECONDS, RATE = 24.0, 8.0, 16000
BLOWS = (0.9, 1.7, 3.0, 3.6, 4.9, 6.1, 7.0)


def picture() -> np.ndarray:
    """A slow pan over a wall, and a bright square that moves fast for a moment after each blow."""
    frames = scene(round(FPS * SECONDS), speed=0.3)
    for i in range(len(frames)):
        moved = sum(1 - np.exp(-max(0.0, i / FPS - b) / 0.1) for b in BLOWS)
        x = round(20 + 35 * moved) % 260
        frames[i][60:120, x : x + 60] = 250
    return frames


def clicks(late_s: float, at: tuple[float, ...] = BLOWS) -> Sound:
    sound = np.random.default_rng(0).normal(0, 1e-4, round(RATE * SECONDS))
    for blow in at:
        first = round((blow + late_s) * RATE)
        burst = np.random.default_rng(first).normal(0, 0.4, 1600) * np.exp(-np.arange(1600) / 300)
        sound[first : first + 1600] += burst[: len(sound) - first]
    return Sound(sound[:, None].astype(np.float32), RATE)


def found(tmp_path: Path, sound: Sound | None, frames: np.ndarray | None = None) -> avsync.Result:
    footage = FakeFootage(picture() if frames is None else frames, FPS, sound)
    return avsync._run(look(footage, tmp_path, shots((0, len(footage.pictures)))), avsync.Args())


@pytest.mark.parametrize("late_s", [-0.4, 0.0, 0.25])
def test_the_offset_is_found(tmp_path: Path, late_s: float) -> None:
    result = found(tmp_path, clicks(late_s))
    assert result.offset_s == pytest.approx(late_s, abs=0.06)
    assert result.confidence >= 0.99
    assert ("in time" in result.summary) == (late_s == 0)


def test_unrelated_clicks_are_not_measured(tmp_path: Path) -> None:
    others = (0.3, 1.2, 2.3, 2.9, 4.3, 5.6, 7.6)
    with pytest.raises(Abstain, match="at random"):
        found(tmp_path, clicks(0.0, others))


def test_nothing_sudden(tmp_path: Path) -> None:
    with pytest.raises(Abstain, match="at least 3"):
        found(tmp_path, clicks(0.0), scene(round(FPS * SECONDS), speed=0.3))
    with pytest.raises(Abstain, match="at least 3"):
        found(tmp_path, clicks(0.0, (1.0,)))
    with pytest.raises(Abstain, match="no sound"):
        found(tmp_path, None)
