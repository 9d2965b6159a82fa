from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from cinejudge.schema import Verdict
from cinejudge.traces import RunFolder
from cinejudge.traces.summary import Summary, metrics_csv

from .fixture import make_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("run"))


def test_means_are_over_scored_clips_with_coverage_beside(run: Path) -> None:
    summary = Summary.model_validate_json((run / "summary.json").read_bytes())
    assert (summary.judged, summary.partial, len(summary.failures)) == (2, 1, 1)
    suite = summary.suites["msavbench"]
    camera = next(d for d in suite.dimensions if d.id == "camera")
    assert camera.score == pytest.approx((1.0 + 0.4) / 2)
    assert (camera.n, camera.coverage) == (2, 0.5)
    sound = next(d for d in suite.dimensions if d.id == "sound")
    assert (sound.score, sound.n, sound.statuses) == (None, 0, {"not_judged": 2})
    assert summary.suites["evalverse"].total.score is None


def test_costs_add_up_and_an_unknown_price_stays_unknown(run: Path) -> None:
    summary = Summary.model_validate_json((run / "summary.json").read_bytes())
    assert summary.usage.calls == 14 + 9
    assert summary.usage.cost is None
    assert summary.usage.seconds["judge"] == pytest.approx(2 * 21.7)


def test_a_row_per_clip_and_metric(run: Path) -> None:
    rows = list(csv.DictReader(io.StringIO((run / "metrics.csv").read_text())))
    assert len(rows) == 2 * 7
    row = next(r for r in rows if r["metric"] == "text.accuracy" and r["name"] == "night-market-b.mp4")
    assert (row["suite"], row["dimension"], row["status"]) == ("msavbench", "text", "scored")
    assert float(row["score"]) == 1.0
    lips = next(r for r in rows if r["metric"] == "sync.lips")
    assert (lips["score"], lips["status"]) == ("", "not_judged")


def test_no_cell_is_a_formula(run: Path) -> None:
    (trace, *_) = RunFolder.load(run).traces()
    verdict = trace.verdict()
    assert verdict is not None

    class Renamed:
        id = trace.id

        def verdict(self) -> Verdict:
            assert verdict is not None
            return verdict.model_copy(
                update={"clip": verdict.clip.model_copy(update={"name": '=cmd|"/c calc"!A1.mp4'})}
            )

    rows = list(csv.DictReader(io.StringIO(metrics_csv([Renamed()]))))  # type: ignore[list-item]
    assert {row["name"] for row in rows} == {'\'=cmd|"/c calc"!A1.mp4'}


def test_parquet_holds_the_same_rows_where_pyarrow_is_installed(run: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="the extra `parquet` is not installed")
    rows = parquet.read_table(run / "metrics.parquet").to_pylist()
    plain = list(csv.DictReader(io.StringIO((run / "metrics.csv").read_text())))
    assert [row["metric"] for row in rows] == [row["metric"] for row in plain]
    assert {row["status"] for row in rows if row["score"] is None}.isdisjoint({"scored"})


def test_failure_rates_are_told_for_a_single_model_too(run: Path) -> None:
    summary = Summary.model_validate_json((run / "summary.json").read_bytes())
    verdicts = [v for trace in RunFolder.load(run).traces() if (v := trace.verdict())]
    rates = summary.suites["msavbench"].failures
    assert rates["sound"] is None
    for dimension in verdicts[0].suites["msavbench"].dimensions:
        own = {metric.id for metric in dimension.metrics}
        failed = [f for v in verdicts for f in v.findings if f.suite == "msavbench" and f.metric in own]
        if rates[dimension.id] is not None:
            assert rates[dimension.id] == sum(max(1, len(f.spans)) for f in failed) / len(verdicts)
    assert any(rates.values())
    (model,) = summary.models
    assert (model.model, model.clips, model.suites["msavbench"].failures) == ("clips", 2, rates)
