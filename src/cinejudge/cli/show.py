"""``cinejudge show``: the verdicts and, per clip, the reasoning in the terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cinejudge.traces import ClipTrace, RunFolder


def show(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, as `cinejudge run` names it.")],
    clip: Annotated[
        str | None,
        typer.Option(
            help="One clip with its reasoning: its name (the folder may be left out), or the beginning of its id."
        ),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Print what happens until the run is finished.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, one object per clip; with --follow, per event.")
    ] = False,
) -> None:
    """Shows what a run found: scores, coverage and findings; with --clip every answer with its reasoning.

    A run of a single clip shows the reasoning at once. What is not finished yet is shown as far as it is.
    """
    from rich.console import Console

    from cinejudge.traces import RunFolder, terminal

    folder = RunFolder.load(run)
    if follow:
        _follow(folder, clip, as_json)
        return
    traces = folder.traces() if clip is None else (_find(folder, clip),)
    if as_json:
        for trace in traces:
            typer.echo(json.dumps(_plain(trace, events=clip is not None), ensure_ascii=False))
        return
    console = Console(highlight=False, markup=False, emoji=False)
    page = terminal.Lines(console)
    if clip is None:
        terminal.print_run(page, folder.run, traces)
    for trace in traces:
        if verdict := trace.verdict():
            if len(traces) == 1:
                terminal.print_reasoning(page, verdict, trace.events())
            else:
                terminal.print_verdict(page, verdict)
        elif failure := trace.failure():
            terminal.print_failure(page, failure)
    if len(traces) > 1:
        terminal.print_legend(page, str(run))


def _follow(folder: RunFolder, wanted: str | None, as_json: bool) -> None:
    from rich.console import Console

    from cinejudge.traces import terminal
    from cinejudge.traces.follow import follow

    page = terminal.Lines(Console(highlight=False, markup=False, emoji=False))
    names: dict[str, str] = {}
    for trace_id, event in follow(folder.path):
        if event.kind == "clip_opened":
            names[trace_id] = event.name
        name = names.get(trace_id, trace_id)
        if wanted and not _answers(wanted, name, trace_id):
            continue
        if as_json:
            typer.echo(json.dumps({"trace": trace_id, **event.model_dump(mode="json")}, ensure_ascii=False))
        else:
            terminal.print_event(page, name, event)


def _find(folder: RunFolder, wanted: str) -> ClipTrace:
    from cinejudge.schema.errors import ConfigError

    found: list[tuple[str, ClipTrace]] = []
    for trace in folder.traces():
        verdict, failure = trace.verdict(), trace.failure()
        name = verdict.clip.name if verdict else failure.name if failure else ""
        if _answers(wanted, name, trace.id):
            found.append((name, trace))
    if len(found) != 1:
        some = ", ".join(f"{name!r} {trace.id}" for name, trace in found[:5])
        told = f"{len(found)} clips answer to {wanted!r}: {some}" if found else f"no clip {wanted!r}"
        raise ConfigError(f"{told}; `cinejudge show {folder.path}` lists them")
    return found[0][1]


def _answers(wanted: str, name: str, trace_id: str) -> bool:
    """Whether a clip is meant: by its name (the folder may be left out), or the beginning of its id."""
    return wanted in (name, Path(name).name) or trace_id.startswith(wanted)


def _plain(trace: ClipTrace, *, events: bool) -> dict[str, object]:
    verdict, failure = trace.verdict(), trace.failure()
    plain: dict[str, object] = {"trace": trace.id}
    if verdict:
        plain["verdict"] = verdict.model_dump(mode="json")
    if failure:
        plain["failure"] = failure.model_dump(mode="json")
    if events:
        plain["events"] = [event.model_dump(mode="json") for event in trace.events()]
    return plain
