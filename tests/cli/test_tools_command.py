"""`cinejudge tools`: listing, running, drawing."""

import json

import av
import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from cinejudge.cli.drawings import write_drawings
from cinejudge.cli.tables import print_result
from cinejudge.cli.tools import app
from cinejudge.schema import Evidence
from cinejudge.schema.errors import ConfigError, ToolError
from tests.videos import make_video

RUNNER = CliRunner()


@pytest.fixture
def video(tmp_path, monkeypatch):
    monkeypatch.setenv("CINEJUDGE_CACHE_DIR", str(tmp_path / "cache"))
    rng = np.random.default_rng(0)
    wall = cv2.GaussianBlur(rng.uniform(0, 255, (96, 200, 3)), (0, 0), 4)
    wall = np.clip((wall - 127) * 6 + 127, 0, 255).astype(np.uint8)
    frames = [wall[:, i : i + 160] for i in range(36)]
    sound = 0.3 * np.sin(2 * np.pi * 440 * np.arange(24_000) / 16_000).astype(np.float32)
    return make_video(tmp_path / "clip.mp4", frames, audio=sound)


def test_list_names_providers_and_what_mends_them(monkeypatch, tmp_path):
    monkeypatch.setenv("CINEJUDGE_CACHE_DIR", str(tmp_path))
    done = RUNNER.invoke(app, ["list"])
    assert done.exit_code == 0
    assert "rapidocr (substitute): runs here" in done.output
    assert "`cinejudge weights pull whisper-tiny-en`" in done.output


def test_list_json_tells_everything_a_program_needs():
    rows = {row["name"]: row for row in json.loads(RUNNER.invoke(app, ["list", "--json"]).stdout)}
    ocr = rows["ocr"]
    assert "region" in ocr["arguments"] and ocr["validity"]
    assert [p["name"] for p in ocr["providers"]] == ["ppocrv5-server", "rapidocr"]
    assert sum(p["runs"] for p in ocr["providers"]) == 1


def test_run_prints_a_readable_result(video):
    done = RUNNER.invoke(app, ["run", "sound", str(video)])
    assert done.exit_code == 0, done.output
    assert "sound by own 2 (own): found" in done.stdout
    assert "integrated lkfs" in done.stdout and "\x1b" not in done.stdout


def test_run_json_prints_only_the_record(video):
    done = RUNNER.invoke(app, ["run", "sound", str(video), "--json"])
    evidence = Evidence.model_validate_json(done.stdout)
    assert evidence.found and evidence.data["channels"] == 1


def test_a_tool_that_uses_shots_gets_them(video):
    done = RUNNER.invoke(app, ["run", "picture", str(video), "--json"])
    assert [s["frames"] for s in json.loads(done.stdout)["data"]["shots"]] == [36]


def test_run_draws_pictures_and_films(video, tmp_path):
    folder, film = tmp_path / "drawn", tmp_path / "film.mp4"
    for out in (folder, film):
        assert RUNNER.invoke(app, ["run", "sound", str(video), "--draw", str(out)]).exit_code == 0
    pictures = sorted(folder.glob("*.png"))
    assert [p.name for p in pictures] == ["0001.png", "0002.png", "0003.png", "0004.png"]
    assert cv2.imread(str(pictures[0])).shape[1] == 160
    with av.open(str(film)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 4


def test_arguments_are_json_or_text(video):
    done = RUNNER.invoke(app, ["run", "listen", str(video), "--arg", "start_s=0.2", "--arg", "end_s=1", "--json"])
    assert json.loads(done.stdout)["args"] == {"start_s": 0.2, "end_s": 1.0}


@pytest.mark.parametrize(
    ("args", "error", "says"),
    [
        (["run", "nonsense", "VIDEO"], ConfigError, "no tool named 'nonsense'"),
        (["run", "sound", "VIDEO", "--arg", "oops"], ConfigError, "KEY=VALUE"),
        (["run", "sound", "VIDEO", "--arg", "x=1"], ToolError, "x: Extra inputs"),
        (
            ["run", "listen", "VIDEO", "--arg", "start_s=0", "--arg", "end_s=1", "--draw", "d"],
            ConfigError,
            "nothing to draw",
        ),
    ],
)
def test_a_wrong_request_is_one_clear_error(video, args, error, says):
    done = RUNNER.invoke(app, [str(video) if a == "VIDEO" else a for a in args])
    assert isinstance(done.exception, error) and says in str(done.exception)


def test_a_tool_without_means_exits_with_1_and_says_what_to_do(video):
    done = RUNNER.invoke(app, ["run", "speech", str(video)])
    assert done.exit_code == 1
    assert "cinejudge weights pull whisper-tiny-en" in " ".join(done.stdout.split())


def test_words_from_the_video_cannot_steer_the_terminal(capsys):
    evidence = Evidence(
        id="ev_000000000000",
        tool="ocr",
        provider="rapidocr",
        version="1",
        fidelity="substitute",
        args={},
        status="failed",
        reason="read \x1b[31mred\x1b[0m [bold]loud[/bold]",
    )
    print_result(evidence, None)
    shown = capsys.readouterr().out
    assert "\x1b" not in shown and "[bold]loud[/bold]" in shown


def test_nothing_to_draw_writes_nothing(tmp_path):
    assert write_drawings([], tmp_path / "film.mp4") == 0 and not (tmp_path / "film.mp4").exists()


def test_pictures_of_odd_and_unlike_sizes_make_a_film(tmp_path):
    pictures = [("a", np.zeros((81, 121, 3), np.uint8)), ("b", np.zeros((60, 100, 3), np.uint8))]
    assert write_drawings(pictures, tmp_path / "film.mp4") == 2


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="--draw"):
        write_drawings([("a", np.zeros((8, 8, 3), np.uint8))], tmp_path / "file" / "folder")
