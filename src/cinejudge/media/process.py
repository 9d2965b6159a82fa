"""Runs the decoder in a process of its own, so that a crash, a hang or a memory bomb costs one clip."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cinejudge.media.limits import FramePlan, MediaLimits
from cinejudge.media.names import printable
from cinejudge.schema.errors import MediaError

_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LANG", "LC_ALL", "TMPDIR")
"""The only variables that the decoder gets: keys and tokens have no place beside untrusted data."""

_MAX_RESULT = 1 << 20

_LAST_BREATH_S = 60.0
"""A process that has closed its stdout without a word is about to end."""


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
    job = {"descriptor": descriptor, "folder": str(folder), "plan": asdict(plan), "limits": asdict(limits)}
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    environment["PYTHONPATH"] = os.pathsep.join(p for p in sys.path if p)
    log = folder / "decoder.log"
    with log.open("wb") as errors:
        child = subprocess.Popen(  # our own module, no shell
            [sys.executable, "-P", "-m", "cinejudge.media.decode"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            pass_fds=(descriptor,),
            env=environment,
            start_new_session=True,
        )
    with child:
        try:
            said = _converse(child, job, limits, given_up)
        finally:
            child.kill()
    if not said:
        raise MediaError(_obituary(child.returncode, log))
    result: dict[str, Any] = json.loads(said)
    if "error" in result:
        raise MediaError(result["error"])
    return result


def _converse(
    child: subprocess.Popen[bytes], job: dict[str, Any], limits: MediaLimits, given_up: threading.Event
) -> bytes:
    """Hands over the job and listens until the child closes its stdout; what it said, empty where it died first."""
    assert child.stdin is not None and child.stdout is not None
    started = heard_at = time.monotonic()
    said = b""
    # A child that is gone already has closed its stdin; its stdout then ends at once.
    with selectors.DefaultSelector() as selector, suppress(BrokenPipeError):
        selector.register(child.stdout, selectors.EVENT_READ)
        child.stdin.write(json.dumps(job).encode() + b"\n")
        child.stdin.flush()
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
            heard = os.read(child.stdout.fileno(), 1 << 16)
            if not heard:
                break
            said = (said + heard).lstrip()
            if len(said) > _MAX_RESULT:
                raise MediaError("the decoder answered with more than it should")
            if said.endswith(b"\n"):
                return said
    child.wait(timeout=_LAST_BREATH_S)
    return b""


def _obituary(status: int, log: Path) -> str:
    if status < 0:
        return f"the decoder crashed on it ({signal.Signals(-status).name})"
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    last = printable(lines[-1][:200]) if lines else f"exit status {status}"
    return f"the decoder failed on it ({last})"
