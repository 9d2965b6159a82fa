"""Finds the videos that a user means."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from cinejudge.schema.errors import ConfigError

SUFFIXES = frozenset(
    (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".m2ts", ".flv", ".3gp", ".gif")
)
"""What counts as a video inside a folder. A file named outright is taken whatever its suffix."""


def find_videos(paths: Sequence[Path]) -> list[Path]:
    """Files as given and the videos inside folders, each once, those of a folder sorted by path.

    Folders are walked without following symbolic links to other folders.

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

    return sorted(
        Path(where, name)
        for where, _, names in os.walk(folder, onerror=fail)
        for name in names
        if Path(name).suffix.lower() in SUFFIXES and not name.startswith(".")
    )
