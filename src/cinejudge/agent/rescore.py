"""Every number of a verdict again, from the verdict alone: no video, no tool and no model is touched."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from cinejudge.rubrics import answer_by_rule, choose, findings, order_findings, plan_questions, score_suite
from cinejudge.schema import Answer, Asked, Measured, MetricScore, Record, Suite, SuiteVerdict, Verdict


class Change(Record):
    """One number that came out different, or one thing that a rescore cannot settle."""

    suite: str
    metric: str | None = None
    """None for the suite's own score."""
    before: float | None = None
    after: float | None = None
    note: str = ""
    """Why, where it is not a matter of weights and mappings."""


class Rescored(Record):
    """A verdict and how it differs from the one before."""

    verdict: Verdict
    changes: tuple[Change, ...]


def rescore(verdict: Verdict, suites: Iterable[Suite], *, seed: int) -> Rescored:
    """Scores a verdict under the suites as they are now.

    Weights, mappings, option scores, gates, bands of rules and the words of findings may all have changed. An answer
    holds as long as its question reads the same and has the same options; what has been reworded or added is left
    not judged until the run's own command asks it. A measure with other settings under the same name is not noticed.

    Args:
        verdict: What was found.
        suites: The suites that it was judged by.
        seed: What the run shuffled options with.
    """
    scored: dict[str, SuiteVerdict] = dict(verdict.suites)
    asked = [question for question in verdict.questions if question.suite not in {suite.name for suite in suites}]
    found = [finding for finding in verdict.findings if finding.suite not in {suite.name for suite in suites}]
    changes: list[Change] = []
    for suite in suites:
        planned = plan_questions(
            suite, verdict.brief, verdict.shots, verdict.facts, seed=seed, speakers=_speakers(verdict.questions)
        )
        old = verdict.suites[suite.name]
        answers, notes = _answers(verdict, old, planned)
        new = score_suite(
            suite, planned, answers, _measured(suite, old), verdict.segmentation, verdict.facts, verdict.evidence
        )
        scored[suite.name] = new
        asked += planned
        found += findings(suite, planned, answers, new)
        changes += [*_compare(old, new), *(Change(suite=suite.name, metric=m, note=note) for m, note in notes)]
    hashes = verdict.versions.suites | {suite.name: suite.hash for suite in suites}
    again = verdict.model_copy(
        update={
            "suites": scored,
            "questions": tuple(asked),
            "findings": order_findings(found),
            "versions": verdict.versions.model_copy(update={"suites": hashes}),
        }
    )
    return Rescored(verdict=again, changes=tuple(changes))


def _answers(
    verdict: Verdict, old: SuiteVerdict, planned: tuple[Asked, ...]
) -> tuple[dict[str, Answer], list[tuple[str, str]]]:
    """The recorded answers that still answer the questions of today, and why the others do not."""
    before = {question.id: question for question in verdict.questions if question.suite == old.name}
    given = {answer.asked: answer for metric in _metrics(old) for answer in metric.answers}
    answers: dict[str, Answer] = {}
    notes: list[tuple[str, str]] = []
    for question in planned:
        was, answer = before.get(question.id), given.get(question.id)
        if was is None or answer is None:
            notes.append((question.metric, f"{question.id} is new: run the same command again to have it asked"))
        elif not _reads_the_same(was, question):
            notes.append((question.metric, f"{question.id} was reworded: run the same command again to have it asked"))
        else:
            answers[question.id] = _again(answer, was, question, verdict.measured)
    return answers, notes


def _reads_the_same(was: Asked, now: Asked) -> bool:
    """Whether an answer to the one answers the other: scores and order of the options do not matter."""
    return (was.text, was.slots, was.guidance, {o.id: o.text for o in was.options}) == (
        now.text,
        now.slots,
        now.guidance,
        {o.id: o.text for o in now.options},
    )


def _again(answer: Answer, was: Asked, now: Asked, measured: Iterable[Measured]) -> Answer:
    """The answer under today's option scores and, where a rule decided it, under today's rule."""
    taken = _decided_by(answer, was, measured)
    if now.rule and taken and taken.name == now.rule.measure.name:
        return answer_by_rule(now, taken) or answer.model_copy(
            update={
                "status": "not_judged",
                "option": None,
                "score": None,
                "reason": "no band of the rule fits any more",
            }
        )
    if answer.status == "answered" and answer.option is not None:
        scored = choose(now, answer.option, by=answer.by)
        return answer.model_copy(update={"status": scored.status, "score": scored.score, "reason": scored.reason})
    return answer


def _decided_by(answer: Answer, was: Asked, measured: Iterable[Measured]) -> Measured | None:
    """The measure that an answer was drawn from: the one that gives this answer under the rule of then."""
    if answer.by != "rule" or was.rule is None:
        return None
    taken = (m for m in measured if m.name == was.rule.measure.name and m.target == was.target)
    return next((m for m in taken if answer_by_rule(was, m) == answer), None)


def _measured(suite: Suite, old: SuiteVerdict) -> Mapping[str, Measured]:
    wanted = {m.id: m.measure.name for d in suite.dimensions for m in d.metrics if m.measure}
    return {m.id: m.measured for m in _metrics(old) if m.measured and wanted.get(m.id) == m.measured.name}


def _compare(old: SuiteVerdict, new: SuiteVerdict) -> Iterator[Change]:
    if old.score != new.score:
        yield Change(suite=new.name, before=old.score, after=new.score)
    before = {metric.id: metric for metric in _metrics(old)}
    after = {metric.id: metric for metric in _metrics(new)}
    for metric_id in dict.fromkeys([*before, *after]):
        was, now = before.get(metric_id), after.get(metric_id)
        if was is None or now is None:
            yield Change(
                suite=new.name, metric=metric_id, note="is new" if was is None else "is no longer in the suite"
            )
        elif (was.score, was.status) != (now.score, now.status):
            note = "" if was.status == now.status else f"{was.status} became {now.status}"
            yield Change(suite=new.name, metric=metric_id, before=was.score, after=now.score, note=note)


def _metrics(verdict: SuiteVerdict) -> Iterator[MetricScore]:
    return (metric for dimension in verdict.dimensions for metric in dimension.metrics)


def _speakers(questions: Iterable[Asked]) -> int:
    numbers = [int(found[1]) for q in questions if (found := re.fullmatch(r"speaker(\d+)", q.target))]
    return max(numbers, default=-1) + 1
