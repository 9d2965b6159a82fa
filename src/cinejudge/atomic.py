"""Files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

UNFINISHED = ".*.tmp"
"""Names of files that were begun and never moved into place: what a killed process leaves behind."""


def write_atomic(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Writes ``data`` beside ``path`` and moves it there, so that no reader ever sees half of it.

    Args:
        path: Replaced if it exists; folders on the way are made.
        data: The whole content.
        durable: Whether it must survive a power cut. Waiting for the disk takes milliseconds; what can be made again
            can do without.

    Raises:
        OSError: the disk is full, or the folder cannot be written. The old file still stands, nothing is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.parent / f".{path.name[:40]}.{secrets.token_hex(8)}.tmp"  # nobody else's, of any process
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        temporary.replace(path)
        if durable:
            sync_folder(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):  # the fault worth telling is the first one
            temporary.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Makes a created or renamed entry survive a power cut, where folders can be synced (not on Windows)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
