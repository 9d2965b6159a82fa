"""Evidence rules of the shipped suites: bands do not overlap, and a worse value never gives a better answer."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from cinejudge.rubrics import load_suite, suite_names
from cinejudge.schema.suite import Band, Question

RULED = [
    pytest.param(question, id=f"{name}/{question.id}")
    for name in suite_names()
    for dimension in load_suite(name).dimensions
    for metric in dimension.metrics
    for question in metric.questions
    if question.rule and question.options
]


def _ordered(question: Question) -> list[tuple[float, float, Band]]:
    assert question.rule
    ends = [
        (-math.inf if band.min is None else band.min, math.inf if band.max is None else band.max, band)
        for band in question.rule.bands
    ]
    return sorted(ends, key=lambda end: end[0])


@pytest.mark.parametrize("question", RULED)
def test_bands_do_not_overlap(question: Question) -> None:
    assert all(a[1] <= b[0] for a, b in pairwise(_ordered(question)))


@pytest.mark.parametrize("question", RULED)
def test_scores_run_one_way_along_the_measure(question: Question) -> None:
    scores = {option.id: option.score for option in question.options}
    along = [scores[band.option] for _, _, band in _ordered(question)]
    known = [score for score in along if score is not None]
    if not known:  # it only tells when the question does not arise
        return
    best = known.index(max(known))
    assert known[: best + 1] == sorted(known[: best + 1])
    assert known[best:] == sorted(known[best:], reverse=True)
