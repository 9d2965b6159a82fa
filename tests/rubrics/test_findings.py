"""Findings follow from answers and measures, with stable ids, the gravest first; the brief's words stay data."""

from __future__ import annotations

from typing import Any

import pytest

from cinejudge.rubrics import choose, findings, gather_findings, plan_questions, score_suite
from cinejudge.schema import (
    Answer,
    Brief,
    Finding,
    Measured,
    Segmentation,
    Shot,
    ShotSpec,
    Span,
    Suite,
)

QUESTION = {
    "id": "q",
    "scope": "shot",
    "text": "Is shot {shot.number} here: {shot.scene}?",
    "options": [
        {"id": "yes", "text": "Yes.", "score": 1},
        {"id": "nearly", "text": "Nearly.", "score": 0.5},
        {"id": "no", "text": "No.", "score": 0},
        {
            "id": "worse",
            "text": "Worse than {shot.scene}.",
            "score": 0.2,
            "finding": {"mode": "Disaster", "severity": "critical", "suggestion": "Burn {shot.scene}: {chosen}"},
        },
        {"id": "none", "text": "No place.", "score": None},
    ],
    "finding": {"mode": "Wrong scene", "severity": "major", "suggestion": "Set shot {shot.number} in {shot.scene}"},
}


def suite(*metrics: dict[str, Any]) -> Suite:
    return Suite.model_validate(
        {
            "name": "s",
            "title": "S",
            "version": "1",
            "source": "us",
            "dimensions": [{"id": "d", "name": "D", "metrics": metrics}],
        }
    )


RUBRIC = suite({"id": "m", "name": "M", "paradigm": "rubric", "questions": [QUESTION]})
MEASURED = suite(
    {
        "id": "m",
        "name": "Sharpness",
        "paradigm": "measured",
        "measure": {"name": "x"},
        "mapping": {"zero_at": 0, "one_at": 10},
        "finding_below": 0.4,
        "finding": {"mode": "Blur", "severity": "minor", "suggestion": "Sharpen from {value} {unit}. {note}"},
    }
)
SHOT = Shot(index=1, start_frame=0, end_frame=24, start_s=1.0, end_s=2.0, transition_in=None, spec=0)
SEGMENTATION = Segmentation(shots=(SHOT,), corrections=(), rounds=0, expected=None)


def found(option: str, scene: str = "a street", **rest: Any) -> tuple[Finding, ...]:
    brief = Brief(shots=(ShotSpec(index=0, scene=scene),))
    (asked,) = plan_questions(RUBRIC, brief, (SHOT,), {}, seed=0)
    answers = {asked.id: choose(asked, option, by="m", **rest)}
    return findings(RUBRIC, [asked], answers, score_suite(RUBRIC, [asked], answers, {}, SEGMENTATION, {}, ()))


def test_a_bad_answer_gives_the_finding_of_its_question() -> None:
    (finding,) = found("no", reasoning="It is a beach.", evidence=("ev_1",), confidence=0.7)
    assert (finding.mode, finding.severity, finding.title) == ("Wrong scene", "major", "Wrong scene in shot 2")
    assert finding.suggestion == "Set shot 2 in “a street”"
    assert finding.detail == "Is shot 2 here: “a street”? No. It is a beach."
    assert (finding.shots, finding.spans) == ((1,), (Span(start_s=1.0, end_s=2.0),))
    assert (finding.evidence, finding.confidence, finding.metric, finding.suite) == (("ev_1",), 0.7, "m", "s")
    assert finding.answer == "s/q@shot1"


def test_an_options_own_finding_comes_before_the_questions() -> None:
    (finding,) = found("worse")
    assert (finding.mode, finding.severity) == ("Disaster", "critical")
    assert finding.suggestion == "Burn “a street”: Worse than “a street”."


@pytest.mark.parametrize("option", ["yes", "nearly", "none", "cannot_tell"])
def test_good_answers_and_none_at_all_give_no_finding(option: str) -> None:
    assert found(option) == ()


def test_spans_of_the_answer_are_closer_than_the_shot() -> None:
    span = Span(start_s=1.2, end_s=1.3)
    assert found("no", spans=(span,))[0].spans == (span,)


def test_ids_follow_from_what_was_asked() -> None:
    one, again = found("no")[0], found("no", "another street", reasoning="other words")[0]
    assert one.id == again.id
    assert one.id != found("worse")[0].id


def test_braces_of_the_brief_are_not_filled() -> None:
    (finding,) = found("worse", "{chosen} {shot.scene} {0.__class__}")
    assert finding.suggestion.startswith("Burn “{chosen} {shot.scene} {0.__class__}”")


