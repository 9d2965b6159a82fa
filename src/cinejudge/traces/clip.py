"""The trace of one clip: events as they happen, then the verdict."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cinejudge.atomic import sync_folder
from cinejudge.schema import Failure, Verdict
from cinejudge.schema.errors import TraceError
from cinejudge.traces.events import EVENTS, Event, EventKind
from cinejudge.traces.files import cannot_write, read_record, without_secrets, write_record


class ClipTrace:
    """The folder ``videos/ID``. Safe to write to from several threads of the process that holds the run."""

    def __init__(self, folder: Path, before_verdict: Callable[[Verdict], None] | None = None) -> None:
        """Binds to a folder, which is created by the first write.

        Args:
            folder: ``videos/ID`` of a run folder.
            before_verdict: Called before a verdict is written; keeps its pictures. None for a trace that is only read.
        """
        self.folder = folder
        self._before_verdict = before_verdict
        self._events: int | None = None
        self._lock = threading.Lock()

    @property
    def id(self) -> str:
        """What the run folder calls this clip."""
        return self.folder.name

    def event(self, kind: EventKind, **fields: Any) -> None:
        """Appends one event; when this returns, it is on the disk.

        A line that an earlier process left torn is removed first, and that is recorded too.

        Raises:
            TraceError: the fields do not fit the kind, or the file cannot be written.
        """
        self._check_writable()
        line = _line(kind, fields)
        with self._lock:
            if self._events is None:
                self._events = self._open()
            self._append(self._events, line)

    def events(self) -> tuple[Event, ...]:
        """All events in order. A torn last line is left out.

        Raises:
            TraceError: the file is damaged elsewhere.
        """
        path = self._events_path
        data = path.read_bytes() if path.exists() else b""
        found = []
        for number, line in enumerate(data[: _whole(data)].splitlines(), start=1):
            try:
                found.append(EVENTS.validate_json(line))
            except ValidationError as error:
                raise TraceError(f"{path}, line {number} is damaged: {error.errors()[0]['msg']}") from error
        return tuple(found)

    def source(self) -> str | None:
        """Absolute path of the file as it was last opened; None when it never was.

        Raises:
            TraceError: the events are damaged.
        """
        return next((event.source for event in reversed(self.events()) if event.kind == "clip_opened"), None)

    def verdict(self) -> Verdict | None:
        """The verdict; None while the clip is not done.

        Raises:
            TraceError: it is damaged or was written by a later version.
        """
        path = self.folder / "verdict.json"
        return read_record(path, Verdict) if path.exists() else None

    def write_verdict(self, verdict: Verdict) -> None:
        """Marks the clip as done. Pictures first, so that a verdict never lacks them.

        Raises:
            TraceError: a picture is missing, or a file cannot be written.
        """
        self._check_writable()(verdict)
        write_record(self.folder / "verdict.json", verdict)
        self.forget_failure()

    def failure(self) -> Failure | None:
        """Why the clip could not be judged; None if nothing failed.

        Raises:
            TraceError: it is damaged or was written by a later version.
        """
        path = self.folder / "failure.json"
        return read_record(path, Failure) if path.exists() else None

    def write_failure(self, failure: Failure) -> None:
        """Records that the clip could not be judged. It is tried again when the run is continued.

        Raises:
            TraceError: the file cannot be written.
        """
        self._check_writable()
        write_record(self.folder / "failure.json", failure)

    def forget_failure(self) -> None:
        """Removes the record of an earlier failure.

        Raises:
            TraceError: the file cannot be removed.
        """
        self._check_writable()
        path = self.folder / "failure.json"
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise cannot_write(path, error) from error

    def close(self) -> None:
        """Closes the event file. A later event opens it again."""
        with self._lock:
            if self._events is not None:
                os.close(self._events)
                self._events = None

    def _check_writable(self) -> Callable[[Verdict], None]:
        if self._before_verdict is None:
            raise TraceError(f"{self.folder} is open for reading only")
        return self._before_verdict

    @property
    def _events_path(self) -> Path:
        return self.folder / "events.jsonl"

    def _open(self) -> int:
        path = self._events_path
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise cannot_write(path, error) from error
        try:
            data = path.read_bytes()
            whole = _whole(data)
            if whole < len(data):
                os.ftruncate(handle, whole)
                self._append(handle, _line("repaired", {"removed_bytes": len(data) - whole}))
            sync_folder(self.folder)
        except OSError as error:
            os.close(handle)
            raise cannot_write(path, error) from error
        except TraceError:
            os.close(handle)
            raise
        return handle

    def _append(self, handle: int, line: bytes) -> None:
        size = os.fstat(handle).st_size
        try:
            written = 0
            while written < len(line):
                written += os.write(handle, line[written:])
            os.fsync(handle)
        except OSError as error:
            os.ftruncate(handle, size)  # a full disk must not leave half a line before the next one
            raise cannot_write(self._events_path, error) from error


def _line(kind: EventKind, fields: dict[str, Any]) -> bytes:
    try:
        event = EVENTS.validate_python({"kind": kind, "at": datetime.now(UTC), **fields})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise TraceError(f"not an event: {kind}: {where}: {first['msg']}") from error
    return without_secrets(EVENTS.dump_json(event).decode()).encode() + b"\n"


def _whole(data: bytes) -> int:
    """Bytes up to the end of the last whole event: a kill or a power cut leaves the last line torn, or as zeros."""
    end = data.rfind(b"\n") + 1
    start = data.rfind(b"\n", 0, max(0, end - 1)) + 1
    if end:
        try:
            EVENTS.validate_json(data[start:end])
        except ValidationError:
            return start
    return end
