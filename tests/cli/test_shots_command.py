"""`cinejudge shots`: what it prints, and what it costs when a model looks on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from cinejudge.agent.segment import look
from cinejudge.cli.main import app
from tests.servers import Answer, Call, ModelServer, Request
from tests.videos import make_video, texture

RUNNER = CliRunner()


@pytest.fixture
def video(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two shots of a second each, in a cache without weights."""
    monkeypatch.setenv("CINEJUDGE_CACHE_DIR", str(tmp_path / "cache"))
    pictures = [np.roll(texture(seed=1 + i // 24), (i % 24) // 4, axis=1) for i in range(48)]
    return make_video(tmp_path / "clip.mp4", pictures, fps=24)


def test_json_holds_the_shots_and_why(video: Path) -> None:
    done = RUNNER.invoke(app, ["shots", str(video), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert [s["start_frame"] for s in told["shots"]] == [0, 24]
    assert told["shots"][1]["transition_in"]["type"] == "hard_cut"
    assert [c["action"] for c in told["shots"][1]["history"]][:2] == ["propose", "keep"]
    assert "usage" not in told


def test_a_model_calls_the_tools_and_the_cost_is_told(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "DOUBT", (0.0, 1.0))
    monkeypatch.setattr(look, "MAX_TURNS", 4)

    def curious(request: Request) -> Answer:
        """Looks with every tool in turn, at the first boundary there is, and keeps it."""
        first = request.tools["decide"]["properties"]["choice"]["enum"][0]
        calls = [Call("closer", {}), Call("compare", {"boundary": first}), Call("faces", {"boundary": first})]
        if request.answered < len(calls):
            return Answer(calls=(calls[request.answered],))
        return Answer(calls=(Call("decide", {"choice": first, "signs": "another wall"}),))

    with ModelServer(curious) as server:
        options = ["--model", "openai/judge", "--base-url", server.openai_url, "--json"]
        done = RUNNER.invoke(app, ["shots", str(video), *options])
    assert done.exit_code == 0, done.output
    assert not server.complaints
    told = json.loads(done.stdout)
    assert [s["start_frame"] for s in told["shots"]] == [0, 24]
    assert "another wall" in told["shots"][1]["history"][-1]["reason"]
    assert 0 < told["usage"]["calls"] <= look.MAX_PLACES * (look.MAX_TURNS + 1)
    said = "\n".join(turn.text for request in server.requests for turn in request.turns)
    assert "faces cannot be compared" in said  # no weights here
