"""A run folder on loopback, for runs that are too large for one file.

It only reads, answers GET and HEAD, and gives out five things: the page, the data of one clip, kept pictures and
sounds by content, the summary, and the videos that were judged, as long as their content is still that. Requests that
name another host are refused, so that a web page elsewhere cannot read a run through a name that it points at this
machine.
"""

from __future__ import annotations

import json
import mimetypes
import os
import re
from contextlib import suppress
from functools import lru_cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cinejudge.media.limits import MediaLimits
from cinejudge.media.source import Source
from cinejudge.schema.errors import MediaError, TraceError
from cinejudge.traces.folder import RunFolder
from cinejudge.traces.report.build import page
from cinejudge.traces.report.data import clip_data, page_data

_CLIP = re.compile(r"/clips/([0-9a-f]{16}(?:-[0-9a-f]{8})?)\.json")
_VIDEO = re.compile(r"/clips/([0-9a-f]{16}(?:-[0-9a-f]{8})?)/video")
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_PIECE = 1 << 18
_ARTIFACT = re.compile(r"/artifacts/[0-9a-f]{2}/[0-9a-f]{64}\.(jpg|png|wav|mp4)")
_TYPES = {"jpg": "image/jpeg", "png": "image/png", "wav": "audio/wav", "mp4": "video/mp4"}
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}


class ReportServer(ThreadingHTTPServer):
    """Serves one run folder at a free port of the loopback interface."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        """Binds the port.

        Raises:
            TraceError: it is no run folder.
        """
        self.run = RunFolder.load(folder)
        self.root = folder.resolve()
        self.video = lru_cache(maxsize=16)(self._video)
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.server_port}/"

    def answer(self, path: str) -> tuple[str, bytes] | None:
        """Media type and content of what lies at a path; None when nothing does.

        Raises:
            TraceError: a trace is damaged.
        """
        if path == "/":
            return "text/html; charset=utf-8", page(page_data(self.run, served=True)).encode()
        if path == "/summary.json":
            return self._file(path[1:], "application/json")
        if _ARTIFACT.fullmatch(path):
            return self._file(path[1:], _TYPES[path.rpartition(".")[2]])
        wanted = _CLIP.fullmatch(path)
        trace = self.run.clip(wanted[1]) if wanted else None
        verdict = trace.verdict() if trace else None
        if trace is None or verdict is None:
            return None
        plain = json.dumps(clip_data(self.run, trace, verdict, served=True), ensure_ascii=False, allow_nan=False)
        return "application/json", plain.encode()

    def _video(self, trace_id: str) -> tuple[str, Source] | None:
        """Media type and open file of what was judged; None when it is gone or holds something else by now."""
        trace = self.run.clip(trace_id)
        verdict, path = trace.verdict(), trace.source()
        if verdict is None or path is None:
            return None
        try:
            source = Source(Path(path), MediaLimits())
        except MediaError:
            return None
        media_type = mimetypes.guess_type(path)[0] or "application/octet-stream"
        return (media_type, source) if source.sha256 == verdict.clip.sha256 else None

    def _file(self, name: str, media_type: str) -> tuple[str, bytes] | None:
        path = (self.root / name).resolve()  # a link could lead elsewhere
        if not (path.is_relative_to(self.root) and path.is_file()):
            return None
        return media_type, path.read_bytes()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "cinejudge"
    sys_version = ""
    timeout = 30
    server: ReportServer

    def do_GET(self) -> None:
        """Sends what was asked for."""
        port = self.server.server_port
        if self.headers.get("Host") not in (f"127.0.0.1:{port}", f"localhost:{port}"):
            self._send(HTTPStatus.MISDIRECTED_REQUEST, "text/plain", b"unknown host\n")
            return
        path = self.path.partition("?")[0]
        try:
            wanted = _VIDEO.fullmatch(path)
            if wanted and (video := self.server.video(wanted[1])):
                self._send_video(*video)
                return
            found = self.server.answer(path)
        except TraceError as error:
            self._send(HTTPStatus.INTERNAL_SERVER_ERROR, "text/plain; charset=utf-8", f"{error}\n".encode())
            return
        if found is None:
            self._send(HTTPStatus.NOT_FOUND, "text/plain", b"not found\n")
        else:
            self._send(HTTPStatus.OK, *found)

    do_HEAD = do_GET

    def _send(self, status: HTTPStatus, media_type: str, body: bytes) -> None:
        self._begin(status, {"Content-Type": media_type, "Content-Length": str(len(body))})
        if self.command == "GET":
            self.wfile.write(body)

    def _send_video(self, media_type: str, source: Source) -> None:
        """Sends the file or the one range of it that is asked for, as players do when they seek."""
        first, end, status = 0, source.size, HTTPStatus.OK
        if (wanted := _RANGE.fullmatch(self.headers.get("Range", ""))) and (wanted[1] or wanted[2]):
            status = HTTPStatus.PARTIAL_CONTENT
            if wanted[1]:
                first, end = int(wanted[1]), min(int(wanted[2] or end) + 1, end)
            else:
                first = max(0, end - int(wanted[2]))
        if first >= end:
            headers = {"Content-Range": f"bytes */{source.size}", "Content-Length": "0"}
            self._begin(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers)
            return
        headers = {"Content-Type": media_type, "Content-Length": str(end - first), "Accept-Ranges": "bytes"}
        if status == HTTPStatus.PARTIAL_CONTENT:
            headers["Content-Range"] = f"bytes {first}-{end - 1}/{source.size}"
        self._begin(status, headers)
        if self.command == "GET":
            with suppress(ConnectionError):  # a player that seeks hangs up
                for place in range(first, end, _PIECE):
                    self.wfile.write(os.pread(source.descriptor, min(_PIECE, end - place), place))

    def _begin(self, status: HTTPStatus, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | _HEADERS).items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Silent: what a person reads is the page."""
