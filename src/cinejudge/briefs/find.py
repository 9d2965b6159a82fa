"""Finds the brief of a video: in a file of briefs, or beside it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from cinejudge.briefs.record import FIELDS, KEYS, brief_from
from cinejudge.briefs.text import parse_text
from cinejudge.schema import Brief
from cinejudge.schema.documents import parse_json, read_json, read_text, read_yaml
from cinejudge.schema.errors import ConfigError

SUFFIXES = (".json", ".yaml", ".yml", ".txt")
"""Of a brief beside its video, in order of preference."""
MAX_BRIEF = 500_000
MAX_COLLECTION = 64_000_000


@dataclass(frozen=True)
class Entry:
    """A brief as it stands in a file, not yet read."""

    data: Any
    where: str
    keys: tuple[str, ...]
    """What names its video; nothing for a brief that stands alone."""


def read_brief(path: Path) -> Brief:
    """The brief in a file of its own: JSON, YAML, or a plain text prompt.

    Raises:
        ConfigError: it cannot be read or is no brief; names the file and the place.
    """
    if path.suffix.lower() == ".txt":
        return _from_text(read_text(path, max_bytes=MAX_BRIEF), str(path))
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"{path}: a brief is a file that ends in {', '.join(SUFFIXES)}")
    return brief_from(_read(path, MAX_BRIEF), path.parent, str(path))


def parse_brief(given: str | Mapping[str, Any]) -> Brief:
    """The brief that a prompt, or the data of a brief file, amounts to; references lie below the working folder.

    Raises:
        ConfigError: it is no brief.
    """
    if isinstance(given, str):
        return _from_text(given, "brief")
    return brief_from(dict(given), Path.cwd(), "brief")


def find_brief(video: Path, briefs_file: Path | None = None) -> Brief | None:
    """The brief of a video.

    An entry of ``briefs_file`` comes first: a JSON, JSONL or YAML file of many, found by the video's file name, its
    stem, or an id equal to the stem; or a file with a single brief, which then holds for every video. After that,
    ``NAME.json``, ``NAME.yaml``, ``NAME.yml`` or ``NAME.txt`` beside the video.

    Returns:
        None when there is none.

    Raises:
        ConfigError: a brief is there but is not right, or two entries name the same video.
    """
    if briefs_file is not None:
        entry = _entry_for(video, briefs_file)
        if entry is not None:
            return brief_from(entry.data, briefs_file.parent, entry.where)
    for suffix in SUFFIXES:
        path = video.with_suffix(suffix)
        if os.path.isfile(path):  # False, too, for a name that becomes too long with the suffix
            if not path.resolve().is_relative_to(video.parent.resolve()):
                raise ConfigError(f"{path}: leads out of the video's folder; put the brief itself there")
            return read_brief(path)
    return None


def _entry_for(video: Path, briefs_file: Path) -> Entry | None:
    try:
        stat = briefs_file.stat()
    except OSError as error:
        raise ConfigError(f"{briefs_file}: cannot be read: {error.strerror or error}") from None
    entries = _entries(briefs_file, stat.st_mtime_ns, stat.st_size)
    for wanted in (video.name, _plain(video.stem)):
        found = [entry for entry in entries if wanted in entry.keys]
        if len(found) > 1:
            raise ConfigError(f"{found[1].where}: a second brief for {wanted!r}; keep one")
        if found:
            return None if _blank(found[0].data) else found[0]
    nameless = [entry for entry in entries if not entry.keys]
    if nameless and len(entries) > 1:
        raise ConfigError(f"{nameless[0].where}: does not say which video it is for; add `video: FILE NAME`")
    return nameless[0] if nameless else None


@lru_cache(maxsize=4)
def _entries(path: Path, mtime_ns: int, size: int) -> tuple[Entry, ...]:
    """The entries of a file, read once while it stays the same: ``mtime_ns`` and ``size`` are part of the key."""
    if path.suffix.lower() == ".txt":
        return (Entry(read_text(path, max_bytes=MAX_BRIEF), str(path), ()),)
    if path.suffix.lower() == ".jsonl":
        text = read_text(path, max_bytes=MAX_COLLECTION)
        lines = [(i, line) for i, line in enumerate(text.splitlines(), start=1) if line.strip()]
        return tuple(_entry(parse_json(line, str(path), first_line=i).data, f"{path}: line {i}") for i, line in lines)
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"{path}: briefs come as .jsonl, {', '.join(SUFFIXES)}")
    return tuple(_split(_read(path, MAX_COLLECTION), path))


def _split(data: Any, path: Path) -> Iterator[Entry]:
    if isinstance(data, list):
        yield from (_entry(item, f"{path}: entry {i}") for i, item in enumerate(data, start=1))
    elif isinstance(data, dict) and data and not data.keys() & FIELDS:
        yield from (Entry(value, f"{path}: {str(key)!r}", _keys([key])) for key, value in data.items())
    else:
        yield _entry(data, str(path))


def _entry(data: Any, where: str) -> Entry:
    return Entry(data, where, _keys(data.get(name) for name in KEYS) if isinstance(data, dict) else ())


def _blank(data: Any) -> bool:
    """Whether an entry names its video and gives nothing for it, as ``{"a.mp4": {"prompt": null}}``."""
    values = [value for key, value in data.items() if key not in KEYS] if isinstance(data, dict) else [data]
    return all(value is None for value in values)


def _keys(names: Iterable[Any]) -> tuple[str, ...]:
    """What names a video: the words as they stand, and the last part of a path."""
    words = [str(name) for name in names if isinstance(name, (str, int)) and not isinstance(name, bool)]
    return tuple(dict.fromkeys(form for word in words for form in (_plain(word), _plain(re.split(r"[\\/]", word)[-1]))))


def _plain(word: str) -> str:
    """Numbers are the same with and without leading zeros."""
    return word.lstrip("0") or "0" if word.isdecimal() else word


def _from_text(text: str, where: str) -> Brief:
    if not text.strip():
        raise ConfigError(f"{where}: is empty; write the prompt into it")
    try:
        return parse_text(text)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from None


def _read(path: Path, max_bytes: int) -> Any:
    read = read_json if path.suffix.lower() == ".json" else read_yaml
    return read(path, max_bytes=max_bytes).data
