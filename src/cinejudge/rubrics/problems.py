"""What is wrong with a suite file, in words that a film expert can act on."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from cinejudge.schema import suite as records
from cinejudge.schema.documents import Document


class Problem(NamedTuple):
    """Something wrong, and where in the suite."""

    path: tuple[str | int, ...]
    text: str


def told(document: Document, problem: Problem) -> str:
    """One line: where, and what to do."""
    line = document.line(problem.path)
    where = _where(document.data, problem.path)
    return ": ".join(part for part in (f"line {line}" if line else "", where, problem.text) if part)


def explain(error: ValidationError) -> Iterator[Problem]:
    """What the validation found, in words for whoever wrote the file."""
    # Unknown fields first: a misspelt one explains why another is missing.
    details = sorted(error.errors(include_url=False), key=lambda detail: detail["type"] != "extra_forbidden")
    for detail in details:
        path, kind = detail["loc"], detail["type"]
        name = str(path[-1]) if path else ""
        given = detail.get("input")
        if kind == "missing":
            yield Problem(path[:-1], f"`{name}` is missing; add it")
        elif kind == "extra_forbidden":
            near = difflib.get_close_matches(name, _field_names(), 1)
            hint = f"; did you mean `{near[0]}`?" if near else "; remove it, or check where it belongs"
            yield Problem(path, f"`{name}` is not known here{hint}")
        elif kind == "value_error":
            yield Problem(path, detail["msg"].removeprefix("Value error, "))
        elif kind == "string_type" and isinstance(given, (bool, int, float)):
            yield Problem(path, f"should be text; put it in quotes: '{given}'")
        elif kind == "string_pattern_mismatch":
            yield Problem(path, f"{given!r}: an id has small letters, digits and . _ - only, and begins with a letter")
        else:
            yield Problem(path, f"{detail['msg']}, not {_brief(given)}")


@cache
def _field_names() -> tuple[str, ...]:
    found = [item for item in vars(records).values() if isinstance(item, type) and issubclass(item, BaseModel)]
    return tuple(sorted({field for record in found for field in record.model_fields}))


def _where(data: Any, path: tuple[str | int, ...]) -> str:
    """The path with ids in place of list positions: ``dimensions[camera].metrics[cam]``."""
    told = ""
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            data = None
        if isinstance(step, int):
            name = data.get("id", step) if isinstance(data, dict) else step
            told += f"[{name}]"
        else:
            told += f".{step}" if told else step
    return told


def _brief(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
