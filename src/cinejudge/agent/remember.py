"""Answers of a model to questions that an earlier run has put to it: they are not asked again.

After an edit of a suite only what was reworded or added reaches the model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cinejudge.agent.case import Case
from cinejudge.agent.interview import or_measured
from cinejudge.schema import Answer, Asked, Evidence, Verdict
from cinejudge.schema.errors import ToolError


async def remember(case: Case, asked: tuple[Asked, ...], by_rule: Mapping[str, Answer]) -> dict[str, Answer]:
    """Earlier answers to these questions, by id.

    An answer counts where the same model answered the same question about the same shots, and where the evidence
    that it cites is found again. That it could not tell is an answer too.

    Args:
        case: The clip.
        asked: The questions.
        by_rule: What measured evidence says of them now; it answers what the model could not tell.
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
            remembered[question.id] = or_measured(_rewritten(answer, question), by_rule.get(question.id))
            case.trace.event("question", asked=question.id, to=f"run {earlier.run}")
    return remembered


def _cuts(verdict: Verdict) -> list[tuple[int, int]]:
    return [(shot.start_frame, shot.end_frame) for shot in verdict.shots]


def _answers(verdict: Verdict, model: str) -> Iterator[tuple[str, Answer]]:
    """What the model itself answered, by the content of the question."""
    content = {question.id: question.content for question in verdict.questions}
    for suite in verdict.suites.values():
        for metric in (m for d in suite.dimensions for m in d.metrics):
            for answer in metric.answers:
                own = next((one for one in (answer, *answer.before) if one.by == model), None)
                if own and own.option is not None and own.status != "failed":
                    yield content[answer.asked], own


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
