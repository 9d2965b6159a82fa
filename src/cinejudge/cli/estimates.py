"""Shows on stderr what a run would cost."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cinejudge.estimating import ClipEstimate, Estimate


def print_estimate(made: Estimate) -> None:
    """A row for each clip, one for all, and what the figures can and cannot tell."""
    console = Console(stderr=True, highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("clip", overflow="fold")
    for column in ("s", "questions", "asked", "calls", "tokens in", "cacheable", "out", "cost"):
        table.add_column(column, justify="right", no_wrap=True)
    for clip in made.clips:
        if clip.failure is None:
            table.add_row(*_cells(clip))
    if len(made.clips) > 1:
        table.add_row(*_cells(made.total), style="bold")
    console.print(table)
    for clip in made.clips:
        if clip.failure is not None:
            console.print(f"[red]{escape(clip.name)}: {escape(clip.failure)}[/red]", soft_wrap=True)
    unknown = " Its price is unknown: see CINEJUDGE_PRICES." if made.total.cost is None else ""
    console.print(
        f"[dim]An estimate for {escape(made.model)}, good to a factor of two; nothing was asked.{unknown} "
        f"Shots and measurements took {made.total.own_s:.0f} s here and are kept for the run.[/dim]",
        soft_wrap=True,
    )


def _cells(clip: ClipEstimate) -> tuple[str, ...]:
    counts = (clip.questions, clip.asked, clip.calls, clip.input_tokens, clip.cached_tokens, clip.output_tokens)
    cost = "-" if clip.cost is None else f"{clip.cost:.4f}"
    return (escape(clip.name), f"{clip.clip_s or 0:.1f}", *(f"{count:,}" for count in counts), cost)
