"""A changed suite gives other numbers from the same trace, without a video, a tool or a model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cinejudge.agent.rescore import Rescored
from cinejudge.agent.rescore import rescore as rescore_async
from cinejudge.cli import rescore as command
from cinejudge.rubrics import answer_by_rule, choose, findings, plan_questions, score_suite
from cinejudge.schema import Answer, Evidence, Measured, Options, Suite, Verdict, Versions
from cinejudge.traces import RunFolder

from .conftest import CLIP_ID

SUITE = {
    "name": "small",
    "title": "Small",
    "version": "1",
    "source": "tests",
    "dimensions": [
        {
            "id": "sharp",
            "name": "Sharpness",
            "metrics": [
                {
                    "id": "sharp.measured",
                    "name": "Measured sharpness",
                    "paradigm": "measured",
                    "measure": {"name": "picture.sharpness"},
                    "mapping": {"zero_at": 0.0, "one_at": 1.0},
                },
                {
                    "id": "sharp.rule",
                    "name": "Ruled sharpness",
                    "paradigm": "rubric",
                    "questions": [
                        {
                            "id": "sharp.enough",
                            "text": "Is it sharp?",
                            "options": [
                                {"id": "yes", "text": "Yes", "score": 1.0},
                                {
                                    "id": "no",
                                    "text": "No",
                                    "score": 0.0,
                                    "finding": {"mode": "blurred", "suggestion": "Sharpen it."},
                                },
                            ],
                            "rule": {
                                "measure": {"name": "picture.sharpness"},
                                "bands": [{"option": "yes", "min": 0.5}, {"option": "no", "max": 0.5}],
                            },
                        }
                    ],
                },
            ],
        },
        {
            "id": "story",
            "name": "Story",
            "metrics": [
                {
                    "id": "story.clear",
                    "name": "Clarity",
                    "paradigm": "rubric",
                    "questions": [
                        {
                            "id": "story.told",
                            "text": "Is the story clear?",
                            "options": [
                                {"id": "yes", "text": "Yes", "score": 1.0},
                                {"id": "partly", "text": "Partly", "score": 0.5},
                            ],
                        }
                    ],
                }
            ],
        },
    ],
}


def changed(*path: str | int, to: object) -> Suite:
    """The suite with one thing changed."""
    data = json.loads(json.dumps(SUITE))
    place = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = to
    return Suite.model_validate(data)


def rescore(verdict: Verdict, suites: list[Suite], *, seed: int) -> Rescored:
    return asyncio.run(rescore_async(verdict, suites, seed=seed))


RULE_QUESTION = ("dimensions", 0, "metrics", 1, "questions", 0)
MODEL_QUESTION = ("dimensions", 1, "metrics", 0, "questions", 0)


@pytest.fixture
def judged(small_verdict: Callable[..., Verdict]) -> Verdict:
    suite = Suite.model_validate(SUITE)
    evidence = Evidence(
        id="ev_0123456789ab", tool="picture", provider="own", version="1", fidelity="own", args={}, status="found"
    )
    bare = small_verdict(evidence)
    measured = Measured(name="picture.sharpness", value=0.6, evidence=(evidence.id,))
    asked = plan_questions(suite, None, (), {}, seed=0)
    by_rule = answer_by_rule(asked[0], measured)
    assert by_rule is not None
    by_model = choose(asked[1], "partly", by="openai/x", reasoning="It skips a step.", evidence=(evidence.id,))
    answers: dict[str, Answer] = {asked[0].id: by_rule, asked[1].id: by_model}
    scored = score_suite(suite, asked, answers, {"sharp.measured": measured}, bare.segmentation, {}, (evidence,))
    return bare.model_copy(
        update={
            "suites": {"small": scored},
            "questions": asked,
            "measured": (measured,),
            "findings": findings(suite, asked, answers, scored),
            "versions": bare.versions.model_copy(update={"suites": {"small": suite.hash}}),
        }
    )


def test_the_same_suite_gives_the_same_verdict(judged: Verdict) -> None:
    again = rescore(judged, [Suite.model_validate(SUITE)], seed=0)
    assert again.verdict == judged
    assert again.changes == ()
    assert judged.suites["small"].score == pytest.approx(((0.6 + 1.0) / 2 + 0.5) / 2)


def test_a_weight(judged: Verdict) -> None:
    again = rescore(judged, [changed("dimensions", 1, "weight", to=3.0)], seed=0)
    (change,) = again.changes
    assert (change.metric, change.before) == (None, judged.suites["small"].score)
    assert change.after == pytest.approx((0.8 + 3 * 0.5) / 4)
    assert again.verdict.versions.suites["small"] != judged.versions.suites["small"]


def test_a_mapping(judged: Verdict) -> None:
    again = rescore(judged, [changed("dimensions", 0, "metrics", 0, "mapping", "one_at", to=2.0)], seed=0)
    assert {c.metric: c.after for c in again.changes}["sharp.measured"] == pytest.approx(0.3)


def test_an_option_score(judged: Verdict) -> None:
    again = rescore(judged, [changed(*MODEL_QUESTION, "options", 1, "score", to=0.8)], seed=0)
    assert {c.metric: c.after for c in again.changes}["story.clear"] == pytest.approx(0.8)


def test_a_band_decides_anew_and_brings_its_finding(judged: Verdict) -> None:
    bands = [{"option": "yes", "min": 0.7}, {"option": "no", "max": 0.7}]
    again = rescore(judged, [changed(*RULE_QUESTION, "rule", "bands", to=bands)], seed=0)
    assert {c.metric: c.after for c in again.changes}["sharp.rule"] == 0.0
    assert [finding.mode for finding in again.verdict.findings] == ["blurred"]
    assert judged.findings == ()


def test_no_band_that_fits(judged: Verdict) -> None:
    again = rescore(judged, [changed(*RULE_QUESTION, "rule", "bands", to=[{"option": "yes", "min": 0.9}])], seed=0)
    assert {c.metric: (c.after, c.note) for c in again.changes}["sharp.rule"] == (None, "scored became not_judged")


def test_a_reworded_question_is_not_scored_with_the_old_answer(judged: Verdict) -> None:
    again = rescore(judged, [changed(*MODEL_QUESTION, "text", to="Is the plot clear?")], seed=0)
    notes = [c.note for c in again.changes if c.metric == "story.clear"]
    assert any("is new or changed: run the same command again" in note for note in notes)
    assert again.verdict.suites["small"].dimensions[1].status == "not_judged"


def test_another_measure_needs_its_evidence(judged: Verdict) -> None:
    again = rescore(judged, [changed("dimensions", 0, "metrics", 0, "measure", to={"name": "picture.freezes"})], seed=0)
    metric = again.verdict.suites["small"].dimensions[0].metrics[0]
    assert metric.status == "not_judged"
    assert metric.reason == "picture was recorded by own 1: run the command again"
    without = judged.model_copy(update={"evidence": ()})
    again = rescore(
        without, [changed("dimensions", 0, "metrics", 0, "measure", to={"name": "picture.freezes"})], seed=0
    )
    metric = again.verdict.suites["small"].dimensions[0].metrics[0]
    assert metric.reason == "the run did not look with picture in this way: run the command again"


def test_a_renamed_question_keeps_its_answer(judged: Verdict) -> None:
    again = rescore(judged, [changed(*MODEL_QUESTION, "id", to="story.understood")], seed=0)
    assert again.changes == ()
    (answer,) = again.verdict.suites["small"].dimensions[1].metrics[0].answers
    assert answer.asked == "small/story.understood@clip"
    assert answer.option == "partly"


def test_a_question_that_no_band_fitted_is_answered_once_one_does(judged: Verdict) -> None:
    narrow = changed(*RULE_QUESTION, "rule", "bands", to=[{"option": "yes", "min": 0.9}])
    left_open = rescore(judged, [narrow], seed=0).verdict
    assert left_open.suites["small"].dimensions[0].metrics[1].status == "not_judged"
    again = rescore(left_open, [Suite.model_validate(SUITE)], seed=0)
    assert again.verdict.suites == judged.suites


def test_a_reworded_question_with_a_rule_needs_nobody(judged: Verdict) -> None:
    again = rescore(judged, [changed(*RULE_QUESTION, "text", to="Sharp enough?")], seed=0)
    assert again.changes == ()
    assert again.verdict.questions[0].text == "Sharp enough?"


def test_a_new_decisive_rule_overrules_the_model(judged: Verdict) -> None:
    rule = {"measure": {"name": "picture.sharpness"}, "bands": [{"option": "yes"}]}
    again = rescore(judged, [changed(*MODEL_QUESTION, "rule", to=rule)], seed=0)
    (answer,) = again.verdict.suites["small"].dimensions[1].metrics[0].answers
    assert (answer.by, answer.option) == ("rule", "yes")
    soft = rescore(judged, [changed(*MODEL_QUESTION, "rule", to=rule | {"decisive": False})], seed=0)
    (answer,) = soft.verdict.suites["small"].dimensions[1].metrics[0].answers
    assert (answer.by, answer.option) == ("openai/x", "partly")


def test_the_command_writes_what_changed_and_keeps_what_was(
    judged: Verdict, tmp_path: Path, versions: Versions
) -> None:
    file = tmp_path / "small.yaml"
    file.write_text(json.dumps(SUITE))
    options = Options(out=tmp_path / "traces", suites=(str(file),))
    with RunFolder.start(options, [tmp_path], versions, Path) as folder:
        folder.clip(CLIP_ID).write_verdict(judged)
        folder.finish()
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(command.rescore)
    same = CliRunner().invoke(app, [str(folder.path)])
    assert same.output.strip() == "a.mp4: every number is the same"
    file.write_text(changed("dimensions", 1, "weight", to=3.0).model_dump_json())
    other = CliRunner().invoke(app, [str(folder.path)])
    assert other.output.splitlines() == ["a.mp4: changed", "  small overall 0.6500 -> 0.5750"]
    trace = RunFolder.load(folder.path).clip(CLIP_ID)
    verdict = trace.verdict()
    assert verdict is not None
    assert verdict.suites["small"].score == pytest.approx(0.575)
    (event,) = [e for e in trace.events() if e.kind == "rescored"]
    assert (event.before, event.after) == (pytest.approx(0.65), pytest.approx(0.575))
    assert (folder.path / "report.html").is_file()
