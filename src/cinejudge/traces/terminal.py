"""Verdicts for a terminal of 80 columns; plain lines without wrapping where there is no terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from cinejudge.schema import (
    Answer,
    Asked,
    Correction,
    DimensionScore,
    Failure,
    Finding,
    MetricScore,
    Shot,
    SuiteVerdict,
    Verdict,
)
from cinejudge.traces.clip import ClipTrace
from cinejudge.traces.events import Event
from cinejudge.traces.run import Run

if TYPE_CHECKING:
    from rich.console import Console

_SEVERITY_STYLES = {"critical": "bold red", "major": "red", "moderate": "yellow", "minor": ""}


def printable(text: str) -> str:
    """Words of a video, a brief or a model without anything that could steer a terminal or turn the text around."""
    return "".join(c if c.isprintable() else " " if c in "\n\t" else f"\\u{ord(c):04x}" for c in text)


class Lines:
    """Prints indented lines; on a terminal they are wrapped under their own beginning."""

    def __init__(self, console: Console) -> None:
        """Binds to a console."""
        self._console = console

    def line(self, indent: int, *parts: str | tuple[str, str], hang: int = 2) -> None:
        """One line.

        Args:
            indent: Columns before it.
            *parts: Words, or words with a style. All of them are made printable.
            hang: Further columns before what is wrapped.
        """
        from rich.padding import Padding
        from rich.text import Text

        text = Text()
        for part in parts:
            words, style = (part, "") if isinstance(part, str) else part
            text.append(printable(words), style)
        text.rstrip()
        if not self._console.is_terminal:
            self._console.print(Text(" " * indent) + text, soft_wrap=True)
            return
        width = max(20, min(self._console.width, 100) - indent)
        wrapped = text.wrap(self._console, width - hang)
        for number, row in enumerate(wrapped):
            self._console.print(Padding(row, (0, 0, 0, indent + (hang if number else 0)), expand=False))

    def gap(self) -> None:
        """An empty line."""
        self._console.print()


def print_run(out: Lines, run: Run, traces: Sequence[ClipTrace]) -> None:
    """What the run was and how far it is."""
    judged = sum((trace.folder / "verdict.json").exists() for trace in traces)
    failed = sum((trace.folder / "failure.json").exists() for trace in traces)
    out.line(0, (f"{judged} judged, {failed} could not be", "bold"), f"  run {run.id}  model {run.versions.model}")
    out.gap()


def print_failure(out: Lines, failure: Failure) -> None:
    """A file that could not be judged."""
    out.line(0, (failure.name, "bold"), "  ", ("not judged", "red"), f": {failure.message}")
    out.gap()


def print_verdict(out: Lines, verdict: Verdict) -> None:
    """Scores by dimension, and findings."""
    _head(out, verdict)
    for suite in verdict.suites.values():
        _suite(out, suite, 2)
        scored = [dimension for dimension in suite.dimensions if dimension.score is not None]
        widest = max((len(dimension.name) for dimension in scored), default=0)
        for dimension in scored:
            out.line(4, f"{dimension.name:{widest}}  ", *_score(dimension))
        for status, style in (("failed", "red"), ("not_judged", "dim"), ("not_applicable", "dim")):
            names = [dimension.name for dimension in suite.dimensions if dimension.status == status]
            if names:
                out.line(4, (f"{status.replace('_', ' ')}: {', '.join(names)}", style))
    _findings(out, verdict.findings, 2)
    out.gap()


def print_legend(out: Lines, run: str) -> None:
    """What the numbers of :func:`print_verdict` mean, and how to read on."""
    out.line(0, ("Scores are from 0 to 1, beside the share of what applies that could be judged.", "dim"))
    out.line(0, (f"How one came about: cinejudge show {run} --clip NAME", "dim"))


def print_reasoning(out: Lines, verdict: Verdict, events: Iterable[Event]) -> None:
    """Everything that led to the scores: boundaries, metrics, answers, evidence, and the steps between."""
    _head(out, verdict)
    _findings(out, verdict.findings)
    _shots(out, verdict.shots, verdict.segmentation.corrections)
    questions = {asked.id: asked for asked in verdict.questions}
    steps = list(events)
    for suite in verdict.suites.values():
        _suite(out, suite)
        for dimension in suite.dimensions:
            out.line(2, (dimension.name, "bold"), "  ", *_score(dimension))
            for metric in dimension.metrics:
                _metric(out, verdict, metric, questions, steps)
    spent = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in verdict.usage.seconds.items())
    out.line(0, ("Time", "bold"), f"  {spent}")
    out.gap()


def print_event(out: Lines, name: str, event: Event) -> None:
    """One event of a run that goes on, after the name of its clip."""
    words = _told(event)
    if words:
        at = event.at.astimezone().strftime("%H:%M:%S")
        out.line(0, (f"{at} ", "dim"), (name, "bold"), "  ", *words, hang=10)


def _told(event: Event) -> tuple[str | tuple[str, str], ...]:
    """What a reader wants to know of an event; nothing of those that repeat what others say."""
    match event.kind:
        case "clip_opened":
            return ("begins",)
        case "stage_started":
            return (event.stage,)
        case "evidence":
            return ((f"{event.tool} {event.status}", "cyan"), f": {event.summary}")
        case "correction":
            return (
                (f"{event.correction.action} at frame {event.correction.frame}", "cyan"),
                f": {event.correction.reason}",
            )
        case "tool_call":
            return (
                (f"{event.judge} calls {event.tool}", "dim"),
                f" {event.args}",
                f": {event.error}" if event.error else "",
            )
        case "model_call":
            spent = "from the cache" if event.cached else f"{event.seconds:.1f} s"
            return (
                (f"{event.model} answers: {event.input_tokens} tokens in, {event.output_tokens} out, {spent}", "dim"),
            )
        case "answer":
            given = event.answer
            return ((f"{given.asked} = {given.option or given.status}", ""), f"  ({given.by})" if given.by else "")
        case "reflection":
            return (f"{event.asked}: {event.action.replace('_', ' ')}, {event.reason}",)
        case "finding":
            return ((event.finding.severity, _SEVERITY_STYLES[event.finding.severity]), f" {event.finding.title}")
        case "error":
            return ((event.error, "red"), f": {event.message}")
        case _:
            return ()


def _head(out: Lines, verdict: Verdict) -> None:
    clip = verdict.clip
    expected = verdict.segmentation.expected
    shots = f"{len(verdict.shots)} shot{'' if len(verdict.shots) == 1 else 's'}"
    shots += f", {expected} specified" if expected is not None else ""
    out.line(0, (clip.name, "bold"), f"  {clip.id}  {clip.duration_s:.2f} s, {shots}")
    if verdict.status == "partial":
        out.line(2, ("partial", "red"), f": {verdict.reason or ''}")


def _suite(out: Lines, suite: SuiteVerdict, indent: int = 0) -> None:
    factor = f"  times shot completion {suite.completion:.2f}" if suite.completion is not None else ""
    out.line(indent, (suite.title, "bold"), "  ", *_score(suite), factor)


def _score(result: SuiteVerdict | DimensionScore) -> tuple[str | tuple[str, str], ...]:
    if result.score is None:
        return ((result.status.replace("_", " "), "red" if result.status == "failed" else "dim"),)
    return ((f"{result.score:.2f}", "bold"), f"  {result.coverage:.0%} judged")


def _findings(out: Lines, findings: Sequence[Finding], indent: int = 0) -> None:
    if findings:
        out.line(indent, ("Findings", "bold"))
    for finding in findings:
        where = "".join(f"  {span.start_s:.2f}-{span.end_s:.2f} s" for span in finding.spans[:3])
        style = _SEVERITY_STYLES[finding.severity]
        out.line(indent + 2, (f"{finding.severity:9}", style), finding.title, where, hang=9)
        if finding.detail:
            out.line(indent + 11, finding.detail, hang=0)
        if finding.suggestion:
            out.line(indent + 11, f"change: {finding.suggestion}")


def _shots(out: Lines, shots: Sequence[Shot], corrections: Sequence[Correction]) -> None:
    out.line(0, ("Shots", "bold"))
    for shot in shots:
        begins = f"  {shot.transition_in.type.replace('_', ' ')}" if shot.transition_in else ""
        match = f"  realises shot {shot.spec + 1} of the brief" if shot.spec is not None else ""
        out.line(2, f"{shot.index + 1:3}  {shot.start_s:.2f}-{shot.end_s:.2f} s{begins}{match}", hang=5)
        fixes = ((fix.action, fix.frame, fix.by, fix.reason) for fix in shot.history)
        for action, frame, by, reason in dict.fromkeys(fixes):  # what both rounds decided alike is told once
            if action not in ("propose", "keep"):
                out.line(7, (f"{action} at frame {frame}", "cyan"), f" by {by}: {reason}")
    dropped = len({fix.frame for fix in corrections if fix.action == "merge"})
    if dropped:
        out.line(7, (f"{dropped} other places were examined and dropped; the report tells why", "dim"))


def _metric(
    out: Lines, verdict: Verdict, metric: MetricScore, questions: dict[str, Asked], events: Sequence[Event]
) -> None:
    if metric.score is None:
        style = "red" if metric.status == "failed" else "dim"
        out.line(4, metric.name, "  ", (f"{metric.status.replace('_', ' ')}: {metric.reason or ''}", style))
    else:
        raw = "" if metric.raw is None else f"  raw {metric.raw:.4g} {metric.unit}"
        badge = "  substitute" if metric.fidelity == "substitute" else ""
        out.line(4, metric.name, "  ", (f"{metric.score:.2f}", "bold"), raw, (badge, "yellow"))
        if metric.reason:
            out.line(6, (metric.reason, "dim"), hang=0)
    if metric.measured and metric.measured.note:
        out.line(6, metric.measured.note, hang=0)
    if metric.measured:
        _cited(out, verdict, metric.measured.evidence)
    for answer in metric.answers:
        if answer.by == "" and answer.status != "failed":
            continue  # nobody was asked, for the reason that the metric gives
        _answer(out, verdict, answer, questions.get(answer.asked), events)


def _answer(out: Lines, verdict: Verdict, answer: Answer, asked: Asked | None, events: Sequence[Event]) -> None:
    out.line(6, "? ", f"{asked.filled(asked.text)} [{_target(asked)}]" if asked else answer.asked)
    option = asked.option(answer.option) if asked and answer.option else None
    if answer.status == "answered" and asked and option:
        sure = "" if answer.confidence is None else f", confidence {answer.confidence:.0%}"
        out.line(8, ("= ", "bold"), (asked.filled(option.text), "bold"), f"  ({answer.by}, {answer.score:.2f}{sure})")
    else:
        out.line(8, "= ", (answer.status.replace("_", " "), "dim"), f": {answer.reason or ''}")
    for earlier in answer.before:
        when = f"{earlier.by} first" if answer.by == "rule" else "before reflection"
        out.line(10, (f"{when}: {earlier.option or earlier.status}. {earlier.reasoning}", "dim"))
    if answer.reasoning:
        out.line(10, answer.reasoning, hang=0)
    if answer.uncertain:
        out.line(10, ("in doubt", "yellow"), f": {answer.uncertain}")
    for event in events:
        if event.kind == "tool_call" and answer.asked in event.asked:
            out.line(10, (f"called {event.tool} {event.args}", "dim"))
        if event.kind == "reflection" and event.asked == answer.asked:
            out.line(10, (f"reflection, {event.action.replace('_', ' ')}: {event.reason}", "dim"))
    _cited(out, verdict, answer.evidence)


def _target(asked: Asked) -> str:
    """What it is about; people count from 1."""
    shots = " and ".join(str(index + 1) for index in asked.shots)
    if asked.target.startswith("shot") and shots:
        return f"shot {shots}"
    counted = re.fullmatch(r"(spec|line|speaker)(\d+)", asked.target)
    return f"{counted[1].replace('spec', 'specified shot')} {int(counted[2]) + 1}" if counted else asked.target


def _cited(out: Lines, verdict: Verdict, ids: Sequence[str]) -> None:
    for evidence_id in ids:
        evidence = verdict.evidence_by_id(evidence_id)
        if evidence:
            words = evidence.summary if evidence.found else f"{evidence.status}: {evidence.reason or ''}"
            out.line(10, (f"{evidence.tool} ({evidence.provider or 'no provider'})", "cyan"), f" {words}")
