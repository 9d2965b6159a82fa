"""The second look: an answer that a measurement contradicts, or that is unsure, is asked for once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cinejudge import prompts
from cinejudge.agent import exhibits, judge
from cinejudge.agent.case import Case
from cinejudge.agent.submission import Submission
from cinejudge.llm.converse import converse
from cinejudge.schema import Answer, Asked
from cinejudge.schema.chat import Message, TextPart
from cinejudge.schema.errors import BudgetReached, ModelError

LOW_CONFIDENCE = 0.5
FAR_APART = 0.5
"""Difference of two answers' scores from which on they contradict each other."""
MAX_TURNS = 4


async def reflect(
    case: Case, asked: tuple[Asked, ...], outcomes: Sequence[judge.Outcome], same_as: Mapping[str, str]
) -> tuple[Answer, ...]:
    """Every question's final answer, in the order of the questions."""
    with case.stage("reflect"):
        questions = {q.id: q for q in asked}
        answers = {a.asked: a for outcome in outcomes for a in outcome.answers}
        by_rule = {a.asked: a for outcome in outcomes for a in outcome.by_rule}
        for answer in list(answers.values()):
            if answer.before or answer.uncertain:
                continue  # taken over from an earlier run, second look included
            doubt = _doubt(answer, by_rule.get(answer.asked))
            if doubt:
                answers[answer.asked] = await _look_again(
                    case, questions[answer.asked], answer, by_rule.get(answer.asked), doubt
                )
        return tuple(_as(q, answers[same_as.get(q.id, q.id)]) for q in asked)


def _doubt(answer: Answer, measured: Answer | None) -> str | None:
    """Why an answer deserves a second look; None when it does not."""
    if answer.status != "answered" or answer.by == "rule":
        return None
    if measured is not None and abs((measured.score or 0.0) - (answer.score or 0.0)) >= FAR_APART:
        return f"a measurement says {measured.option}: {measured.reasoning}"
    if answer.agreement is not None and answer.agreement < 0.5 + 1e-9:
        return f"only {answer.agreement:.0%} of the samples chose this option"
    if answer.confidence is not None and answer.confidence < LOW_CONFIDENCE:
        return f"the confidence is only {answer.confidence:.2f}"
    return None


async def _look_again(case: Case, asked: Asked, answer: Answer, measured: Answer | None, doubt: str) -> Answer:
    case.trace.event("reflection", asked=asked.id, action="ask_again", reason=doubt, confidence=answer.confidence)
    try:
        second = await _ask(case, asked, answer, measured, doubt)
    except (ModelError, BudgetReached) as error:
        case.trace.event("error", error=type(error).__name__, message=str(error), where="reflect")
        second = None
    if second is None:
        final = answer.model_copy(update={"uncertain": f"{doubt}; no second answer was to be had"})
    else:
        still = _doubt(second, measured) if second.status == "answered" else None
        final = second.model_copy(update={"before": (*answer.before, answer), "uncertain": still})
    action = "lower_confidence" if final.uncertain else "keep"
    case.trace.event(
        "reflection", asked=asked.id, action=action, reason=final.uncertain or "settled", confidence=final.confidence
    )
    return final


async def _ask(case: Case, asked: Asked, answer: Answer, measured: Answer | None, doubt: str) -> Answer | None:
    fence = prompts.make_fence(case.fence_key, case.footage.clip.id)
    tools = exhibits.offer(case, (asked,))
    submission = Submission(case, (asked,))
    final = submission.tool()
    contrary = [prompts.quote(doubt, fence)]
    cited = [case.perception.found[e] for e in (measured.evidence if measured else ()) if e in case.perception.found]
    if cited:
        contrary.append(prompts.describe_evidence(cited, fence))
    text = prompts.render(
        "reflect",
        question=prompts.describe_question(asked, fence),
        answer=prompts.quote(f"{answer.option}: {answer.reasoning}", fence),
        contrary="\n".join(contrary),
    )
    outcome = await converse(
        case.session,
        (*await exhibits.opening(case, fence, tools, final.name, MAX_TURNS), _user(text)),
        tools,
        exhibits.runner(case, "reflect", (asked,)),
        final=final,
        check=submission.check,
        quote=lambda words: prompts.quote(words, fence),
        max_turns=MAX_TURNS,
    )
    return submission.answers.get(asked.id) if outcome.status == "submitted" else None


def _user(text: str) -> Message:
    return Message(role="user", parts=(TextPart(text=text),))


def _as(asked: Asked, answer: Answer) -> Answer:
    """The answer as that of ``asked``, which may repeat the question that was put."""
    return answer if answer.asked == asked.id else answer.model_copy(update={"asked": asked.id, "metric": asked.metric})
