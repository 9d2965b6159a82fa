"""Suites are found and read; what is wrong with one is told with file, line, place and remedy."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from cinejudge.rubrics import loader
from cinejudge.rubrics.loader import load_suite, suite_files, suite_names, suite_problems
from cinejudge.schema.errors import ConfigError

SUITE = """\
name: house
title: House rules
version: "1"
source: us
vocabularies:
  scale:
    - {id: close_up, text: "Close."}
    - {id: long, text: "Far."}
dimensions:
  - id: look
    name: Look
    metrics:
      - id: sharp
        name: Sharp
        paradigm: rubric
        questions:
          - id: sharp.face
            text: Is the face sharp?
            options:
              - {id: yes, text: "Yes.", score: 1}
              - {id: no, text: "No.", score: 0}
"""


def write(tmp_path: Path, text: str = SUITE, name: str = "house.yaml") -> str:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_shipped_suites_are_right_and_bear_the_names_of_their_files() -> None:
    assert {"msavbench", "mtavg2", "evalverse"} <= set(suite_names())
    for name in suite_names():
        assert load_suite(name).name == name


def test_a_file_of_ones_own_loads_with_yes_and_no_as_words(tmp_path: Path) -> None:
    suite = load_suite(write(tmp_path))
    assert [o.id for o in suite.dimensions[0].metrics[0].questions[0].options] == ["yes", "no"]


def test_the_hash_follows_the_content(tmp_path: Path) -> None:
    one = load_suite(write(tmp_path))
    same = load_suite(write(tmp_path, SUITE + "# a remark\n", "same.yaml"))
    other = load_suite(write(tmp_path, SUITE.replace("score: 0", "score: 0.1"), "other.yaml"))
    assert one.hash == same.hash != other.hash


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("        name: Sharp\n", "", "line 13: dimensions[look].metrics[sharp]: `name` is missing; add it"),
        ("paradigm: rubric", "paradigma: rubric", "did you mean `paradigm`?"),
        ('version: "1"', "version: 1", "line 3: version: should be text; put it in quotes: '1'"),
        ("id: look", "id: Look", "small letters"),
        ("score: 1}", "score: 2}", "options[yes].score: Input should be less than or equal to 1, not 2"),
        ("            text: Is", "            gate: [has_speach]\n            text: Is", "did you mean 'has_speech'?"),
        ("Is the face sharp?", "Is {shot.scene} sharp?", "no slot in scope clip named 'shot.scene'"),
        ("{id: no,", "{id: cannot_tell,", "`cannot_tell` is added by itself"),
        ("{id: no,", "{id: yes,", "two options share an id"),
        ("{id: long,", "{id: other,", "`other` is added by itself"),
        (
            "            options:",
            "            rule: {measure: {name: x.y}, bands: [{option: maybe}]}\n            options:",
            "no option named 'maybe'",
        ),
        (
            "            options:",
            "            rule: {measure: {name: x.y}, bands: [{option: yes, min: 2, max: 1}]}\n            options:",
            "no number is at least 2 and below 1",
        ),
        (
            "            options:",
            "            finding: {mode: Blur, suggestion: 'See {shot.scene}'}\n            options:",
            "no slot named 'shot.scene'",
        ),
        ("name: house", "name: [house]", "line 1: name: Input should be a valid string"),
    ],
)
def test_what_is_wrong_is_told_with_place_and_remedy(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in SUITE
    path = write(tmp_path, SUITE.replace(old, new))
    with pytest.raises(ConfigError) as caught:
        load_suite(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert told in message
    assert "\n" not in message
    assert any(told in problem for problem in suite_problems(path))


def test_all_problems_are_listed_and_the_first_names_how_many_more(tmp_path: Path) -> None:
    path = write(
        tmp_path, SUITE.replace("        name: Sharp\n", "").replace('title: "House', "").replace("source: us\n", "")
    )
    assert len(suite_problems(path)) == 2
    with pytest.raises(ConfigError, match=r"and 1 more: `cinejudge suites check house.yaml`"):
        load_suite(path)


def test_unknown_measures_are_found_when_the_known_ones_are_given(tmp_path: Path) -> None:
    rule = "            rule: {measure: {name: face.sharp}, bands: [{option: yes}]}\n            options:"
    path = write(tmp_path, SUITE.replace("            options:", rule))
    assert suite_problems(path) == ()
    assert suite_problems(path, measures=["face.sharp"]) == ()
    assert "did you mean 'faces.sharp'?" in suite_problems(path, measures=["faces.sharp"])[0]


@pytest.mark.parametrize("text", ["", "- a\n", "just words\n"])
def test_a_file_that_is_no_suite(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="not a suite"):
        load_suite(write(tmp_path, text))


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"no suite named 'msav'; there are: .*msavbench"):
        load_suite("msav")


def borrowing(*questions: str) -> str:
    head, _, _ = SUITE.partition("          - id: sharp.face")
    return head + "".join(f"          - {question}\n" for question in questions)


def test_a_borrowed_question_is_the_lenders_word_for_word(tmp_path: Path) -> None:
    path = write(tmp_path, borrowing("{id: narrative.cause, from: msavbench}"))
    lender = load_suite("msavbench")
    lent = next(q for d in lender.dimensions for m in d.metrics for q in m.questions if q.id == "narrative.cause")
    assert load_suite(path).dimensions[0].metrics[0].questions == (lent,)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("{id: narrative.cause, from: nobody}", "no suite named 'nobody'"),
        ("{id: narrative.effect, from: msavbench}", "has no question 'narrative.effect'"),
        ("{id: narrative.cause, from: msavbench, text: Mine}", "remove: text"),
        ("{id: vq.style, from: msavbench}", "vocabulary"),
    ],
)
def test_a_borrowing_that_cannot_be(tmp_path: Path, question: str, told: str) -> None:
    with pytest.raises(ConfigError, match=r"line 17: dimensions\[look\].metrics\[sharp\].questions") as caught:
        load_suite(write(tmp_path, borrowing(question)))
    assert told in str(caught.value)


def test_suites_that_borrow_in_a_circle_are_told(tmp_path: Path) -> None:
    a, b = tmp_path / "a.yaml", tmp_path / "b.yaml"
    write(tmp_path, borrowing(f"{{id: x, from: '{b}'}}"), "a.yaml")
    write(tmp_path, borrowing(f"{{id: x, from: '{a}'}}"), "b.yaml")
    with pytest.raises(ConfigError, match="takes questions over from the suite that takes this one over"):
        load_suite(str(a))


def test_other_packages_bring_suites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    module = tmp_path / "cinejudge_house_rules.py"
    module.write_text(f"from pathlib import Path\nFILE = Path({str(tmp_path)!r}) / 'house.yaml'\nNUMBER = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    entries = [EntryPoint("house", "cinejudge_house_rules:FILE", "cinejudge.suites")]
    monkeypatch.setattr(loader, "entry_points", lambda group: entries)
    suite_files.cache_clear()
    try:
        assert load_suite("house").title == "House rules"
        for name, attribute, told in (("odd", "NUMBER", "not a path"), ("msavbench", "FILE", "exists already")):
            entries[:] = [EntryPoint(name, f"cinejudge_house_rules:{attribute}", "cinejudge.suites")]
            suite_files.cache_clear()
            with pytest.raises(ConfigError, match=told):
                suite_names()
    finally:
        suite_files.cache_clear()
