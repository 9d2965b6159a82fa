"""The file behind a clip: looked at before it is opened, opened once, known by its content from then on."""

from __future__ import annotations

import hashlib
import os
import stat
import weakref
from pathlib import Path

from cinejudge.media.limits import MediaLimits
from cinejudge.schema.errors import MediaError

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class Source:
    """A regular file, open and hashed. All later reading goes through the same descriptor."""

    def __init__(self, path: Path, limits: MediaLimits) -> None:
        """Opens and hashes the file.

        Raises:
            MediaError: it cannot be read, is no regular file, is empty or too large. The message does not name it.
        """
        self.descriptor = _open(path)
        self.close = weakref.finalize(self, os.close, self.descriptor)
        """Closes the file; a second call does nothing."""
        try:
            self._before = os.fstat(self.descriptor)
            self.size = self._before.st_size
            _check(self._before, limits)
            with os.fdopen(os.dup(self.descriptor), "rb") as file:
                self.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            self.close()
            raise MediaError(f"cannot be read: {error.strerror}") from error
        except BaseException:
            self.close()
            raise

    def check_unchanged(self) -> None:
        """Raises MediaError when the file was written to since it was hashed."""
        now = os.fstat(self.descriptor)
        if (now.st_size, now.st_mtime_ns) != (self._before.st_size, self._before.st_mtime_ns):
            raise MediaError("it was changed while it was being read")


def _open(path: Path) -> int:
    try:
        # Looked at first: opening a device can move a tape, opening a pipe can wait for ever.
        _check_kind(os.stat(path).st_mode)
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise MediaError(f"cannot be opened: {error.strerror}") from error
    except ValueError as error:  # a null byte in the path
        raise MediaError(f"cannot be opened: {error}") from error


def _check_kind(mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = next((name for test, name in _KINDS if test(mode)), "something else")
        raise MediaError(f"not a file but {kind}")


def _check(status: os.stat_result, limits: MediaLimits) -> None:
    _check_kind(status.st_mode)
    if not status.st_size:
        raise MediaError("the file is empty")
    if status.st_size > limits.max_bytes:
        raise MediaError(f"the file has {status.st_size >> 20} MiB; the limit is {limits.max_bytes >> 20} MiB")
