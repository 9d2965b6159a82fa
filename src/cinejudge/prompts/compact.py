"""Data of a tool in few words: what a model needs to judge, not what a program needs to go on."""

from __future__ import annotations

import json
import re
from typing import Any

MOST_ITEMS = 6
"""Items of a list that are shown; of more, so many are taken evenly from the first to the last."""
_HASH = re.compile(r"[0-9a-f]{64}")


def compact(value: Any) -> str:
    """``value`` (plain JSON data) on one line.

    Numbers have three digits; hashes and what is empty are left out. A long list of numbers becomes its length and
    range; of another long list some items stand for all, and it says so. The result is for reading: it need not be
    JSON, and line breaks inside texts are escaped.
    """
    match value:
        case bool() | None:
            return json.dumps(value)
        case float():
            return f"{value:.3g}"
        case dict():
            told = (f"{name}: {compact(part)}" for name, part in value.items() if not _empty(part))
            return "{" + ", ".join(told) + "}"
        case list() if len(value) > MOST_ITEMS and all(isinstance(item, int | float) for item in value):
            return f"{len(value)} values from {compact(min(value))} to {compact(max(value))}"
        case list() if len(value) > MOST_ITEMS:
            return f"{MOST_ITEMS} of {len(value)}: {compact(_spread(value))}"
        case list():
            return "[" + ", ".join(compact(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _spread(items: list[Any]) -> list[Any]:
    return [items[round(i * (len(items) - 1) / (MOST_ITEMS - 1))] for i in range(MOST_ITEMS)]


def _empty(value: Any) -> bool:
    return value is None or value in ("", [], {}) or (isinstance(value, str) and _HASH.fullmatch(value) is not None)
