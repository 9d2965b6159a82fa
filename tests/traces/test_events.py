from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cinejudge.schema.errors import TraceError
from cinejudge.traces import ClipTrace, EventKind, RunFolder
from cinejudge.traces.events import Event

from .conftest import CLIP_ID

Start = Callable[..., RunFolder]


def test_kinds_are_those_of_the_records() -> None:
    union = get_args(Event)[0]
    assert sorted(get_args(EventKind)) == sorted(record.model_fields["kind"].default for record in get_args(union))


def test_in_order_and_on_disk(start: Start) -> None:
    with start() as folder:
        trace = folder.clip(CLIP_ID)
        trace.event("stage_started", stage="segment")
        trace.event("evidence", evidence="ev_1", tool="ocr", status="found", cached=True)
        trace.event("stage_ended", stage="segment", seconds=1.5)
        assert [e.kind for e in ClipTrace(trace.folder).events()] == ["stage_started", "evidence", "stage_ended"]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("nonsense", {}),
        ("stage_started", {"name": "judge"}),
        ("stage_started", {"stage": "judge", "api_key": "x"}),
        ("model_call", {"request": "not a hash", "model": "m"}),
    ],
)
def test_only_known_events(kind: str, fields: dict[str, object], start: Start) -> None:
    with start() as folder, pytest.raises(TraceError, match="not an event"):
        folder.clip(CLIP_ID).event(kind, **fields)  # type: ignore[arg-type]


def test_no_secret_is_written(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "sk-very-secret")
    with start() as folder:
        trace = folder.clip(CLIP_ID)
        trace.event("error", error="AuthenticationError", message="Incorrect API key provided: sk-very-secret")
        (event,) = trace.events()
    assert event.kind == "error"
    assert event.message == "Incorrect API key provided: [SOME_API_KEY]"


@pytest.mark.parametrize("tail", [b'{"kind": "sta', b"\x00" * 40, b"\x00" * 40 + b"\n", b"\xff\n"])
def test_a_torn_last_line_is_left_out_then_repaired(tail: bytes, start: Start) -> None:
    with start() as folder:
        folder.clip(CLIP_ID).event("stage_started", stage="segment")
    path = folder.path / "videos" / CLIP_ID / "events.jsonl"
    with path.open("ab") as file:
        file.write(tail)
    assert [e.kind for e in ClipTrace(path.parent).events()] == ["stage_started"]
    with start() as again:
        trace = again.clip(CLIP_ID)
        trace.event("stage_started", stage="segment")
        stage, repaired, _ = trace.events()
    assert stage.kind == "stage_started"
    assert repaired.kind == "repaired"
    assert repaired.removed_bytes == len(tail)


def test_damage_elsewhere_is_named(start: Start) -> None:
    with start() as folder:
        trace = folder.clip(CLIP_ID)
        trace.event("stage_started", stage="a")
        trace.event("stage_started", stage="b")
    path = trace.folder / "events.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"kind"', b'"king"', 1))
    with pytest.raises(TraceError, match="line 1"):
        trace.events()


def test_a_line_that_does_not_fit_is_taken_back(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    with start() as folder:
        trace = folder.clip(CLIP_ID)
        trace.event("stage_started", stage="a")
        write = os.write

        def half(handle: int, data: bytes) -> int:
            if len(data) < 30:
                raise OSError(28, "No space left on device")
            return write(handle, data[:20])

        monkeypatch.setattr(os, "write", half)
        with pytest.raises(TraceError, match="No space left"):
            trace.event("stage_started", stage="b")
        monkeypatch.undo()
        trace.event("stage_started", stage="c")
        assert [e.stage for e in trace.events() if e.kind == "stage_started"] == ["a", "c"]


def test_threads_do_not_mix_lines(start: Start) -> None:
    with start() as folder:
        trace = folder.clip(CLIP_ID)
        threads = [
            threading.Thread(target=lambda: [trace.event("error", error="E", message="m" * 500) for _ in range(20)])
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(trace.events()) == 80


@settings(max_examples=60)
@given(cut=st.integers(min_value=0), text=st.text(max_size=60))
def test_any_cut_leaves_whole_events(tmp_path: Path, cut: int, text: str) -> None:
    """Whatever text an event holds and wherever a kill cuts the file, the whole lines before it are read."""
    text = text.encode("utf-8", "replace").decode()
    trace = ClipTrace(tmp_path / f"{abs(hash((cut, text)))}", lambda verdict: None)
    for _ in range(3):
        trace.event("error", error="E", message=text)
    trace.close()
    path = trace.folder / "events.jsonl"
    data = path.read_bytes()
    path.write_bytes(data[: cut % (len(data) + 1)])
    whole = data[: cut % (len(data) + 1)].count(b"\n")
    assert len(trace.events()) == whole
    trace.event("stage_started", stage="on")
    assert trace.events()[-1].kind == "stage_started"
    trace.close()
