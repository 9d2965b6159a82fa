"""Only what is scored enters a mean; coverage tells how much that is; nothing is ever invented."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cinejudge.rubrics import choose, score_suite
from cinejudge.rubrics.answers import CANNOT_TELL_OPTION
from cinejudge.schema import (
    CANNOT_TELL,
    Answer,
    Asked,
    Evidence,
    Measured,
    MetricScore,
    Segmentation,
    Shot,
    Suite,
    SuiteVerdict,
)
from cinejudge.schema.suite import Option

OPTIONS = (
    Option(id="good", text="Good.", score=1.0),
    Option(id="half", text="Half.", score=0.5),
    Option(id="bad", text="Bad.", score=0.0),
    Option(id="absent", text="Nothing to see.", score=None),
    CANNOT_TELL_OPTION,
)
QUESTION = {"text": "?", "options": [o.model_dump() for o in OPTIONS[:-1]]}


def rubric(metric: str, **more: Any) -> dict[str, Any]:
    question = QUESTION | {"id": f"{metric}.q"}
    return {"id": metric, "name": metric, "paradigm": "rubric", "questions": [question], **more}


def measure(metric: str, **more: Any) -> dict[str, Any]:
    return {
        "id": metric,
        "name": metric,
        "paradigm": "measured",
        "measure": {"name": f"{metric}.value"},
        "mapping": {"zero_at": 0, "one_at": 10},
        **more,
    }


def suite(*dimensions: list[dict[str, Any]], weights: Mapping[int, float] | None = None, **more: Any) -> Suite:
    made = [
        {"id": f"d{i}", "name": f"D{i}", "metrics": metrics, "weight": (weights or {}).get(i, 1.0)}
        for i, metrics in enumerate(dimensions)
    ]
    return Suite.model_validate({"name": "s", "title": "S", "version": "1", "source": "us", "dimensions": made, **more})


def asked(metric: str, number: int = 0, **more: Any) -> Asked:
    return Asked(
        id=f"s/{metric}.q@shot{number}",
        question=f"{metric}.q",
        metric=metric,
        dimension="d0",
        suite="s",
        text="?",
        options=OPTIONS,
        **more,
    )


def shots(valid: int, invalid: int = 0, expected: int | None = None) -> Segmentation:
    found = tuple(
        Shot(
            index=i,
            start_frame=i,
            end_frame=i + 1,
            start_s=float(i),
            end_s=i + 1.0,
            transition_in=None,
            valid=i < valid,
        )
        for i in range(valid + invalid)
    )
    return Segmentation(shots=found, corrections=(), rounds=0, expected=expected)


def score(
    made: Suite,
    questions: list[Asked] | None = None,
    options: list[str] | None = None,
    measured: Mapping[str, Measured] | None = None,
    **more: Any,
) -> SuiteVerdict:
    questions = questions or []
    answers = {q.id: choose(q, o, by="m") for q, o in zip(questions, options or [], strict=False)}
    return score_suite(
        made,
        questions,
        more.get("answers", answers),
        measured or {},
        more.get("segmentation", shots(1)),
        more.get("facts", {}),
        more.get("evidence", ()),
    )


def only(verdict: SuiteVerdict) -> MetricScore:
    return verdict.dimensions[0].metrics[0]


def test_a_metric_is_the_mean_of_what_is_answered() -> None:
    questions = [asked("m", i) for i in range(5)]
    metric = only(score(suite([rubric("m")]), questions, ["good", "half", "bad", "absent", CANNOT_TELL]))
    assert (metric.status, metric.score) == ("scored", 0.5)
    # Four questions apply, three are answered.
    assert metric.coverage == 0.75
    assert metric.reason == "m cannot tell"
    assert [a.status for a in metric.answers] == ["answered"] * 3 + ["not_applicable", "not_judged"]


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (["absent"], "not_applicable"),
        ([CANNOT_TELL], "not_judged"),
        ([], "not_judged"),
        (["absent", CANNOT_TELL], "not_judged"),
    ],
)
def test_without_an_answer_there_is_no_score(options: list[str], status: str) -> None:
    questions = [asked("m", i) for i in range(max(1, len(options)))]
    verdict = score(suite([rubric("m")]), questions, options)
    for part in (verdict, verdict.dimensions[0], only(verdict)):
        assert (part.status, part.score, part.coverage) == (status, None, 0.0)
    assert only(verdict).reason


def test_a_metric_with_no_question_for_this_video_does_not_apply() -> None:
    metric = only(score(suite([rubric("m")])))
    assert metric.status == "not_applicable"
    assert metric.reason == "neither the brief nor the clip holds anything that it asks about"


@pytest.mark.parametrize(
    ("facts", "status", "told"),
    [
        ({"has_audio": False}, "not_applicable", "the clip has no sound"),
        ({}, "not_judged", "cannot be told"),
        ({"has_audio": True}, "scored", None),
    ],
)
def test_gates_of_metrics_decide_before_any_number(facts: dict[str, bool], status: str, told: str | None) -> None:
    made = suite([measure("m", gate=["has_audio"])])
    metric = only(score(made, measured={"m": Measured(name="m.value", value=5.0)}, facts=facts))
    assert metric.status == status
    assert metric.score == (0.5 if status == "scored" else None)
    assert told is None or told in str(metric.reason)


@pytest.mark.parametrize(("value", "expected"), [(-5.0, 0.0), (0.0, 0.0), (2.5, 0.25), (10.0, 1.0), (1e300, 1.0)])
def test_a_measure_is_mapped_and_its_raw_value_kept(value: float, expected: float) -> None:
    metric = only(score(suite([measure("m")]), measured={"m": Measured(name="m.value", value=value, unit="dB")}))
    assert (metric.score, metric.raw, metric.unit, metric.coverage) == (expected, value, "dB", 1.0)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_fails_and_scores_nothing(value: float) -> None:
    metric = only(score(suite([measure("m")]), measured={"m": Measured(name="m.value", value=value)}))
    assert (metric.status, metric.score, metric.raw) == ("failed", None, None)


def evidence(number: int, status: str = "found", fidelity: str = "paper", provider: str = "p") -> Evidence:
    return Evidence.model_validate(
        {
            "id": f"ev_{number:012x}",
            "tool": "t",
            "provider": provider,
            "version": "1",
            "fidelity": fidelity,
            "args": {},
            "status": status,
        }
    )


@pytest.mark.parametrize(
    ("missing", "found", "status"),
    [
        (False, "found", "not_applicable"),
        (True, "found", "not_judged"),
        (False, "unavailable", "not_judged"),
        (False, "abstained", "not_judged"),
        (False, "failed", "failed"),
    ],
)
def test_a_measure_without_a_value_says_why(missing: bool, found: str, status: str) -> None:
    seen = evidence(1, found)
    taken = Measured(name="m.value", value=None, reason="because", missing=missing, evidence=(seen.id,))
    metric = only(score(suite([measure("m")]), measured={"m": taken}, evidence=[seen]))
    assert (metric.status, metric.score, metric.reason) == (status, None, "because")


def test_a_measure_that_nobody_took_is_not_judged() -> None:
    assert only(score(suite([measure("m")]))).status == "not_judged"


def test_measure_and_questions_of_one_metric_count_alike() -> None:
    made = suite([measure("m", paradigm="grounded", questions=[QUESTION | {"id": "m.q"}])])
    taken = {"m": Measured(name="m.value", value=10.0)}
    assert only(score(made, [asked("m")], ["bad"], taken)).score == 0.5
    part = only(score(made, [asked("m")], [], taken))
    assert (part.score, part.coverage) == (1.0, 0.5)


def test_weights_count_in_dimensions_and_in_the_suite() -> None:
    made = suite([measure("a", weight=3.0), measure("b")], [measure("c")], weights={1: 2.0})
    taken = {m: Measured(name=f"{m}.value", value=v) for m, v in (("a", 10.0), ("b", 0.0), ("c", 0.0))}
    verdict = score(made, measured=taken)
    assert verdict.dimensions[0].score == 0.75
    assert verdict.score == pytest.approx(0.25)
    del taken["a"]
    partial = score(made, measured=taken)
    assert (partial.dimensions[0].score, partial.dimensions[0].coverage) == (0.0, 0.25)
    assert partial.coverage == pytest.approx((0.25 + 2.0) / 3.0)


def test_a_dimension_that_does_not_count_stands_beside_the_score() -> None:
    made = suite([measure("a")], [measure("b")])
    aside = made.dimensions[1].model_copy(update={"counts": False})
    made = made.model_copy(update={"dimensions": (made.dimensions[0], aside)})
    verdict = score(made, measured={"b": Measured(name="b.value", value=10.0)})
    assert (verdict.status, verdict.score, verdict.coverage) == ("not_judged", None, 0.0)
    assert verdict.dimensions[1].score == 1.0


@pytest.mark.parametrize(
    ("segmentation", "factor", "expected"),
    [
        (shots(2, 0, 4), True, 0.5),
        (shots(2, 3, 4), True, 0.5),
        (shots(6, 0, 4), True, 1.0),
        (shots(2, 0, None), True, 1.0),
        (shots(2, 0, 4), False, 1.0),
        (shots(0, 1, 4), True, 0.0),
    ],
)
def test_shot_completion_lowers_suites_that_have_the_factor(
    segmentation: Segmentation, factor: bool, expected: float
) -> None:
    made = suite([measure("a")], completion_factor=factor)
    verdict = score(made, measured={"a": Measured(name="a.value", value=10.0)}, segmentation=segmentation)
    assert verdict.score == expected
    assert verdict.dimensions[0].score == 1.0
    assert (verdict.completion is None) == (not factor or segmentation.expected is None)


@pytest.mark.parametrize(
    ("fidelities", "by", "expected"),
    [
        (["paper"], None, "paper"),
        (["paper", "own"], None, "own"),
        (["paper", "substitute", "own"], None, "substitute"),
        (["paper"], "rule", "substitute"),
        (["paper"], "gemini", "own"),
    ],
)
def test_fidelity_is_that_of_the_weakest_evidence(fidelities: list[str], by: str | None, expected: str) -> None:
    found = [evidence(i, fidelity=f, provider=f"p{i}") for i, f in enumerate(fidelities)]
    ids = tuple(e.id for e in found)
    if by is None:
        taken = Measured(name="m.value", value=1.0, evidence=ids)
        metric = only(score(suite([measure("m")]), measured={"m": taken}, evidence=found))
    else:
        q = asked("m")
        answers = {q.id: choose(q, "good", by=by, evidence=ids)}
        metric = only(score(suite([rubric("m")]), [q], answers=answers, evidence=found))
    assert metric.fidelity == expected
    assert set(metric.providers) == {f"p{i}" for i in range(len(found))} | ({by} - {"rule", None} if by else set())


def test_an_answer_that_contradicts_its_question_is_put_right() -> None:
    q = asked("m")
    lie = Answer(asked=q.id, metric="m", status="answered", option="bad", score=1.0, by="m")
    assert only(score(suite([rubric("m")]), [q], answers={q.id: lie})).score == 0.0
    unknown = lie.model_copy(update={"option": "best"})
    metric = only(score(suite([rubric("m")]), [q], answers={q.id: unknown}))
    assert (metric.status, metric.score) == ("failed", None)
    nothing = lie.model_copy(update={"option": None})
    assert only(score(suite([rubric("m")]), [q], answers={q.id: nothing})).status == "failed"


def test_a_gated_question_stays_out_whatever_was_answered() -> None:
    out, unsure = asked("m", 0, not_applicable="no sound"), asked("m", 1, not_judged="no ears")
    answers = {q.id: Answer(asked=q.id, metric="m", status="answered", option="bad", score=0.0) for q in (out, unsure)}
    metric = only(score(suite([rubric("m")]), [out, unsure], answers=answers))
    assert (metric.status, metric.score, metric.coverage) == ("not_judged", None, 0.0)


def test_choosing_an_option_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="has no option 'best'; it has: good, half"):
        choose(asked("m"), "best", by="m")


# ------------------------------------------------------------------ properties

OPTION_IDS = st.sampled_from([option.id for option in OPTIONS] + ["unasked"])
VALUES = st.none() | st.floats(allow_nan=True, allow_infinity=True)
METRICS = ("a", "b", "c", "d")
MADE = suite([rubric("a"), measure("b", weight=2.5)], [rubric("c", weight=0.3), measure("d")], weights={0: 0.7})
CHOICES = st.fixed_dictionaries({m: st.lists(OPTION_IDS, max_size=4) for m in ("a", "c")})
TAKEN = st.fixed_dictionaries({m: VALUES for m in ("b", "d")})


def run(choices: dict[str, list[str]], taken: dict[str, float | None], reverse: bool = False) -> SuiteVerdict:
    pairs = [(asked(m, i), option) for m, chosen in choices.items() for i, option in enumerate(chosen)]
    if reverse:
        pairs.reverse()
    answers = {q.id: choose(q, option, by="m") for q, option in pairs if option != "unasked"}
    measured = {m: Measured(name=f"{m}.value", value=v, missing=True) for m, v in taken.items()}
    return score_suite(MADE, [q for q, _ in pairs], answers, measured, shots(1), {}, ())


@given(CHOICES, TAKEN)
def test_scores_and_coverage_lie_in_their_range_and_agree(
    choices: dict[str, list[str]], taken: dict[str, float | None]
) -> None:
    verdict = run(choices, taken)
    metrics = [m for d in verdict.dimensions for m in d.metrics]
    for part in (verdict, *verdict.dimensions, *metrics):
        assert (part.status == "scored") == (part.score is not None) == (part.coverage > 0.0)
        assert part.score is None or 0.0 <= part.score <= 1.0
        assert part.coverage <= 1.0
        assert part.status != "not_applicable" or part.coverage == 0.0
    for group in (*verdict.dimensions, verdict):
        parts = group.dimensions if isinstance(group, SuiteVerdict) else group.metrics
        scores = [part.score for part in parts if part.score is not None]
        assert group.score is None or min(scores) - 1e-9 <= group.score <= max(scores) + 1e-9
        full = [part for part in parts if part.status != "not_applicable"]
        assert (group.coverage == pytest.approx(1.0)) == (bool(full) and all(p.coverage > 1.0 - 1e-12 for p in full))


@given(CHOICES, TAKEN)
def test_the_order_of_questions_changes_nothing(choices: dict[str, list[str]], taken: dict[str, float | None]) -> None:
    one, other = run(choices, taken), run(choices, taken, reverse=True)
    assert one.score == other.score
    assert one.coverage == other.coverage
    assert [d.score for d in one.dimensions] == [d.score for d in other.dimensions]


@given(
    CHOICES, TAKEN, st.sampled_from(["a", "c"]), st.sampled_from(["absent", CANNOT_TELL, "unasked"]), st.integers(1, 3)
)
def test_what_is_not_judged_never_moves_a_mean(
    choices: dict[str, list[str]], taken: dict[str, float | None], metric: str, silent: str, count: int
) -> None:
    before = run(choices, taken)
    after = run(choices | {metric: choices[metric] + [silent] * count}, taken)
    assert [m.score for d in after.dimensions for m in d.metrics] == [
        m.score for d in before.dimensions for m in d.metrics
    ]
    assert after.score == before.score
    if silent == "absent":
        assert after.coverage == before.coverage
    else:
        # What applies and is not judged can only lower the coverage, unless the metric did not apply before.
        assert after.coverage <= before.coverage + 1e-12


@given(CHOICES, TAKEN)
def test_a_rescore_from_its_own_answers_gives_the_same(
    choices: dict[str, list[str]], taken: dict[str, float | None]
) -> None:
    verdict = run(choices, taken)
    metrics = [m for d in verdict.dimensions for m in d.metrics]
    questions = [asked(m, i) for m, chosen in choices.items() for i in range(len(chosen))]
    answers = {a.asked: a for m in metrics for a in m.answers}
    measured = {m.id: m.measured for m in metrics if m.measured}
    again = score_suite(MADE, questions, answers, measured, shots(1), {}, ())
    assert again.model_dump_json() == verdict.model_dump_json()
