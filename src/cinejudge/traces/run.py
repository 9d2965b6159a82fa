"""What a run was asked, and the name that follows from it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from cinejudge.schema import SCHEMA_VERSION, Options, Record, Versions, content_hash


class Run(Record):
    """What was asked: ``run.json``."""

    schema_version: int = SCHEMA_VERSION
    id: str
    created_at: datetime
    inputs: tuple[str, ...]
    """Absolute paths, as given on the command line."""
    options: Options
    versions: Versions


def run_id(inputs: Iterable[Path], options: Options, versions: Versions) -> str:
    """The name of a run, which follows from what was asked.

    The same paths, suites (by content), prompts (by content), model, server, tool providers, seed, number of samples
    and version of cinejudge give the same run, which is then continued; if one of them changes, another run begins. A
    folder's name stands for the folder: files added to it join the run. What only bounds the work (``--jobs``,
    ``--limit``, the budgets) does not matter, nor do briefs: within a run each clip is kept by its own content and
    its brief's, so an edited brief has that clip judged again, and that one only.
    """
    asked = {
        "inputs": sorted({path_text(path.resolve()) for path in inputs}),
        "versions": versions,
        "base_url": options.base_url,
        "samples": options.samples,
        "seed": options.seed,
    }
    words = re.sub(r"[^a-z0-9]+", "-", f"{'-'.join(versions.suites)}-{versions.model}".lower()).strip("-")
    return f"{words[:60].strip('-')}-{content_hash(asked)[:10]}"


def new_run(inputs: Sequence[Path], options: Options, versions: Versions) -> Run:
    """The record of a run that begins now. A login inside the server's address is left out."""
    return Run(
        id=run_id(inputs, options, versions),
        created_at=datetime.now(UTC),
        inputs=tuple(path_text(path.resolve()) for path in inputs),
        options=options.model_copy(update={"base_url": _without_login(options.base_url)}),
        versions=versions,
    )


def path_text(path: Path | str) -> str:
    """A path as text that JSON can carry: bytes that are no UTF-8 are escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _without_login(url: str | None) -> str | None:
    if url is None:
        return None
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
