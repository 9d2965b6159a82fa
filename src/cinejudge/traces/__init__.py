"""The run folder: what happened, what came of it, and the report that a person reads."""

from cinejudge.traces.clip import ClipTrace
from cinejudge.traces.earlier import Earlier, EarlierRuns
from cinejudge.traces.events import Event, EventKind
from cinejudge.traces.folder import RunFolder
from cinejudge.traces.listeners import record_evidence, record_exchange
from cinejudge.traces.report import build_report
from cinejudge.traces.run import Run, run_id
from cinejudge.traces.summary import Summary, build_summary

__all__ = [
    "ClipTrace",
    "Earlier",
    "EarlierRuns",
    "Event",
    "EventKind",
    "Run",
    "RunFolder",
    "Summary",
    "build_report",
    "build_summary",
    "record_evidence",
    "record_exchange",
    "run_id",
]
