"""A whole run in numbers: ``summary.json``, and a flat table for notebooks."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from pydantic import Field

from cinejudge.schema import SCHEMA_VERSION, DimensionScore, Failure, Record, SuiteVerdict, Unit, Usage, Verdict
from cinejudge.schema.verdict import MetricStatus
from cinejudge.traces.clip import ClipTrace
from cinejudge.traces.leaderboard import Standing, failure_rate, model_of, standings
from cinejudge.traces.run import Run

_COLUMNS = (
    *("trace", "clip", "name", "suite", "dimension", "metric", "status"),
    *("score", "raw", "unit", "weight", "fidelity", "providers", "reason"),
)


class Mean(Record):
    """A mean over the clips that have a score."""

    id: str
    name: str
    score: Unit | None
    """None when no clip is scored."""
    n: int
    """Clips that are scored: those that the mean is taken over."""
    coverage: Unit
    """Mean coverage over all judged clips, those without a score included."""
    statuses: dict[MetricStatus, int]
    """How many clips ended how."""


class SuiteSummary(Record):
    """One suite over all clips."""

    total: Mean
    dimensions: tuple[Mean, ...]
    failures: dict[str, float | None] = Field(default_factory=dict)
    """Failure rate of each dimension over all clips: failed stretches by the clips in which it was judged."""


class Summary(Record):
    """What came out of a run. Its presence means that the run is finished."""

    schema_version: int = SCHEMA_VERSION
    run: str
    traces: tuple[str, ...]
    """Folders under ``videos/``, in the order of the inputs; others there are left from earlier inputs."""
    judged: int
    partial: int
    """Judged clips whose verdict stayed partial; counted in ``judged`` too."""
    failures: tuple[Failure, ...]
    suites: dict[str, SuiteSummary]
    models: tuple[Standing, ...] = ()
    """The models whose clips were judged, the best first."""
    usage: Usage
    """Sums over clips; ``seconds`` per stage add up even where clips were judged side by side."""


def build_summary(run: Run, traces: Sequence[ClipTrace]) -> Summary:
    """Sums up what the traces hold.

    Raises:
        TraceError: a verdict is damaged.
    """
    judged = [(trace, verdict) for trace in traces if (verdict := trace.verdict())]
    verdicts = [verdict for _, verdict in judged]
    failures = [failure for trace in traces if (failure := trace.failure())]
    names = dict.fromkeys(name for verdict in verdicts for name in verdict.suites)
    return Summary(
        run=run.id,
        traces=tuple(trace.id for trace in traces),
        judged=len(verdicts),
        partial=sum(verdict.status == "partial" for verdict in verdicts),
        failures=tuple(failures),
        suites={name: _suite(name, [v for v in verdicts if name in v.suites]) for name in names},
        models=standings(
            ((model_of(trace.source(), run), verdict) for trace, verdict in judged),
            (model_of(failure.source, run) for failure in failures if failure.source),
        ),
        usage=_total(verdict.usage for verdict in verdicts),
    )


def metric_rows(trace: str, verdict: Verdict) -> Iterator[dict[str, str | float | None]]:
    """A row per metric of one clip, for notebooks."""
    for suite in verdict.suites.values():
        for dimension in suite.dimensions:
            for metric in dimension.metrics:
                yield {
                    "trace": trace,
                    "clip": verdict.clip.id,
                    "name": verdict.clip.name,
                    "suite": suite.name,
                    "dimension": dimension.id,
                    "metric": metric.id,
                    "status": metric.status,
                    "score": metric.score,
                    "raw": metric.raw,
                    "unit": metric.unit,
                    "weight": metric.weight,
                    "fidelity": metric.fidelity,
                    "providers": " ".join(metric.providers),
                    "reason": metric.reason,
                }


def metrics_csv(traces: Sequence[ClipTrace]) -> str:
    """The rows of all clips as CSV with a header; without a verdict there is nothing but the header.

    A cell that a spreadsheet would take for a formula gets an apostrophe before it: names and reasons are not ours.
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    for trace in traces:
        if verdict := trace.verdict():
            writer.writerows(
                {name: _cell(value) for name, value in row.items()} for row in metric_rows(trace.id, verdict)
            )
    return out.getvalue()


def metrics_parquet(traces: Sequence[ClipTrace]) -> bytes:
    """The same rows as a Parquet file, words as they are."""
    import pyarrow as pa
    from pyarrow import parquet

    kinds = {"score": pa.float64(), "raw": pa.float64(), "weight": pa.float64()}
    columns = pa.schema([(name, kinds.get(name, pa.string())) for name in _COLUMNS])
    rows = [row for trace in traces if (verdict := trace.verdict()) for row in metric_rows(trace.id, verdict)]
    out = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows, schema=columns), out)
    return out.getvalue()


def _suite(suite: str, verdicts: Sequence[Verdict]) -> SuiteSummary:
    results = [verdict.suites[suite] for verdict in verdicts]
    dimensions: dict[str, list[DimensionScore]] = defaultdict(list)
    for result in results:
        for dimension in result.dimensions:
            dimensions[dimension.id].append(dimension)
    return SuiteSummary(
        total=_mean(results[0].name, results[0].title, results),
        dimensions=tuple(_mean(name, found[0].name, found) for name, found in dimensions.items()),
        failures={name: failure_rate(verdicts, suite, name) for name in dimensions},
    )


def _mean(name: str, title: str, results: Sequence[SuiteVerdict | DimensionScore]) -> Mean:
    scores = [r.score for r in results if r.status == "scored" and r.score is not None]
    return Mean(
        id=name,
        name=title,
        score=sum(scores) / len(scores) if scores else None,
        n=len(scores),
        coverage=sum(r.coverage for r in results) / len(results),
        statuses=dict(Counter(r.status for r in results)),
    )


def _total(usages: Iterable[Usage]) -> Usage:
    found = list(usages)
    costs = [usage.cost for usage in found]
    seconds: dict[str, float] = defaultdict(float)
    for usage in found:
        for stage, spent in usage.seconds.items():
            seconds[stage] += spent
    return Usage(
        calls=sum(u.calls for u in found),
        cached_calls=sum(u.cached_calls for u in found),
        input_tokens=sum(u.input_tokens for u in found),
        output_tokens=sum(u.output_tokens for u in found),
        cached_tokens=sum(u.cached_tokens for u in found),
        cost=None if None in costs else sum(cost for cost in costs if cost is not None),
        seconds=dict(seconds),
    )


def _cell(value: str | float | None) -> str | float | None:
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
