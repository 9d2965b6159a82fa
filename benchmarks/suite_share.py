"""Prints what each suite holds and how much of it measured evidence can answer, as the table of docs/suites.md.

Run: python benchmarks/suite_share.py
"""

from __future__ import annotations

from cinejudge.rubrics import load_suite, suite_names
from cinejudge.schema import Suite

HEADER = """\
| suite | dimensions | metrics | questions | shared | questions with a rule | metrics that evidence can score |
|---|---|---|---|---|---|---|"""


def row(suite: Suite, others: tuple[Suite, ...]) -> str:
    """One line of the table; a metric counts when it has a measure or a question with a rule."""
    metrics = [metric for dimension in suite.dimensions for metric in dimension.metrics]
    questions = [question for metric in metrics for question in metric.questions]
    elsewhere = {(q.id, q.text) for other in others for d in other.dimensions for m in d.metrics for q in m.questions}
    shared = sum((q.id, q.text) in elsewhere for q in questions)
    ruled = sum(q.rule is not None for q in questions)
    measured = sum(m.measure is not None or any(q.rule for q in m.questions) for m in metrics)
    counted = sum(dimension.counts for dimension in suite.dimensions)
    aside = len(suite.dimensions) - counted
    cells = [
        f"`{suite.name}`",
        f"{counted}{f' and {aside} beside the score' if aside else ''}",
        str(len(metrics)),
        str(len(questions)),
        str(shared),
        f"{ruled} ({ruled / len(questions):.0%})" if questions else "0",
        f"{measured} ({measured / len(metrics):.0%})",
    ]
    return f"| {' | '.join(cells)} |"


def table() -> str:
    """The whole table in Markdown."""
    suites = tuple(load_suite(name) for name in suite_names())
    return "\n".join([HEADER, *(row(s, tuple(o for o in suites if o is not s)) for s in suites)])


if __name__ == "__main__":
    print(table())
