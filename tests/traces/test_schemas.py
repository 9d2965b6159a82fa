"""The schemas in the repository are those of the records, and old traces still open."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from cinejudge.agent.rescore import rescore
from cinejudge.rubrics import load_suite
from cinejudge.schema import SCHEMA_VERSION
from cinejudge.traces import RunFolder, build_report
from cinejudge.traces.diff import diff_runs
from cinejudge.traces.schemas import RECORDS, schemas
from cinejudge.traces.summary import build_summary

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"
VERSIONS = sorted(path.name for path in GOLDEN.iterdir())


def test_the_written_schemas_are_up_to_date() -> None:
    folder = ROOT / "docs" / "schemas"
    written = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    assert written == schemas(), "run: python -m cinejudge.traces.schemas docs/schemas"


def test_each_version_has_a_golden_trace() -> None:
    assert [str(version) for version in range(1, SCHEMA_VERSION + 1)] == VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
def test_a_golden_trace_opens(version: str, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(GOLDEN / version, run)
    folder = RunFolder.load(run)
    traces = folder.traces()
    judged = {trace.id: verdict for trace in traces if (verdict := trace.verdict())}
    failed = [failure for trace in traces if (failure := trace.failure())]
    assert (len(judged), len(failed)) == (1, 1)
    (verdict,) = judged.values()
    assert verdict.schema_version == int(version)
    assert verdict.suites["msavbench"].score is not None
    assert {e.kind for e in traces[-1].events()} | {e.kind for e in traces[0].events()} >= {
        "clip_opened",
        "evidence",
        "answer",
        "model_call",
    }
    summary = build_summary(folder.run, traces)
    before = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    assert summary.suites["msavbench"].total.score == before["suites"]["msavbench"]["total"]["score"]
    assert build_report(run).stat().st_size > 100_000
    assert all(clip.same for clip in diff_runs(folder, folder).clips)
    again = asyncio.run(rescore(verdict, [load_suite("msavbench")], seed=folder.run.options.seed))
    assert again.verdict.clip == verdict.clip


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_written_fits_its_schema(version: str) -> None:
    """The records read back what the schemas describe; the schemas name every field that is written."""
    verdict = json.loads(next((GOLDEN / version).glob("videos/*/verdict.json")).read_text(encoding="utf-8"))
    assert set(verdict) <= set(RECORDS["verdict"].json_schema()["properties"])
