"""``cinejudge view``: the report in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def view(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, as `cinejudge run` names it.")],
    open_it: Annotated[bool, typer.Option("--open/--no-open", help="Open it, or only print its path.")] = True,
) -> None:
    """Opens the report of a run in the browser, and prints its path.

    The report of a finished run is there already; that of an unfinished one is drawn from what is done.
    """
    import webbrowser

    from cinejudge.traces import RunFolder, build_report

    folder = RunFolder.load(run).path
    report = folder / "report.html"
    if not (report.exists() and (folder / "summary.json").exists()):
        report = build_report(folder)
    typer.echo(str(report))
    if open_it and not webbrowser.open(report.resolve().as_uri()):
        typer.echo("cinejudge: found no browser to open it with", err=True)
