from __future__ import annotations

from pathlib import Path

import pytest

from cinejudge.schema import Options, Verdict, Versions
from cinejudge.traces import Run
from cinejudge.traces.leaderboard import failure_rate, interval, model_of, standings
from cinejudge.traces.run import new_run

from .fixture import make_run
from .test_diff import first


@pytest.fixture
def verdict(tmp_path: Path) -> Verdict:
    return first(make_run(tmp_path))


def run_over(*inputs: Path) -> Run:
    return new_run(inputs, Options(), Versions(cinejudge="0", model="offline", suites={}, prompts=""))


@pytest.mark.parametrize(
    ("inputs", "clip", "model"),
    [
        (["out"], "out/alpha/1.mp4", "alpha"),
        (["out"], "out/alpha/take2/1.mp4", "alpha/take2"),
        (["out/alpha", "out/beta"], "out/beta/1.mp4", "beta"),
        (["out"], "out/1.mp4", "out"),
        (["out/alpha/1.mp4"], "out/alpha/1.mp4", "alpha"),
        (["out", "out/alpha"], "out/alpha/1.mp4", "alpha"),
    ],
)
def test_the_model_is_the_folder_inside_the_input(tmp_path: Path, inputs: list[str], clip: str, model: str) -> None:
    run = run_over(*(tmp_path / path for path in inputs))
    assert model_of(str(tmp_path / clip), run) == model


def test_interval_holds_the_mean_and_narrows() -> None:
    few = interval([0.2, None, 0.8, 0.5])
    many = interval([0.2, 0.8, 0.5] * 30)
    assert few.n == 3
    assert few.mean == pytest.approx(0.5)
    assert few.low is not None and few.high is not None and many.low is not None and many.high is not None
    assert few.low < 0.5 < few.high
    assert many.high - many.low < (few.high - few.low) / 2
    assert interval([0.2, None, 0.8, 0.5]) == few


def test_one_clip_has_no_interval_and_none_has_no_mean() -> None:
    assert (interval([0.4]).mean, interval([0.4]).low) == (0.4, None)
    assert (interval([None]).mean, interval([]).n) == (None, 0)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    import numpy as np

    random = np.random.default_rng(7)
    hits = 0
    for _ in range(200):
        found = interval(list(random.beta(4, 2, 25)))
        assert found.low is not None and found.high is not None
        hits += found.low <= 4 / 6 <= found.high
    assert 0.88 <= hits / 200 <= 0.99


def test_best_first_and_failures_by_segment(verdict: Verdict) -> None:
    suite = verdict.suites["msavbench"]
    worse = verdict.model_copy(update={"suites": {"msavbench": suite.model_copy(update={"score": 0.1})}})
    rows = standings([("beta", worse), ("alpha", verdict), ("alpha", verdict), ("gamma", verdict)])
    assert [(row.model, row.clips) for row in rows][-1] == ("beta", 1)
    alpha = next(row for row in rows if row.model == "alpha").suites["msavbench"]
    for dimension in suite.dimensions:
        metrics = {metric.id for metric in dimension.metrics}
        findings = [f for f in verdict.findings if f.suite == "msavbench" and f.metric in metrics]
        if dimension.status == "scored":
            assert alpha.failures[dimension.id] == sum(max(1, len(f.spans)) for f in findings)
        else:
            assert alpha.failures[dimension.id] is None
    assert any(alpha.failures.values())


def test_clips_that_could_not_be_judged_are_counted_for_their_model(verdict: Verdict) -> None:
    alpha, gamma = standings([("alpha", verdict), ("alpha", verdict)], ["alpha", "gamma", "gamma"])
    assert (alpha.model, alpha.clips, alpha.failed) == ("alpha", 2, 1)
    assert (gamma.model, gamma.clips, gamma.failed, gamma.suites) == ("gamma", 0, 2, {})


def test_a_finding_that_suites_share_counts_in_each(verdict: Verdict) -> None:
    name, suite = next(iter(verdict.suites.items()))
    dimension = next(d for d in suite.dimensions if d.status == "scored")
    finding = verdict.findings[0].model_copy(
        update={"suite": "other", "metric": "m", "spans": (), "shared": (f"{name}/{dimension.metrics[0].id}",)}
    )
    assert failure_rate([verdict.model_copy(update={"findings": (finding,)})], name, dimension.id) == 1
