"""What the page is given: the verdicts, made smaller where nobody would read on."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import quote

from cinejudge.schema import SCHEMA_VERSION, Asked, Verdict, content_hash
from cinejudge.traces.clip import ClipTrace
from cinejudge.traces.events import Event
from cinejudge.traces.folder import RunFolder
from cinejudge.traces.leaderboard import model_of
from cinejudge.traces.report.lanes import clip_lanes
from cinejudge.traces.report.pictures import clip_pictures
from cinejudge.traces.summary import build_summary

MAX_ITEMS = 24
MAX_TEXT = 1_200
"""Lists and words of tool results are cut to this; the whole lies in ``verdict.json``."""


MAX_EMBEDDED = 50
"""Clips up to which the report is one file; beyond, it holds the tables, and `cinejudge view` serves the clips."""


def page_data(folder: RunFolder, *, served: bool = False) -> dict[str, Any]:
    """Everything that the page shows, as plain JSON.

    Args:
        folder: The run.
        served: Whether the page can ask a server for the clips; else up to ``MAX_EMBEDDED`` lie in the page itself.

    Raises:
        TraceError: a trace is damaged.
    """
    traces = folder.traces()
    judged = [(trace, verdict) for trace in traces if (verdict := trace.verdict())]
    whole = [] if served or len(judged) > MAX_EMBEDDED else judged
    return {
        "schema_version": SCHEMA_VERSION,
        "served": served,
        "folder": str(folder.path),
        "run": {
            "id": folder.run.id,
            "created_at": folder.run.created_at.isoformat(timespec="seconds"),
            "inputs": folder.run.inputs,
            "versions": folder.run.versions.model_dump(mode="json"),
        },
        "summary": build_summary(folder.run, traces).model_dump(mode="json"),
        "clips": [_row(folder, trace, verdict) for trace, verdict in judged],
        "whole": {trace.id: clip_data(folder, trace, verdict) for trace, verdict in whole},
    }


def _row(folder: RunFolder, trace: ClipTrace, verdict: Verdict) -> dict[str, Any]:
    """What the tables say about a clip."""
    suite_fields = {"name": True, "score": True, "status": True, "coverage": True}
    dimension_fields = {"id": True, "score": True, "status": True, "coverage": True}
    return {
        "id": trace.id,
        "name": verdict.clip.name,
        "seconds": verdict.clip.duration_s,
        "shots": len(verdict.shots),
        "findings": len(verdict.findings),
        "status": verdict.status,
        "model": model_of(trace.source(), folder.run),
        "brief": content_hash(verdict.brief.model_copy(update={"source": ""}))[:16] if verdict.brief else None,
        "suites": [
            suite.model_dump(mode="json", include=suite_fields | {"dimensions": {"__all__": dimension_fields}})
            for suite in verdict.suites.values()
        ],
    }


def clip_data(folder: RunFolder, trace: ClipTrace, verdict: Verdict, *, served: bool = False) -> dict[str, Any]:
    """Everything that the page shows about one clip."""
    plain = verdict.model_dump(mode="json")
    events = trace.events()
    return {
        "id": trace.id,
        "video": _video(folder, trace, served),
        "clip": plain["clip"],
        "brief": plain["brief"],
        "status": plain["status"],
        "reason": plain["reason"],
        "shots": plain["shots"],
        "corrections": plain["segmentation"]["corrections"],
        "rounds": plain["segmentation"]["rounds"],
        "expected": plain["segmentation"]["expected"],
        "completion": verdict.segmentation.completion,
        "notes": [*plain["segmentation"]["notes"], *plain["clip"]["notes"]],
        "suites": list(plain["suites"].values()),
        "questions": {asked.id: _question(asked) for asked in verdict.questions},
        "findings": plain["findings"],
        "evidence": {e["id"]: _evidence(e) for e in plain["evidence"]},
        "facts": plain["facts"],
        "usage": plain["usage"],
        "lanes": clip_lanes(verdict),
        "pictures": clip_pictures(folder, verdict),
        "log": _log(events),
    }


def _question(asked: Asked) -> dict[str, Any]:
    kept = {"text", "slots", "target", "shots", "span"}
    return asked.model_dump(mode="json", include=kept) | {
        "options": [{"id": option.id, "text": option.text, "score": option.score} for option in asked.options],
        "rule": asked.rule.model_dump(mode="json", include={"measure": {"name"}, "bands": True})
        if asked.rule
        else None,
    }


def _evidence(evidence: dict[str, Any]) -> dict[str, Any]:
    return evidence | {"data": _cut(evidence["data"]), "artifacts": [a["sha256"] for a in evidence["artifacts"]]}


def _cut(value: Any) -> Any:
    if isinstance(value, str) and len(value) > MAX_TEXT:
        return value[:MAX_TEXT] + "…"
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: _cut(inner) for key, inner in value.items()}
    if isinstance(value, list):
        rest = len(value) - MAX_ITEMS
        return [_cut(inner) for inner in value[:MAX_ITEMS]] + ([f"… and {rest} more"] if rest > 0 else [])
    return value


def _video(folder: RunFolder, trace: ClipTrace, served: bool) -> str | None:
    """The video as the page can reach it: a relative address, if the file is there."""
    source = trace.source()
    if source is None or not os.path.isfile(source):
        return None
    if served:
        return f"clips/{trace.id}/video"
    return quote(os.path.relpath(source, folder.path.resolve()))


def _log(events: tuple[Event, ...]) -> list[dict[str, Any]]:
    """What led to the answers beside the evidence: tool calls, model calls, reflections, errors and repairs."""
    shown = ("tool_call", "model_call", "reflection", "error", "repaired", "rescored")
    return [event.model_dump(mode="json", exclude_none=True) for event in events if event.kind in shown]
