"""Puts data, style and script into one page."""

from __future__ import annotations

import base64
import hashlib
import json
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from cinejudge.traces.files import write_bytes
from cinejudge.traces.folder import RunFolder
from cinejudge.traces.report.data import page_data

STYLES: Final = (
    "base.css", "table.css", "models.css", "viewer.css", "timeline.css", "scores.css", "compare.css", "print.css",
)  # fmt: skip
SCRIPTS: Final = (
    "dom.js", "state.js", "table.js", "models.js", "radar.js", "viewer.js", "timeline.js", "findings.js", "evidence.js",
    "scores.js", "compare.js", "story.js", "main.js",
)  # fmt: skip
"""In the order in which they are joined; together they are one script."""


def build_report(folder: Path) -> Path:
    """Writes ``report.html`` into a run folder, from what it holds.

    Everything that comes from a verdict travels as JSON and reaches the page through text nodes only; the page's
    policy lets no other script run and nothing be loaded but pictures and sound beside it.

    Raises:
        TraceError: a trace is damaged, or the file cannot be written.
    """
    path = folder / "report.html"
    write_bytes(path, page(page_data(RunFolder.load(folder))).encode())
    return path


def page(data: dict[str, Any]) -> str:
    """The page around its data."""
    style = "".join(_source(name) for name in STYLES)
    script = '(() => {\n"use strict";\n' + "".join(_source(name) for name in SCRIPTS) + "})();\n"
    policy = (
        f"default-src 'none'; script-src {_allowed(script)}; style-src {_allowed(style)}; "
        "img-src data: 'self' file:; media-src 'self' file:; base-uri 'none'; form-action 'none'"
        + ("; connect-src 'self'" if data.get("served") else "")
    )
    template = _source("page.html")
    slots = {"policy": policy, "style": style, "script": script, "data": _as_json(data)}
    head, *rest = template.split("{{")
    for piece in rest:
        name, _, tail = piece.partition("}}")
        head += slots[name] + tail
    return head


def _source(name: str) -> str:
    return files("cinejudge.traces.report").joinpath("page", name).read_text(encoding="utf-8")


def _allowed(source: str) -> str:
    digest = hashlib.sha256(source.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _as_json(data: dict[str, Any]) -> str:
    """JSON that cannot end the script element it stands in, whatever words are inside."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
