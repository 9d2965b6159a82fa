"""What a person sees on stderr while a run goes on, and at its end."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from cinejudge.evaluation import Progress as Event
from cinejudge.evaluation import RunResult
from cinejudge.schema import Failure, Verdict

STAGES = {
    "open": "opening and decoding",
    "segment": "finding the shots",
    "perceive": "looking and listening",
    "plan": "choosing the questions",
    "judge": "judging",
    "reflect": "thinking again",
    "verdict": "scoring",
}


class Display:
    """Progress bars on a terminal, plain lines elsewhere; the result at the end."""

    def __init__(self) -> None:
        """Writes to stderr only: stdout is for data."""
        self.console = Console(stderr=True, highlight=False)
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self._task = self._bars.add_task("starting", total=None)
        self._began: dict[str, float] = {}

    def __enter__(self) -> Display:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bars.stop()

    def watch(self, event: Event) -> None:
        """Shows one event of the run."""
        name = event.name
        if event.stage == "done":
            self._bars.update(self._task, total=event.total, advance=1)
            self._say(event, name)
            return
        self._began.setdefault(name, time.monotonic())
        what = STAGES.get(event.stage, event.stage)
        self._bars.update(self._task, total=event.total, description=f"{escape(name)}: {what}")

    def _say(self, event: Event, name: str) -> None:
        seconds = time.monotonic() - self._began.get(name, time.monotonic())
        where = f"{event.place:>{len(str(event.total))}}/{event.total}"
        result = event.result
        if isinstance(result, Failure):
            self.console.print(f"[red]{where}  {escape(name)}: not judged: {escape(result.message)}[/red]")
        elif isinstance(result, Verdict):
            scores = ", ".join(f"{s.name} {_score(s.score)}" for s in result.suites.values())
            found = f"{len(result.findings)} finding{'s' if len(result.findings) != 1 else ''}"
            partial = (
                f" [yellow](partial: {escape(result.reason or '')})[/yellow]" if result.status == "partial" else ""
            )
            self.console.print(
                f"{where}  {escape(name)}: {len(result.shots)} shots, {scores}, {found}, {seconds:.1f} s{partial}"
            )

    def conclude(self, result: RunResult) -> None:
        """The table of scores and where everything lies, on stderr; nothing of it is data for a program."""
        verdicts = [r for r in result.results if isinstance(r, Verdict)]
        if verdicts:
            self.console.print(_table(verdicts))
            worst = [(v, f) for v in verdicts for f in v.findings][:6]
            for verdict, finding in worst:
                when = f" at {finding.spans[0].start_s:.1f} s" if finding.spans else ""
                self.console.print(f"  {escape(verdict.clip.name)}{when}: {escape(finding.title)}")
            more = sum(len(v.findings) for v in verdicts) - len(worst)
            if more > 0:
                self.console.print(f"  and {more} more findings: cinejudge show {escape(str(result.folder))}")
        failed = len(result.results) - len(verdicts)
        if failed:
            self.console.print(f"[red]{failed} of {len(result.results)} could not be judged.[/red]")
        self.console.print(f"Report: {escape(str(result.report))}", soft_wrap=True)
        if not sys.stdout.isatty():
            print(result.report)


def _table(verdicts: list[Verdict]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("clip", overflow="fold")
    for name in verdicts[0].suites:
        table.add_column(name, justify="right")
        table.add_column("coverage", justify="right")
    table.add_column("findings", justify="right")
    for verdict in verdicts:
        cells = [escape(verdict.clip.name)]
        for suite in verdict.suites.values():
            cells += [_score(suite.score), f"{suite.coverage:.0%}"]
        table.add_row(*cells, str(len(verdict.findings)))
    return table


def _score(score: float | None) -> str:
    return "-" if score is None else f"{score:.3f}"
