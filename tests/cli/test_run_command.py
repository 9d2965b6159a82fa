"""`cinejudge run` as a command: exit codes, what goes to stdout, where options come from."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cinejudge.cli.main import app
from tests.agent.conftest import BRIEF, two_shots


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache without weights, and a working directory of its own."""
    monkeypatch.setenv("CINEJUDGE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    folder = tmp_path / "videos"
    folder.mkdir()
    return two_shots(folder / "clip.mp4")


def cinejudge(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def entry(*arguments: object) -> subprocess.CompletedProcess[str]:
    """As a process, through the entry point that turns errors into exit codes."""
    return subprocess.run(
        [sys.executable, "-m", "cinejudge", *map(str, arguments)], capture_output=True, text=True, check=False
    )


def test_all_judged(clip: Path, tmp_path: Path) -> None:
    done = cinejudge("run", clip.parent, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    report = Path(done.stdout.strip())
    assert report.name == "report.html"
    assert report.is_file()
    assert "clip.mp4" in done.stderr


def test_json_is_all_there_is_on_stdout(clip: Path) -> None:
    done = cinejudge("run", clip, "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[0]["verdict"]["clip"]["name"] == "clip.mp4"
    assert set(lines[-1]) == {"folder", "report"}


def test_a_broken_clip_is_named_in_one_line_and_the_others_are_judged(clip: Path) -> None:
    clip.with_name("broken.mp4").write_bytes(b"\0" * 100)
    done = cinejudge("run", clip.parent)
    assert done.exit_code == 1
    told = [line for line in done.stderr.splitlines() if "broken.mp4" in line]
    assert len(told) == 1
    assert "not judged" in told[0]
    assert "1 of 2 could not be judged" in done.stderr


def test_a_broken_brief_costs_only_its_clip(clip: Path) -> None:
    two_shots(clip.with_name("other.mp4"))
    clip.with_suffix(".json").write_text("{not json", encoding="utf-8")
    done = cinejudge("run", clip.parent)
    assert done.exit_code == 1
    (told,) = [line for line in done.stderr.splitlines() if "not judged" in line]
    assert "clip.json" in told
    assert "other.mp4: 2 shots" in done.stderr


def test_fail_under(clip: Path) -> None:
    clip.with_suffix(".txt").write_text(BRIEF, encoding="utf-8")
    assert cinejudge("run", clip, "--fail-under", "0.99").exit_code == 3
    assert cinejudge("run", clip, "--fail-under", "0").exit_code == 0


def test_briefs_from_one_file(clip: Path, tmp_path: Path) -> None:
    briefs = tmp_path / "briefs.json"
    briefs.write_text(json.dumps({"clip.mp4": {"prompt": BRIEF}}), encoding="utf-8")
    done = cinejudge("run", clip, "--briefs", briefs, "--json")
    assert len(json.loads(done.stdout.splitlines()[0])["verdict"]["brief"]["shots"]) == 3


def test_options_from_the_environment_and_from_a_file(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cinejudge.toml").write_text('out = "from_file"\nsuites = ["mtavg2"]\n', encoding="utf-8")
    done = cinejudge("run", clip)
    assert Path(done.stdout.strip()).parts[0] == "from_file"
    monkeypatch.setenv("CINEJUDGE_OUT", "from_environment")
    done = cinejudge("run", clip, "--suite", "msavbench")
    path = Path(done.stdout.strip())
    assert path.parts[0] == "from_environment"
    assert path.parts[1].startswith("msavbench-offline")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["nowhere"], "nowhere"),
        (["CLIP", "--suite", "nosuch"], "no suite named 'nosuch'"),
        (["CLIP", "--model", "nosuch/x"], "no model provider 'nosuch'"),
        (["CLIP", "--model", "openai"], "names no model"),
        (["CLIP", "--briefs", "nowhere.json"], "nowhere.json"),
        (["EMPTY"], "no video"),
        (["CLIP", "--offline", "--model", "openai/x"], "--offline"),
        (["CLIP", "--model", "openai/x", "--base-url", "http://127.0.0.1:9", "--max-cost", "1"], "price"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    clip: Path, tmp_path: Path, arguments: list[str], complaint: str
) -> None:
    (tmp_path / "empty").mkdir()
    places = {"CLIP": str(clip), "EMPTY": str(tmp_path / "empty")}
    done = entry("run", *(places.get(a, a) for a in arguments))
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("cinejudge: ")
    assert complaint in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_an_unknown_option_in_the_file_is_named(clip: Path, tmp_path: Path) -> None:
    (tmp_path / "cinejudge.toml").write_text("modle = 'x'\n", encoding="utf-8")
    done = entry("run", clip)
    assert done.returncode == 2
    assert "cinejudge.toml: no option named 'modle'" in done.stderr


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom cinejudge.cli.main import app\n"
        "assert CliRunner().invoke(app, ['run', '--help']).exit_code == 0\n"
        "heavy = {'torch', 'numpy', 'cv2', 'av', 'openai', 'google.genai', 'langgraph', 'onnxruntime', 'scipy'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_is_quick() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert entry("--help").returncode == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 4  # what is imported is tested above
