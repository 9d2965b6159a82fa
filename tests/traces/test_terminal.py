from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
import typer
from rich.console import Console
from rich.text import Text
from typer.testing import CliRunner

from cinejudge.cli import show, view
from cinejudge.schema.errors import ConfigError, TraceError
from cinejudge.traces import RunFolder, terminal

from .fixture import make_run
from .fixture_found import LONG_WORD

APP = typer.Typer(pretty_exceptions_enable=False)
APP.command("show")(show.show)
APP.command("view")(view.view)


def call(*args: object) -> str:
    result = CliRunner().invoke(APP, [str(a) for a in args])
    if result.exception is not None:
        raise result.exception
    return result.stdout


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("run"))


def test_piped_text_is_plain_and_unwrapped(run: Path) -> None:
    text = call("show", run)
    assert "\x1b" not in text
    assert "2 judged, 1 could not be" in text
    assert "broken <b>.mp4  not judged: broken <b>.mp4: not a video" in text
    assert re.search(r"On-screen text +0\.83  100% judged", text)
    assert f"cinejudge show {run} --clip NAME" in text
    assert LONG_WORD in text


def test_one_clip_shows_its_reasoning(run: Path) -> None:
    text = call("show", run, "--clip", "0123")
    assert "= Alike, but details differ  (openai/viewer, 0.50, confidence 72%)" in text
    assert "before reflection: same. Same coat and the same hair." in text
    assert "reflection, ask again: the answer contradicts the face similarity of 0.41" in text
    assert "faces (face-landmarker) 2 people in 3 shots" in text
    assert text.count("retype at frame 72 by signals") == 1
    assert "night-market-b" not in text


def test_words_of_a_video_cannot_steer_the_terminal() -> None:
    assert terminal.printable("a\x1b[31mb\u202ec\nd\x07") == "a\\u001b[31mb\\u202ec d\\u0007"
    assert terminal.printable("Zürich — 夜市") == "Zürich — 夜市"


def test_wrapped_to_the_terminal(run: Path) -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=80, highlight=False, markup=False)
    (trace, *_) = RunFolder.load(run).traces()
    verdict = trace.verdict()
    assert verdict is not None
    terminal.print_reasoning(terminal.Lines(console), verdict, trace.events())
    lines = [Text.from_ansi(line).plain for line in out.getvalue().splitlines()]
    assert len(lines) > 60
    assert max(map(len, lines)) <= 80


def test_json_is_one_object_per_clip(run: Path) -> None:
    rows = [json.loads(line) for line in call("show", run, "--json").splitlines()]
    assert [("verdict" in row, "failure" in row) for row in rows] == [(True, False), (True, False), (False, True)]
    (one,) = [json.loads(line) for line in call("show", run, "--json", "--clip", "night-market-b.mp4").splitlines()]
    assert one["verdict"]["clip"]["id"] == "fedcba9876543210"
    assert {event["kind"] for event in one["events"]} >= {"tool_call", "reflection", "model_call"}


@pytest.mark.parametrize("wanted", ["nobody", ""])
def test_a_clip_that_is_not_there_or_not_clear(run: Path, wanted: str) -> None:
    with pytest.raises(ConfigError, match="clip"):
        call("show", run, "--clip", wanted)


def test_a_clip_in_a_folder_answers_to_its_file_name(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    with RunFolder.reopen(run) as folder:
        for trace, name in zip(folder.traces(), ("alpha/1.mp4", "beta/1.mp4", ""), strict=True):
            if verdict := trace.verdict():
                trace.write_verdict(verdict.model_copy(update={"clip": verdict.clip.model_copy(update={"name": name})}))
    assert call("show", run, "--clip", "beta/1.mp4").startswith("beta/1.mp4")
    with pytest.raises(ConfigError, match=r"2 clips answer to '1\.mp4': 'alpha/1\.mp4' 0123.*, 'beta/1\.mp4' "):
        call("show", run, "--clip", "1.mp4")


def test_what_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="not a run folder"):
        call("show", tmp_path)


def test_view_prints_the_path_and_opens_it(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url: bool(opened.append(url)) or True)
    assert call("view", run, "--no-open").strip() == str(run / "report.html")
    assert opened == []
    call("view", run)
    assert opened == [(run / "report.html").as_uri()]


def test_view_draws_the_report_of_an_unfinished_run(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    (run / "report.html").unlink()
    (run / "summary.json").unlink()
    assert Path(call("view", run, "--no-open").strip()).is_file()
