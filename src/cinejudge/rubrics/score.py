"""Scores: from answers and measures to metrics, dimensions and the suite. Pure: a rescore needs nothing else.

Only what is scored enters a mean. Beside every mean stands its coverage: the share of what applies that is scored.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from cinejudge.rubrics.answers import settle
from cinejudge.rubrics.gates import check_gate
from cinejudge.schema import (
    Answer,
    Asked,
    Dimension,
    DimensionScore,
    Evidence,
    Fidelity,
    Measured,
    Metric,
    MetricScore,
    Segmentation,
    Suite,
    SuiteVerdict,
)
from cinejudge.schema.verdict import MetricStatus

_WEAKEST_FIRST: tuple[Fidelity, ...] = ("substitute", "own", "paper")


class Item(NamedTuple):
    """One thing that a metric's score is the mean of: an answer, or its measure."""

    status: MetricStatus
    score: float | None
    reason: str


def score_suite(
    suite: Suite,
    asked: Iterable[Asked],
    answers: Mapping[str, Answer],
    measured: Mapping[str, Measured],
    segmentation: Segmentation,
    facts: Mapping[str, bool | None],
    evidence: Iterable[Evidence],
) -> SuiteVerdict:
    """The suite's verdict on one clip.

    The score is the weighted mean of the scored dimensions that count, times the shot-completion factor where the
    suite has one and the brief says how many shots there should be.

    Args:
        suite: The suite.
        asked: The planned questions; those of other suites are passed over.
        answers: By id of the question as asked.
        measured: By id of the metric that they measure.
        segmentation: Shots found and expected.
        facts: What gates look at.
        evidence: All evidence that answers and measures cite.
    """
    own = [question for question in asked if question.suite == suite.name]
    known = {item.id: item for item in evidence}
    dimensions = tuple(
        score_dimension(
            dimension,
            tuple(
                score_metric(
                    metric,
                    [question for question in own if question.metric == metric.id],
                    answers,
                    measured.get(metric.id),
                    facts,
                    known,
                )
                for metric in dimension.metrics
            ),
        )
        for dimension in suite.dimensions
    )
    counted = [d for d in dimensions if d.counts]
    score = _mean((d.score, d.weight) for d in counted)
    completion = segmentation.completion if suite.completion_factor else None
    if score is not None and completion is not None:
        score *= completion
    return SuiteVerdict(
        name=suite.name,
        title=suite.title,
        status=_status(d.status for d in counted),
        score=score,
        coverage=_coverage((d.status, d.coverage, d.weight) for d in counted),
        completion=completion,
        dimensions=dimensions,
    )


def score_dimension(dimension: Dimension, metrics: tuple[MetricScore, ...]) -> DimensionScore:
    """The weighted mean of the dimension's scored metrics."""
    return DimensionScore(
        id=dimension.id,
        name=dimension.name,
        group=dimension.group,
        status=_status(m.status for m in metrics),
        score=_mean((m.score, m.weight) for m in metrics),
        coverage=_coverage((m.status, m.coverage, m.weight) for m in metrics),
        weight=dimension.weight,
        counts=dimension.counts,
        metrics=metrics,
    )


def score_metric(
    metric: Metric,
    asked: list[Asked],
    answers: Mapping[str, Answer],
    measured: Measured | None,
    facts: Mapping[str, bool | None],
    evidence: Mapping[str, Evidence],
) -> MetricScore:
    """The mean over what is scored of a metric: its answers, and its measure as one item beside them."""
    gate = check_gate(metric.gate, facts)
    settled = tuple(settle(question, answers.get(question.id)) for question in asked)
    items = [Item(a.status if a.status != "answered" else "scored", a.score, a.reason or "") for a in settled]
    if metric.measure and gate.state == "holds":
        items.append(_measured_item(metric, measured, evidence))
    if gate.state != "holds":
        items = [Item("not_applicable" if gate.state == "fails" else "not_judged", None, gate.reason)]
    elif not items:
        items = [Item("not_applicable", None, "neither the brief nor the clip holds anything that it asks about")]
    status = _status(item.status for item in items)
    return MetricScore(
        id=metric.id,
        name=metric.name,
        level=metric.level,
        status=status,
        score=_mean((item.score, 1.0) for item in items),
        raw=measured.value if measured and measured.value is not None and math.isfinite(measured.value) else None,
        unit=(measured.unit if measured else "") or metric.unit,
        reason=_reason(items, status),
        coverage=_coverage((item.status, float(item.status == "scored"), 1.0) for item in items),
        fidelity=_fidelity(settled, measured, evidence) if status == "scored" else None,
        providers=_providers(settled, measured, evidence) if status == "scored" else (),
        weight=metric.weight,
        measured=measured,
        answers=settled,
    )


