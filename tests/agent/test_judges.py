"""How judges are seated, and what they are shown before they are asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cinejudge.agent.interview import BATCH
from cinejudge.agent.judge import assign
from cinejudge.rubrics import load_suite
from cinejudge.schema import Asked, Suite, Verdict
from tests.agent.conftest import Judge
from tests.servers import ModelServer, Request, careful


def suite(*groups: str) -> Suite:
    """A suite with a dimension in each of these groups."""
    question = {"id": "q", "text": "?", "scope": "clip", "options": [{"id": "yes", "text": "Yes.", "score": 1}]}
    return Suite.model_validate(
        {
            "name": "s",
            "title": "S",
            "version": "1",
            "source": "us",
            "dimensions": [
                {
                    "id": f"d{i}",
                    "name": f"D{i}",
                    "group": group,
                    "metrics": [
                        {"id": f"m{i}", "name": "M", "paradigm": "rubric", "questions": [{**question, "id": f"q{i}"}]}
                    ],
                }
                for i, group in enumerate(groups)
            ],
        }
    )


def asked(dimension: int, count: int, **changes: Any) -> tuple[Asked, ...]:
    made = {"question": "q", "metric": "m", "dimension": f"d{dimension}", "suite": "s", "text": "?", "options": ()}
    return tuple(Asked.model_validate({"id": f"s/q{dimension}@shot{i}", **made, **changes}) for i in range(count))


@pytest.mark.parametrize(
    ("groups", "counts", "seats"),
    [
        (("acting", "acting"), (5, 5), ["d0+d1"]),
        (("", ""), (5, 5), ["d0", "d1"]),
        (("acting", "sound"), (5, 5), ["d0", "d1"]),
        (("acting", "sound", "acting"), (1, 1, 1), ["d0", "d1", "d2"]),  # neighbours only, in the suite's order
        (("acting", "acting"), (BATCH, 1), ["d0", "d1"]),
        (("acting", "acting", "acting"), (BATCH - 1, 1, 1), ["d0+d1", "d2"]),
        (("acting", "acting"), (BATCH + 5, 0), ["d0", "d1"]),
    ],
)
def test_small_neighbours_of_a_group_share_a_judge(
    groups: tuple[str, ...], counts: tuple[int, ...], seats: list[str]
) -> None:
    questions = tuple(question for i, count in enumerate(counts) for question in asked(i, count))
    made = assign((suite(*groups),), questions, {})
    assert [seat.judge for seat in made] == seats
    assert [question for seat in made for question in seat.asked] == list(questions)


def test_questions_that_do_not_apply_take_no_seat() -> None:
    closed = asked(0, BATCH, not_applicable="no sound")
    made = assign((suite("acting", "acting"),), (*closed, *asked(1, BATCH)), {})
    assert [seat.judge for seat in made] == ["d0+d1"]


def test_what_another_judge_answers_is_left_to_it() -> None:
    first, second = asked(0, 1), asked(1, 1)
    (seat,) = assign((suite("acting", "acting"),), first + second, {second[0].id: first[0].id})
    assert seat.asked == first


def test_every_dimension_has_a_judge_in_each_of_our_suites() -> None:
    for name in ("msavbench", "mtavg2", "evalverse"):
        made = load_suite(name)
        seats = assign((made,), (), {})
        assert [d.id for seat in seats for d in seat.dimensions] == [d.id for d in made.dimensions]
        assert all(len({d.group for d in seat.dimensions}) == 1 for seat in seats)


def _asking(server: ModelServer) -> list[Request]:
    """First looks: those at the judges' own questions."""
    first = (request for request in server.requests if "submit_answers" in request.tools)
    return [request for request in first if "# A second look" not in request.text]


def test_each_judge_sees_the_sheets_once_and_its_tools_findings_before_it_asks(judge: Judge, clip: Path) -> None:
    with ModelServer(careful(), perceives=("image",)) as server:
        (verdict,) = judge(
            clip, suites=("msavbench", "mtavg2"), model="openai/judge", base_url=server.openai_url
        ).results
    assert isinstance(verdict, Verdict)
    requests = _asking(server)
    assert requests
    for request in requests:
        assert len(request.media) == 1
        assert "frames-only" not in request.text
        assert request.text.count("# What your tools have found") == 1
    light = next(r for r in requests if "Visual consistency" in r.text)
    picture = next(e for e in verdict.evidence if e.tool == "picture")
    assert f"`{picture.id}` picture:" in light.text
    assert "boundaries" not in light.text  # what no model may call is none of a judge's business
    assert len({r.turns[1].text for r in requests}) == 1  # the same beginning for every judge


def test_no_question_is_put_twice(judge: Judge, clip: Path) -> None:
    """One conversation for each seat, and no conversation beyond its bound."""
    with ModelServer(careful(), perceives=("image",)) as server:
        judge(clip, suites=("mtavg2",), model="openai/judge", base_url=server.openai_url)
    put = [r.tools["submit_answers"]["properties"]["answers"] for r in _asking(server)]
    ids = [i for answers in put for i in answers["items"]["properties"]["question"]["enum"]]
    assert len(ids) == len(set(ids)) > 0
    assert len(put) <= 4  # of ten dimensions in three groups
    assert all(len(answers["items"]["properties"]["question"]["enum"]) <= BATCH for answers in put)


def test_what_a_clip_costs_stays_within_bounds(judge: Judge, clip: Path) -> None:
    """Two shots of two seconds and three suites: a guard against prompts that grow unnoticed."""
    with ModelServer(careful(looks=1), perceives=("image",)) as server:
        (verdict,) = judge(
            clip, suites=("msavbench", "mtavg2", "evalverse"), model="openai/judge", base_url=server.openai_url
        ).results
    assert isinstance(verdict, Verdict)
    by_model = sum(
        answer.by == "openai/judge"
        for suite_ in verdict.suites.values()
        for dimension in suite_.dimensions
        for metric in dimension.metrics
        for answer in metric.answers
    )
    assert verdict.usage.input_tokens < 1000 * by_model


def test_schemas_hold_only_what_a_model_needs(judge: Judge, clip: Path) -> None:
    with ModelServer(careful(), perceives=("image",)) as server:
        judge(clip, model="openai/judge", base_url=server.openai_url)
    (look,) = {json.dumps(request.tools["look"], sort_keys=True) for request in _asking(server)}
    schema = json.loads(look)
    assert schema["required"] == ["start_s", "end_s"]
    assert schema["properties"]["region"]["properties"]["x0"] == {"type": "number", "minimum": 0.0, "maximum": 1.0}
    assert not {"title", "$defs", "$ref", "anyOf", "additionalProperties"} & set(look.replace('"', " ").split())


def test_an_mp4_goes_to_a_model_that_takes_video(judge: Judge, clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", "test")
    with ModelServer() as server:
        judge(clip, model="google/judge", base_url=server.url)
    videos = [media for request in _asking(server) for media in request.media if media.kind == "video"]
    assert videos
    assert {media.data for media in videos} == {clip.read_bytes()}
    assert all("You see the moving picture" in request.text for request in _asking(server))


def test_a_container_that_is_not_sent_is_not_said_to_be_seen(judge: Judge, clip: Path, tmp_path: Path) -> None:
    from tests.videos import make_video, texture

    other = make_video(tmp_path / "other.mkv", [texture(seed=1)] * 24, fps=24)
    with ModelServer() as server:
        judge(other, suites=("mtavg2",), model="openai/judge", base_url=server.openai_url)
    assert _asking(server)
    assert all("You cannot hear and you do not see what happens between" in r.text for r in _asking(server))
