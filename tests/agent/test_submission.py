"""What is checked before a model's answer counts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cinejudge.agent.submission import Submission
from cinejudge.schema import Asked, Span
from cinejudge.schema.suite import Option

KNOWN = "ev_0123456789ab"
OPTIONS = (
    Option(id="yes", text="Yes.", score=1.0),
    Option(id="no", text="No.", score=0.0),
    Option(id="moot", text="It does not arise.", score=None),
    Option(id="cannot_tell", text="Cannot tell.", score=None),
)


def asked(number: int, **changes: Any) -> Asked:
    made = {"question": f"q{number}", "metric": "m", "dimension": "d", "suite": "s", "text": "?", "options": OPTIONS}
    return Asked.model_validate({"id": f"s/q{number}@clip", **made, **changes})


def submission(*questions: Asked) -> Submission:
    case = SimpleNamespace(
        perception=SimpleNamespace(found={KNOWN: object()}),
        footage=SimpleNamespace(clip=SimpleNamespace(duration_s=10.0)),
        session=SimpleNamespace(model=SimpleNamespace(name="openai/judge")),
    )
    return Submission(case, questions or (asked(0), asked(1)))  # type: ignore[arg-type]


def answer(number: int = 0, **changes: Any) -> dict[str, Any]:
    return {"question": f"s/q{number}@clip", "option": "yes", "reasoning": "seen", "confidence": 0.9, **changes}


def test_valid_answers_are_taken_over() -> None:
    given_ = submission()
    assert given_.check({"answers": [answer(0, evidence=[KNOWN, KNOWN]), answer(1, option="no")]}) is None
    first, second = given_.answers["s/q0@clip"], given_.answers["s/q1@clip"]
    assert (first.status, first.score, first.evidence, first.by) == ("answered", 1.0, (KNOWN,), "openai/judge")
    assert (second.status, second.score) == ("answered", 0.0)


def test_cannot_tell_is_not_judged_and_not_a_score() -> None:
    one = submission(asked(0))
    assert one.check({"answers": [answer(0, option="cannot_tell", reasoning="too dark")]}) is None
    got = one.answers["s/q0@clip"]
    assert (got.status, got.score, got.reason) == ("not_judged", None, "too dark")


def test_an_option_without_a_score_is_not_applicable() -> None:
    one = submission(asked(0))
    assert one.check({"answers": [answer(0, option="moot")]}) is None
    assert one.answers["s/q0@clip"].status == "not_applicable"


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"option": "maybe"}, "no option 'maybe'"),
        ({"evidence": ["ev_ffffffffffff"]}, "does not exist"),
        ({"spans": [{"start_s": 8, "end_s": 20}]}, "within 0 to 10.00 s"),
        ({"spans": [{"start_s": 5, "end_s": 4}]}, "within 0 to 10.00 s"),
        ({"spans": [{"start_s": 5}]}, "within 0 to 10.00 s"),
        ({"confidence": 1.5}, "confidence"),
        ({"confidence": None}, "confidence"),
        ({"reasoning": "x" * 5000}, "reasoning"),
        ({"question": "s/q9@clip"}, "not a question of yours"),
    ],
)
def test_a_flawed_answer_is_rejected_and_the_sound_one_beside_it_stands(wrong: dict[str, Any], complaint: str) -> None:
    both = submission()
    said = both.check({"answers": [answer(0, **wrong), answer(1)]})
    assert said is not None
    assert complaint in said
    assert "s/q0@clip" not in both.answers
    assert both.answers["s/q1@clip"].option == "yes"


def test_a_time_outside_the_shot_in_question_is_rejected() -> None:
    about = asked(0, target="shot1", span=Span(start_s=2, end_s=4))
    one = submission(about)
    assert "which runs 2.00 to 4.00 s" in (
        one.check({"answers": [answer(0, spans=[{"start_s": 6, "end_s": 7}])]}) or ""
    )
    assert one.check({"answers": [answer(0, spans=[{"start_s": 3.9, "end_s": 4.3}])]}) is None


def test_two_answers_to_one_question_are_rejected_together() -> None:
    one = submission(asked(0))
    assert "answered twice" in (one.check({"answers": [answer(0), answer(0, option="no")]}) or "")
    assert not one.answers


def test_a_missing_answer_is_named() -> None:
    both = submission()
    assert both.check({"answers": [answer(0)]}) == "s/q1@clip: no answer given"


def test_the_second_attempt_replaces_the_first() -> None:
    one = submission(asked(0))
    assert one.check({"answers": [answer(0, option="maybe")]})
    assert one.check({"answers": [answer(0, option="no")]}) is None
    assert one.answers["s/q0@clip"].option == "no"
    assert not one.rejected


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["answers", "x"]), JSON, max_size=2))
def test_whatever_a_model_submits_ends_in_a_reason_or_in_valid_answers(arguments: dict[str, Any]) -> None:
    both = submission()
    said = both.check(arguments)
    assert said is None or isinstance(said, str)
    assert (said is None) == (set(both.answers) == {"s/q0@clip", "s/q1@clip"})


@given(st.lists(st.fixed_dictionaries({k: JSON for k in answer()}), max_size=3))
def test_strange_answers_never_pass(answers: list[dict[str, Any]]) -> None:
    both = submission()
    both.check({"answers": answers})
    assert set(both.answers) <= {"s/q0@clip", "s/q1@clip"}
    assert all(a.option in {o.id for o in OPTIONS} for a in both.answers.values())
