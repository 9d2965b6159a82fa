"""Answers of a model to questions that an earlier run has put to it: they are not asked again.

After an edit of a suite only what was reworded or added reaches the model.
"""

from __future__ import annotations

from collections.abc import Iterator

from cinejudge.agent.case import Case
from cinejudge.schema import Answer, Asked, Evidence, Verdict
from cinejudge.schema.errors import ToolError


async def remember(case: Case, asked: tuple[Asked, ...]) -> dict[str, Answer]:
    """Earlier answers to these questions, by id.

    An answer counts where the same model answered the same question about the same shots, and where the evidence
    that it cites is found again.
    """
    if not asked:
        return {}
    remembered: dict[str, Answer] = {}
    for earlier in case.earlier:
        if _cuts(earlier.verdict) != [(s.start_frame, s.end_frame) for s in case.perception.shots]:
            continue
        known = dict(_answers(earlier.verdict, case.session.model.name))
        for question in asked:
            answer = known.get(question.content)
            if question.id in remembered or answer is None or not await _cited_again(case, earlier.verdict, answer):
                continue
            remembered[question.id] = _rewritten(answer, question)
            case.trace.event("question", asked=question.id, to=f"run {earlier.run}")
    return remembered


def _cuts(verdict: Verdict) -> list[tuple[int, int]]:
    return [(shot.start_frame, shot.end_frame) for shot in verdict.shots]


def _answers(verdict: Verdict, model: str) -> Iterator[tuple[str, Answer]]:
    """What the model answered, by the content of the question."""
    content = {question.id: question.content for question in verdict.questions}
    for suite in verdict.suites.values():
        for metric in (m for d in suite.dimensions for m in d.metrics):
            for answer in metric.answers:
                if answer.by == model and answer.option is not None and answer.status != "failed":
                    yield content[answer.asked], answer


async def _cited_again(case: Case, verdict: Verdict, answer: Answer) -> bool:
    """Looks again, from the cache, at what the answer cites and this run has not looked at yet."""
    cited = {e for one in (answer, *answer.before) for e in one.evidence}
    for wanted in cited - set(case.perception.found):
        evidence = verdict.evidence_by_id(wanted)
        if evidence is None or (await _look(case, evidence)) != wanted:
            return False
    return True


async def _look(case: Case, evidence: Evidence) -> str | None:
    try:
        return (await case.perception.look(evidence.tool, **evidence.args)).id
    except ToolError:  # another version of the tool takes other arguments
        return None


def _rewritten(answer: Answer, question: Asked) -> Answer:
    """The answer as one to ``question``, which may have another id and other scores."""
    option = question.option(answer.option or "")
    score = option.score if option and answer.status == "answered" else None
    return answer.model_copy(update={"asked": question.id, "metric": question.metric, "score": score})
