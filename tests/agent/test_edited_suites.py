"""After an edit of a suite: what evidence decides is rescored, and only what was changed is asked."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from cinejudge.agent.rescore import rescore
from cinejudge.rubrics import load_suite
from cinejudge.schema import Verdict
from tests.agent.conftest import Judge
from tests.servers import ModelServer, careful
from tests.servers.behaviours import puzzled, questions

Edit = Callable[[dict[str, Any]], None]


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A copy of a shipped suite that an expert may edit."""
    import cinejudge.rubrics

    source = Path(cinejudge.rubrics.__file__).parent / "suites" / "msavbench.yaml"
    copy = tmp_path / "edited.yaml"
    copy.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    return copy


def edit(path: Path, change: Edit) -> None:
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")


def metrics(data: dict[str, Any]) -> list[dict[str, Any]]:
    return [m for d in data["dimensions"] for m in d["metrics"]]


def weights(data: dict[str, Any]) -> None:
    data["dimensions"][0]["weight"] = 5.0


def mappings(data: dict[str, Any]) -> None:
    for metric in metrics(data):
        if "mapping" in metric:
            metric["mapping"] = {"zero_at": metric["mapping"]["zero_at"], "one_at": metric["mapping"]["one_at"] + 0.37}


def bands(data: dict[str, Any]) -> None:
    for metric in metrics(data):
        for question in metric.get("questions", ()):
            for band in question.get("rule", {}).get("bands", ()):
                for end in ("min", "max"):
                    if end in band:
                        band[end] = band[end] * 0.5 + 0.01


def measure_settings(data: dict[str, Any]) -> None:
    for metric in metrics(data):
        for one in [metric, *(q.get("rule", {}) for q in metric.get("questions", ()))]:
            if "measure" in one:
                one["measure"] = {**one["measure"], "settings": {"made_up": 1}}


def offline(judge: Judge, clip: Path, suite: Path) -> Verdict:
    (result,) = judge(clip, suites=(str(suite),)).results
    assert isinstance(result, Verdict), result
    return result


@pytest.mark.parametrize("change", [weights, mappings, bands, measure_settings])
def test_a_rescore_equals_a_run_under_the_edited_suite(judge: Judge, clip: Path, suite: Path, change: Edit) -> None:
    before = offline(judge, clip, suite)
    edit(suite, change)
    again = asyncio.run(rescore(before, [load_suite(str(suite))], seed=0)).verdict
    anew = offline(judge, clip, suite)
    assert anew.versions.suites != before.versions.suites
    assert again.suites == anew.suites
    assert again.findings == anew.findings


def test_only_a_changed_question_is_asked(judge: Judge, clip: Path, suite: Path) -> None:
    with ModelServer(careful(looks=1)) as server:

        def run() -> Verdict:
            (result,) = judge(clip, suites=(str(suite),), model="openai/judge", base_url=server.openai_url).results
            assert isinstance(result, Verdict), result
            return result

        first = run()
        open_ones = [a for d in first.suites["msavbench"].dimensions for m in d.metrics for a in m.answers]
        by_model = {a.asked for a in open_ones if a.by == "openai/judge"}
        assert len(by_model) > 3
        chosen = next(q for q in first.questions if q.id in by_model and q.rule is None)
        before = server.calls

        def reword(data: dict[str, Any]) -> None:
            for metric in metrics(data):
                for question in metric.get("questions", ()):
                    if question["id"] == chosen.question:
                        question["text"] = "Look closely: " + question["text"]

        edit(suite, reword)
        second = run()
        asked = {q.id for request in server.requests[before:] for q in questions(request)}
        assert {re.sub("@.*", "", name) for name in asked} == {f"msavbench/{chosen.question}"}
        assert second.suites == first.suites  # this model chooses by the question's id
        before = server.calls
        edit(suite, weights)
        third = run()
        assert server.calls == before
        assert third.suites["msavbench"].score != second.suites["msavbench"].score
        assert third.usage.calls == 0


def test_what_a_model_could_not_tell_is_not_asked_again(judge: Judge, clip: Path, suite: Path) -> None:
    with ModelServer(puzzled) as server:

        def run() -> Verdict:
            (result,) = judge(clip, suites=(str(suite),), model="openai/judge", base_url=server.openai_url).results
            assert isinstance(result, Verdict), result
            return result

        def softened(data: dict[str, Any]) -> None:
            for metric in metrics(data):
                for question in metric.get("questions", ()):
                    if "rule" in question:
                        question["rule"]["decisive"] = False

        edit(suite, softened)
        first = run()
        answers = [a for d in first.suites["msavbench"].dimensions for m in d.metrics for a in m.answers]
        measured = [a for a in answers if a.by == "rule"]
        assert measured and all(a.before[0].option == "cannot_tell" for a in measured)
        before = server.calls
        edit(suite, weights)
        again = asyncio.run(rescore(first, [load_suite(str(suite))], seed=0)).verdict
        second = run()
        assert server.calls == before
        assert second.suites == again.suites
