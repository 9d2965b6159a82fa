"""Puts a judge's open questions to the model, which looks with tools and answers all of them in one typed call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from cinejudge import prompts
from cinejudge.agent import exhibits
from cinejudge.agent.case import Case
from cinejudge.agent.submission import NAME, Submission
from cinejudge.llm.converse import Outcome, converse
from cinejudge.schema import Answer, Asked, Dimension
from cinejudge.schema.chat import Message, Settings, TextPart

BATCH = 36
"""Questions in one conversation at most. An answer takes some 150 tokens, so that so many fit into a reply (8,192
tokens) with room to think; fewer would send the same pictures more often."""
MAX_TURNS = 6
SAMPLING_TEMPERATURE = 0.7
"""Used only where a question is asked several times; a single answer is taken at temperature 0."""


async def interview(
    case: Case, dimensions: tuple[Dimension, ...], asked: tuple[Asked, ...], by_rule: Mapping[str, Answer]
) -> tuple[Answer, ...]:
    """The model's answers to these questions, in their order.

    A question that it cannot tell keeps what the measurement said of it, if anything.

    Raises:
        ModelError: the model gave no usable reply, retries included.
        BudgetReached: a limit forbids the next call.
    """
    samples = [await _sample(case, dimensions, asked, by_rule, i) for i in range(case.options.samples)]
    return tuple(_agreed(question, [s[question.id] for s in samples], by_rule.get(question.id)) for question in asked)


async def _sample(
    case: Case, dimensions: tuple[Dimension, ...], asked: tuple[Asked, ...], by_rule: Mapping[str, Answer], sample: int
) -> dict[str, Answer]:
    fence = mark(case)
    measured = (by_rule[question.id] for question in asked if question.id in by_rule)
    words = prompts.render(
        "judge-questions",
        dimensions="\n".join(f"- **{d.name}**: {d.describes}" for d in dimensions),
        evidence=await exhibits.findings(case, asked, cited(measured), fence),
        questions=prompts.describe_questions(asked, fence),
        final=NAME,
    )
    for question in asked:
        case.trace.event("question", asked=question.id, to=case.session.model.name, attempt=sample + 1)
    judge = "+".join(dimension.id for dimension in dimensions)
    submission, outcome = await ask(case, judge, asked, words, settings=_settings(case, sample), sample=sample)
    return {q.id: submission.answers.get(q.id) or _failed(q, submission, outcome) for q in asked}


async def ask(
    case: Case,
    judge: str,
    asked: tuple[Asked, ...],
    words: str,
    *,
    settings: Settings = Settings(),  # noqa: B008 - immutable
    sample: int = 0,
) -> tuple[Submission, Outcome]:
    """One conversation about ``asked``: the clip first, then ``words``, then what the model looks up and answers.

    The questions come last, so that all judges of a clip share the long beginning and a server can cache it.

    Args:
        case: The clip.
        judge: Who asks, for the trace.
        asked: The questions that ``words`` put.
        words: Our own text, with everything foreign quoted.
        settings: Sampling.
        sample: Number of the sample.

    Raises:
        ModelError: the model gave no usable reply, retries included.
        BudgetReached: a limit forbids the next call.
    """
    fence = mark(case)
    tools = exhibits.offer(case, asked)
    submission = Submission(case, asked)
    opening = await exhibits.opening(case, fence, tools, NAME, MAX_TURNS)
    outcome = await converse(
        case.asking(judge, tuple(question.id for question in asked)),
        (*opening, Message(role="user", parts=(TextPart(text=words),))),
        tools,
        exhibits.runner(case, judge, asked),
        final=submission.tool(),
        check=submission.check,
        quote=lambda text: prompts.quote(text, fence),
        max_turns=MAX_TURNS,
        settings=settings,
        sample=sample,
    )
    return submission, outcome


def or_measured(own: Answer, by_rule: Answer | None) -> Answer:
    """The model's own word; where it cannot tell, what the measurement says, with that word kept in it."""
    if own.status == "answered" or by_rule is None:
        return own
    return by_rule.model_copy(update={"before": (own,)})


def mark(case: Case) -> str:
    """The mark of quoted data in everything that is said about this clip."""
    return prompts.make_fence(case.fence_key, case.footage.clip.id)


def cited(answers: Iterable[Answer]) -> set[str]:
    """Ids of the evidence that these answers rest on."""
    return {evidence for answer in answers for evidence in answer.evidence}


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
        return or_measured(given[0], by_rule)
    chosen, count = Counter(a.option for a in answered).most_common(1)[0]
    best = max((a for a in answered if a.option == chosen), key=lambda a: a.confidence or 0.0)
    return best if len(given) == 1 else best.model_copy(update={"agreement": count / len(given)})
