"""Puts scores, findings, coverage and costs together into the verdict."""

from __future__ import annotations

from collections.abc import Sequence

from cinejudge import __version__, prompts
from cinejudge.agent import judge
from cinejudge.agent.case import Case
from cinejudge.agent.injection import injection_findings
from cinejudge.agent.structure import structure_findings
from cinejudge.rubrics import findings, gather_findings, score_suite
from cinejudge.schema import Answer, Asked, Measured, Segmentation, Usage, Verdict, Versions


def make_verdict(
    case: Case,
    segmentation: Segmentation,
    facts: dict[str, bool | None],
    asked: tuple[Asked, ...],
    answers: tuple[Answer, ...],
    outcomes: Sequence[judge.Outcome],
) -> Verdict:
    """The verdict of one clip. Pure but for the clock: everything comes from what the nodes found."""
    with case.stage("verdict"):
        evidence = tuple(sorted(case.perception.found.values(), key=lambda e: (e.tool, e.id)))
        by_id = {a.asked: a for a in answers}
        suites = {}
        found = [*structure_findings(case.brief, segmentation), *injection_findings(case, evidence)]
        for suite in case.suites:
            measured = _measured(outcomes, suite.name)
            mine = tuple(a for a in asked if a.suite == suite.name)
            suites[suite.name] = score_suite(suite, mine, by_id, measured, segmentation, facts, evidence)
            found += findings(suite, mine, by_id, suites[suite.name])
        cut_short = next((o.cut_short for o in outcomes if o.cut_short), None)
        failed = sum(a.status == "failed" for a in answers)
        reason = cut_short or (f"{failed} of {len(answers)} questions failed" if failed else None)
        for finding in (ordered := gather_findings(found)):
            case.trace.event("finding", finding=finding)
    return Verdict(
        clip=case.footage.clip,
        brief=case.brief,
        status="partial" if reason else "complete",
        reason=reason,
        shots=segmentation.shots,
        segmentation=segmentation,
        suites=suites,
        findings=ordered,
        evidence=evidence,
        questions=asked,
        # By what was asked, not by which of the judges, who work side by side, came first.
        measured=tuple(taken for _, taken in sorted(case.measured.items())),
        facts=facts,
        usage=_usage(case),
        versions=versions(case),
    )


def _measured(outcomes: Sequence[judge.Outcome], suite: str) -> dict[str, Measured]:
    return {metric: taken for o in outcomes if o.suite == suite for metric, taken in o.metrics.items()}


def versions(case: Case) -> Versions:
    """What the verdict depends on."""
    used = {e.tool: f"{e.provider} {e.version}" for e in case.perception.found.values() if e.provider}
    return Versions(
        cinejudge=__version__,
        model=case.session.model.name,
        suites={s.name: s.hash for s in case.suites},
        prompts=prompts.version(),
        tools=dict(sorted(used.items())),
    )


def _usage(case: Case) -> Usage:
    seconds = {"decode": round(case.footage.decode_seconds, 3), **case.seconds}
    return case.session.usage().model_copy(update={"seconds": seconds})
