"""Puts a dimension's open questions to the model, which looks with tools and answers all of them in one typed call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from cinejudge import prompts
from cinejudge.agent import exhibits
from cinejudge.agent.case import Case
from cinejudge.agent.submission import Submission
from cinejudge.llm.converse import Outcome, converse
from cinejudge.schema import Answer, Asked, Dimension
from cinejudge.schema.chat import Message, Part, Settings, TextPart

MAX_TURNS = 6
SAMPLING_TEMPERATURE = 0.7
"""Used only where a question is asked several times; a single answer is taken at temperature 0."""


async def interview(
    case: Case, dimension: Dimension, asked: tuple[Asked, ...], by_rule: Mapping[str, Answer]
) -> tuple[Answer, ...]:
    """The model's answers to these questions, in their order.

    A question that it cannot tell keeps what the measurement said of it, if anything.

    Raises:
        ModelError: the model gave no usable reply, retries included.
        BudgetReached: a limit forbids the next call.
    """
    samples = [await _sample(case, dimension, asked, i) for i in range(case.options.samples)]
    return tuple(_agreed(question, [s[question.id] for s in samples], by_rule.get(question.id)) for question in asked)


async def _sample(case: Case, dimension: Dimension, asked: tuple[Asked, ...], sample: int) -> dict[str, Answer]:
    fence = prompts.make_fence(case.fence_key, case.footage.clip.id)
    tools = exhibits.offer(case, asked)
    submission = Submission(case, asked)
    final = submission.tool()
    opening = await exhibits.opening(case, fence, tools, final.name, MAX_TURNS)
    questions = prompts.render(
        "judge-questions",
        dimension=dimension.name,
        describes=dimension.describes,
        questions=prompts.describe_questions(asked, fence),
        final=final.name,
    )
    # The questions come last, so that all judges of a clip share the long beginning and a server can cache it.
    messages = (*opening, _user(TextPart(text=questions)))
    for question in asked:
        case.trace.event("question", asked=question.id, to=case.session.model.name, attempt=sample + 1)
    outcome = await converse(
        case.session,
        messages,
        tools,
        exhibits.runner(case, dimension.id, asked),
        final=final,
        check=submission.check,
        quote=lambda text: prompts.quote(text, fence),
        max_turns=MAX_TURNS,
        settings=_settings(case, sample),
        sample=sample,
    )
    return {q.id: submission.answers.get(q.id) or _failed(q, submission, outcome) for q in asked}


def _settings(case: Case, sample: int) -> Settings:
    several = case.options.samples > 1
    return Settings(temperature=SAMPLING_TEMPERATURE if several else 0.0, seed=case.options.seed + sample)


def _failed(question: Asked, submission: Submission, outcome: Outcome) -> Answer:
    reason = submission.rejected.get(question.id) or outcome.reason or "the model left it out"
    return Answer(asked=question.id, metric=question.metric, status="failed", reason=reason)


def _agreed(question: Asked, given: list[Answer], by_rule: Answer | None) -> Answer:
    """The option that most samples chose, with the share that did; the first to reach it wins a tie."""
    answered = [a for a in given if a.status == "answered"]
    if not answered:
        return by_rule or given[0]
    chosen, count = Counter(a.option for a in answered).most_common(1)[0]
    best = max((a for a in answered if a.option == chosen), key=lambda a: a.confidence or 0.0)
    return best if len(given) == 1 else best.model_copy(update={"agreement": count / len(given)})


def _user(*parts: Part) -> Message:
    return Message(role="user", parts=parts)
