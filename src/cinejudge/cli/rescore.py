"""``cinejudge rescore``: every number again from the trace."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cinejudge.agent.rescore import Change
    from cinejudge.traces import ClipTrace


def rescore(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, as `cinejudge run` names it.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Computes every number of a run again from its trace, under the suites as they are now.

    No video is opened and no model called. Verdicts, summary and report are written anew where something changed;
    what was before stays in the events. Where a question was reworded or added and no measurement decides it, the
    run's own command asks it, and only it.
    """
    from cinejudge.agent.rescore import rescore as score_again
    from cinejudge.rubrics import load_suite
    from cinejudge.traces import RunFolder, build_report

    told: list[tuple[str, tuple[Change, ...]]] = []
    with RunFolder.reopen(run) as folder:
        suites = [load_suite(name) for name in folder.run.options.suites]
        for trace in folder.traces():
            verdict = trace.verdict()
            if verdict is None:
                continue
            mine = [suite for suite in suites if suite.name in verdict.suites]
            again = asyncio.run(score_again(verdict, mine, seed=folder.run.options.seed))
            if again.verdict != verdict:
                _record(trace, again.changes)
                trace.write_verdict(again.verdict)
            told.append((verdict.clip.name, again.changes))
        folder.finish()
    build_report(run)
    if as_json:
        rows = [{"clip": name, "changes": [c.model_dump(mode="json") for c in changes]} for name, changes in told]
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        _tell(told)


def _record(trace: ClipTrace, changes: tuple[Change, ...]) -> None:
    for change in changes:
        trace.event(
            "rescored",
            suite=change.suite,
            metric=change.metric,
            before=change.before,
            after=change.after,
            note=change.note,
        )


def _tell(told: list[tuple[str, tuple[Change, ...]]]) -> None:
    from cinejudge.traces.terminal import printable

    for name, changes in told:
        typer.echo(f"{printable(name)}: " + ("every number is the same" if not changes else "changed"))
        for change in changes:
            what = f"  {change.suite} {change.metric or 'overall'}"
            numbers = "" if change.before == change.after else f" {_number(change.before)} -> {_number(change.after)}"
            typer.echo(what + numbers + (f" ({printable(change.note)})" if change.note else ""))


def _number(value: float | None) -> str:
    return "no score" if value is None else f"{value:.4f}"
