"""The questions of a suite become the questions about this very video."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cinejudge.rubrics import answer_by_rule, load_suite, plan_questions
from cinejudge.schema import CANNOT_TELL, Asked, Brief, Line, Measured, Shot, ShotSpec, Suite

YES_NO = [{"id": "yes", "text": "Yes.", "score": 1}, {"id": "no", "text": "No.", "score": 0}]
SCALE = [{"id": "close_up", "text": "Close."}, {"id": "long", "text": "Far."}, {"id": "medium", "text": "Between."}]


def suite(*questions: dict[str, Any], gate: tuple[str, ...] = ()) -> Suite:
    metric = {"id": "m", "name": "M", "paradigm": "rubric", "gate": gate, "questions": list(questions)}
    return Suite.model_validate(
        {
            "name": "s",
            "title": "S",
            "version": "1",
            "source": "us",
            "vocabularies": {"scale": SCALE},
            "dimensions": [{"id": "d", "name": "D", "metrics": [metric]}],
        }
    )


def question(text: str, scope: str = "clip", **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"id": "q", "text": text, "scope": scope, **more}
    return made if "vocabulary" in made else {"options": YES_NO, **made}


def shots(*specs: int | None) -> tuple[Shot, ...]:
    """Shots of one second each, with the brief's shot that each realises; None realises none."""
    return tuple(
        Shot(
            index=i,
            start_frame=24 * i,
            end_frame=24 * i + 24,
            start_s=float(i),
            end_s=i + 1.0,
            transition_in=None,
            spec=spec,
            valid=spec is not None,
        )
        for i, spec in enumerate(specs)
    )


BRIEF = Brief(
    prompt="A walk",
    shots=(
        ShotSpec(index=0, scale="close-up", description="a hand", lines=(Line(text="Go!", speaker="Ann"),)),
        ShotSpec(index=1, scale="cowboy hat shot", description="a street {brief.prompt}"),
        ShotSpec(index=2, description="the sea"),
    ),
    lines=(Line(text="Once"),),
)


def ask(made: Suite, brief: Brief | None = BRIEF, found: tuple[Shot, ...] = (), **more: Any) -> tuple[Asked, ...]:
    return plan_questions(made, brief, found, more.pop("facts", {}), seed=more.pop("seed", 0), **more)


@pytest.mark.parametrize(
    ("scope", "targets"),
    [
        ("clip", ["clip"]),
        ("shot", ["shot0", "shot1", "shot2"]),
        ("adjacent", ["shot0-1", "shot1-2"]),
        ("spec", ["spec0", "spec1", "spec2"]),
        ("speaker", ["speaker0", "speaker1"]),
        ("line", ["line0", "line1"]),
    ],
)
def test_a_question_is_asked_once_for_each_thing_in_its_scope(scope: str, targets: list[str]) -> None:
    asked = ask(suite(question("Good?", scope)), found=shots(0, None, 2), speakers=2)
    assert [a.target for a in asked] == targets
    assert [a.id for a in asked] == [f"s/q@{target}" for target in targets]


def test_what_the_brief_wants_is_asked_of_shots_that_realise_it_only() -> None:
    asked = ask(suite(question("Is it {shot.description}?", "shot")), found=shots(2, None, 0))
    assert [(a.target, a.slots["shot.description"]) for a in asked] == [("shot0", "the sea"), ("shot2", "a hand")]
    pairs = ask(suite(question("{shot.description}, {next.description}?", "adjacent")), found=shots(0, 1, None, 2))
    assert [a.target for a in pairs] == ["shot0-1"]


def test_a_question_whose_slot_is_open_does_not_exist() -> None:
    made = suite(question("How far?", "shot", slot="shot.scale", vocabulary="scale"))
    assert [a.target for a in ask(made, found=shots(0, 1, 2))] == ["shot0", "shot1"]
    assert ask(made, None, shots(0)) == ()
    assert ask(suite(question("{brief.tone}?"))) == ()


