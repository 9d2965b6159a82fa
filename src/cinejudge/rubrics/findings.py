"""Findings: what went wrong, where, and what a generator should change. Made from answers and measures alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from cinejudge.rubrics.plan import Place, places
from cinejudge.schema import (
    SLOT,
    Answer,
    Asked,
    Brief,
    Finding,
    Metric,
    MetricScore,
    Segmentation,
    Span,
    Suite,
    SuiteVerdict,
    content_hash,
)
from cinejudge.schema.suite import Question, Severity

_GRAVEST_FIRST: tuple[Severity, ...] = ("critical", "major", "moderate", "minor")


def findings(
    suite: Suite,
    asked: Iterable[Asked],
    verdict: SuiteVerdict,
    *,
    brief: Brief | None,
    segmentation: Segmentation,
) -> tuple[Finding, ...]:
    """The findings of one suite on one clip, the gravest first, then in order of time.

    An answer gives rise to the finding of its option, or to that of its question when it scores below one half; a
    measured metric to its own when it scores below ``finding_below``. Ids depend on what was asked, not on scores.

    Args:
        suite: The suite.
        asked: The planned questions.
        verdict: What :func:`~cinejudge.rubrics.score_suite` made of the answers.
        brief: Fills the slots of suggestions.
        segmentation: Shots found and expected.
    """
    planned = {question.id: question for question in asked}
    metrics = {m.id: m for d in suite.dimensions for m in d.metrics}
    questions = {q.id: q for m in metrics.values() for q in m.questions}
    found = list(_of_shots(suite, brief, segmentation))
    for score in (metric for dimension in verdict.dimensions for metric in dimension.metrics):
        found += _of_measure(suite, metrics[score.id], score)
        for answer in score.answers:
            question = planned.get(answer.asked)
            if question is not None and question.question in questions:
                found += _of_answer(suite, questions[question.question], question, answer, brief, segmentation)
    return tuple(sorted(found, key=_order))


def _of_answer(
    suite: Suite, question: Question, asked: Asked, answer: Answer, brief: Brief | None, segmentation: Segmentation
) -> Iterator[Finding]:
    if answer.status != "answered" or answer.option is None or answer.score is None:
        return
    option = asked.option(answer.option)
    if option is None:
        return
    spec = option.finding or (question.finding if answer.score < 0.5 else None)
    if spec is None:
        return
    wanted = next((o for o in asked.options if o.score == 1.0), None)
    slots = dict(_place(asked, question, brief, segmentation).slots) | {"chosen": asked.filled(option.text)}
    if wanted is not None:
        slots["wanted"] = asked.filled(wanted.text)
    yield Finding(
        id=_id(suite.name, asked.id, spec.mode),
        mode=spec.mode,
        severity=spec.severity,
        title=f"{spec.mode}{_whereabouts(asked)}",
        detail=" ".join(part for part in (asked.filled(asked.text), f"— {slots['chosen']}", answer.reasoning) if part),
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


def _of_shots(suite: Suite, brief: Brief | None, segmentation: Segmentation) -> Iterator[Finding]:
    """What the shot-completion factor punishes, said in words; shots that nobody asked for are told beside it."""
    if not suite.completion_factor or not segmentation.expected or brief is None:
        return
    realised = {shot.spec for shot in segmentation.shots if shot.valid}
    valid = sum(shot.valid for shot in segmentation.shots)
    absent = [spec for spec in brief.shots if spec.index not in realised]
    if valid < segmentation.expected and absent:
        numbers = ", ".join(str(spec.index + 1) for spec in absent)
        yield Finding(
            id=_id(suite.name, "shots", "Missing Shot"),
            mode="Missing Shot",
            severity="critical",
            title=f"Missing Shot: {numbers} of {segmentation.expected}",
            detail=" ".join(f"Shot {spec.index + 1} of the brief: “{spec.description[:300]}”." for spec in absent),
            suggestion=f"Generate the missing shot {numbers} of the brief.",
            suite=suite.name,
        )
    for shot in (shot for shot in segmentation.shots if not shot.valid):
        yield Finding(
            id=_id(suite.name, f"shot{shot.index}", "Unrequested Shot"),
            mode="Unrequested Shot",
            severity="moderate",
            title=f"Unrequested Shot: shot {shot.index + 1}",
            detail="It realises no shot of the brief and is left out of the metrics that need one.",
            suggestion=f"Remove shot {shot.index + 1}, or make it what the brief asks for.",
            suite=suite.name,
            shots=(shot.index,),
            spans=(shot.span,),
        )


def _place(asked: Asked, question: Question, brief: Brief | None, segmentation: Segmentation) -> Place:
    if question.scope == "speaker":
        return Place(asked.target, slots={"speaker.number": str(int(asked.target.removeprefix("speaker")) + 1)})
    found = places(question.scope, brief, segmentation.shots)
    return next((place for place in found if place.target == asked.target), Place(asked.target))


def _fill(template: str, slots: Mapping[str, str]) -> str:
    """The template with slot values put in once; braces inside values stay what they are."""
    return SLOT.sub(lambda match: slots.get(match[1], "what the brief asks for"), template)


def _whereabouts(asked: Asked) -> str:
    if asked.target.startswith("spec"):
        return f" in shot {int(asked.target.removeprefix('spec')) + 1} of the brief"
    if asked.target.startswith("speaker"):
        return f" of speaker {int(asked.target.removeprefix('speaker')) + 1}"
    if asked.target.startswith("line"):
        return f" in line {int(asked.target.removeprefix('line')) + 1}"
    numbers = [str(index + 1) for index in asked.shots]
    return (
        f" in shot {numbers[0]}" if len(numbers) == 1 else f" between shots {' and '.join(numbers)}" if numbers else ""
    )


def _id(*parts: str) -> str:
    return f"fi_{content_hash(list(parts))[:12]}"


def _order(finding: Finding) -> tuple[int, float, str]:
    spans: tuple[Span, ...] = finding.spans
    return _GRAVEST_FIRST.index(finding.severity), min((s.start_s for s in spans), default=0.0), finding.id
