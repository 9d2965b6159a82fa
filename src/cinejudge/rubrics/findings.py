"""Findings: what went wrong, where, and what a generator should change. Made from answers and measures alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from cinejudge.rubrics.answers import settle
from cinejudge.schema import (
    SLOT,
    Answer,
    Asked,
    Finding,
    Metric,
    MetricScore,
    Span,
    Suite,
    SuiteVerdict,
    content_hash,
)
from cinejudge.schema.suite import Question, Severity

_GRAVEST_FIRST: tuple[Severity, ...] = ("critical", "major", "moderate", "minor")


def findings(
    suite: Suite, asked: Iterable[Asked], answers: Mapping[str, Answer], verdict: SuiteVerdict
) -> tuple[Finding, ...]:
    """The findings of one suite on one clip, in the order of :func:`gather_findings`.

    An answer gives rise to the finding of its option, or to that of its question when it scores below one half; a
    measured metric to its own when the measure scores below ``finding_below``. Ids follow from what was asked, not
    from scores, so that the same failure has the same id in every run.

    Args:
        suite: The suite.
        asked: The planned questions; those of other suites are passed over.
        answers: By id of the question as asked.
        verdict: The suite's scores, with what was measured.
    """
    questions = {q.id: q for d in suite.dimensions for m in d.metrics for q in m.questions}
    metrics = {m.id: m for d in suite.dimensions for m in d.metrics}
    found = [
        finding
        for d in verdict.dimensions
        for score in d.metrics
        for finding in _of_measure(suite, metrics[score.id], score)
    ]
    for question in asked:
        if question.suite == suite.name and question.question in questions:
            answer = settle(question, answers.get(question.id))
            found += _of_answer(suite, questions[question.question], question, answer)
    return gather_findings(found)


def gather_findings(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """The gravest first, then in order of time; what several suites find by one answer is told once, for all."""
    same: dict[object, list[Finding]] = {}
    for finding in found:
        key = finding.severity, finding.mode, finding.title, finding.detail, finding.spans
        same.setdefault(key, []).append(finding)
    return tuple(sorted((_for_all(alike) for alike in same.values()), key=_order))


def _for_all(alike: list[Finding]) -> Finding:
    places = dict.fromkeys(place for f in alike for place in (f"{f.suite}/{f.metric}", *f.shared))
    return alike[0].model_copy(update={"shared": tuple(places)[1:]})


def _of_answer(suite: Suite, question: Question, asked: Asked, answer: Answer) -> Iterator[Finding]:
    option = asked.option(answer.option) if answer.option else None
    if option is None or answer.score is None:
        return
    spec = option.finding or (question.finding if answer.score < 0.5 else None)
    if spec is None:
        return
    slots = {name: f"“{value}”" for name, value in asked.slots.items()} | _numbers(asked)
    slots["chosen"] = asked.filled(option.text)
    wanted = next((o for o in sorted(asked.options, key=lambda o: o.id) if o.score == 1.0), None)
    if wanted is not None:
        slots["wanted"] = asked.filled(wanted.text)
    yield Finding(
        id=_id(suite.name, asked.id, spec.mode),
        mode=spec.mode,
        severity=spec.severity,
        title=f"{spec.mode}{_whereabouts(asked)}",
        detail=" ".join(part for part in (asked.filled(asked.text), slots["chosen"], answer.reasoning) if part),
        suggestion=_fill(spec.suggestion, slots),
        suite=suite.name,
        metric=asked.metric,
        shots=asked.shots,
        spans=answer.spans or ((asked.span,) if asked.span else ()),
        evidence=answer.evidence,
        confidence=answer.confidence,
        answer=asked.id,
    )


def _of_measure(suite: Suite, metric: Metric, score: MetricScore) -> Iterator[Finding]:
    spec, measured = metric.finding, score.measured
    if spec is None or score.score is None or measured is None or score.raw is None or metric.mapping is None:
        return
    if metric.mapping.score(score.raw) >= metric.finding_below:
        return
    slots = {"value": f"{score.raw:.3g}", "unit": score.unit, "note": measured.note}
    value = " ".join(part for part in (f"{metric.name}: {score.raw:.3g}", score.unit) if part)
    yield Finding(
        id=_id(suite.name, metric.id, spec.mode),
        mode=spec.mode,
        severity=spec.severity,
        title=spec.mode,
        detail=". ".join(part for part in (value, measured.note) if part),
        suggestion=_fill(spec.suggestion, slots),
        suite=suite.name,
        metric=metric.id,
        spans=measured.spans,
        evidence=measured.evidence,
    )


def _fill(template: str, slots: Mapping[str, str]) -> str:
    """The template with slot values put in once; braces inside values stay what they are."""
    return SLOT.sub(lambda match: slots.get(match[1], "what the brief asks for"), template).strip()


_PLACES = {"shot": "in shot", "spec": "in the brief's shot", "speaker": "of speaker", "line": "in script line"}


def _counted(asked: Asked) -> tuple[str, list[str]]:
    """What kind of thing the question is about, and which ones, counted from 1: ``shot2-3`` is shots 3 and 4."""
    return asked.target.rstrip("-0123456789"), [str(int(n) + 1) for n in re.findall(r"\d+", asked.target)]


def _numbers(asked: Asked) -> dict[str, str]:
    """The number slots of a question's place."""
    kind, numbers = _counted(asked)
    names = {"shot": ("shot.number", "next.number"), "spec": ("shot.spec_number",), "speaker": ("speaker.number",)}
    return dict(zip(names.get(kind, ()), numbers, strict=False))


def _whereabouts(asked: Asked) -> str:
    kind, numbers = _counted(asked)
    if len(numbers) == 2:
        return f" between shots {' and '.join(numbers)}"
    return f" {_PLACES[kind]} {numbers[0]}" if numbers else ""


def _id(*parts: str) -> str:
    return f"fi_{content_hash(list(parts))[:12]}"


def _order(finding: Finding) -> tuple[int, float, str]:
    spans: tuple[Span, ...] = finding.spans
    return _GRAVEST_FIRST.index(finding.severity), min((s.start_s for s in spans), default=0.0), finding.id
