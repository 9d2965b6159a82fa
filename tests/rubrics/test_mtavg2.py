"""MTAVG-Bench 2.0 is whole: every mode is defined, has signs, neighbours, a severity scale and something to change."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

import pytest

from cinejudge.rubrics import load_suite, plan_questions
from cinejudge.schema import Metric, Question, Shot

SUITE = load_suite("mtavg2")
MODES = {metric.name: metric for dimension in SUITE.dimensions for metric in dimension.metrics}
QUESTIONS = {q.id: q for metric in MODES.values() for q in metric.questions}
SIGNS = re.compile(r"^For: (?P<pro>.+)\nAgainst: (?P<con>.+)\nNeighbours: (?P<near>.+)\n?$")
SINGLE_SOURCE = (
    "Over-smoothed Movement",
    "Action Exaggeration",
    "Action Missing",
    "Visual Mood Drift",
    "Music Tone Drift",
    "Artificial Environment Transition",
)

modes = pytest.mark.parametrize("mode", MODES.values(), ids=lambda m: m.id)
questions = pytest.mark.parametrize("question", QUESTIONS.values(), ids=lambda q: q.id)


def test_ten_sub_dimensions_in_three_groups_hold_forty_five_modes() -> None:
    counts = [(d.group, len(d.metrics)) for d in SUITE.dimensions]
    acting, atmosphere, cinematography = [6, 6, 3, 6], [5, 5, 3], [5, 3, 3]
    expected = [("acting", n) for n in acting] + [("atmosphere", n) for n in atmosphere]
    assert counts == expected + [("cinematography", n) for n in cinematography]
    assert len(MODES) == 45


def test_every_sub_dimension_weighs_the_same() -> None:
    assert {d.weight for d in SUITE.dimensions} == {1.0}
    assert all(d.counts for d in SUITE.dimensions)


def test_names_of_a_single_source_are_told() -> None:
    told = " ".join(SUITE.notes)
    assert all(name in MODES and name in told for name in SINGLE_SOURCE)


@modes
def test_a_mode_is_defined_in_a_sentence(mode: Metric) -> None:
    assert mode.describes.endswith(".")
    assert 8 <= len(mode.describes.split()) <= 40


@questions
def test_a_question_names_signs_for_and_against_and_neighbours_that_exist(question: Question) -> None:
    signs = SIGNS.match(question.guidance)
    assert signs, "guidance should be three lines: For, Against, Neighbours"
    assert min(len(signs["pro"].split()), len(signs["con"].split())) >= 5
    own = next(m.name for m in MODES.values() if question in m.questions)
    near = [part.split(" (")[0] for part in signs["near"].rstrip(".").split("; ")]
    assert near
    assert all(name in MODES and name != own for name in near), near


@questions
def test_severity_runs_from_absent_to_severe_and_each_step_is_a_finding(question: Question) -> None:
    steps = [o for o in question.options if o.score is not None]
    assert [o.id for o in steps] == ["absent", "slight", "clear", "severe"]
    scores = [o.score or 0.0 for o in steps]
    assert (scores[0], scores[-1]) == (1.0, 0.0)
    assert all(a > b for a, b in pairwise(scores))
    assert [o.finding and o.finding.severity for o in steps] == [None, "minor", "moderate", "major"]


@modes
def test_findings_carry_the_mode_and_something_to_change(mode: Metric) -> None:
    for question in mode.questions:
        assert question.finding
        assert question.finding.mode == mode.name
        assert len(question.finding.suggestion.split()) >= 6


@questions
def test_a_question_about_part_of_a_clip_can_fall_away(question: Question) -> None:
    """A shot or a cut may hold nothing that the question is about, unless every shot or cut has it."""
    always_there = {"camera.leads_eye", "focus.on_subject", "progression.step"}
    if question.scope in ("shot", "adjacent") and question.id not in always_there:
        assert any(option.score is None for option in question.options)


@questions
def test_a_rule_gives_way_to_eyes_unless_it_settles_the_matter(question: Question) -> None:
    """Only a clip without any sound settles by measure that a sound is missing."""
    if question.rule:
        assert question.rule.decisive == (question.id == "sound.scripted_heard")


def test_texts_are_no_near_duplicates() -> None:
    words = {q.id: set(re.findall(r"\w+", q.text.lower())) for q in QUESTIONS.values()}
    ids = sorted(words)
    close = [
        (a, b)
        for i, a in enumerate(ids)
        for b in ids[i + 1 :]
        if len(words[a] & words[b]) / len(words[a] | words[b]) > 0.7
    ]
    assert not close


def _state(facts: dict[str, bool | None]) -> Counter[tuple[str, bool]]:
    shots = tuple(
        Shot(index=i, start_frame=48 * i, end_frame=48 * i + 48, start_s=2.0 * i, end_s=2.0 * i + 2, transition_in=None)
        for i in range(2)
    )
    asked = plan_questions(SUITE, None, shots, facts, seed=0)
    return Counter((a.dimension, a.not_applicable is None and a.not_judged is None) for a in asked)


ALL = {name: True for metric in MODES.values() for q in metric.questions for name in metric.gate + q.gate}


def test_a_silent_clip_has_no_soundscape_to_judge() -> None:
    quiet = _state(ALL | {"has_audio": False, "has_speech": False, "has_music": False, "has_dialogue": False})
    assert quiet["soundscape_design", True] == 0
    assert quiet["mood_construction", True] > 0


def test_a_clip_without_people_has_no_acting_to_judge() -> None:
    empty = _state(ALL | {"has_people": False, "has_several_people": False, "has_faces": False, "has_speech": False})
    assert empty["motion_performance", True] == empty["emotional_performance", True] == 0
    assert empty["environmental_coherence", True] > 0


def test_one_shot_has_no_cuts_to_judge() -> None:
    assert _state(ALL | {"several_shots": False})["inter_shot_grammar", True] == 0
    assert _state(ALL)["inter_shot_grammar", True] == 4
