"""MSAVBench is whole: its metrics, levels, paradigms, dimensions and mappings are those of the paper."""

from __future__ import annotations

from collections import Counter

import pytest

from cinejudge.rubrics import load_suite, plan_questions, score_suite
from cinejudge.schema import Brief, Measured, Metric, Segmentation, Shot, ShotSpec, Transition
from cinejudge.schema.suite import Mapping
from cinejudge.schema.terms import TERMS

SUITE = load_suite("msavbench")
METRICS: dict[str, Metric] = {m.id: m for d in SUITE.dimensions for m in d.metrics}


def test_twenty_metrics_in_eleven_dimensions_that_count() -> None:
    assert len(METRICS) == 20
    assert Counter(m.level for m in METRICS.values()) == {
        "global": 5,
        "cross_shot": 8,
        "intra_shot": 5,
        "reference": 2,
    }
    assert Counter(m.paradigm for m in METRICS.values()) == {"measured": 10, "rubric": 5, "grounded": 5}
    assert [d.id for d in SUITE.dimensions if not d.counts] == ["reference"]
    assert sum(d.counts for d in SUITE.dimensions) == 11
    assert {d.weight for d in SUITE.dimensions} == {m.weight for m in METRICS.values()} == {1.0}
    assert SUITE.completion_factor
    assert all(m.paper_tools for m in METRICS.values())


def test_the_papers_merges() -> None:
    members = {d.id: {m.id for m in d.metrics} for d in SUITE.dimensions}
    assert members["visual_consistency"] == {
        "subject_consistency",
        "background_consistency",
        "style_consistency",
        "illumination_consistency",
        "color_consistency",
    }
    assert members["dialogue"] == {"voice_consistency", "lip_sync", "sound_attribution", "word_errors"}
    assert sorted(len(m) for m in members.values()) == [1] * 9 + [2, 4, 5]


@pytest.mark.parametrize(
    ("metric", "raw", "score"),
    [
        ("av_sync", 0.14, 0.93),
        ("av_sync", 3.0, 0.0),
        ("lip_sync", 4.91, 0.491),
        ("lip_sync", 12.0, 1.0),
        ("audio_quality", 6.51, 0.6122),
        ("text_rendering", 0.25, 0.75),
        ("text_rendering", 1.4, 0.0),
        ("word_errors", 7.55, 0.0),
        ("word_errors", 0.49, 0.51),
        ("subject_consistency", -0.2, 0.0),
    ],
)
def test_raw_values_become_scores_as_in_the_paper(metric: str, raw: float, score: float) -> None:
    mapping = METRICS[metric].mapping
    assert isinstance(mapping, Mapping)
    assert mapping.score(raw) == pytest.approx(score, abs=1e-4)


def test_terms_of_film_and_terms_of_the_suite_are_the_same() -> None:
    for name in SUITE.vocabularies.keys() & TERMS.keys():
        here = {option.id for option in SUITE.vocabularies[name]}
        assert here <= {term.id for term in TERMS[name]}, name


def test_every_rule_can_answer_both_ways() -> None:
    """A rule that only finds faults, or only merits, would bend the mean."""
    for metric in METRICS.values():
        for question in metric.questions:
            if question.rule:
                scores = {o.id: o.score for o in question.options} | {"as_asked": 1.0, "other": 0.0}
                assert {scores[band.option] for band in question.rule.bands} == {0.0, 1.0}, question.id


def test_every_question_and_measure_with_a_failing_answer_says_what_to_change() -> None:
    for metric in METRICS.values():
        assert metric.measure is None or (metric.finding and metric.finding.suggestion), metric.id
        for question in metric.questions:
            assert question.finding, question.id
            assert question.finding.suggestion, question.id


def shots(count: int) -> tuple[Shot, ...]:
    cut = Transition(type="hard_cut", start_frame=0, end_frame=0)
    return tuple(
        Shot(
            index=i,
            start_frame=24 * i,
            end_frame=24 * i + 24,
            start_s=float(i),
            end_s=i + 1.0,
            transition_in=cut if i else None,
            spec=i,
        )
        for i in range(count)
    )


