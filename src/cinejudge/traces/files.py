"""Writing that leaves either the old file or the new one, and reading that knows its version."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from cinejudge.atomic import write_atomic
from cinejudge.schema import SCHEMA_VERSION, Record
from cinejudge.schema.errors import TraceError

R = TypeVar("R", bound=Record)

_SECRET_NAMES = ("_API_KEY", "_TOKEN", "_SECRET", "_PASSWORD")


def write_bytes(path: Path, data: bytes) -> None:
    """Replaces a file in one step; after a crash or on a full disk the old one still stands.

    Raises:
        TraceError: the disk is full, or the folder cannot be written.
    """
    try:
        write_atomic(path, data)
    except OSError as error:
        raise cannot_write(path, error) from error


def cannot_write(path: Path, error: OSError) -> TraceError:
    """The one line for a write that failed."""
    return TraceError(f"cannot write {path}: {error.strerror or error}; mend that, or give another place with --out")


def write_record(path: Path, record: Record) -> None:
    """Writes a record as JSON, after making sure that it can be read back.

    Raises:
        TraceError: it holds a value that JSON cannot carry, or the file cannot be written.
    """
    try:
        text = without_secrets(record.model_dump_json(indent=1))
        type(record).model_validate_json(text)
    except PydanticSerializationError as error:
        raise TraceError(f"cannot write {path}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise TraceError(f"cannot write {path}: {where} would not be readable again ({first['msg']})") from error
    write_bytes(path, text.encode())


def read_record(path: Path, kind: type[R]) -> R:
    """Reads a record back.

    Raises:
        TraceError: it is missing, damaged, or was written by a later version.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TraceError(f"cannot read {path}: {error.strerror or error}") from error
    try:
        version = json.loads(data).get("schema_version", SCHEMA_VERSION)
    except (ValueError, AttributeError, RecursionError) as error:
        raise TraceError(f"{path} is damaged: not a JSON object; remove it and run the same command again") from error
    if not isinstance(version, int) or version > SCHEMA_VERSION:
        raise TraceError(
            f"{path} has schema version {version!r}, this cinejudge reads up to {SCHEMA_VERSION}; upgrade it"
        )
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise TraceError(f"{path} is damaged: {where}: {first['msg']}") from error


def without_secrets(text: str) -> str:
    """The text with the values of this process's keys blanked: an error message may quote one."""
    for name, value in os.environ.items():
        if name.endswith(_SECRET_NAMES) and len(value) >= 8:
            text = text.replace(value, f"[{name}]")
    return text
