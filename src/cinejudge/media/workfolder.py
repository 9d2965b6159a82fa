"""Private work folders that do not outlive their process."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
import weakref
from pathlib import Path

from cinejudge.schema.errors import ConfigError

_LOCK = ".lock"
_GRACE_S = 60.0
"""A folder this young may belong to a process that has not locked it yet."""


class WorkFolder:
    """A folder under ``parent`` that only we can read; removed by :meth:`close`, at the latest when Python exits.

    Its owner holds a lock on a file in it. Making a new one sweeps away those whose owner is gone.
    """

    def __init__(self, parent: Path) -> None:
        """Makes the folder.

        Raises:
            ConfigError: ``parent`` cannot be written.
        """
        try:
            parent.mkdir(parents=True, exist_ok=True)
            _sweep(parent)
            self.path = Path(tempfile.mkdtemp(dir=parent))
            lock = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ConfigError(f"cannot write in the cache folder {parent}: {error.strerror}") from error
        fcntl.flock(lock, fcntl.LOCK_EX)
        self.close = weakref.finalize(self, _remove, self.path, lock)
        """Removes the folder; a second call does nothing."""


def _remove(path: Path, lock: int) -> None:
    shutil.rmtree(path, ignore_errors=True)
    os.close(lock)


def _sweep(parent: Path) -> None:
    for entry in os.scandir(parent):
        try:
            young = time.time() - entry.stat(follow_symlinks=False).st_mtime < _GRACE_S
            if young or not entry.is_dir(follow_symlinks=False):
                continue
            lock = os.open(Path(entry.path, _LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError:
            continue  # swept by another process, or nothing of ours
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)  # its owner lives
        else:
            _remove(Path(entry.path), lock)
