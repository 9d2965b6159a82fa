"""Which questions apply to this video, and why the others do not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cinejudge.agent import measures
from cinejudge.agent.case import Case
from cinejudge.agent.facts import count_speakers, find_facts
from cinejudge.rubrics import plan_questions
from cinejudge.schema import Asked, Segmentation, Suite, content_hash
from cinejudge.schema.errors import ConfigError


@dataclass(frozen=True)
class Plan:
    """What is to be asked."""

    facts: dict[str, bool | None]
    """What the gates look at; None when a tool to tell is missing."""
    asked: tuple[Asked, ...]
    same_as: dict[str, str]
    """Questions that repeat an earlier one, word for word about the same thing, with that one's id."""


async def plan(case: Case, segmentation: Segmentation) -> Plan:
    """Finds the facts, then makes this video's questions."""
    with case.stage("perceive"):
        case.perception.shots = segmentation.shots
        facts = await find_facts(case, segmentation)
        speakers = await count_speakers(case)
        await case.perception.look("keyframes")  # the report shows them, whether or not a model is asked
    with case.stage("plan"):
        asked = tuple(
            question
            for suite in case.suites
            for question in plan_questions(
                suite, case.brief, segmentation.shots, facts, seed=case.options.seed, speakers=speakers
            )
        )
        return Plan(facts=facts, asked=asked, same_as=_repeats(asked))


def _repeats(asked: tuple[Asked, ...]) -> dict[str, str]:
    """Questions with the same words, options, target and state are answered once, whichever suites ask."""
    first: dict[str, str] = {}
    repeats: dict[str, str] = {}
    for question in asked:
        options = sorted(option.model_dump_json(exclude={"finding"}) for option in question.options)
        key = content_hash(
            [
                question.text,
                question.target,
                question.slots,
                options,
                question.rule,
                question.not_applicable,
                question.not_judged,
            ]
        )
        if key in first:
            repeats[question.id] = first[key]
        else:
            first[key] = question.id
    return repeats


def check_suites(suites: Iterable[Suite]) -> None:
    """Finds measures that nobody provides before any work is done.

    Raises:
        ConfigError: a suite names an unknown measure.
    """
    known = set(measures.measure_names())
    for suite in suites:
        metrics = [m for d in suite.dimensions for m in d.metrics]
        for metric in metrics:
            used = [q.rule.measure for q in metric.questions if q.rule] + ([metric.measure] if metric.measure else [])
            for unknown in (m.name for m in used if m.name not in known):
                raise ConfigError(
                    f"suite {suite.name}, metric {metric.id}: no measure named {unknown!r} "
                    "(`cinejudge suites check` lists those that exist)"
                )
