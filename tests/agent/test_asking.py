"""How questions are put: repeated samples, shuffled options, limits, and the media that a model really gets."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cinejudge.schema import Answer as Judged
from cinejudge.schema import Options, Verdict
from cinejudge.schema.errors import ConfigError
from cinejudge.settings import resolve
from tests.agent.conftest import Judge
from tests.servers import Answer, Call, Fault, ModelServer, Request, careful, in_turn
from tests.servers.behaviours import questions


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", "test")


def by_model(verdict: Verdict) -> list[Judged]:
    metrics = (m for suite in verdict.suites.values() for d in suite.dimensions for m in d.metrics)
    return [answer for metric in metrics for answer in metric.answers if answer.by.endswith("/judge")]


def first_looks(server: ModelServer) -> list[Request]:
    return [request for request in server.requests if "# What you judge" in request.text]


class TestSamples:
    def _verdict(self, judge: Judge, clip: Path, against: tuple[int, ...], server: ModelServer) -> Verdict:
        """Three samples; those numbered in ``against`` choose another option than the rest."""

        def behave(request: Request) -> Answer | Fault:
            said = careful()(request)
            assert isinstance(said, Answer)
            sample = request.raw.get("seed", 0)
            if "# A second look" in request.text or "submit_answers" not in request.tools or sample not in against:
                return said
            options = {question.id: question.options for question in questions(request)}
            arguments: Any = said.calls[0].arguments
            for given in arguments["answers"]:
                others = [o for o in options[given["question"]] if o not in (given["option"], "cannot_tell")]
                given["option"] = others[0]
            return Answer(calls=(Call("submit_answers", arguments),))

        server.behaviour = self._perceiving(server, behave)
        (verdict,) = judge(clip, model="openai/judge", base_url=server.openai_url, samples=3).results
        assert isinstance(verdict, Verdict)
        return verdict

    def _perceiving(self, server: ModelServer, behave: Any) -> Any:
        probing = server.behaviour
        return lambda request: probing(request) if "report_perception" in request.tools else behave(request)

    def test_agreement_is_reported_and_the_majority_stands(self, judge: Judge, clip: Path) -> None:
        with ModelServer() as server:
            verdict = self._verdict(judge, clip, (2,), server)
        answered = [answer for answer in by_model(verdict) if answer.status == "answered" and not answer.before]
        assert answered
        assert all(answer.agreement == pytest.approx(2 / 3) for answer in answered)
        requests = first_looks(server)
        assert {request.raw["seed"] for request in requests} == {0, 1, 2}
        assert all(request.raw["temperature"] > 0 for request in requests)
        assert len(requests) % 3 == 0

    def test_unanimous_samples_agree_in_full(self, judge: Judge, clip: Path) -> None:
        with ModelServer() as server:
            verdict = self._verdict(judge, clip, (), server)
        answered = [answer for answer in by_model(verdict) if answer.status == "answered" and not answer.before]
        assert {answer.agreement for answer in answered} == {1.0}


def test_the_seed_shuffles_the_options_and_stands_in_the_trace(judge: Judge, clip: Path, tmp_path: Path) -> None:
    orders, chosen = [], []
    for seed in (0, 1):
        with ModelServer() as server:
            (verdict,) = judge(clip, model="openai/judge", base_url=server.openai_url, seed=seed).results
        assert isinstance(verdict, Verdict)
        orders.append({q.id: q.options for request in first_looks(server) for q in questions(request)})
        chosen.append({answer.asked: answer.option for answer in by_model(verdict)})
    assert orders[0].keys() == orders[1].keys()
    assert orders[0] != orders[1]
    assert {i: set(options) for i, options in orders[0].items()} == {i: set(o) for i, o in orders[1].items()}
    assert chosen[0] == chosen[1]  # this model chooses by meaning
    seeds = {json.loads(path.read_text())["options"]["seed"] for path in (tmp_path / "traces").glob("*/run.json")}
    assert seeds == {0, 1}


class TestLimits:
    def _run(self, judge: Judge, clip: Path, server: ModelServer, **limits: float) -> list[Verdict]:
        second = clip.with_name("second.mp4")
        second.write_bytes(clip.read_bytes() + b"\0" * 8)  # another file with the same film
        results = judge(clip.parent, model="openai/judge", base_url=server.openai_url, **limits).results
        assert all(isinstance(result, Verdict) for result in results)
        return [result for result in results if isinstance(result, Verdict)]

    def test_a_limit_of_each_clip_ends_each_clip(self, judge: Judge, clip: Path) -> None:
        with ModelServer() as server:
            verdicts = self._run(judge, clip, server, clip_max_calls=2)
        assert [verdict.status for verdict in verdicts] == ["partial", "partial"]
        assert all("budget of the clip" in (verdict.reason or "") for verdict in verdicts)
        assert all(verdict.usage.calls == 2 for verdict in verdicts)
        assert all(by_model(verdict) for verdict in verdicts)  # what was answered until then stands

    def test_a_limit_of_the_run_ends_the_run(self, judge: Judge, clip: Path) -> None:
        with ModelServer() as server:
            verdicts = self._run(judge, clip, server, max_calls=6)  # four of them find out what the model takes in
        assert sum(verdict.usage.calls for verdict in verdicts) == 2
        assert verdicts[1].status == "partial"
        assert "budget of the run" in (verdicts[1].reason or "")

    def test_tokens(self, judge: Judge, clip: Path) -> None:
        with ModelServer() as server:
            (first, _) = self._run(judge, clip, server, clip_max_tokens=1)
        assert first.status == "partial"
        assert "tokens" in (first.reason or "")
        assert first.usage.calls > 0  # tokens are known when a reply is there


def test_limits_of_a_clip_come_from_anywhere(tmp_path: Path) -> None:
    (tmp_path / "cinejudge.toml").write_text("clip_max_calls = 7\nmax_calls = 9\n")
    made = resolve({"clip_max_cost": 0.5}, environ={"CINEJUDGE_CLIP_MAX_TOKENS": "800"}, folder=tmp_path)
    assert isinstance(made, Options)
    assert (made.clip_limits.max_calls, made.clip_limits.max_cost, made.clip_limits.max_tokens) == (7, 0.5, 800)
    assert (made.limits.max_calls, made.limits.max_cost) == (9, None)
    with pytest.raises(ConfigError, match=r"^clip_max_calls \(from environment\)"):
        resolve({}, environ={"CINEJUDGE_CLIP_MAX_CALLS": "-1"}, folder=tmp_path)
    with pytest.raises(ConfigError, match=r"^max_cost \(from call\)"):
        resolve({"max_cost": -1}, environ={}, folder=tmp_path)


class TestTheMovingPicture:
    LOOK = Answer(calls=(Call("look", {"start_s": 0.5, "end_s": 1.5}),))

    def _requests(self, judge: Judge, clip: Path, look: Answer, provider: str) -> list[Request]:
        looked = set()

        def behave(request: Request) -> Answer | Fault:
            first = request.answered == 0 and "look" in request.tools
            looked.add(request.number)
            return look if first else careful()(request)

        with ModelServer(behave) as server:
            judge(clip, model=f"{provider}/judge", base_url=server.url)
        assert not server.complaints
        return [request for request in first_looks(server) if request.answered]

    def test_gemini_cuts_the_span_that_is_looked_at(self, judge: Judge, clip: Path) -> None:
        for request in self._requests(judge, clip, self.LOOK, "google"):
            whole, part = (media for media in request.media if media.kind == "video")
            assert (whole.start_s, whole.end_s) == (None, None)
            assert (part.start_s, part.end_s, part.fps) == ("0.500s", "1.500s", 12.0)
            assert part.data == clip.read_bytes()
            assert "The moving picture from 0.50 to 1.50 s, 12 frames a second:" in request.text

    @pytest.mark.parametrize(
        "look",
        [
            Answer(calls=(Call("look", {"start_s": 0.5, "end_s": 0.55}),)),
            Answer(calls=(Call("look", {"start_s": 0.5, "end_s": 1.5, "region": dict(x0=0, y0=0, x1=0.5, y1=0.5)}),)),
        ],
        ids=["an instant", "a region"],
    )
    def test_what_is_no_span_is_shown_as_pictures(self, judge: Judge, clip: Path, look: Answer) -> None:
        for request in self._requests(judge, clip, look, "google"):
            assert [media.kind for media in request.media].count("video") == 1
            assert [media.kind for media in request.media].count("image") >= 2

    def test_a_protocol_that_cannot_cut_shows_pictures(self, judge: Judge, clip: Path) -> None:
        for request in self._requests(judge, clip, self.LOOK, "openai"):
            assert [media.kind for media in request.media].count("video") == 1


class TestMediaDroppedOnTheWay:
    def test_nobody_who_sees_nothing_is_asked(self, judge: Judge, clip: Path) -> None:
        """A proxy that drops pictures in silence is found out before any question is put."""
        with ModelServer(perceives=()) as server:
            (verdict,) = judge(clip, model="openai/judge", base_url=server.openai_url).results
        assert isinstance(verdict, Verdict)
        assert not by_model(verdict)
        assert not first_looks(server)

    @pytest.mark.parametrize("perceives", [("image",), ("image", "audio")])
    def test_what_is_dropped_is_not_sent_and_the_model_is_told(
        self, judge: Judge, clip: Path, perceives: tuple[str, ...]
    ) -> None:
        with ModelServer(perceives=perceives) as server:
            judge(clip, model="google/judge", base_url=server.url)
        requests = first_looks(server)
        assert requests
        assert {media.kind for request in requests for media in request.media} == set(perceives)
        told = "You cannot hear" if "audio" not in perceives else "You can listen"
        assert all(told in request.turns[0].text for request in requests)
        assert all(re.search("audio_events|speech|sound", request.turns[1].text) for request in requests)


def test_one_flawed_answer_costs_only_itself(judge: Judge, clip: Path) -> None:
    """Twenty-odd answers in one call: the flawed one goes back, the sound ones are kept even if it stays flawed."""

    def flawed(request: Request) -> Answer | Fault:
        said = careful()(request)
        assert isinstance(said, Answer)
        arguments: Any = said.calls[0].arguments
        if isinstance(arguments, dict) and arguments.get("answers"):
            arguments["answers"][0]["evidence"] = ["ev_ffffffffffff"]
        return said

    with ModelServer(in_turn(flawed)) as server:
        (verdict,) = judge(clip, suites=("mtavg2",), model="openai/judge", base_url=server.openai_url).results
    assert isinstance(verdict, Verdict)
    metrics = (m for d in verdict.suites["mtavg2"].dimensions for m in d.metrics)
    failed = [a for m in metrics for a in m.answers if a.status == "failed"]
    assert 0 < len(failed) <= len(first_looks(server))
    assert all("does not exist" in (answer.reason or "") for answer in failed)
    assert len(by_model(verdict)) > len(failed)
