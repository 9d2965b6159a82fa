from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cinejudge.cli import diff
from cinejudge.schema import Verdict
from cinejudge.traces import RunFolder
from cinejudge.traces.diff import diff_runs

from .fixture import make_run

APP = typer.Typer(pretty_exceptions_enable=False)
APP.command()(diff.diff)


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Path, Path]:
    return make_run(tmp_path / "a"), make_run(tmp_path / "b")


def change(run: Path, **updates: object) -> None:
    """Edits the first verdict of a run on disk."""
    (trace, *_) = RunFolder.load(run).traces()
    verdict = trace.verdict()
    assert verdict is not None
    edited = verdict.model_copy(update=updates)
    (trace.folder / "verdict.json").write_text(edited.model_dump_json(), encoding="utf-8")


def first(run: Path) -> Verdict:
    verdict = RunFolder.load(run).traces()[0].verdict()
    assert verdict is not None
    return verdict


def test_a_run_against_itself(runs: tuple[Path, Path]) -> None:
    found = diff_runs(*map(RunFolder.load, runs))
    assert found.conditions == ()
    assert [clip.paired_by for clip in found.clips] == ["file and brief"] * 2
    assert all(clip.same for clip in found.clips)


def test_what_was_asked_differently(runs: tuple[Path, Path]) -> None:
    data = json.loads((runs[1] / "run.json").read_text())
    data["versions"] |= {"model": "openai/other", "suites": {"msavbench": "d" * 64}}
    data["versions"]["tools"] = {"ocr": "rapidocr 2"}
    data["options"]["samples"] = 3
    (runs[1] / "run.json").write_text(json.dumps(data))
    found = diff_runs(*map(RunFolder.load, runs))
    assert found.conditions == (
        "model: openai/viewer became openai/other",
        "tool ocr: rapidocr 1 became rapidocr 2",
        "tool faces was left out",
        "answers to each question: 1 became 3",
    )


def test_a_rescored_suite_is_told(runs: tuple[Path, Path]) -> None:
    versions = first(runs[1]).versions
    for trace in RunFolder.load(runs[1]).traces():
        if verdict := trace.verdict():
            edited = versions.model_copy(update={"suites": versions.suites | {"msavbench": "f" * 64}})
            verdict = verdict.model_copy(update={"versions": edited})
            (trace.folder / "verdict.json").write_text(verdict.model_dump_json(), encoding="utf-8")
    found = diff_runs(*map(RunFolder.load, runs))
    assert found.conditions == ("suite msavbench: aaaaaaaaaaaa became ffffffffffff",)


def test_an_answer_that_moved_a_score(runs: tuple[Path, Path]) -> None:
    verdict = first(runs[1])
    suite = verdict.suites["msavbench"]
    dimensions = []
    for dimension in suite.dimensions:
        metrics = []
        for metric in dimension.metrics:
            if metric.id == "subject.identity":
                answers = tuple(a.model_copy(update={"option": "same", "score": 1.0}) for a in metric.answers)
                metric = metric.model_copy(update={"score": 1.0, "answers": answers})
            metrics.append(metric)
        dimensions.append(dimension.model_copy(update={"metrics": tuple(metrics)}))
    changed = suite.model_copy(update={"dimensions": tuple(dimensions), "score": 0.9})
    change(runs[1], suites=verdict.suites | {"msavbench": changed}, findings=verdict.findings[1:])
    (clip, other) = diff_runs(*map(RunFolder.load, runs)).clips
    assert other.same
    assert [c.metric for c in clip.scores] == [None, "subject.identity"]
    assert any(why.endswith("became same (openai/viewer)") for why in clip.scores[1].why)
    assert len(clip.gone) == 1
    text = CliRunner().invoke(APP, [str(r) for r in runs]).output
    assert "msavbench subject.identity  0.5000 -> 1.0000" in text
    assert "\u202e" not in text
    assert "night-market-b.mp4  the same" in text
    plain = json.loads(CliRunner().invoke(APP, [*map(str, runs), "--json"]).output)
    assert plain["clips"][0]["scores"][1]["metric"] == "subject.identity"


def test_clips_of_one_run_only(runs: tuple[Path, Path]) -> None:
    verdict = first(runs[1])
    change(runs[1], clip=verdict.clip.model_copy(update={"name": "new.mp4", "sha256": "b" * 64}))
    folder = RunFolder.load(runs[1]).traces()[0].folder
    folder.rename(folder.with_name("b" * 16))
    (runs[1] / "summary.json").unlink()
    found = diff_runs(*map(RunFolder.load, runs))
    assert len(found.only_first) == 1
    assert found.only_second == ("new.mp4",)
