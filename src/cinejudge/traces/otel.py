"""A run as OpenTelemetry spans, told from its trace: run, clip, stage, judge, tool call, model call; scores as events.

It reads what is on disk, so that an exporter that is slow or down costs no verdict. Words of videos, briefs and models
stay out unless asked for.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cinejudge.schema import Verdict
from cinejudge.schema.errors import ConfigError
from cinejudge.traces import otel_names as names
from cinejudge.traces.clip import ClipTrace
from cinejudge.traces.events import ErrorSeen, Event, EvidenceFound, ModelCalled
from cinejudge.traces.folder import RunFolder

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

Attributes = Mapping[str, str | int | float | bool]


@dataclass(frozen=True)
class _Stage:
    """One stretch of work of a clip, in nanoseconds."""

    name: str
    start: int
    end: int
    span: Span


def export_run(folder: RunFolder, provider: TracerProvider, *, content: bool = False) -> None:
    """Tells a tracer what happened in a run.

    Args:
        folder: The run.
        provider: Where spans go.
        content: Whether names of files, and words of videos, models and errors go with them.

    Raises:
        TraceError: a trace is damaged.
    """
    tracer = provider.get_tracer("cinejudge", folder.run.versions.cinejudge)
    traces = [(trace, events) for trace in folder.traces() if (events := trace.events())]
    begin = _ns(folder.run.created_at)
    end = max((_ns(events[-1].at) for _, events in traces), default=begin)
    run = _start(
        tracer, "cinejudge run", begin, None, {names.RUN: folder.run.id, names.MODEL: folder.run.versions.model}
    )
    for trace, events in traces:
        _clip(tracer, run, trace, events, content)
    run.end(end)


def collector() -> TracerProvider | None:
    """Where the environment wants spans by OTLP, as for any OpenTelemetry SDK; None where it names no endpoint.

    Raises:
        ConfigError: an endpoint is named, but the extra is not installed.
    """
    if not any(os.environ.get(name) for name in names.ENDPOINT_SWITCHES):
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise ConfigError(
            "an OpenTelemetry endpoint is set, but its packages are missing: pip install 'cinejudge[otel]'"
        ) from None
    provider = TracerProvider(resource=Resource.create({"service.name": "cinejudge"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def content_wanted() -> bool:
    """Whether the environment lets words out, by the switch of the GenAI conventions."""
    return os.environ.get(names.CONTENT_SWITCH, "").lower() == "true"


def _clip(tracer: Tracer, run: Span, trace: ClipTrace, events: Sequence[Event], content: bool) -> None:
    start, end = _ns(events[0].at), _ns(events[-1].at)
    opened = next((event for event in events if event.kind == "clip_opened"), None)
    attributes: dict[str, str | int | float | bool] = {names.CLIP: trace.id}
    if content and opened:
        attributes[names.CLIP_NAME] = opened.name
    span = _start(tracer, "judge clip", start, run, attributes)
    stages = list(_stages(tracer, span, events, end))
    calls: dict[tuple[Span, str], list[ModelCalled]] = defaultdict(list)
    for event in events:
        at = _ns(event.at)
        parent = next((s.span for s in reversed(stages) if s.start <= at <= s.end), span)
        if event.kind == "evidence":
            _tool(tracer, parent, event, content)
        elif event.kind == "model_call":
            calls[parent, event.judge].append(event)
        elif event.kind == "error":
            parent.add_event("exception", _error(event, content), at)
    for (parent, judge), asked in calls.items():
        _judge(tracer, parent, judge, asked)
    verdict = trace.verdict()
    if verdict:
        span.set_attribute(names.STATUS, verdict.status)
        for result in _results(verdict, content):
            span.add_event(names.EVALUATION, result, end)
    elif failure := trace.failure():
        from opentelemetry.trace import Status, StatusCode

        span.set_attribute(names.ERROR, failure.error)
        span.set_status(Status(StatusCode.ERROR, failure.message if content else None))
    for stage in stages:
        stage.span.end(stage.end)
    span.end(end)


def _stages(tracer: Tracer, clip: Span, events: Sequence[Event], end: int) -> Iterator[_Stage]:
    """The stretches of work; one that was cut off by a kill ends where the next attempt begins."""
    begun: dict[str, int] = {}
    for event in events:
        if event.kind == "stage_started":
            begun[event.stage] = _ns(event.at)
        elif event.kind == "stage_ended" and event.stage in begun:
            yield _stage(tracer, clip, event.stage, begun.pop(event.stage), _ns(event.at))
        elif event.kind == "clip_opened":
            for name in list(begun):
                yield _stage(tracer, clip, name, begun.pop(name), _ns(event.at))
    for name, start in begun.items():
        yield _stage(tracer, clip, name, start, end)


def _stage(tracer: Tracer, clip: Span, name: str, start: int, end: int) -> _Stage:
    attributes = {names.OPERATION: names.INVOKE_AGENT, names.AGENT: name}
    return _Stage(name, start, end, _start(tracer, f"{names.INVOKE_AGENT} {name}", start, clip, attributes))


def _tool(tracer: Tracer, parent: Span, event: EvidenceFound, content: bool) -> None:
    attributes: dict[str, str | int | float | bool] = {
        names.OPERATION: names.EXECUTE_TOOL,
        names.TOOL: event.tool,
        names.PROVIDER_OF_TOOL: event.provider or "none",
        names.STATUS: event.status,
        names.FROM_CACHE: event.cached,
    }
    if content:
        attributes[names.SUMMARY] = event.summary
    _start(tracer, f"{names.EXECUTE_TOOL} {event.tool}", _begun(event), parent, attributes).end(_ns(event.at))


def _judge(tracer: Tracer, parent: Span, judge: str, calls: Sequence[ModelCalled]) -> None:
    """One judge with its calls; those of which the trace does not say whose they are stand alone."""
    if not judge:
        for call in calls:
            _model(tracer, parent, call)
        return
    attributes = {names.OPERATION: names.INVOKE_AGENT, names.AGENT: judge}
    span = _start(tracer, f"{names.INVOKE_AGENT} {judge}", min(map(_begun, calls)), parent, attributes)
    for call in calls:
        _model(tracer, span, call)
    span.end(max(_ns(call.at) for call in calls))


def _model(tracer: Tracer, parent: Span, event: ModelCalled) -> None:
    from opentelemetry.trace import SpanKind

    provider, _, model = event.model.partition("/")
    attributes: dict[str, str | int | float | bool] = {
        names.OPERATION: names.CHAT,
        names.PROVIDER: names.PROVIDERS.get(provider, provider),
        names.MODEL: model or event.model,
        names.INPUT_TOKENS: event.input_tokens,
        names.OUTPUT_TOKENS: event.output_tokens,
        names.CACHED_TOKENS: event.cached_tokens,
        names.FROM_CACHE: event.cached,
        names.REQUEST: event.request,
    }
    span = _start(tracer, f"{names.CHAT} {model}", _begun(event), parent, attributes, SpanKind.CLIENT)
    span.end(_ns(event.at))


def _begun(event: EvidenceFound | ModelCalled) -> int:
    return _ns(event.at) - (0 if event.cached else round(event.seconds * 1e9))


def _error(event: ErrorSeen, content: bool) -> Attributes:
    told = {"exception.type": event.error}
    return told | {names.ERROR_MESSAGE: event.message} if content else told


def _results(verdict: Verdict, content: bool) -> Iterator[Attributes]:
    """The suites, then their metrics. Only what is scored carries a score."""
    for suite in verdict.suites.values():
        yield _result(suite.name, suite.score, suite.status, suite.coverage, None)
        for metric in (m for d in suite.dimensions for m in d.metrics):
            why = metric.reason if content else None
            yield _result(f"{suite.name}/{metric.id}", metric.score, metric.status, metric.coverage, why)


def _result(name: str, score: float | None, status: str, coverage: float, why: str | None) -> Attributes:
    told: dict[str, str | int | float | bool] = {
        names.EVALUATION_NAME: name,
        names.EVALUATION_LABEL: status,
        names.COVERAGE: coverage,
    }
    if score is not None:
        told[names.EVALUATION_SCORE] = score
    if why is not None:
        told[names.EVALUATION_WHY] = why
    return told


def _start(
    tracer: Tracer, name: str, start: int, parent: Span | None, attributes: Attributes, kind: Any = None
) -> Span:
    from opentelemetry.context import Context
    from opentelemetry.trace import SpanKind, set_span_in_context

    context = Context() if parent is None else set_span_in_context(parent, Context())
    return tracer.start_span(
        name, context=context, kind=kind or SpanKind.INTERNAL, attributes=attributes, start_time=start
    )


def _ns(at: datetime) -> int:
    return round(at.timestamp() * 1e9)
