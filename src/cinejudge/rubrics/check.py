"""What can be wrong with a suite beyond its shape: names that mean nothing, rules that choose nothing."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator

from cinejudge.rubrics.gates import FACTS, NEGATION
from cinejudge.rubrics.problems import Problem
from cinejudge.rubrics.rules import AS_ASKED
from cinejudge.rubrics.slots import known_slots
from cinejudge.rubrics.vocabulary import DESCRIBED, OTHER
from cinejudge.schema import CANNOT_TELL, SLOT, Suite
from cinejudge.schema.suite import FindingSpec, Metric, Option, Question

METRIC_SLOTS = ("value", "unit", "note")
"""What the finding of a measured metric may quote."""
ANSWER_SLOTS = ("chosen", "wanted")
"""What the finding of a question may quote beside the slots of its texts: the chosen option, and the one wanted."""

Path = tuple[str | int, ...]


def find_problems(suite: Suite, measures: Collection[str] | None) -> list[Problem]:
    """Everything wrong with a suite whose shape is right."""
    return list(_suite(suite, measures))


def _suite(suite: Suite, measures: Collection[str] | None) -> Iterator[Problem]:
    for name, terms in suite.vocabularies.items():
        yield from _options(("vocabularies", name), terms, (CANNOT_TELL, OTHER.id, DESCRIBED, AS_ASKED))
    for d, dimension in enumerate(suite.dimensions):
        for m, metric in enumerate(dimension.metrics):
            path: Path = ("dimensions", d, "metrics", m)
            yield from _metric(path, metric, measures)
            for q, question in enumerate(metric.questions):
                yield from _question((*path, "questions", q), suite, question, measures)


def _metric(path: Path, metric: Metric, measures: Collection[str] | None) -> Iterator[Problem]:
    yield from _gate(path, metric.gate)
    if metric.measure:
        yield from _unknown((*path, "measure"), "measure", [metric.measure.name], measures)
    yield from _finding(path, metric.finding, METRIC_SLOTS)


def _question(path: Path, suite: Suite, question: Question, measures: Collection[str] | None) -> Iterator[Problem]:
    slots = known_slots(question.scope)
    yield from _gate(path, question.gate)
    yield from _options((*path, "options"), question.options, (CANNOT_TELL,))
    if question.slot:
        yield from _unknown((*path, "slot"), f"slot in scope {question.scope}", [question.slot], slots)
    shown = (question.text, question.guidance, *(option.text for option in question.options))
    named = [slot for text in shown for slot in SLOT.findall(text)]
    yield from _unknown(path, f"slot in scope {question.scope}", dict.fromkeys(named), slots)
    for spec in (question.finding, *(option.finding for option in question.options)):
        yield from _finding(path, spec, (*named, *_number_slots(slots), *ANSWER_SLOTS))
    if question.rule:
        yield from _unknown((*path, "rule", "measure"), "measure", [question.rule.measure.name], measures)
        yield from _bands((*path, "rule", "bands"), suite, question)


def _number_slots(slots: tuple[str, ...]) -> list[str]:
    return [slot for slot in slots if slot.endswith("number")]


def _bands(path: Path, suite: Suite, question: Question) -> Iterator[Problem]:
    assert question.rule is not None
    if question.vocabulary:
        known = [AS_ASKED, OTHER.id, *(term.id for term in suite.vocabularies[question.vocabulary])]
    else:
        known = [option.id for option in question.options]
    for i, band in enumerate(question.rule.bands):
        yield from _unknown((*path, i), "option", [band.option], [*known, CANNOT_TELL])
        if band.min is not None and band.max is not None and band.min >= band.max:
            yield Problem((*path, i), f"no number is at least {band.min:g} and below {band.max:g}")


def _options(path: Path, options: tuple[Option, ...], reserved: Collection[str]) -> Iterator[Problem]:
    for i, option in enumerate(options):
        if option.id in reserved:
            yield Problem((*path, i), f"`{option.id}` is added by itself; choose another id")


def _gate(path: Path, gate: tuple[str, ...]) -> Iterator[Problem]:
    yield from _unknown((*path, "gate"), "fact", [name.removeprefix(NEGATION) for name in gate], FACTS)


def _finding(path: Path, finding: FindingSpec | None, slots: tuple[str, ...]) -> Iterator[Problem]:
    named = SLOT.findall(finding.suggestion) if finding else []
    yield from _unknown((*path, "finding"), "slot", named, slots)


def _unknown(path: Path, kind: str, names: Iterable[str], known: Collection[str] | None) -> Iterator[Problem]:
    if known is None:
        return
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, list(known), 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(list(known)[:12])} …"
            yield Problem(path, f"no {kind} named {name!r}; {hint}")
