"""EvalVerse is whole: its taxonomy by name, several questions for each sub-dimension, gates by context."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from cinejudge.rubrics import load_suite, plan_questions
from cinejudge.schema import Metric, Question, Shot

SUITE = load_suite("evalverse")
METRICS = [metric for dimension in SUITE.dimensions for metric in dimension.metrics]
QUESTIONS = [question for metric in METRICS for question in metric.questions]
LENDERS = {
    question.id: question
    for name in ("mtavg2", "msavbench")
    for dimension in load_suite(name).dimensions
    for metric in dimension.metrics
    for question in metric.questions
}
OWN = [question for question in QUESTIONS if question.id not in LENDERS]

TAXONOMY = {
    "pre-production/visual-concept-design": {
        "Character": "Identifiability; Costume Rationality",
        "Scene": "Environment Plausibility; Genre Distinctiveness",
    },
    "production/acting": {
        "Consistency": "Face Identity; Attribute",
        "Action": "Action Tension; Action-Emotion Synergy; Interaction Plausibility",
        "Expression": "Accuracy; Facial Tension; Expression Diversity; Continuity",
    },
    "production/cinematography": {
        "Composition": "Shot-Size Rationality; Subject Prominence; Spatial Layering",
        "Lens": "Depth of Field; Focal Length; Focus; Exposure",
        "Pacing": "Movement Rationality",
    },
    "production/aesthetics": {
        "Visual Quality": "Rendering Quality; Physics; Temporal Consistency",
        "Chromaticity": "Harmony; Emotive Power",
        "Materiality": "Material Identifiability; Stylistic Consistency",
        "Lighting": "Lighting Logic; Volumetric Sculpting",
    },
    "production/affectivity": {
        "Grounding": "Tonal Identifiability; Visual-Emotional Synergy",
        "Progression": "Transition Continuity; Intensity Layering",
    },
    "post-production/multi-shot": {
        "Logic": "Scene Consistency; Narrative Continuity; Spatial Continuity",
        "Rhythm": "Shot Duration Rationality; Rhythmic Layering",
    },
    "post-production/sound-design": {
        "Vocal": "Acoustic Quality; Lip-Sync; Narrative Sound Design",
        "Soundscape": "Ambient Sound Fidelity; Musical Score Alignment",
    },
}


def test_the_taxonomy_is_the_papers() -> None:
    ours: dict[str, dict[str, str]] = {}
    for dimension in SUITE.dimensions:
        ours.setdefault(dimension.group, {})[dimension.name] = "; ".join(m.name for m in dimension.metrics)
    assert ours == TAXONOMY
    assert len({group.split("/")[0] for group in ours}) == 3
    assert (len(ours), len(SUITE.dimensions), len(METRICS)) == (7, 18, 44)


def test_the_notes_say_44_of_45_and_what_a_gate_means() -> None:
    told = " ".join(SUITE.notes)
    assert "45" in told
    assert "44" in told
    assert "not applicable" in told


@pytest.mark.parametrize("metric", METRICS, ids=lambda m: m.id)
def test_a_sub_dimension_has_two_to_five_questions(metric: Metric) -> None:
    assert 2 <= len(metric.questions) <= 5
    assert metric.describes.endswith(".")


@pytest.mark.parametrize("question", OWN, ids=lambda q: q.id)
def test_a_question_can_be_answered_and_acted_upon(question: Question) -> None:
    assert question.text.endswith(("?", "}?"))
    assert len(question.guidance.split()) >= 5
    assert question.tools
    assert question.finding
    assert len(question.finding.suggestion.split()) >= 6
    scores = [option.score for option in question.options if option.score is not None]
    assert (max(scores), min(scores)) == (1.0, 0.0)


@pytest.mark.parametrize("question", OWN, ids=lambda q: q.id)
def test_guidance_says_when_a_question_does_not_arise(question: Question) -> None:
    falls_away = any(option.score is None for option in question.options)
    assert ("t does not arise" in question.guidance) == falls_away


def test_findings_of_different_questions_have_different_names() -> None:
    own = [q.finding.mode for q in OWN if q.finding]
    assert [mode for mode, count in Counter(own).items() if count > 1] == []


def test_borrowed_questions_are_the_lenders_word_for_word() -> None:
    borrowed = [q for q in QUESTIONS if q.id in LENDERS]
    assert len(borrowed) >= 20
    for question in borrowed:
        lent = LENDERS[question.id]
        assert (question.text, question.options, question.guidance) == (lent.text, lent.options, lent.guidance)
        assert (question.scope, question.rule) == (lent.scope, lent.rule)


def test_texts_are_no_near_duplicates() -> None:
    words = {q.id: set(re.findall(r"\w+", q.text.lower())) for q in [*OWN, *LENDERS.values()]}
    ids = sorted(words)
    close = [
        (a, b)
        for i, a in enumerate(ids)
        for b in ids[i + 1 :]
        if len(words[a] & words[b]) / len(words[a] | words[b]) > 0.7
    ]
    assert not close


ALL = {fact.removeprefix("not."): not fact.startswith("not.") for m in METRICS for q in m.questions for fact in m.gate}
ALL |= {fact.removeprefix("not."): not fact.startswith("not.") for q in QUESTIONS for fact in q.gate}


def _open(**facts: bool) -> Counter[str]:
    """How many questions of each metric are to be asked."""
    shots = tuple(
        Shot(index=i, start_frame=48 * i, end_frame=48 * i + 48, start_s=2.0 * i, end_s=2.0 * i + 2, transition_in=None)
        for i in range(2)
    )
    asked = plan_questions(SUITE, None, shots, ALL | facts, seed=0)
    return Counter(a.metric for a in asked if a.not_applicable is None and a.not_judged is None)


@pytest.mark.parametrize(
    ("fact", "value", "closed", "untouched"),
    [
        ("has_speech", False, {"acoustic_quality", "lip_sync"}, "ambient_sound_fidelity"),
        ("has_people", False, {"identifiability", "attribute", "action_tension"}, "environment_plausibility"),
        ("has_faces", False, {"face_identity", "facial_tension", "expression_diversity"}, "action_tension"),
        ("several_shots", False, {"scene_consistency", "spatial_continuity", "rhythmic_layering"}, "harmony"),
        ("has_audio", False, {"narrative_sound_design", "ambient_sound_fidelity"}, "physics"),
        ("has_music", False, {"musical_score_alignment"}, "ambient_sound_fidelity"),
        ("calm_scene", True, {"facial_tension", "expression_diversity", "intensity_layering"}, "expression_accuracy"),
    ],
)
def test_context_closes_what_it_leaves_nothing_to_judge(
    fact: str, value: bool, closed: set[str], untouched: str
) -> None:
    before, after = _open(), _open(**{fact: value})
    assert all(after[name] == 0 for name in closed)
    assert after[untouched] == before[untouched] > 0
