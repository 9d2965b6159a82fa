from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from cinejudge.traces import RunFolder
from cinejudge.traces.events import Event
from cinejudge.traces.follow import follow

from .conftest import CLIP_ID
from .fixture import make_run
from .test_terminal import call

Start = Callable[..., RunFolder]


def test_events_come_as_they_are_written_and_the_summary_ends_it(start: Start) -> None:
    with start() as folder:
        trace = folder.clip(CLIP_ID)
        trace.event("stage_started", stage="segment")
        steps = iter(
            [
                lambda: trace.event("stage_ended", stage="segment", seconds=1.0),
                lambda: None,
                lambda: folder.clip("f" * 16).event("stage_started", stage="other"),
                folder.finish,
            ]
        )
        seen: list[tuple[str, Event]] = list(follow(folder.path, wait=lambda _: next(steps)()))
    assert [(trace_id[:1], event.kind) for trace_id, event in seen] == [
        ("0", "stage_started"),
        ("0", "stage_ended"),
        ("f", "stage_started"),
    ]


def test_a_torn_line_waits_and_a_repair_is_no_fault(start: Start) -> None:
    with start() as folder:
        trace = folder.clip(CLIP_ID)
        trace.event("stage_started", stage="segment")
        path = trace.folder / "events.jsonl"
        whole = path.read_bytes()

        def tear() -> None:
            path.write_bytes(whole + b'{"kind": "stage_end')

        def mend() -> None:
            path.write_bytes(whole)
            trace.event("stage_started", stage="plan")

        steps = iter([tear, mend, folder.finish])
        seen = [event for _, event in follow(folder.path, wait=lambda _: next(steps)())]
    assert [event.stage for event in seen if event.kind == "stage_started"] == ["segment", "plan"]


def test_the_command_prints_a_finished_run_and_ends(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    text = call("show", run, "--follow", "--clip", "night-market-b.mp4")
    assert "night-market-b.mp4  begins" in text
    assert "calls faces" in text
    assert "ask again" in text
    assert "neon" not in text
    events = [json.loads(line) for line in call("show", run, "--follow", "--json").splitlines()]
    assert {event["kind"] for event in events} >= {"clip_opened", "tool_call"}
