"""``cinejudge weights``: data on stdout, messages on stderr."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cinejudge.cli.weights import app
from cinejudge.schema.errors import ConfigError, WeightsMissing


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CINEJUDGE_CACHE_DIR", str(tmp_path))
    for name in ("CINEJUDGE_WEIGHTS_MIRROR", "CINEJUDGE_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_list_as_json_tells_size_licence_and_command(cache: Path) -> None:
    rows = {row["name"]: row for row in json.loads(CliRunner().invoke(app, ["list", "--json"]).stdout)}
    row = rows["face-landmarker"]
    assert row["present"] is False and row["size_bytes"] == 3_758_596
    assert row["command"] == "cinejudge weights pull face-landmarker"
    assert row["licence"]["weights"] == "Apache-2.0"
    assert row["folder"] == str(cache / "weights" / "face-landmarker")


def test_list_says_what_is_not_here() -> None:
    shown = CliRunner().invoke(app, ["list"]).stdout
    assert "not here: cinejudge weights pull transnetv2" in shown
    assert "AGPL-3.0" in shown and "non-commercial research only" in shown


def test_pull_says_what_it_would_get_before_it_fails_offline() -> None:
    done = CliRunner().invoke(app, ["pull", "transnetv2", "--offline"])
    assert "Getting 1 weights, 32.7 MB to download" in done.stderr
    assert isinstance(done.exception, WeightsMissing) and "offline" in str(done.exception)
    assert done.stdout == ""


def test_pull_of_an_unknown_name() -> None:
    assert isinstance(CliRunner().invoke(app, ["pull", "nothing"]).exception, ConfigError)


def test_the_command_imports_nothing_heavy() -> None:
    heavy = ("torch", "numpy", "rich.progress", "yaml")
    code = f"import sys, cinejudge.cli.weights; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
