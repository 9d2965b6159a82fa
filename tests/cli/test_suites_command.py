"""``cinejudge suites`` lists, shows and checks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cinejudge.cli.suites import app
from cinejudge.rubrics.loader import SHIPPED
from cinejudge.schema.errors import ConfigError


def run(*args: str) -> Result:
    return CliRunner().invoke(app, list(args))


def test_list_counts_metrics() -> None:
    assert "msavbench  MSAVBench 1.0: 20 metrics in 11 dimensions and 1 beside the score" in run("list").stdout
    counts = {row["name"]: row["metrics"] for row in json.loads(run("list", "--json").stdout)}
    assert counts == {"evalverse": 44, "msavbench": 20, "mtavg2": 45}


@pytest.mark.parametrize(("name", "count"), [("msavbench", 20), ("mtavg2", 45), ("evalverse", 44)])
def test_show_prints_a_tree_with_counts(name: str, count: int) -> None:
    shown = run("show", name)
    assert shown.exit_code == 0
    assert f"{count} metrics" in shown.stdout.splitlines()[0]
    assert "└──" in shown.stdout


def test_show_tells_how_a_metric_is_measured_and_when() -> None:
    shown = " ".join(run("show", "msavbench").stdout.split())
    assert "measures sync.audio_visual s: 2 → 0, 0 → 1" in shown
    assert "only if has_audio" in shown
    assert json.loads(run("show", "msavbench", "--json").stdout)["name"] == "msavbench"


@pytest.mark.parametrize("name", ["msavbench", "mtavg2", "evalverse"])
def test_shipped_suites_pass_the_check(name: str) -> None:
    checked = run("check", name)
    assert checked.exit_code == 0, checked.stdout
    assert ": right. " in checked.stdout


def test_a_mistake_is_told_and_ends_with_two(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    text = (SHIPPED / "msavbench.yaml").read_text(encoding="utf-8")
    path.write_text(text.replace("name: text.error_rate", "name: text.eror_rate"), encoding="utf-8")
    checked = run("check", str(path))
    assert checked.exit_code == 2
    assert "did you mean 'text.error_rate'?" in checked.stdout
    told = run("check", str(path), "--json")
    assert told.exit_code == 2
    assert len(json.loads(told.stdout)["problems"]) == 1


def test_markup_in_a_suite_is_text(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    text = (SHIPPED / "msavbench.yaml").read_text(encoding="utf-8")
    path.write_text(text.replace("title: MSAVBench", "title: '[bold]Mine[/] :smile:'"), encoding="utf-8")
    assert "[bold]Mine[/] :smile:" in run("show", str(path)).stdout


def test_an_unknown_suite_is_a_wrong_request() -> None:
    assert isinstance(run("show", "nothing").exception, ConfigError)