@pytest.mark.parametrize(
    ("value", "told"), [(3.9, True), (4.0, False), (10.0, False), (None, False), (float("nan"), False)]
)
def test_a_low_measure_gives_its_finding(value: float | None, told: bool) -> None:
    taken = Measured(name="x", value=value, unit="dB", note="against {value}", evidence=("ev_1",))
    verdict = score_suite(MEASURED, [], {}, {"m": taken}, SEGMENTATION, {}, ())
    made = findings(MEASURED, [], {}, verdict)
    assert bool(made) == told
    if told:
        assert made[0].suggestion == "Sharpen from 3.9 dB. against {value}"
        assert made[0].detail == "Sharpness: 3.9 dB. against {value}"
        assert made[0].evidence == ("ev_1",)


def test_a_measure_that_a_gate_leaves_out_gives_none() -> None:
    metric = MEASURED.dimensions[0].metrics[0].model_copy(update={"gate": ("has_audio",)})
    gated = MEASURED.model_copy(
        update={"dimensions": (MEASURED.dimensions[0].model_copy(update={"metrics": (metric,)}),)}
    )
    taken = {"m": Measured(name="x", value=0.0)}
    verdict = score_suite(gated, [], {}, taken, SEGMENTATION, {"has_audio": False}, ())
    assert findings(gated, [], {}, verdict) == ()


def test_questions_of_other_suites_are_passed_over() -> None:
    brief = Brief(shots=(ShotSpec(index=0, scene="x"),))
    (asked,) = plan_questions(RUBRIC, brief, (SHOT,), {}, seed=0)
    foreign = asked.model_copy(update={"suite": "t"})
    answers = {asked.id: choose(asked, "no", by="m")}
    verdict = score_suite(RUBRIC, [foreign], answers, {}, SEGMENTATION, {}, ())
    assert findings(RUBRIC, [foreign], answers, verdict) == ()


@pytest.mark.parametrize(
    ("scope", "title"),
    [("clip", "Bad"), ("adjacent", "Bad between shots 1 and 2"), ("spec", "Bad in the brief's shot 1"),
     ("speaker", "Bad of speaker 1"), ("line", "Bad in script line 1")],
)  # fmt: skip
def test_titles_say_where(scope: str, title: str) -> None:
    question = {
        "id": "q",
        "scope": scope,
        "text": "?",
        "options": [{"id": "yes", "text": "Y", "score": 1}, {"id": "no", "text": "N", "score": 0}],
        "finding": {"mode": "Bad"},
    }
    made = suite({"id": "m", "name": "M", "paradigm": "rubric", "questions": [question]})
    brief = Brief.model_validate({"shots": [{"index": 0}], "lines": [{"text": "Hm"}]})
    shots = (SHOT.model_copy(update={"index": 0, "start_s": 0.0, "end_s": 1.0}), SHOT)
    asked = plan_questions(made, brief, shots, {}, seed=0, speakers=1)
    answers: dict[str, Answer] = {asked[0].id: choose(asked[0], "no", by="m")}
    verdict = score_suite(made, asked, answers, {}, SEGMENTATION, {}, ())
    assert [f.title for f in findings(made, asked, answers, verdict)] == [title]


def test_the_gravest_come_first_then_the_earliest() -> None:
    def one(severity: str, start: float | None) -> Finding:
        spans = () if start is None else ({"start_s": start, "end_s": start + 1},)
        return Finding.model_validate(
            {"id": f"f{severity}{start}", "mode": "x", "severity": severity, "title": "x", "suite": "s", "spans": spans}
        )

    made = [one("minor", 0.0), one("critical", 3.0), one("major", None), one("critical", 1.0), one("moderate", 0.0)]
    expected = [("critical", 1.0), ("critical", 3.0), ("major", None), ("moderate", 0.0), ("minor", 0.0)]
    assert [f.id for f in gather_findings(made)] == [f"f{severity}{start}" for severity, start in expected]
    assert gather_findings(reversed(made)) == gather_findings(made)


def test_what_two_suites_find_by_one_answer_is_told_once_for_both() -> None:
    def one(suite: str, title: str = "Blur") -> Finding:
        return Finding.model_validate(
            {"id": suite, "mode": "x", "severity": "minor", "title": title, "suite": suite, "metric": "m"}
        )

    made = gather_findings([one("first"), one("other"), one("other", "Shake")])
    assert [(f.suite, f.title, f.shared) for f in made] == [("first", "Blur", ("other/m",)), ("other", "Shake", ())]
    assert gather_findings(made) == made
