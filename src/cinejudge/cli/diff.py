"""``cinejudge diff``: what two runs say differently, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cinejudge.traces.diff import ClipDiff, RunDiff
    from cinejudge.traces.terminal import Lines


def diff(
    first: Annotated[Path, typer.Argument(metavar="RUN_A", help="A run folder.")],
    second: Annotated[Path, typer.Argument(metavar="RUN_B", help="Another.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compares two runs: what was asked differently, which scores and findings changed, and which answers did it.

    Clips are paired by their content and brief, else by content, else by name.
    """
    from rich.console import Console

    from cinejudge.traces import RunFolder
    from cinejudge.traces.diff import diff_runs
    from cinejudge.traces.terminal import Lines

    found = diff_runs(RunFolder.load(first), RunFolder.load(second))
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        _tell(Lines(Console(highlight=False, markup=False, emoji=False)), found)


def _tell(out: Lines, found: RunDiff) -> None:
    out.line(0, (found.runs[0], "bold"), "  against  ", (found.runs[1], "bold"))
    for condition in found.conditions or ("the same was asked in the same way",):
        out.line(2, condition)
    for clip in found.clips:
        _tell_clip(out, clip)
    for names, run in ((found.only_first, found.runs[0]), (found.only_second, found.runs[1])):
        for name in names:
            out.line(0, (name, "bold"), f"  only in {run}")


def _tell_clip(out: Lines, clip: ClipDiff) -> None:
    how = "" if clip.paired_by == "file and brief" else f"  (same {clip.paired_by} only)"
    out.line(0, (clip.name, "bold"), how, "  the same" if clip.same else "")
    for change in clip.scores:
        numbers = f"{_score(change.before)} -> {_score(change.after)}"
        out.line(2, change.suite, " ", (change.metric or "overall", "bold"), "  ", numbers)
        for why in change.why:
            out.line(4, (why, "dim"))
    for words, style, findings in (("appeared", "red", clip.appeared), ("gone", "green", clip.gone)):
        for finding in findings:
            out.line(2, (f"{words}: ", style), finding)


def _score(value: float | None) -> str:
    return "no score" if value is None else f"{value:.4f}"
