"""Made clips: what is labelled is what is shown."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[2] / "benchmarks" / "shots"))

from material import TRAPS, write_script
from reels import Filmed, Reels
from worlds import HEIGHT, WIDTH, Photographs


def photographs() -> Photographs:
    rng = np.random.default_rng(0)
    coarse = rng.uniform(0, 255, (3, 6, 8, 3)).astype(np.float32)
    return Photographs([np.repeat(np.repeat(c, 60, axis=0), 60, axis=1) for c in coarse])


def reels() -> Reels:
    ramp = np.linspace(0, 200, WIDTH)[None, :, None] * np.ones((HEIGHT, 1, 3))
    return Reels([[np.uint8(ramp + t) for t in range(30)], [np.uint8(250 - ramp - t) for t in range(30)]])


@pytest.mark.parametrize("source", [photographs(), reels()], ids=["photographs", "reels"])
@pytest.mark.parametrize("kind", ["jump", "melted", "black", "short", "card"])
def test_each_cut_is_labelled_where_it_is(kind: str, source: Photographs | Reels) -> None:
    script = write_script(kind, np.random.default_rng(3), source)
    count = sum(1 for _ in script.frames())
    assert count == sum(script.lengths) + sum(j.frames for j in script.joins)
    assert len(script.cuts) == len(script.shots) - 1 > 0
    for cut, join in zip(script.cuts, script.joins, strict=True):
        assert 0 < cut["frame"] < count
        if cut["type"] == "gradual":
            assert cut["frame"] - cut["start"] == join.frames


@pytest.mark.parametrize("kind", TRAPS)
def test_traps_add_no_label(kind: str) -> None:
    script = write_script(kind, np.random.default_rng(1), photographs())
    pictures = [next(iter(script.frames()))]
    assert pictures[0].shape == (HEIGHT, WIDTH, 3)
    assert len(script.shots) <= 2 and len(script.shots[0].events) <= 1


def test_a_reel_runs_back_at_its_end() -> None:
    pictures = [np.full((HEIGHT, WIDTH, 3), t, np.uint8) for t in range(3)]
    assert [int(Filmed(pictures).frame(i, 0.0)[0, 0, 0]) for i in range(7)] == [0, 1, 2, 2, 1, 0, 0]
