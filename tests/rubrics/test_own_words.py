"""Facts of the papers carry over, sentences do not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cinejudge.rubrics import load_suite, suite_names
from cinejudge.schema import Suite

PAPERS = Path(__file__).resolve().parents[3] / "shared" / "papers"
RUN = 8
"""Words in a row that two people do not write by chance."""


def _runs(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"[a-z0-9]+", text.lower())
    return {tuple(words[i : i + RUN]) for i in range(len(words) - RUN + 1)}


def _texts(suite: Suite) -> Iterator[str]:
    yield from suite.notes
    for dimension in suite.dimensions:
        yield dimension.describes
        for metric in dimension.metrics:
            yield metric.describes
            for question in metric.questions:
                yield question.text
                yield question.guidance
                yield from (option.text for option in question.options)
                if question.finding:
                    yield question.finding.suggestion


def test_a_copied_sentence_would_be_found() -> None:
    sentence = "The quick brown fox jumps over the lazy dog, they say."
    assert _runs(sentence) & _runs("Look: the quick, brown fox jumps over the lazy dog!")
    assert not _runs(sentence) & _runs("A quick brown fox leaps over some lazy dog, they say.")


@pytest.mark.real
@pytest.mark.parametrize("name", suite_names())
def test_no_sentence_of_a_suite_stands_in_a_paper(name: str) -> None:
    if not PAPERS.is_dir():
        pytest.skip("no papers beside the project (shared/papers)")
    papers = set().union(*(_runs(path.read_text(encoding="utf-8")) for path in PAPERS.glob("*.txt")))
    assert papers
    copied = {" ".join(run) for text in _texts(load_suite(name)) for run in _runs(text) & papers}
    assert not copied
