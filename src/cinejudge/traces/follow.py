"""Reads along while a run goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from pydantic import ValidationError

from cinejudge.traces.events import EVENTS, Event

PAUSE_S = 0.3


def follow(folder: Path, *, wait: Callable[[float], None] = time.sleep) -> Iterator[tuple[str, Event]]:
    """Events of a run as they are written, each with the id of its trace; ends when the run is finished.

    What has been written before comes first. A line that is not whole yet, or that a repair will remove, waits.

    Args:
        folder: The run folder.
        wait: How to wait until there may be more.
    """
    read: dict[Path, int] = {}
    while True:
        finished = (folder / "summary.json").exists()  # looked at first: what was written before it is read below
        for path in sorted((folder / "videos").glob("*/events.jsonl")):
            for event in _new(path, read):
                yield path.parent.name, event
        if finished:
            return
        wait(PAUSE_S)


def _new(path: Path, read: dict[Path, int]) -> Iterator[Event]:
    start = min(read.get(path, 0), path.stat().st_size)  # a repair makes the file shorter
    with path.open("rb") as file:
        file.seek(start)
        data = file.read()
    for line in data[: data.rfind(b"\n") + 1].splitlines(keepends=True):
        try:
            event = EVENTS.validate_json(line)
        except ValidationError:
            break
        start += len(line)
        read[path] = start
        yield event
