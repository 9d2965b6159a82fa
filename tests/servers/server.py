"""The HTTP side: a threaded server on loopback with an ephemeral port."""

from __future__ import annotations

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from tests.servers import google_protocol, openai_protocol
from tests.servers.behaviours import Behaviour, careful, perceiving
from tests.servers.messages import Answer, Fault, Request, count_tokens
from tests.servers.openai_protocol import BadRequest

_CACHED_FROM = 1024
"""Shortest beginning of a prompt that is cached, in tokens."""


class ModelServer:
    """Answers by a behaviour, counts and keeps what it was asked.

    Attributes:
        requests: Every well-formed request, in order of arrival.
        prompt_tokens: Tokens reported so far, and with them ``completion_tokens`` and ``cached_tokens``.
        most_at_once: Largest number of requests under way at the same time.
        complaints: Requests that broke the protocol; each was answered with 400.
    """

    def __init__(
        self,
        behaviour: Behaviour | None = None,
        *,
        perceives: tuple[str, ...] = ("image", "audio", "video"),
        port: int = 0,
    ) -> None:
        """Binds the port.

        Args:
            behaviour: Decides the answers; ``careful()`` when None.
            perceives: Media that the model perceives. Others are dropped in silence, as some proxies do, and neither
                seen by the behaviour nor counted.
            port: 0 for any free one.
        """
        self.requests: list[Request] = []
        self.complaints: list[str] = []
        self.prompt_tokens = self.completion_tokens = self.cached_tokens = 0
        self.most_at_once = 0
        self.behaviour = perceiving(behaviour or careful())
        self.closing = threading.Event()
        self._perceives = perceives
        self._lock = threading.Lock()
        self._at_once = 0
        self._beginnings: set[str] = set()
        self._http = _Server(("127.0.0.1", port), _Handler)
        self._http.owner = self
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def url(self) -> str:
        """Address for Gemini, and for OpenAI clients that add no version."""
        return f"http://127.0.0.1:{self._http.server_port}"

    @property
    def openai_url(self) -> str:
        return f"{self.url}/v1"

    @property
    def calls(self) -> int:
        return len(self.requests)

    def __enter__(self) -> ModelServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def answer(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> tuple[Fault, Any]:
        """Status and body for one request."""
        google = ":generateContent" in path
        protocol = google_protocol if google else openai_protocol
        with self._lock:
            number = len(self.requests) + 1
            try:
                if google:
                    model = path.rsplit("/", 1)[1].removesuffix(":generateContent")
                    request = google_protocol.parse(body, headers, number, model)
                else:
                    request = openai_protocol.parse(body, headers, number)
            except (BadRequest, KeyError, ValueError) as error:
                self.complaints.append(f"{type(error).__name__}: {error}")
                fault = Fault(400, message=self.complaints[-1])
                return fault, protocol.error(fault)
            self.requests.append(request)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            said = self.behaviour(self._without_dropped(request))
        finally:
            with self._lock:
                self._at_once -= 1
        if isinstance(said, Fault):
            return said, said.body if said.body is not None else protocol.error(said)
        rendered = self._render(protocol, said, request)
        return Fault(), rendered

    def _render(self, protocol: Any, said: Answer, request: Request) -> dict[str, Any]:
        with self._lock:
            prompt, cached = self._count(request)
            prompt = prompt if said.tokens is None else said.tokens
            rendered: dict[str, Any] = protocol.render(said, request, prompt, min(cached, prompt))
            self.prompt_tokens += prompt
            self.cached_tokens += min(cached, prompt)
            usage = rendered.get("usage") or rendered["usageMetadata"]
            self.completion_tokens += usage.get("completion_tokens") or (
                usage["candidatesTokenCount"] + usage["thoughtsTokenCount"]
            )
        return rendered

    def _count(self, request: Request) -> tuple[int, int]:
        """Prompt tokens, and how many of them stood at the beginning of an earlier request."""
        total = count_tokens(json.dumps(request.raw.get("tools", [])))  # descriptions included
        digest = hashlib.sha256(json.dumps([request.model, request.tools], sort_keys=True).encode())
        cached = 0
        for turn in request.turns:
            media = [m for m in turn.media if m.kind in self._perceives]
            total += count_tokens(turn.text + json.dumps([str(c.arguments) for c in turn.calls])) + sum(
                m.tokens for m in media
            )
            digest.update(json.dumps([turn.role, turn.text, [m.sha256 for m in media]]).encode())
            beginning = digest.hexdigest()
            if beginning in self._beginnings and total >= _CACHED_FROM:
                cached = total
            self._beginnings.add(beginning)
        return total, cached

    def _without_dropped(self, request: Request) -> Request:
        kept = tuple(
            type(turn)(turn.role, turn.text, tuple(m for m in turn.media if m.kind in self._perceives), turn.calls)
            for turn in request.turns
        )
        return Request(**{**request.__dict__, "turns": kept})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    owner: ModelServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        owner = self.server.owner
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not (self.path.endswith("/chat/completions") or ":generateContent" in self.path):
            self._send(Fault(404), json.dumps({"error": {"message": f"no such path: {self.path}"}}).encode())
            return
        fault, reply = owner.answer(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
        data = reply.encode() if isinstance(reply, str) else json.dumps(reply).encode()
        if fault.delay_s and owner.closing.wait(fault.delay_s):
            return
        self._send(fault, data)

    def _send(self, fault: Fault, data: bytes) -> None:
        self.send_response(fault.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in fault.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if fault.cut else data)
        if fault.cut:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""