BRIEF = Brief(
    prompt="A teaser",
    style="cyberpunk",
    genre="广告",
    persons=2,
    shots=(
        ShotSpec(index=0, description="A vault", scale="Close-up", camera_motion="push-pull", lighting="neon"),
        ShotSpec(index=1, description="A street", scene="a street", transition="hard cut", angle="low-angle"),
        ShotSpec(index=2, description="A title", texts=("EIGHTY",), layout="title in the middle"),
    ),
)


def test_questions_are_made_of_this_briefs_slots() -> None:
    facts = {"has_brief": True, "has_shot_specs": True, "several_shot_specs": True, "several_shots": True}
    asked = {a.id: a for a in plan_questions(SUITE, BRIEF, shots(3), facts | {"has_people": False}, seed=0)}
    made = Counter(a.question for a in asked.values())
    assert made["narrative.event"] == 3
    assert made["narrative.link"] == made["color.tone"] == made["clayout.position"] == 2
    assert made["vq.details"] == 3
    assert made["camera.scale"] == made["camera.angle"] == made["camera.motion"] == made["ilayout.arrangement"] == 1
    assert made["vq.tone"] == made["vq.subjects"] == 0

    def wanted(question: str) -> set[str]:
        return {o.id for o in asked[f"msavbench/{question}"].options if o.score == 1.0}

    assert wanted("vq.style@clip") == {"cyberpunk"}
    assert wanted("vq.genre@clip") == {"advertising"}
    assert wanted("vq.lighting@shot0") == {"neon"}
    assert wanted("vq.transition@shot1") == {"hard_cut"}
    assert wanted("camera.scale@shot0") == {"close_up"}
    assert wanted("camera.motion@shot0") == {"push_in", "pull_out"}
    assert asked["msavbench/clayout.hands@shot0-1"].not_applicable == "nobody is seen"


def test_a_clip_without_sound_brief_and_cuts_has_next_to_nothing_to_judge() -> None:
    facts = dict.fromkeys(
        ["has_brief", "has_shot_specs", "several_shot_specs", "several_shots", "has_audio", "has_music", "has_speech"],
        False,
    )
    facts |= dict.fromkeys(["has_target_text", "has_lines", "has_visible_speech", "speech_in_several_shots"], False)
    facts |= dict.fromkeys(["has_reference_subject", "has_reference_voice"], False)
    asked = plan_questions(SUITE, None, shots(1), facts, seed=0)
    verdict = score_suite(
        SUITE, asked, {}, {}, Segmentation(shots=shots(1), corrections=(), rounds=0, expected=None), facts, ()
    )
    metrics = [m for d in verdict.dimensions for m in d.metrics]
    assert {m.status for m in metrics} == {"not_applicable"}
    assert all(m.reason for m in metrics)
    assert (verdict.status, verdict.score, verdict.coverage) == ("not_applicable", None, 0.0)


def test_the_overall_score_is_the_mean_of_what_is_scored_times_the_completion() -> None:
    facts = {"has_target_text": True, "has_lines": True, "has_audio": True, "has_reference_voice": True}
    facts |= {"has_speech": True}
    taken = {
        "text_rendering": Measured(name="text.error_rate", value=0.2),
        "word_errors": Measured(name="speech.error_rate", value=0.6),
        "voice_fidelity": Measured(name="reference.voice", value=0.0),
    }
    found = Segmentation(shots=shots(2), corrections=(), rounds=0, expected=4)
    verdict = score_suite(SUITE, (), {}, taken, found, facts, ())
    assert verdict.completion == 0.5
    assert verdict.score == pytest.approx((0.8 + 0.4) / 2 * 0.5)
    assert {d.id: d.score for d in verdict.dimensions if d.score is not None} == pytest.approx(
        {"text_rendering": 0.8, "dialogue": 0.4, "reference": 0.0}
    )
