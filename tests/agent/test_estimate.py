"""What a run would cost, held against what the test server then counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import cinejudge
from cinejudge.cli.main import app
from cinejudge.estimating import Estimate
from cinejudge.schema import Usage, Verdict
from cinejudge.schema.errors import ConfigError
from tests.agent.conftest import Judge
from tests.servers import ModelServer, careful
from tests.servers.behaviours import questions

SUITES = ("msavbench", "mtavg2", "evalverse")
CLIPS = Path(__file__).parents[3] / "shared" / "clips"
PRICES = "openai/judge: {input: 2, cached_input: 0.2, output: 10}"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", "test")


def reckon(*paths: Path, **options: object) -> Estimate:
    return cinejudge.estimate(paths, **{"suites": SUITES, **options})


def within_a_factor_of_two(made: Estimate, counted: Usage) -> bool:
    (clip,) = made.clips
    pairs = [
        (clip.calls, counted.calls),
        (clip.input_tokens, counted.input_tokens),
        (clip.output_tokens, counted.output_tokens),
    ]
    return all(0.5 <= reckoned / real <= 2 for reckoned, real in pairs)


@pytest.mark.parametrize("provider", ["openai", "google"])
def test_it_comes_true_within_a_factor_of_two(judge: Judge, clip: Path, provider: str) -> None:
    perceives = ("image",) if provider == "openai" else ("image", "audio", "video")
    with ModelServer(careful(looks=1), perceives=perceives) as server:
        options = {"model": f"{provider}/judge", "base_url": server.url}
        made = reckon(clip, **options)
        assert not server.requests
        (verdict,) = judge(clip, suites=SUITES, **options).results
    assert isinstance(verdict, Verdict)
    assert within_a_factor_of_two(made, verdict.usage)
    put = [q for request in server.requests if "# What you judge" in request.text for q in questions(request)]
    assert made.clips[0].asked == len({question.id for question in put})


@pytest.mark.real
@pytest.mark.parametrize("name", ["shotadapter_2-shots_2.mp4", "universe1_speech_01.mp4"])
def test_it_comes_true_on_real_clips(judge: Judge, name: str) -> None:
    if not (CLIPS / name).exists():
        pytest.skip(f"no {CLIPS / name}")
    with ModelServer(careful(looks=1)) as server:
        (verdict,) = judge(CLIPS / name, suites=SUITES, model="openai/judge", base_url=server.openai_url).results
        made = reckon(CLIPS / name, model="openai/judge", base_url=server.openai_url)
    assert isinstance(verdict, Verdict)
    assert within_a_factor_of_two(made, verdict.usage)


def test_nothing_but_the_cache_is_left(clip: Path, tmp_path: Path) -> None:
    made = reckon(clip, model="openai/judge", base_url="http://127.0.0.1:9", out=tmp_path / "traces")
    assert made.clips[0].calls > 0
    assert not (tmp_path / "traces").exists()
    assert not (tmp_path / "cache" / "replies").exists()
    assert (tmp_path / "cache" / "evidence").exists()


def test_the_cost_is_known_when_the_price_is(clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"model": "openai/judge", "base_url": "http://127.0.0.1:9"}
    assert reckon(clip, **options).total.cost is None
    (tmp_path / "prices.yaml").write_text(PRICES)
    monkeypatch.setenv("CINEJUDGE_PRICES", str(tmp_path / "prices.yaml"))
    total = reckon(clip, **options).total
    fresh = total.input_tokens - total.cached_tokens
    assert total.cost == pytest.approx(
        (fresh * 2 + total.cached_tokens * 0.2 + total.output_tokens * 10) / 1e6, rel=0.01
    )


def test_more_samples_cost_more(clip: Path) -> None:
    one, three = (
        reckon(clip, model="openai/judge", base_url="http://127.0.0.1:9", samples=n).total.calls for n in (1, 3)
    )
    assert three == pytest.approx(3 * one, rel=0.2)


def test_the_offline_judge_costs_nothing(clip: Path) -> None:
    total = reckon(clip).total
    assert (total.calls, total.input_tokens, total.asked, total.cost) == (0, 0, 0, 0.0)
    assert total.questions > 0


def test_a_missing_key_is_found_before_anything_is_measured(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        reckon(clip, model="openai/judge")


def test_the_command(clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    clip.with_name("broken.mp4").write_bytes(b"\0" * 100)
    asked = ["run", str(clip.parent), "--model", "openai/judge", "--base-url", "http://127.0.0.1:9", "--dry-run"]
    done = CliRunner().invoke(app, [*asked, "--json"])
    assert done.exit_code == 1  # one clip will not be judged
    *clips, total = [json.loads(line) for line in done.stdout.splitlines()]
    told = {made["estimate"]["name"]: made["estimate"] for made in clips}
    assert told["broken.mp4"]["failure"]
    assert told["clip.mp4"]["calls"] == total["total"]["calls"] > 0
    assert total["total"]["cost"] is None
    assert "good to a factor of two" in " ".join(done.stderr.split())
    assert not CliRunner().invoke(app, asked).stdout
    assert not (tmp_path / "traces").exists()
