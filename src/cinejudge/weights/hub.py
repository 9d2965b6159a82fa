"""A model hub: where a file of a repository lies, and what the hub states that it is.

Hugging Face's protocol: ``REPO/resolve/REVISION/PATH`` answers with the commit (``X-Repo-Commit``) and the file's hash.
That is the SHA-256 for large files (``X-Linked-Etag``, beside ``X-Linked-Size``, on a redirect to where the bytes lie)
and git's own hash for small ones (``ETag``). ``HF_ENDPOINT`` names a mirror that speaks the same.
"""

from __future__ import annotations

import hashlib
import os
import re
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import IO, Any

from cinejudge.weights.entries import HubSource
from cinejudge.weights.fetch import FetchError

COMMIT = re.compile(r"[0-9a-f]{40}")
MOST_MOVES = 5


@dataclass(frozen=True)
class Stated:
    """What the hub says of one file."""

    address: str
    """Of this file at this commit."""
    commit: str
    size: int
    digest: str
    """SHA-256, 64 hex digits; or git's hash of a blob, 40 of them."""


def endpoint() -> str:
    """The hub's address: ``HF_ENDPOINT``, else Hugging Face's own."""
    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or "https://huggingface.co"


def page(source: HubSource) -> str:
    """Where a person finds the files."""
    return f"{endpoint()}/{source.repo}/tree/{source.revision}"


def state(source: HubSource, path: str, revision: str) -> Stated:
    """Asks the hub what a file is. No content travels.

    Raises:
        FetchError: it does not answer, has no such file, or does not say what the file is.
    """
    address = f"{endpoint()}/{source.repo}/resolve/{revision}/{urllib.parse.quote(path)}"
    headers = _headers(address)
    commit = headers.get("X-Repo-Commit") or ""
    if not COMMIT.fullmatch(commit):
        raise FetchError(f"{address} does not state a commit: no hub, or one behind a page of its own")
    if COMMIT.fullmatch(revision) and commit != revision:
        raise FetchError(f"asked for commit {revision[:12]}, got {commit[:12]}")
    digest = (headers.get("X-Linked-Etag") or headers.get("ETag") or "").removeprefix("W/").strip('"')
    size = headers.get("X-Linked-Size") or headers.get("Content-Length") or ""
    if not re.fullmatch(r"[0-9a-f]{64}|[0-9a-f]{40}", digest) or not size.isdecimal() or int(size) == 0:
        raise FetchError(f"{address}: the hub states no hash or no size that could be verified")
    return Stated(f"{endpoint()}/{source.repo}/resolve/{commit}/{urllib.parse.quote(path)}", commit, int(size), digest)


def genuine(file: Path, stated: Stated) -> bool:
    """Whether a file is what the hub states."""
    if len(stated.digest) == 64:
        digest = hashlib.sha256()
    else:
        digest = hashlib.sha1(f"blob {stated.size}\0".encode(), usedforsecurity=False)  # git's way; the hub's choice
    with file.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest() == stated.digest


class _Stay(urllib.request.HTTPRedirectHandler):
    """Hands a redirect back instead of following it: its headers are what is wanted."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> None:
        return None


def _headers(address: str) -> Message:
    """Headers of the answer that tells of the file; moves within the hub, such as of a renamed repository, followed."""
    opener = urllib.request.build_opener(_Stay)
    host = urllib.parse.urlsplit(address)[:2]
    for _ in range(MOST_MOVES):
        request = urllib.request.Request(  # noqa: S310 - the hub's or the user's own address
            address, method="HEAD", headers={"User-Agent": "cinejudge", "Accept-Encoding": "identity"}
        )
        try:
            with opener.open(request, timeout=60) as reply:
                answer: Message = reply.headers
                return answer
        except urllib.error.HTTPError as error:
            target = urllib.parse.urljoin(address, error.headers.get("Location", ""))
            moved = 300 <= error.code < 400
            if moved and "X-Linked-Etag" not in error.headers and urllib.parse.urlsplit(target)[:2] == host:
                address = target
            elif moved:
                return error.headers
            else:
                raise FetchError(f"{address}: {error.code} {error.reason}") from error
        except OSError as error:
            raise FetchError(f"{address}: {getattr(error, 'reason', error)}") from error
    raise FetchError(f"{address}: moved more than {MOST_MOVES} times")
