"""The suites as YAML, and everything that follows from them without a model: plan, rules, scores, findings."""

from cinejudge.rubrics.answers import choose, left_out
from cinejudge.rubrics.findings import findings, gather_findings
from cinejudge.rubrics.gates import FACTS, check_gate
from cinejudge.rubrics.loader import load_suite, suite_names, suite_problems
from cinejudge.rubrics.plan import plan_questions
from cinejudge.rubrics.rules import answer_by_rule
from cinejudge.rubrics.score import score_suite

__all__ = [
    "FACTS",
    "answer_by_rule",
    "check_gate",
    "choose",
    "findings",
    "gather_findings",
    "left_out",
    "load_suite",
    "plan_questions",
    "score_suite",
    "suite_names",
    "suite_problems",
]
