"""Models compared over their clips, with the uncertainty that so few clips leave.

A clip's model is its folder relative to the input in which it was found; clips that lie directly in an input belong
to that input's own name. ``cinejudge run out/`` over ``out/alpha/1.mp4`` and ``out/beta/1.mp4`` compares ``alpha`` with
``beta``, and so does ``cinejudge run out/alpha out/beta``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from cinejudge.schema import Record, SuiteVerdict, Unit, Verdict
from cinejudge.traces.run import Run

DRAWS = 1000
LEVEL = 0.95
_SEED = 0


class Interval(Record):
    """A mean over clips with its bootstrap interval: clips are drawn whole, all their questions together."""

    mean: Unit | None
    low: Unit | None
    high: Unit | None
    n: int
    """Clips that are scored."""


class SuiteStanding(Record):
    """One model under one suite."""

    total: Interval
    dimensions: dict[str, Interval]
    failures: dict[str, float | None]
    """Failure rate of each dimension; see :func:`failure_rate`."""


class Standing(Record):
    """One model over its clips."""

    model: str
    clips: int
    """Those that were judged."""
    failed: int = 0
    """Those that could not be: they are no part of any score."""
    suites: dict[str, SuiteStanding]


def model_of(source: str | None, run: Run) -> str:
    """The model that made a clip, by where its file lies; see the module.

    Args:
        source: Absolute path of the clip; None when it is not known.
        run: Where it was found.
    """
    if source is None:
        return "unknown"
    folder = Path(source).parent.resolve()
    inputs = [Path(path) for path in run.inputs]
    inside = [path for path in inputs if folder.is_relative_to(path)]
    if not inside:
        return folder.name or str(folder)
    root = max(inside, key=lambda path: len(path.parts))
    below = folder.relative_to(root).as_posix()
    return root.name if below == "." else below


def standings(judged: Iterable[tuple[str, Verdict]], failed: Iterable[str] = ()) -> tuple[Standing, ...]:
    """The models, the best first by the mean of their suites' scores; those without a score last.

    Args:
        judged: Model and verdict of each clip.
        failed: Model of each clip that could not be judged.
    """
    clips: dict[str, list[Verdict]] = defaultdict(list)
    for model, verdict in judged:
        clips[model].append(verdict)
    lost = Counter(failed)
    rows = [
        Standing(model=model, clips=len(clips[model]), failed=lost[model], suites=_suites(clips[model]))
        for model in dict.fromkeys([*clips, *lost])
    ]
    return tuple(sorted(rows, key=lambda row: (-_overall(row), row.model)))


def _overall(row: Standing) -> float:
    means = [suite.total.mean for suite in row.suites.values() if suite.total.mean is not None]
    return sum(means) / len(means) if means else -1.0


def _suites(verdicts: Sequence[Verdict]) -> dict[str, SuiteStanding]:
    names = dict.fromkeys(name for verdict in verdicts for name in verdict.suites)
    return {name: _suite([v for v in verdicts if name in v.suites], name) for name in names}


def _suite(verdicts: Sequence[Verdict], name: str) -> SuiteStanding:
    found = [verdict.suites[name] for verdict in verdicts]
    dimensions = dict.fromkeys(d.id for suite in found for d in suite.dimensions)
    scores = {wanted: [_score(suite, wanted) for suite in found] for wanted in dimensions}
    return SuiteStanding(
        total=interval([suite.score for suite in found]),
        dimensions={wanted: interval(values) for wanted, values in scores.items()},
        failures={wanted: failure_rate(verdicts, name, wanted) for wanted in dimensions},
    )


def _score(suite: SuiteVerdict, dimension: str) -> float | None:
    return next((d.score for d in suite.dimensions if d.id == dimension), None)


def failure_rate(verdicts: Sequence[Verdict], name: str, dimension: str) -> float | None:
    """Failed segments by videos in one dimension of a suite, as MTAVG-Bench 2.0 has it, so it can exceed 1.

    A segment is a stretch of time that a finding points at; a finding about the whole clip counts as one. Only videos
    in which the dimension was judged count; None where there is none.
    """
    segments = videos = 0
    for verdict in verdicts:
        own = next((d for d in verdict.suites[name].dimensions if d.id == dimension), None)
        if own is None or own.status != "scored":
            continue
        videos += 1
        failed = {f"{name}/{metric.id}" for metric in own.metrics}
        segments += sum(max(1, len(f.spans)) for f in verdict.findings if failed & {f"{f.suite}/{f.metric}", *f.shared})
    return segments / videos if videos else None


def interval(scores: Sequence[float | None]) -> Interval:
    """Mean over the clips that are scored, with the percentile bootstrap over clips.

    A single clip has no interval: it says nothing about others.
    """
    import numpy as np

    scored = np.array([score for score in scores if score is not None])
    if not len(scored):
        return Interval(mean=None, low=None, high=None, n=0)
    mean = float(scored.mean())
    if len(scored) == 1:
        return Interval(mean=mean, low=None, high=None, n=1)
    random = np.random.default_rng(_SEED)
    means = scored[random.integers(0, len(scored), (DRAWS, len(scored)))].mean(axis=1)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(mean=mean, low=float(min(low, mean)), high=float(max(high, mean)), n=len(scored))
