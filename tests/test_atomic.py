"""Files are there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cinejudge.atomic import UNFINISHED, write_atomic


@pytest.mark.parametrize("durable", [True, False])
def test_a_file_is_replaced_and_folders_are_made(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "a" / "b" / ("n" * 250)
    write_atomic(path, b"old", durable=durable)
    write_atomic(path, b"new", durable=durable)
    assert path.read_bytes() == b"new"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_what_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"old")
    seen: list[Path] = []

    def fail(*_: object) -> None:
        seen.extend(tmp_path.glob(UNFINISHED))
        raise OSError("full")

    monkeypatch.setattr(os, "fsync", fail) if moment == "fsync" else monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="full"):
        write_atomic(path, b"new")
    assert len(seen) == 1
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
