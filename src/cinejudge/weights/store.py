"""Where weights lie on this machine, and whether they are what the catalogue says."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Mapping
from pathlib import Path

from cinejudge.schema.errors import WeightsMissing
from cinejudge.weights import receipt
from cinejudge.weights.entries import WeightFile, get_weight

_verified: set[tuple[str, int, int]] = set()
"""Path, size and time of change of every file whose SHA-256 was right in this process."""
_lock = threading.Lock()


def cache_dir() -> Path:
    """Folder for everything that can be had again: ``CINEJUDGE_CACHE_DIR``, else the user's cache folder."""
    chosen = os.environ.get("CINEJUDGE_CACHE_DIR")
    if chosen:
        return Path(chosen).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_cache_dir("cinejudge"))


def weights_dir() -> Path:
    """Folder of the weights; NAME/FILE below it."""
    return cache_dir() / "weights"


def receipt_of(name: str) -> Mapping[str, receipt.Received]:
    """What is recorded of how a weight's files came: those whose hash the catalogue does not know."""
    return receipt.read(weights_dir() / name)


def expected(name: str) -> dict[str, WeightFile]:
    """Files of a weight as they must be: by the catalogue, else by the receipt of what came. Others are not known."""
    came = receipt_of(name)
    wanted = {}
    for file, listed in get_weight(name).files.items():
        recorded = WeightFile(size=came[file].size, sha256=came[file].sha256) if file in came else listed
        wanted[file] = listed if listed.sha256 else recorded
    return wanted


def missing(name: str) -> tuple[str, ...]:
    """Files of a weight that are not there, have the wrong size, or are not known yet. Reads no contents."""
    folder = weights_dir() / name
    return tuple(file for file, wanted in expected(name).items() if not _fits(folder / file, wanted))


def present(name: str) -> bool:
    """Whether all files of a weight are there in the right size."""
    return not missing(name)


def path(name: str, file: str | None = None) -> Path:
    """Path of a weight's file, its SHA-256 verified once per process.

    Args:
        name: Name in the catalogue.
        file: One of its files. Without it: the file of a weight that has one, the folder of one that has several.

    Raises:
        WeightsMissing: it is not on this machine, or not what it should be.
    """
    weight = get_weight(name)
    if file is not None and file not in weight.files:
        raise WeightsMissing(f"weight {name!r} has no file {file!r}; it has: {', '.join(weight.files)}")
    folder = weights_dir() / name
    absent, wanted = missing(name), expected(name)
    for each in weight.files if file is None else [file]:
        if each in absent:
            raise WeightsMissing(f"{name}/{each} is not on this machine; get it with `{weight.command}`")
        _verify_once(folder / each, str(wanted[each].sha256), weight.command)
    if file is None:
        return folder / next(iter(weight.files)) if len(weight.files) == 1 else folder
    return folder / file


def sha256_of(file: Path) -> str:
    """SHA-256 of a file, in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _verify_once(file: Path, wanted: str, command: str) -> None:
    stat = file.stat()
    key = (str(file), stat.st_size, stat.st_mtime_ns)
    with _lock:
        if key in _verified:
            return
        found = sha256_of(file)
        if found != wanted:
            raise WeightsMissing(
                f"{file} is damaged (SHA-256 {found[:12]}…, expected {wanted[:12]}…); delete it and run `{command}`"
            )
        _verified.add(key)


def _fits(file: Path, wanted: WeightFile) -> bool:
    try:
        size = file.stat().st_size
    except FileNotFoundError:
        return False
    return wanted.sha256 is not None and wanted.size in (None, size)
