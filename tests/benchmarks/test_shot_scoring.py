"""The benchmark's scoring of boundaries: by cases, and against the script that lies beside the labelled clips."""

from __future__ import annotations

import importlib.util
import random
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def load(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


scoring = load(ROOT / "benchmarks" / "shots" / "scoring.py", "shot_scoring")

HARD = {"frame": 50, "type": "hard"}
GRADUAL = {"frame": 94, "start": 79, "type": "gradual"}


@pytest.mark.parametrize(
    ("predicted", "cuts", "found", "false"),
    [
        ([50], [HARD], 1, 0),
        ([52], [HARD], 1, 0),
        ([53], [HARD], 0, 1),
        ([49, 51], [HARD], 1, 1),
        ([77], [GRADUAL], 1, 0),
        ([96], [GRADUAL], 1, 0),
        ([97], [GRADUAL], 0, 1),
        ([], [HARD, GRADUAL], 0, 0),
        ([10], [], 0, 1),
    ],
)
def test_cases(predicted: list[int], cuts: list[dict[str, object]], found: int, false: int) -> None:
    outcome = scoring.score_clip(predicted, {"cuts": cuts})
    assert (len(outcome.found), len(outcome.false)) == (found, false)
    assert len(outcome.missed) == len(cuts) - found


def test_ambiguous_stretches_count_neither_way() -> None:
    entry = {"cuts": [], "ambiguous": [{"start": 20, "end": 25}]}
    assert scoring.score_clip([18, 22, 27], entry).exact
    assert scoring.score_clip([17], entry).false == (17,)


def test_nothing_to_find_and_nothing_found_is_perfect() -> None:
    totals = scoring.total([scoring.score_clip([], {"cuts": []})], minutes=1.0)
    assert (totals.precision, totals.recall(), totals.f1, totals.exact) == (1.0, 1.0, 1.0, 1)


def test_it_agrees_with_the_published_script() -> None:
    script = ROOT.parent / "shared" / "scripts" / "boundaries.py"
    if not script.is_file():
        pytest.skip("no scripts beside the project (shared/scripts)")
    theirs = load(script, "shared_boundaries")
    rng = random.Random(4)
    for _ in range(300):
        frames = sorted(rng.sample(range(5, 200), rng.randint(0, 6)))
        cuts = [
            {"frame": f, "type": "hard"}
            if rng.random() < 0.6
            else {"frame": f, "start": f - rng.randint(1, 9), "type": "x"}
            for f in frames
        ]
        entry = {"cuts": cuts, "ambiguous": [{"start": 100, "end": 110}] if rng.random() < 0.3 else []}
        predicted = [max(1, f + rng.randint(-4, 4)) for f in frames if rng.random() < 0.8]
        predicted += rng.sample(range(200), rng.randint(0, 3))
        hits, missed, false = theirs.match(predicted, entry)
        ours = scoring.score_clip(predicted, entry)
        assert (len(ours.found), len(ours.missed), sorted(ours.false)) == (len(hits), len(missed), sorted(false))
