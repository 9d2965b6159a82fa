"""The fit of the small models that judge boundaries."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cinejudge.tools.cutting.score import Curve, Scorer

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def train() -> ModuleType:
    sys.path.insert(0, str(ROOT / "benchmarks" / "shots"))
    try:
        import train
    finally:
        sys.path.pop(0)
    return train


def scorer(fitted: dict) -> Scorer:  # type: ignore[type-arg]
    curves = {n: Curve(tuple(c["knots"]), tuple(c["values"])) for n, c in fitted["curves"].items()}
    return Scorer(fitted["bias"], curves)


def test_a_measure_that_a_few_places_lack_is_learned_all_the_same(train: ModuleType) -> None:
    rng = np.random.default_rng(0)
    rows = [({"noise": float(rng.normal()), "fit": y + float(rng.normal(0, 0.3))}, y, 1.0) for y in (0, 1) * 200]
    rows[:3] = [({"noise": row["noise"]}, y, w) for row, y, w in rows[:3]]
    found = scorer(train.fit(rows))
    assert set(found.curves) == {"fit", "noise"}
    assert found.probability({"fit": 1.0, "noise": 0.0}) > 0.9 > 0.1 > found.probability({"fit": 0.0, "noise": 0.0})
    assert 0.01 < found.probability({"noise": 0.0}) < 0.99


def test_a_measure_that_most_places_lack_is_left_out(train: ModuleType) -> None:
    rng = np.random.default_rng(0)
    rows = [({"fit": y + float(rng.normal(0, 0.3))}, y, 1.0) for y in (0, 1) * 200]
    rows[:3] = [(row | {"rare": float(y)}, y, w) for row, y, w in rows[:3]]
    assert set(train.fit(rows)["curves"]) == {"fit"}


def test_places_of_little_weight_teach_little(train: ModuleType) -> None:
    told = [({"fit": x}, int(x > 0.5), 1.0) for x in np.linspace(0, 1, 200)]
    against = [({"fit": x}, 1 - y, 0.01) for (row, y, _) in told for x in [row["fit"]]]
    found = scorer(train.fit(told + against))
    assert found.probability({"fit": 1.0}) > 0.9 > 0.1 > found.probability({"fit": 0.0})


def test_what_nobody_could_say_teaches_nothing(train: ModuleType) -> None:
    clip = train.Made(None, None, None, [train.Label(50, 50, "hard")], set(), [(80, 100)], 1.0)
    places = [train.Heard(t, t, {"at": t}) for t in (20, 50, 79, 90, 101, 110)]
    assert [(row[0]["at"], row[1]) for _, row in clip.rows(places)] == [(20, 0), (50, 1), (110, 0)]
