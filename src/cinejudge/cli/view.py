"""``cinejudge view``: the report in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def view(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, as `cinejudge run` names it.")],
    open_it: Annotated[bool, typer.Option("--open/--no-open", help="Open it, or only print where it is.")] = True,
) -> None:
    """Opens the report of a run in the browser, and prints where it is.

    Up to 50 clips it is one file. Beyond, it is served to this machine alone until you press Ctrl-C. The report of an
    unfinished run is drawn from what is done.
    """
    from cinejudge.traces import RunFolder
    from cinejudge.traces.report import MAX_EMBEDDED, build_report

    folder = RunFolder.load(run)
    if sum((trace.folder / "verdict.json").exists() for trace in folder.traces()) > MAX_EMBEDDED:
        _serve(run, open_it)
        return
    report = folder.path / "report.html"
    if not (report.exists() and (folder.path / "summary.json").exists()):
        report = build_report(folder.path)
    typer.echo(str(report))
    if open_it:
        _open(report.resolve().as_uri())


def _serve(run: Path, open_it: bool) -> None:
    from cinejudge.traces.report.serve import ReportServer

    with ReportServer(run) as server:
        typer.echo(server.url)
        typer.echo("Served to this machine alone until you press Ctrl-C.", err=True)
        if open_it:
            _open(server.url)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            typer.echo("Closed.", err=True)


def _open(address: str) -> None:
    import webbrowser

    if not webbrowser.open(address):
        typer.echo("cinejudge: found no browser to open it with", err=True)