def test_a_shot_of_the_brief_knows_where_it_is_found() -> None:
    first, second, third = ask(suite(question("{shot.description}?", "spec")), found=shots(1, None, 1))
    assert (first.shots, first.span) == ((), None)
    assert second.shots == (0, 2)
    assert second.span is not None
    assert (second.span.start_s, second.span.end_s) == (0.0, 3.0)
    assert third.shots == ()


def test_a_line_knows_its_shot() -> None:
    whole, bound = ask(suite(question("{line.text}?", "line")), found=shots(1, 0))
    assert (whole.slots, whole.shots) == ({"line.text": "Once"}, ())
    assert (bound.slots, bound.shots) == ({"line.text": "Go!"}, (1,))


def test_our_own_counts_are_written_in_and_the_briefs_words_are_not() -> None:
    (asked,) = ask(suite(question("Is shot {shot.number} {shot.description}?", "shot")), found=shots(1))
    assert asked.text == "Is shot 1 {shot.description}?"
    assert asked.slots == {"shot.description": "a street {brief.prompt}"}
    assert asked.filled(asked.text) == "Is shot 1 “a street {brief.prompt}”?"


def test_a_vocabulary_question_scores_the_terms_that_the_brief_names() -> None:
    made = suite(question("How far?", "shot", slot="shot.scale", vocabulary="scale"))
    known, foreign = ask(made, found=shots(0, 1))
    assert {o.id: o.score for o in known.options} == {
        "close_up": 1.0,
        "long": 0.0,
        "medium": 0.0,
        "other": 0.0,
        CANNOT_TELL: None,
    }
    # Neither the slot nor the words of the brief give the answer away.
    assert known.slots == {}
    described = foreign.option("described")
    assert described is not None
    assert (described.score, described.text) == (1.0, "{shot.scale}")
    assert foreign.slots == {"shot.scale": "cowboy hat shot"}


def test_several_terms_are_all_right() -> None:
    brief = Brief(shots=(ShotSpec(index=0, scale="from close-up to long shot"),))
    made = suite(question("How far?", "shot", slot="shot.scale", vocabulary="scale"))
    (asked,) = ask(made, brief, shots(0))
    assert {o.id for o in asked.options if o.score == 1.0} == {"close_up", "long"}


def test_synonyms_of_the_suite_come_before_the_terms_of_film() -> None:
    made = suite(question("How far?", "shot", slot="shot.scale", vocabulary="scale"))
    terms = tuple(
        o.model_copy(update={"synonyms": ("cowboy hat",)}) if o.id == "medium" else o
        for o in made.vocabularies["scale"]
    )
    made = made.model_copy(update={"vocabularies": {"scale": terms}})
    asked = ask(made, found=shots(1))[0]
    assert {o.id for o in asked.options if o.score == 1.0} == {"medium"}


def test_gates_leave_questions_in_the_plan_with_their_reason() -> None:
    made = suite(question("Loud?", gate=["has_audio"]), gate=("has_people",))
    (holds,) = ask(made, facts={"has_people": True, "has_audio": True})
    (fails,) = ask(made, facts={"has_people": False, "has_audio": None})
    (unknown,) = ask(made, facts={"has_people": True})
    assert (holds.not_applicable, holds.not_judged) == (None, None)
    assert (fails.not_applicable, fails.not_judged) == ("nobody is seen", None)
    assert unknown.not_applicable is None
    assert unknown.not_judged == "whether the clip has sound cannot be told without the file's audio stream"


def test_long_values_are_cut_and_lines_of_text_joined() -> None:
    brief = Brief(prompt="word \n" * 3000)
    (asked,) = ask(suite(question("{brief.prompt}?")), brief)
    assert asked.slots["brief.prompt"].startswith("word word")
    assert len(asked.slots["brief.prompt"]) == 6000


