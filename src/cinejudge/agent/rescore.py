"""Every number of a verdict again, from the verdict alone: no video, no tool and no model is touched."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cinejudge.agent.interview import or_measured
from cinejudge.agent.recorded import RecordedMeasures
from cinejudge.rubrics import answer_by_rule, choose, findings, gather_findings, left_out, plan_questions, score_suite
from cinejudge.schema import Answer, Asked, MetricScore, Record, Suite, SuiteVerdict, Verdict


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


async def rescore(verdict: Verdict, suites: Iterable[Suite], *, seed: int) -> Rescored:
    """Scores a verdict under the suites as they are now.

    Weights, mappings, option scores, gates, rules with their bands and measures, settings of measures, and the words
    of findings may all have changed: what evidence decides is decided anew from the recorded evidence. A model's
    answer holds as long as its question reads the same and has the same options; what has been reworded or added,
    and no rule decides, is left not judged until the run's own command asks it.

    Args:
        verdict: What was found.
        suites: The suites that it was judged by.
        seed: What the run shuffled options with.

    Raises:
        ConfigError: a suite names an unknown measure.
    """
    suites = tuple(suites)
    names = {suite.name for suite in suites}
    scored: dict[str, SuiteVerdict] = dict(verdict.suites)
    asked = [question for question in verdict.questions if question.suite not in names]
    found = [finding for finding in verdict.findings if finding.suite not in names]
    measured = RecordedMeasures(verdict)
    changes: list[Change] = []
    for suite in suites:
        planned = plan_questions(
            suite, verdict.brief, verdict.shots, verdict.facts, seed=seed, speakers=_speakers(verdict.questions)
        )
        old = verdict.suites[suite.name]
        answers, open_ = await _answers(verdict, old, planned, measured)
        by_metric = {
            m.id: await measured.take(m.measure) for d in suite.dimensions for m in d.metrics if m.measure is not None
        }
        new = score_suite(suite, planned, answers, by_metric, verdict.segmentation, verdict.facts, verdict.evidence)
        scored[suite.name] = new
        asked += planned
        found += findings(suite, planned, answers, new)
        changes += [*_compare(old, new), *(Change(suite=suite.name, metric=m, note=note) for m, note in open_)]
    hashes = verdict.versions.suites | {suite.name: suite.hash for suite in suites}
    again = verdict.model_copy(
        update={
            "suites": scored,
            "questions": tuple(asked),
            "findings": gather_findings(found),
            "measured": measured.of_questions(),
            "versions": verdict.versions.model_copy(update={"suites": hashes}),
        }
    )
    return Rescored(verdict=again, changes=tuple(changes))


async def _answers(
    verdict: Verdict, old: SuiteVerdict, planned: tuple[Asked, ...], measured: RecordedMeasures
) -> tuple[dict[str, Answer], list[tuple[str, str]]]:
    """The answers to the questions of today, and which of them are still to be asked."""
    mine = [question for question in verdict.questions if question.suite == old.name]
    same_id, same_content = {q.id: q for q in mine}, {q.content: q for q in mine}
    given = {answer.asked: answer for metric in _metrics(old) for answer in metric.answers}
    answers: dict[str, Answer] = {}
    still_open: list[tuple[str, str]] = []
    for question in planned:
        if left_out(question):
            continue
        was = same_id.get(question.id)
        if was is None or was.content != question.content:  # renamed, at most
            was = same_content.get(question.content)
        answer = given.get(was.id) if was and not left_out(was) else None
        settled = _settled(
            question,
            answer,
            await _by_rule(question, measured),
            await _by_rule(was, measured) if was else None,
        )
        if settled:
            answers[question.id] = settled
        else:
            note = f"{question.id} is new or changed: run the same command again to have it asked"
            still_open.append((question.metric, note))
    return answers, still_open


async def _by_rule(question: Asked, measured: RecordedMeasures) -> Answer | None:
    if question.rule is None:
        return None
    taken = await measured.take(question.rule.measure, question.target, question.shots, question.slots)
    return answer_by_rule(question, taken)


def _settled(question: Asked, before: Answer | None, by_rule: Answer | None, rule_then: Answer | None) -> Answer | None:
    """What answers the question now; None when nothing does.

    Args:
        question: The question as it stands now.
        before: What was answered to the same question then.
        by_rule: What its rule says now.
        rule_then: What its rule said then.
    """
    if before is None:
        return by_rule
    own = before.before[0] if before.by == "rule" and before.before else before
    by_model = own.by not in ("", "rule")
    kept = own.model_copy(update={"asked": question.id, "metric": question.metric})
    if by_rule and question.rule:
        # Without a word from a model, then, something else kept a rule that had spoken from being heard.
        stands = own.status == "answered" if by_model else own.by == "" and rule_then is not None
        if question.rule.decisive or not stands:
            return or_measured(kept, by_rule) if by_model and not question.rule.decisive else by_rule
    if own.by == "rule":
        gone = {"status": "not_judged", "option": None, "score": None, "reason": "no band of the rule fits any more"}
        return own.model_copy(update=gone)
    if kept.status == "answered" and kept.option is not None:
        scored = choose(question, kept.option, by=kept.by)
        return kept.model_copy(update={"status": scored.status, "score": scored.score, "reason": scored.reason})
    return kept


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
