"""A judge for a dimension: measures first, answers by rule what evidence decides, and asks the model for the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cinejudge.agent import interview, measures
from cinejudge.agent.case import Case
from cinejudge.agent.remember import remember
from cinejudge.rubrics import answer_by_rule
from cinejudge.schema import Answer, Asked, Dimension, Measured, Record, Shot, Suite
from cinejudge.schema.errors import BudgetReached, ModelError
from cinejudge.schema.suite import Measure


class Assignment(Record):
    """What one judge is to settle."""

    suite: str
    dimensions: tuple[Dimension, ...]
    """One, or neighbours of one group of the suite."""
    asked: tuple[Asked, ...]
    """Their questions; those that another judge answers too are left to the first."""

    @property
    def judge(self) -> str:
        """Who judges, by the dimensions."""
        return "+".join(dimension.id for dimension in self.dimensions)


class Outcome(Record):
    """What one judge found."""

    suite: str
    answers: tuple[Answer, ...]
    by_rule: tuple[Answer, ...] = ()
    """What measured evidence says of questions that a model answered; reflection compares them."""
    metrics: dict[str, Measured]
    """Measures of the dimensions' metrics, by metric id."""
    cut_short: str | None = None
    """Why the judge had to stop, when it had to."""


def assign(suites: Iterable[Suite], asked: tuple[Asked, ...], same_as: Mapping[str, str]) -> tuple[Assignment, ...]:
    """Seats the judges: one for each dimension, or for neighbours of one group that have few questions together.

    Args:
        suites: What is judged by.
        asked: All questions made for this clip.
        same_as: Questions that repeat another one, with the id of that one; they are answered there.
    """
    own: dict[tuple[str, str], list[Asked]] = {}
    for question in asked:
        if question.id not in same_as:
            own.setdefault((question.suite, question.dimension), []).append(question)
    seats: list[Assignment] = []
    for suite in suites:
        for dimension in suite.dimensions:
            alone = Assignment(
                suite=suite.name, dimensions=(dimension,), asked=tuple(own.get((suite.name, dimension.id), ()))
            )
            together = _together(seats[-1], alone) if seats else None
            if together:
                seats[-1] = together
            else:
                seats.append(alone)
    return tuple(seats)


def _together(one: Assignment, other: Assignment) -> Assignment | None:
    """Both as one seat, if they are of one group and their open questions fit into one conversation."""
    group = one.dimensions[0].group
    asked = one.asked + other.asked
    open_ = sum(question.not_applicable is None and question.not_judged is None for question in asked)
    if one.suite != other.suite or not group or group != other.dimensions[0].group or open_ > interview.BATCH:
        return None
    return Assignment(suite=one.suite, dimensions=one.dimensions + other.dimensions, asked=asked)


@dataclass(frozen=True)
class _Sorted:
    """A judge's questions after the evidence has spoken."""

    settled: tuple[Answer, ...]
    open: tuple[Asked, ...]
    by_rule: dict[str, Answer]


async def judge(case: Case, assignment: Assignment) -> Outcome:
    """Settles what can be settled. Never raises for a model's fault: a question ends as ``failed`` instead."""
    with case.stage("judge"):
        return await _judge(case, assignment)


async def _judge(case: Case, assignment: Assignment) -> Outcome:
    metrics = {
        m.id: await _take(case, m.measure, "clip", case.valid_shots, {})
        for m in (m for d in assignment.dimensions for m in d.metrics)
        if m.measure is not None
    }
    questions = await _by_evidence(case, assignment.asked)
    remembered = await remember(case, questions.open, questions.by_rule)
    answers = [*questions.settled, *remembered.values()]
    still_open = tuple(question for question in questions.open if question.id not in remembered)
    cut_short = None
    for start in range(0, len(still_open), interview.BATCH):
        batch = still_open[start : start + interview.BATCH]
        if cut_short is None:
            try:
                answers += await interview.interview(case, assignment.dimensions, batch, questions.by_rule)
                continue
            except BudgetReached as limit:
                cut_short = str(limit)
            except ModelError as error:
                case.trace.event("error", error=type(error).__name__, message=str(error), where=assignment.judge)
                answers += [_without(a, "failed", str(error)) for a in batch]
                continue
        answers += [_without(a, "not_judged", cut_short) for a in batch]
    for answer in answers:
        case.trace.event("answer", answer=answer)
    return Outcome(
        suite=assignment.suite,
        answers=tuple(answers),
        by_rule=tuple(questions.by_rule.values()),
        metrics=metrics,
        cut_short=cut_short,
    )


async def _by_evidence(case: Case, asked: tuple[Asked, ...]) -> _Sorted:
    settled: list[Answer] = []
    left: list[Asked] = []
    by_rule: dict[str, Answer] = {}
    for question in asked:
        if question.not_applicable is not None:
            settled.append(_without(question, "not_applicable", question.not_applicable))
            continue
        if question.not_judged is not None:
            settled.append(_without(question, "not_judged", question.not_judged))
            continue
        answer, why = await _by_rule(case, question)
        if answer and (question.rule is None or question.rule.decisive or not case.model_sees):
            settled.append(answer)
        elif case.model_sees:
            left.append(question)
            if answer:
                by_rule[question.id] = answer
        else:
            settled.append(_without(question, "not_judged", why))
    return _Sorted(tuple(settled), tuple(left), by_rule)


async def _by_rule(case: Case, question: Asked) -> tuple[Answer | None, str]:
    """The rule's answer, or why there is none."""
    if question.rule is None:
        return None, "needs a model that sees (`--model`): no measurement decides it"
    case.trace.event("question", asked=question.id, to="rule")
    shots = tuple(s for s in case.perception.shots if s.index in question.shots) or case.valid_shots
    taken = await _take(case, question.rule.measure, question.target, shots, question.slots)
    if taken.value is None:
        return None, taken.reason or "the measure gave no value"
    return answer_by_rule(question, taken), "the measurement lies between the rule's bands; needs a model that sees"


async def _take(case: Case, measure: Measure, target: str, shots: tuple[Shot, ...], slots: dict[str, str]) -> Measured:
    key = f"{measure.model_dump_json()} {target} {sorted(slots.items())}"
    if key not in case.measured:
        case.measured[key] = await measures.take(
            measures.Query(
                name=measure.name,
                target=target,
                shots=shots,
                all_shots=case.perception.shots,
                brief=case.brief,
                slots=slots,
                settings=measure.settings,
                perception=case.perception,
            )
        )
    return case.measured[key]


def _without(asked: Asked, status: str, reason: str | None) -> Answer:
    return Answer.model_validate({"asked": asked.id, "metric": asked.metric, "status": status, "reason": reason})
