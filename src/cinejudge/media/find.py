"""Finds the videos that a user means."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path

from cinejudge.media.names import printable
from cinejudge.schema.errors import ConfigError

_log = logging.getLogger(__name__)

SUFFIXES = frozenset(
    (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".m2ts", ".flv", ".3gp", ".gif")
)
"""What counts as a video inside a folder. A file named outright is taken whatever its suffix."""


def find_videos(paths: Sequence[Path]) -> list[Path]:
    """Files as given and the videos inside folders, each once, those of a folder sorted by path.

    A link inside a folder that leads out of it is not followed, with a warning: a folder from elsewhere must not
    make us read what its maker could only guess is here. Named outright, a link is taken.

    Raises:
        ConfigError: a path does not exist or a folder cannot be listed.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            found.update(dict.fromkeys(_walk(path)))
        elif os.path.lexists(path):
            found[path] = None
        else:
            raise ConfigError(f"no such file or folder: {str(path)!r}")
    return list(found)


def _walk(folder: Path) -> list[Path]:
    def fail(error: OSError) -> None:
        raise ConfigError(f"cannot list folder {error.filename!r}: {error.strerror}")

    root = os.path.realpath(folder)
    found = []
    for where, _, names in os.walk(folder, onerror=fail):
        for name in names:
            if Path(name).suffix.lower() in SUFFIXES and not name.startswith("."):
                path = Path(where, name)
                if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(root):
                    _log.warning("%s leads out of the folder: not followed; name it to judge it", printable(str(path)))
                else:
                    found.append(path)
    return sorted(found)
