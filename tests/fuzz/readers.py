"""What is fuzzed: each reader takes bytes, and ends well or in an error of our own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cinejudge.briefs import find_brief, read_brief
from cinejudge.schema import Verdict
from cinejudge.schema.errors import CinejudgeError
from cinejudge.traces.clip import ClipTrace
from cinejudge.traces.files import read_record
from cinejudge.traces.run import Run
from cinejudge.traces.summary import Summary


def _brief(suffix: str) -> Callable[[Path, bytes], object]:
    def read_one(folder: Path, data: bytes) -> object:
        path = folder / f"brief{suffix}"
        path.write_bytes(data)
        return read_brief(path)

    return read_one


def _briefs(folder: Path, data: bytes) -> object:
    path = folder / "briefs.jsonl"
    path.write_bytes(data)
    return find_brief(folder / "clip.mp4", path)


def _events(folder: Path, data: bytes) -> object:
    trace = folder / "trace"
    trace.mkdir(exist_ok=True)
    (trace / "events.jsonl").write_bytes(data)
    return ClipTrace(trace).events()


def _record(kind: type[Verdict] | type[Run] | type[Summary]) -> Callable[[Path, bytes], object]:
    def read_one(folder: Path, data: bytes) -> object:
        path = folder / "record.json"
        path.write_bytes(data)
        return read_record(path, kind)

    return read_one


READERS: dict[str, Callable[[Path, bytes], object]] = {
    "brief.json": _brief(".json"),
    "brief.yaml": _brief(".yaml"),
    "brief.txt": _brief(".txt"),
    "briefs.jsonl": _briefs,
    "events.jsonl": _events,
    "verdict.json": _record(Verdict),
    "run.json": _record(Run),
    "summary.json": _record(Summary),
}


def read(folder: Path, name: str, data: bytes) -> bool:
    """Whether it could be read."""
    try:
        READERS[name](folder, data)
    except CinejudgeError as error:
        assert str(error)
        return False
    return True
