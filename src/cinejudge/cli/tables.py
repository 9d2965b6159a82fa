"""Shows a tool's result to a person: tables on a terminal, plain aligned lines elsewhere."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cinejudge.schema import Evidence
from cinejudge.traces.terminal import printable

MOST_ROWS = 40
MOST_VALUES = 12
PLAIN_WIDTH = 200


def print_result(evidence: Evidence, result: BaseModel | None) -> None:
    """Prints evidence to stdout: how it was made, one line about it, then the result's fields.

    Args:
        evidence: The record.
        result: Its typed result; None where there is none.
    """
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=PLAIN_WIDTH, color_system=None)
    by = f"{evidence.provider} {evidence.version} ({evidence.fidelity})" if evidence.provider else "no provider"
    console.print(Text(f"{evidence.tool} by {by}: {evidence.status} in {evidence.seconds:.2f} s", style="bold"))
    if evidence.reason:
        console.print(Text(printable(evidence.reason)))
    if result is None:
        return
    console.print(Text(printable(result.summary) if hasattr(result, "summary") else ""))
    _print_record(console, result)


def _print_record(console: Console, record: BaseModel) -> None:
    plain = _table(console, ("", ""), header=False)
    tables: list[tuple[str, tuple[Any, ...]]] = []
    for name in type(record).model_fields:
        value = getattr(record, name)
        if isinstance(value, tuple) and value and all(isinstance(item, BaseModel) for item in value):
            tables.append((name, value))
        else:
            plain.add_row(_words(name), Text(_cell(value)))
    console.print(plain)
    for name, rows in tables:
        console.print()
        console.print(Text(f"{_words(name)} ({len(rows)})", style="bold"))
        _print_rows(console, rows)


def _print_rows(console: Console, rows: tuple[Any, ...]) -> None:
    names = list(type(rows[0]).model_fields)
    table = _table(console, tuple(_words(name) for name in names), header=True)
    for row in rows[:MOST_ROWS]:
        table.add_row(*(Text(_cell(getattr(row, name))) for name in names))
    console.print(table)
    if len(rows) > MOST_ROWS:
        console.print(Text(f"and {len(rows) - MOST_ROWS} more; --json has them all"))


def _table(console: Console, columns: tuple[str, ...], *, header: bool) -> Table:
    table = Table(box=box.SIMPLE_HEAD if console.is_terminal else None, show_header=header, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, BaseModel):
        return ", ".join(f"{_words(n)} {_cell(getattr(value, n))}" for n in type(value).model_fields)
    if isinstance(value, tuple):
        return _listed(value)
    if isinstance(value, dict) and len(value) > MOST_VALUES:
        return f"{len(value)} in --json"
    return printable(str(value))


def _listed(values: tuple[Any, ...]) -> str:
    if any(isinstance(value, BaseModel) for value in values):
        return f"{len(values)} in --json" if len(values) > 3 else "; ".join(_cell(value) for value in values)
    shown = ", ".join(_cell(value) for value in values[:MOST_VALUES])
    return f"{shown} … ({len(values)})" if len(values) > MOST_VALUES else shown or "none"


def _words(name: str) -> str:
    return name.replace("_", " ")
