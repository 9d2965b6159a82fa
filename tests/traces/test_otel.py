"""The spans of a run, as a collector would get them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
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


def test_a_judge_holds_its_calls(tmp_path: Path) -> None:
    found = spans(make_run(tmp_path))
    by_id = {span.context.span_id: span for span in found if span.context}
    calls = [span for span in found if attributes(span).get(names.OPERATION) == names.CHAT]
    assert len(calls) == 2
    for call in calls:
        assert call.parent is not None
        judge = by_id[call.parent.span_id]
        assert (judge.name, attributes(judge)[names.AGENT]) == ("invoke_agent consistency", "consistency")
        assert (judge.start_time, judge.end_time) == (call.start_time, call.end_time)


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


@contextmanager
def listening() -> Iterator[tuple[str, list[tuple[str, str, bytes]]]]:
    """A collector on loopback: its address, and path, media type and body of what reaches it."""
    received: list[tuple[str, str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((self.path, self.headers["Content-Type"], body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", received
        server.shutdown()
        thread.join()


def sent(run: Path, monkeypatch: pytest.MonkeyPatch, *, content: bool) -> tuple[list[str], bytes]:
    """Names of the spans that a collector gets by OTLP over HTTP, and every byte that it got."""
    service = pytest.importorskip(
        "opentelemetry.proto.collector.trace.v1.trace_service_pb2", reason="the extra `otel` is not installed"
    )
    monkeypatch.setenv(names.CONTENT_SWITCH, "true" if content else "")
    with listening() as (address, received):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
        provider = otel.collector()
        assert provider is not None
        otel.export_run(RunFolder.load(run), provider, content=otel.content_wanted())
        provider.shutdown()
    assert {(path, kind) for path, kind, _ in received} == {("/v1/traces", "application/x-protobuf")}
    requests = [service.ExportTraceServiceRequest.FromString(body) for _, _, body in received]
    resources = [spans for request in requests for spans in request.resource_spans]
    assert {a.value.string_value for r in resources for a in r.resource.attributes if a.key == "service.name"} == {
        "cinejudge"
    }
    found = [span.name for resource in resources for scope in resource.scope_spans for span in scope.spans]
    return found, b"".join(body for _, _, body in received)


def test_a_collector_gets_the_spans_and_no_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found, wire = sent(make_run(tmp_path), monkeypatch, content=False)
    assert {"cinejudge run", "judge clip"} <= set(found)
    assert b"gen_ai.evaluation.result" in wire and b"msavbench/text.accuracy" in wire
    for words in (b"night-market", b"hacked", b"weights missing", b"rejected twice"):
        assert words not in wire


def test_a_collector_gets_the_words_that_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, wire = sent(make_run(tmp_path), monkeypatch, content=True)
    assert b"night-market-b.mp4" in wire and b"rejected twice" in wire
