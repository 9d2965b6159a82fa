"""What came where the catalogue does not know a file's hash: kept beside the files, so that a change is noticed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter

from cinejudge.schema import Record

FILE = ".receipt.json"


class Received(Record):
    """One file as it came."""

    size: Annotated[int, Field(gt=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    origin: str
    """The hub's address with the commit, ``mirror``, or ``placed by hand``."""


_RECEIPT = TypeAdapter(dict[str, Received])


def read(folder: Path) -> Mapping[str, Received]:
    """What is recorded of the files in a folder, by name; empty where nothing is."""
    try:
        return _RECEIPT.validate_json((folder / FILE).read_bytes())
    except FileNotFoundError:
        return {}


def record(folder: Path, file: str, received: Received) -> None:
    """Adds a file to the receipt, in one step. The caller holds the weight's lock."""
    temporary = folder / f"{FILE}.{os.getpid()}"
    temporary.write_bytes(_RECEIPT.dump_json({**read(folder), file: received}, indent=2))
    temporary.replace(folder / FILE)
