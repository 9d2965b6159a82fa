"""``cinejudge doctor``: a lack of what is optional is told, and is no failure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cinejudge import weights
from cinejudge.cli.doctor import doctor


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    monkeypatch.setenv("CINEJUDGE_CACHE_DIR", str(tmp_path))
    made = typer.Typer()
    made.command()(doctor)
    return made


def test_without_weights_it_says_what_is_wrong(app: typer.Typer) -> None:
    done = CliRunner().invoke(app, [])
    assert done.exit_code == 1
    assert "nothing can run it" in done.stdout and "not here: an optional sense" in done.stdout
    tools = {t["tool"]: t for t in json.loads(CliRunner().invoke(app, ["--json"]).stdout)["tools"]}
    assert tools["text_fit"]["optional"] and tools["consistency"]["optional"] and not tools["shots"]["optional"]
    (first, *_) = tools["consistency"]["not_ready"]
    assert "csd-vit-l (2,438 MB, CC-BY-4.0)" in first["why"] and "weights pull dinov2-base" in first["mend"]


def test_what_is_optional_may_lack(app: typer.Typer, monkeypatch: pytest.MonkeyPatch) -> None:
    default = weights.default_names()
    monkeypatch.setattr(weights, "present", lambda name: name in default)
    done = CliRunner().invoke(app, [])
    assert done.exit_code == 0
    assert "nothing can run it" not in done.stdout and "optional sense" in done.stdout
