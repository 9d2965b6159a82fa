"""Runs each decoder in a process of its own, so that a crash, a hang or a memory bomb costs one clip.

Starting Python and importing what a decoder needs takes longer than decoding a short clip. So one fork server for this
process imports it once, when the first clip comes, and each decoder is a fork of it. It ends with this process.
"""

from __future__ import annotations

import atexit
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from cinejudge.media.limits import FramePlan, MediaLimits
from cinejudge.media.names import printable
from cinejudge.schema.errors import MediaError

_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LANG", "LC_ALL", "TMPDIR")
"""The only variables that the decoder gets: keys and tokens have no place beside untrusted data."""

VIDEO = 3
"""Descriptor of the video in a decoder."""

_MAX_RESULT = 1 << 20

_LAST_BREATH_S = 60.0
"""A process that has closed its stdout without a word is about to end."""

_DEATH_S = 10.0
"""A decoder that is killed is gone at once; a fork server that does not say so by then hangs."""

_WARM = sys.platform != "darwin"
"""Whether decoders are forks of a server that has imported everything; macOS forbids its frameworks to be forked."""

_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""Only a process without other threads can be forked safely."""

_LOOK_UP_S = 0.2
"""How soon it is noticed that nobody wants the result any more."""


def run_decoder(
    descriptor: int, folder: Path, plan: FramePlan, limits: MediaLimits, given_up: threading.Event
) -> dict[str, Any]:
    """Decodes the file behind ``descriptor`` into ``folder``; see :func:`cinejudge.media.decode.decode`.

    Args:
        descriptor: The open file.
        folder: Where to.
        plan: What is kept.
        limits: Bounds.
        given_up: Set by another thread when nobody waits for the result any more: the decoder is stopped.

    Raises:
        MediaError: the file cannot be judged; the message does not name it.
    """
    job = {"descriptor": VIDEO, "folder": str(folder.absolute()), "plan": asdict(plan), "limits": asdict(limits)}
    log = folder / "decoder.log"
    for _ in range(2):
        with log.open("wb") as errors, _Decoder(descriptor, errors) as decoder:
            said = _converse(decoder, job, limits, given_up)
        if said or decoder.status is not None:
            break  # else the server died, which may be no doing of this clip
    if not said:
        raise MediaError(_obituary(decoder.status, log))
    result: dict[str, Any] = json.loads(said)
    if "error" in result:
        raise MediaError(result["error"])
    return result


class _Server:
    """The fork server of this process; see :mod:`cinejudge.media.forkserver`."""

    def __init__(self, errors: IO[bytes]) -> None:
        """Starts it; what goes wrong until it is ready is written to ``errors``."""
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | _ONE_THREAD
        environment["PYTHONPATH"] = os.pathsep.join(os.path.abspath(p) for p in sys.path if p)
        self.control, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 - our own module, no shell
                [sys.executable, "-P", "-m", "cinejudge.media.forkserver", *(["warm"] if _WARM else [])],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env=environment,
                start_new_session=True,
            )
        self.processor_s = 0.0
        """User and system time of it and of its decoders that have ended."""

    def end(self) -> None:
        """Ends it and all its decoders, and waits for it."""
        self.control.close()
        try:
            self.process.wait(_DEATH_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


_lock = threading.Lock()
_server: _Server | None = None


def end_server() -> None:
    """Ends the fork server, if one runs; the next clip starts a new one.

    Afterwards ``resource.RUSAGE_CHILDREN`` holds what it and all its decoders took.
    """
    global _server
    with _lock:
        if _server is not None:
            _server.end()
        _server = None


def running_processor_s() -> float:
    """Processor time in seconds of the running fork server and its decoders: not in RUSAGE_CHILDREN before its end."""
    with _lock:
        return _server.processor_s if _server is not None else 0.0


def _forget_server() -> None:
    """In a fork of this process: the server belongs to the process that started it."""
    global _lock, _server
    if _server is not None:
        _server.control.close()
        _server.process.returncode = 0  # not ours to wait for
    _lock, _server = threading.Lock(), None


atexit.register(end_server)
os.register_at_fork(after_in_child=_forget_server)


class _Decoder:
    """One decoding process, from its start until it is gone."""

    def __init__(self, descriptor: int, errors: IO[bytes]) -> None:
        """Starts it, with the file behind ``descriptor`` as :data:`VIDEO` and ``errors`` as stderr."""
        global _server
        self.status: int | None = None
        """Exit status, negative for a signal; None while it runs, and where the server died with it."""
        with ExitStack() as theirs:
            self.talk, talk = socket.socketpair()
            theirs.enter_context(talk)
            self._lifeline, lifeline = socket.socketpair()
            theirs.enter_context(lifeline)
            with _lock:
                if _server is not None and _server.process.poll() is not None:
                    _server.end()
                    _server = None
                if _server is None:
                    _server = _Server(errors)
                self._server = _server
                with suppress(BrokenPipeError):  # a server that has just died shows on the lifeline
                    socket.send_fds(
                        _server.control, [b"+"], [descriptor, errors.fileno(), talk.fileno(), lifeline.fileno()]
                    )

    def wait(self, seconds: float) -> bool:
        """Whether it is gone within that time."""
        self._lifeline.settimeout(seconds)
        try:
            told = self._lifeline.recv(1 << 10).split()
        except TimeoutError:
            return False
        if told:
            self.status = int(told[0])
            self._server.processor_s = max(self._server.processor_s, float(told[1]))
        else:
            self._server.process.wait()  # it is about to end
        return True

    def __enter__(self) -> _Decoder:
        """Returns itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Kills it, where it still runs, and waits until it is gone."""
        with self.talk, self._lifeline:
            if self.status is None:
                with suppress(OSError):  # the server is gone
                    self._lifeline.shutdown(socket.SHUT_WR)  # not closed: a fork of this process may hold it, too
                if not self.wait(_DEATH_S):
                    self._server.process.kill()
                    self.wait(_DEATH_S)


def _converse(decoder: _Decoder, job: dict[str, Any], limits: MediaLimits, given_up: threading.Event) -> bytes:
    """Hands over the job and listens until the decoder closes its stdout; what it said, empty where it died first."""
    started = heard_at = time.monotonic()
    said = b""
    # A decoder that is gone already has closed its end.
    with selectors.DefaultSelector() as selector, suppress(ConnectionError):
        selector.register(decoder.talk, selectors.EVENT_READ)
        decoder.talk.sendall(json.dumps(job).encode() + b"\n")
        while True:
            spoke = selector.select(_LOOK_UP_S)
            now = time.monotonic()
            if given_up.is_set():
                raise MediaError("nobody waits for it any more")
            if now - started > limits.decode_timeout_s:
                raise MediaError(f"decoding it takes longer than {limits.decode_timeout_s:g} s, the limit")
            if not spoke:
                if now - heard_at > limits.stall_timeout_s:
                    raise MediaError(f"the decoder made no progress on it for {limits.stall_timeout_s:g} s")
                continue
            heard_at = now
            heard = decoder.talk.recv(1 << 16)
            if not heard:
                break
            said = (said + heard).lstrip()
            if len(said) > _MAX_RESULT:
                raise MediaError("the decoder answered with more than it should")
            if said.endswith(b"\n"):
                return said
    decoder.wait(_LAST_BREATH_S)
    return b""


def _obituary(status: int | None, log: Path) -> str:
    if status is not None and status < 0:
        return f"the decoder crashed on it ({signal.Signals(-status).name})"
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    if lines:
        last = printable(lines[-1][:200])
    else:
        last = "the process that starts decoders ended" if status is None else f"exit status {status}"
    return f"the decoder failed on it ({last})"
