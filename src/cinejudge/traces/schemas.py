"""JSON Schemas of everything that is written to disk: ``python -m cinejudge.traces.schemas docs/schemas``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from cinejudge.schema import Brief, Clip, Evidence, Failure, Segmentation, Suite, Verdict
from cinejudge.traces.events import EVENTS
from cinejudge.traces.run import Run
from cinejudge.traces.summary import Summary

RECORDS: dict[str, TypeAdapter[Any]] = {
    "brief": TypeAdapter(Brief),
    "clip": TypeAdapter(Clip),
    "evidence": TypeAdapter(Evidence),
    "event": EVENTS,
    "failure": TypeAdapter(Failure),
    "run": TypeAdapter(Run),
    "segmentation": TypeAdapter(Segmentation),
    "suite": TypeAdapter(Suite),
    "summary": TypeAdapter(Summary),
    "verdict": TypeAdapter(Verdict),
}
"""By name of the schema's file. ``event`` is one line of ``events.jsonl``; a suite is written as YAML."""


def schemas() -> dict[str, str]:
    """The text of each schema file, by its name."""
    return {
        f"{name}.schema.json": json.dumps(
            {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": name} | record.json_schema(), indent=2
        )
        + "\n"
        for name, record in RECORDS.items()
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in schemas().items():
        (folder / name).write_text(text, encoding="utf-8")