def _measured_item(metric: Metric, measured: Measured | None, evidence: Mapping[str, Evidence]) -> Item:
    assert metric.measure is not None and metric.mapping is not None
    if measured is None:
        return Item("not_judged", None, f"{metric.measure.name} was not measured")
    if measured.value is None:
        cited = {evidence[e].status for e in measured.evidence if e in evidence}
        reason = measured.reason or f"{metric.measure.name} has no value"
        if "failed" in cited:
            return Item("failed", None, reason)
        missing = measured.missing or bool(cited & {"unavailable", "abstained"})
        return Item("not_judged" if missing else "not_applicable", None, reason)
    if not math.isfinite(measured.value):
        return Item("failed", None, f"{metric.measure.name} gave no finite number")
    return Item("scored", metric.mapping.score(measured.value), "")


def _mean(scores: Iterable[tuple[float | None, float]]) -> float | None:
    scored = [(score, weight) for score, weight in scores if score is not None]
    total = math.fsum(weight for _, weight in scored)
    if not total:
        return None
    # Rounding of the quotient may pass the ends by a hair.
    return min(1.0, max(0.0, math.fsum(score * weight for score, weight in scored) / total))


def _coverage(parts: Iterable[tuple[MetricStatus, float, float]]) -> float:
    """Weighted mean of the coverage of what applies; 0 when nothing does."""
    applicable = [(coverage, weight) for status, coverage, weight in parts if status != "not_applicable"]
    return _mean(applicable) or 0.0


def _status(parts: Iterable[MetricStatus]) -> MetricStatus:
    """``scored`` if anything is; else the worst of what kept the rest from it."""
    found = set(parts)
    ranked: tuple[MetricStatus, ...] = ("scored", "failed", "not_judged")
    return next((status for status in ranked if status in found), "not_applicable")


def _reason(items: list[Item], status: MetricStatus) -> str | None:
    """Why there is no score, or why not all of it; the most frequent reasons first."""
    if status == "scored":
        counts = Counter(item.reason for item in items if item.status in ("failed", "not_judged"))
    else:
        counts = Counter(item.reason for item in items if item.status == status)
    told = [f"{reason} ({count} questions)" if count > 1 else reason for reason, count in counts.most_common(3)]
    return "; ".join(told) or None


def _cited(
    answers: tuple[Answer, ...], measured: Measured | None, evidence: Mapping[str, Evidence]
) -> Iterable[Evidence]:
    ids = [e for answer in answers if answer.status == "answered" for e in answer.evidence]
    ids += measured.evidence if measured else ()
    return (evidence[e] for e in dict.fromkeys(ids) if e in evidence)


def _fidelity(
    answers: tuple[Answer, ...], measured: Measured | None, evidence: Mapping[str, Evidence]
) -> Fidelity | None:
    """The weakest fidelity of what the score rests on.

    A rule that answers in place of a model's eyes is a substitute; a model's answers to our own questions are our
    own, since no paper publishes its wording.
    """
    found: set[Fidelity | None] = {item.fidelity for item in _cited(answers, measured, evidence) if item.found}
    for answer in answers:
        if answer.status == "answered":
            found.add("substitute" if answer.by == "rule" else "own")
    return next((fidelity for fidelity in _WEAKEST_FIRST if fidelity in found), None)


def _providers(
    answers: tuple[Answer, ...], measured: Measured | None, evidence: Mapping[str, Evidence]
) -> tuple[str, ...]:
    names = [item.provider for item in _cited(answers, measured, evidence) if item.found and item.provider]
    names += [answer.by for answer in answers if answer.status == "answered" and answer.by not in ("", "rule")]
    return tuple(dict.fromkeys(names))
