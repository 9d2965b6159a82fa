"""One process at a time in a run folder."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from cinejudge.schema.errors import TraceError
from cinejudge.traces.files import cannot_write


def take_lock(folder: Path) -> int:
    """Locks the folder for this process; closing the returned descriptor unlocks it.

    The system drops the lock when the process ends, however it ends, so a dead process stands in nobody's way.

    Raises:
        TraceError: another process holds it, or the folder cannot be written.
    """
    path = folder / ".lock"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise cannot_write(path, error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
    except BlockingIOError:
        holder = os.read(handle, 20).decode(errors="replace") or "unknown"
        os.close(handle)
        raise TraceError(
            f"{folder} is in use by process {holder}; wait for it, or give another place with --out"
        ) from None
    except OSError as error:
        os.close(handle)
        raise cannot_write(path, error) from error
    return handle
