"""The second look: answers that a measurement contradicts, or that are unsure, are asked for once more."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from cinejudge import prompts
from cinejudge.agent import exhibits, judge
from cinejudge.agent.case import Case
from cinejudge.agent.interview import BATCH, ask, cited, mark
from cinejudge.agent.submission import NAME
from cinejudge.schema import Answer, Asked
from cinejudge.schema.errors import BudgetReached, ModelError

LOW_CONFIDENCE = 0.5
FAR_APART = 0.5
"""Difference of two answers' scores from which on they contradict each other."""


@dataclass(frozen=True)
class _Doubtful:
    """An answer that deserves a second look, and why."""

    asked: Asked
    answer: Answer
    measured: Answer | None
    doubt: str


async def reflect(
    case: Case, asked: tuple[Asked, ...], outcomes: Sequence[judge.Outcome], same_as: Mapping[str, str]
) -> tuple[Answer, ...]:
    """Every question's final answer, in the order of the questions."""
    with case.stage("reflect"):
        answers = {a.asked: a for outcome in outcomes for a in outcome.answers}
        by_rule = {a.asked: a for outcome in outcomes for a in outcome.by_rule}
        doubtful = []
        for question in asked:
            answer, measured = answers.get(question.id), by_rule.get(question.id)
            doubt = _doubt(answer, measured) if answer else None
            if answer and doubt:
                doubtful.append(_Doubtful(question, answer, measured, doubt))
        again = await asyncio.gather(*(_look_again(case, batch) for batch in _batches(doubtful)))
        answers |= {answer.asked: answer for batch in again for answer in batch}
        return tuple(_as(q, answers[same_as.get(q.id, q.id)]) for q in asked)


def _doubt(answer: Answer, measured: Answer | None) -> str | None:
    """Why an answer deserves a second look; None when it does not."""
    if answer.status != "answered" or answer.by == "rule" or answer.before or answer.uncertain:
        return None  # nothing to doubt, or taken over from an earlier run, second look included
    return _against(answer, measured)


def _against(answer: Answer, measured: Answer | None) -> str | None:
    if measured is not None and abs((measured.score or 0.0) - (answer.score or 0.0)) >= FAR_APART:
        return f"a measurement says {measured.option}: {measured.reasoning}"
    if answer.agreement is not None and answer.agreement < 0.5 + 1e-9:
        return f"only {answer.agreement:.0%} of the samples chose this option"
    if answer.confidence is not None and answer.confidence < LOW_CONFIDENCE:
        return f"the confidence is only {answer.confidence:.2f}"
    return None


def _batches(doubtful: Sequence[_Doubtful]) -> Iterator[tuple[_Doubtful, ...]]:
    """What one judge doubts, together: the questions of a dimension stand side by side."""
    for _, same in groupby(doubtful, key=lambda d: (d.asked.suite, d.asked.dimension)):
        batch = tuple(same)
        yield from (batch[start : start + BATCH] for start in range(0, len(batch), BATCH))


async def _look_again(case: Case, batch: tuple[_Doubtful, ...]) -> list[Answer]:
    for one in batch:
        confidence = one.answer.confidence
        case.trace.event("reflection", asked=one.asked.id, action="ask_again", reason=one.doubt, confidence=confidence)
    try:
        second = await _ask(case, batch)
    except (ModelError, BudgetReached) as error:
        case.trace.event("error", error=type(error).__name__, message=str(error), where="reflect")
        second = {}
    return [_settled(case, one, second.get(one.asked.id)) for one in batch]


async def _ask(case: Case, batch: tuple[_Doubtful, ...]) -> Mapping[str, Answer]:
    fence = mark(case)
    asked = tuple(one.asked for one in batch)
    words = prompts.render(
        "reflect",
        questions=prompts.describe_questions(asked, fence),
        doubts="\n".join(_describe(one, fence) for one in batch),
        evidence=await exhibits.findings(case, asked, cited(one.measured for one in batch if one.measured), fence),
        final=NAME,
    )
    submission, _ = await ask(case, "reflect", asked, words)
    return submission.answers


def _describe(one: _Doubtful, fence: str) -> str:
    answer = prompts.quote(f"{one.answer.option}: {one.answer.reasoning}", fence, max_chars=600)
    return f"Your answer to `{one.asked.id}`:\n{answer}\nAgainst it:\n{prompts.quote(one.doubt, fence)}"


def _settled(case: Case, one: _Doubtful, second: Answer | None) -> Answer:
    """The final answer, with the first one kept in it."""
    if second is None:
        final = one.answer.model_copy(update={"uncertain": f"{one.doubt}; no second answer was to be had"})
    else:
        still = _against(second, one.measured) if second.status == "answered" else None
        final = second.model_copy(update={"before": (*one.answer.before, one.answer), "uncertain": still})
    action = "lower_confidence" if final.uncertain else "keep"
    reason = final.uncertain or "settled"
    case.trace.event("reflection", asked=final.asked, action=action, reason=reason, confidence=final.confidence)
    return final


def _as(asked: Asked, answer: Answer) -> Answer:
    """The answer as that of ``asked``, which may repeat the question that was put."""
    return answer if answer.asked == asked.id else answer.model_copy(update={"asked": asked.id, "metric": asked.metric})
