"""The spans of a run, as a collector would get them."""

from __future__ import annotations

from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from cinejudge.schema.errors import ConfigError
from cinejudge.traces import RunFolder, otel
from cinejudge.traces import otel_names as names

from .fixture import make_run

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "1"


def spans(run: Path, *, content: bool = False) -> list[ReadableSpan]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    otel.export_run(RunFolder.load(run), provider, content=content)
    provider.shutdown()
    return list(exporter.get_finished_spans())


def attributes(span: ReadableSpan) -> dict[str, object]:
    return dict(span.attributes or {})


def test_a_real_run_as_a_tree_of_spans() -> None:
    found = spans(GOLDEN)
    by_id = {span.context.span_id: span for span in found if span.context}
    (run,) = [span for span in found if span.parent is None]
    assert run.name == "cinejudge run"
    assert {span.context.trace_id for span in found if span.context} == {run.context.trace_id if run.context else 0}
    calls = [span for span in found if span.name == "chat judge"]
    tools = [span for span in found if span.name.startswith("execute_tool ")]
    assert len(calls) > 5
    assert len(tools) > 5
    stages = {by_id[span.parent.span_id].name for span in calls if span.parent}
    assert stages >= {"invoke_agent judge"}
    judging = next(span for span in found if span.name == "invoke_agent judge")
    assert judging.parent is not None
    assert by_id[judging.parent.span_id].name == "judge clip"
    one = attributes(calls[0])
    assert (one[names.PROVIDER], one[names.MODEL], one[names.OPERATION]) == ("openai", "judge", "chat")
    assert isinstance(one[names.INPUT_TOKENS], int) and one[names.INPUT_TOKENS] > 0
    assert calls[0].start_time is not None and calls[0].end_time is not None
    assert all((span.end_time or 0) >= (span.start_time or 0) for span in found)


def test_scores_are_evaluation_results(tmp_path: Path) -> None:
    found = spans(make_run(tmp_path))
    clips = [span for span in found if span.name == "judge clip"]
    results = [dict(e.attributes or {}) for span in clips for e in span.events if e.name == names.EVALUATION]
    text = next(r for r in results if r[names.EVALUATION_NAME] == "msavbench/text.accuracy")
    assert text[names.EVALUATION_LABEL] == "scored"
    assert text[names.EVALUATION_SCORE] == pytest.approx(0.83, abs=0.01)
    lips = next(r for r in results if r[names.EVALUATION_NAME] == "msavbench/sync.lips")
    assert (lips[names.EVALUATION_LABEL], names.EVALUATION_SCORE in lips) == ("not_judged", False)


def test_no_words_leave_unless_asked_for(tmp_path: Path) -> None:
    run = make_run(tmp_path)

    def told(content: bool) -> str:
        return " ".join(span.to_json() for span in spans(run, content=content))

    for words in ("night-market", "hacked", "weights missing", "rejected twice"):
        assert words not in told(False)
    assert "night-market-b.mp4" in told(True)
    assert "rejected twice" in told(True)


def test_nothing_happens_unless_an_endpoint_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in names.ENDPOINT_SWITCHES:
        monkeypatch.delenv(name, raising=False)
    assert otel.collector() is None


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:1")
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(ConfigError, match=r"pip install 'cinejudge\[otel\]'"):
        otel.collector()