@given(st.integers(), st.integers())
def test_options_are_shuffled_by_the_seed_and_end_with_cannot_tell(seed: int, other: int) -> None:
    made = suite(question("How far?", "shot", slot="shot.scale", vocabulary="scale"))
    one, again, differently = (ask(made, found=shots(0), seed=s)[0].options for s in (seed, seed, other))
    assert one == again
    assert one[-1].id == differently[-1].id == CANNOT_TELL
    assert sorted(o.id for o in one) == sorted(o.id for o in differently)


def test_orders_differ_between_questions_and_seeds_but_not_between_places() -> None:
    made = suite(*(question("How far?", "spec", id=f"q{i}", slot="shot.scale", vocabulary="scale") for i in range(6)))
    brief = Brief(shots=tuple(ShotSpec(index=i, scale="long") for i in range(3)))
    asked = [(seed, asked) for seed in (0, 1) for asked in ask(made, brief, seed=seed)]
    orders = {(seed, a.question, a.target): tuple(o.id for o in a.options) for seed, a in asked}
    assert len(set(orders.values())) > 4
    assert len({(seed, name, order) for (seed, name, _), order in orders.items()}) == 12  # a model is told them once


texts = st.text(max_size=30)


@given(
    st.lists(
        st.builds(ShotSpec, index=st.just(0), description=texts, scale=st.none() | texts, scene=texts), max_size=4
    ),
    st.lists(st.none() | st.integers(0, 6), max_size=5),
    st.sampled_from(["msavbench", "mtavg2", "evalverse"]),
)
def test_any_brief_and_any_shots_can_be_planned(specs: list[ShotSpec], found: list[int | None], name: str) -> None:
    brief = Brief(prompt="p", shots=tuple(s.model_copy(update={"index": i}) for i, s in enumerate(specs)))
    asked = plan_questions(load_cached(name), brief, shots(*found), {}, seed=0)
    assert len({a.id for a in asked}) == len(asked)
    for a in asked:
        assert a.options[-1].id == CANNOT_TELL
        assert len({o.id for o in a.options}) == len(a.options)


SUITES = {name: load_suite(name) for name in ("msavbench", "mtavg2", "evalverse")}


def load_cached(name: str) -> Suite:
    return SUITES[name]


RULE = {
    "measure": {"name": "x.match"},
    "bands": [{"option": "as_asked", "min": 0.75}, {"option": "other", "max": 0.25}],
}


@pytest.mark.parametrize(
    ("value", "option", "score"),
    [(0.75, "close_up", 1.0), (1.0, "close_up", 1.0), (0.2499, "other", 0.0), (-1e9, "other", 0.0)],
)
def test_a_rule_chooses_by_bands_with_the_lower_end_in_them(value: float, option: str, score: float) -> None:
    made = suite(question("How far?", "shot", slot="shot.scale", vocabulary="scale", rule=RULE))
    asked = ask(made, found=shots(0))[0]
    answer = answer_by_rule(asked, Measured(name="x.match", value=value, evidence=("ev_0",), note="seen"))
    assert answer is not None
    assert (answer.option, answer.score, answer.by, answer.status) == (option, score, "rule", "answered")
    assert answer.evidence == ("ev_0",)
    assert "x.match" in answer.reasoning
    assert "seen" in answer.reasoning


@pytest.mark.parametrize("value", [0.25, 0.5, None, float("nan"), float("inf")])
def test_between_the_bands_and_without_a_number_the_rule_is_silent(value: float | None) -> None:
    made = suite(question("How far?", "shot", slot="shot.scale", vocabulary="scale", rule=RULE))
    assert answer_by_rule(ask(made, found=shots(0))[0], Measured(name="x.match", value=value)) is None


def test_a_question_without_a_rule_is_left_alone() -> None:
    (asked,) = ask(suite(question("Good?")))
    assert answer_by_rule(asked, Measured(name="x", value=1.0)) is None
