"""What a person sees on stderr while a run goes on, and at its end."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from cinejudge.cli.forecast import Forecast
from cinejudge.evaluation import RunResult
from cinejudge.judging import Progress as Event
from cinejudge.schema import Failure, Verdict
from cinejudge.schema.suite import Severity

STAGES = {
    "open": "opening and decoding",
    "brief": "reading the brief",
    "segment": "finding the shots",
    "perceive": "looking and listening",
    "plan": "choosing the questions",
    "judge": "judging",
    "reflect": "thinking again",
    "verdict": "scoring",
}

QUIET_S = 60.0
"""Where there is no bar, a line says so often at least what is being done."""

GRAVITY: tuple[Severity, ...] = ("critical", "major", "moderate", "minor")


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
            TextColumn("{task.fields[left]}"),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self._task = self._bars.add_task("starting", total=None, left="")
        self._began: dict[str, float] = {}
        self._stage: dict[str, str] = {}
        self._forecast = Forecast()
        self._said = time.monotonic()

    def __enter__(self) -> Display:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bars.stop()

    def watch_stages(self, event: Event) -> None:
        """Shows how far the run is, without results: a dry run has none."""
        if event.stage == "done":
            self._reach(event)
        else:
            self.watch(event)

    def watch(self, event: Event) -> None:
        """Shows one event of the run."""
        name = event.name
        left = self._reach(event)
        if event.stage == "done":
            self._say(event, name)
            return
        self._began.setdefault(name, time.monotonic())
        if event.stage != "evidence":
            self._stage[name] = STAGES.get(event.stage, event.stage)
        what = f"{escape(name)}: {self._stage.get(name, '')}" + (f" ({event.tool})" if event.tool else "")
        self._bars.update(self._task, description=what)
        if not self.console.is_terminal and time.monotonic() - self._said > QUIET_S:
            self._line(f"{what}{', ' + left if left else ''}")

    def _reach(self, event: Event) -> str:
        """Moves the bar; how long it will still take."""
        self._forecast.note(event)
        left = self._forecast.words
        self._bars.update(self._task, total=event.total, completed=self._forecast.reached, left=left)
        return left

    def _say(self, event: Event, name: str) -> None:
        seconds = time.monotonic() - self._began.get(name, time.monotonic())
        where = f"{event.place:>{len(str(event.total))}}/{event.total}"
        result = event.result
        if isinstance(result, Failure):
            line = f"[red]{where}  {escape(name)}: not judged: {escape(result.message)}[/red]"
            self._line(line)
        elif isinstance(result, Verdict):
            found = _count(len(result.findings), "finding")
            partial = (
                f" [yellow](partial: {escape(result.reason or '')})[/yellow]" if result.status == "partial" else ""
            )
            left = "" if self.console.is_terminal or not self._forecast.words else f"; {self._forecast.words}"
            self._line(
                f"{where}  {escape(name)}: {_count(len(result.shots), 'shot')}, {found}, {seconds:.1f} s{left}{partial}"
            )

    def _line(self, text: str) -> None:
        self.console.print(text, soft_wrap=True)
        self._said = time.monotonic()

    def conclude(self, result: RunResult) -> None:
        """The table of scores and where everything lies, on stderr; nothing of it is data for a program."""
        verdicts = [r for r in result.results if isinstance(r, Verdict)]
        if verdicts:
            self.console.print()
            self.console.print(_table(verdicts))
            self.console.print("[dim]Score, and the share of what applies that could be judged.[/dim]\n")
            every = [(v, f) for v in verdicts for f in v.findings]
            worst = sorted(every, key=lambda found: GRAVITY.index(found[1].severity))[:8]
            for verdict, finding in worst:
                when = f" at {finding.spans[0].start_s:.1f} s" if finding.spans else ""
                line = f"  {finding.severity:8}  {escape(verdict.clip.name)}{when}: {escape(finding.title)}"
                self.console.print(line, soft_wrap=True)
            if len(every) > len(worst):
                self.console.print(f"  and {_count(len(every) - len(worst), 'finding')} more")
            self.console.print(f"Reasoning: cinejudge show {escape(str(result.folder))}", soft_wrap=True)
        failed = len(result.results) - len(verdicts)
        if failed:
            self.console.print(f"[red]{failed} of {len(result.results)} could not be judged.[/red]")
        self.console.print(f"Report: {escape(str(result.report))}", soft_wrap=True)
        if not sys.stdout.isatty():
            print(result.report)


def _table(verdicts: list[Verdict]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("clip", no_wrap=True, min_width=24)
    for name in verdicts[0].suites:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("findings", justify="right", no_wrap=True)
    for verdict in verdicts:
        scores = (f"{_score(suite.score)} [dim]{suite.coverage:4.0%}[/dim]" for suite in verdict.suites.values())
        table.add_row(escape(verdict.clip.name), *scores, str(len(verdict.findings)))
    return table


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _score(score: float | None) -> str:
    return "-" if score is None else f"{score:.3f}"
