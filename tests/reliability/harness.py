"""``cinejudge run`` as a process that can be killed, against a server that knows what it was asked."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.servers import Answer, Behaviour, Fault, ModelServer, Request

ROOT = Path(__file__).resolve().parents[2]


def telling_server(behaviour: Behaviour) -> ModelServer:
    """A server that puts the hash of each request into the words of its answer: a stored reply says what it answers."""
    server = ModelServer(behaviour)
    answer = server.behaviour

    def behave(request: Request) -> Answer | Fault:
        said = answer(request)
        if isinstance(said, Answer):
            return Answer(**{**said.__dict__, "text": f"answers {identity(request)}. {said.text}"})
        return said

    server.behaviour = behave
    return server


def identity(request: Request) -> str:
    return hashlib.sha256(json.dumps(request.raw, sort_keys=True).encode()).hexdigest()


class Site:
    """One place with a cache and run folders of its own, and the command that is run there."""

    def __init__(self, folder: Path, videos: Path, server: ModelServer) -> None:
        self.cache, self.out = folder / "cache", folder / "traces"
        self.videos = videos
        self._server = server
        self._log = folder / "stderr"
        folder.mkdir(parents=True, exist_ok=True)

    def start(self, *options: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "cinejudge", "run", str(self.videos), "--out", str(self.out)]
        command += ["--model", "openai/judge", "--base-url", self._server.openai_url, *options]
        environ = os.environ | {
            "CINEJUDGE_CACHE_DIR": str(self.cache),
            "PYTHONPATH": str(ROOT / "src"),
            "OMP_NUM_THREADS": "1",
        }
        with self._log.open("wb") as errors:
            return subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=errors)

    def finish(self, *options: str) -> None:
        """Runs to the end, which must be a good one."""
        assert self.start(*options).wait(300) == 0, self.stderr()

    def stderr(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def steps(self) -> int:
        """How far all attempts together have come: lines of all events, and requests that reached the server."""
        lines = sum(path.read_bytes().count(b"\n") for path in self.out.glob("*/videos/*/events.jsonl"))
        return lines + self._server.calls

    def stored(self) -> set[str]:
        """The requests whose replies are on disk."""
        return {_answered(path) for path in self.cache.glob("replies/*/*.json")}

    def verdicts(self) -> dict[str, Any]:
        """What was found for each clip, but for clocks and for who paid when."""
        return {path.parent.name: comparable(path) for path in self.out.glob("*/videos/*/verdict.json")}


def comparable(path: Path) -> dict[str, Any]:
    verdict: dict[str, Any] = json.loads(path.read_bytes())
    del verdict["usage"]
    for evidence in verdict["evidence"]:
        del evidence["seconds"]
    return verdict


def _answered(path: Path) -> str:
    return path.read_text(encoding="utf-8").split("answers ")[1][:64]


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[bytes], seconds: float = 120) -> bool:
    """Whether the condition came true before the process ended."""
    deadline = time.monotonic() + seconds
    while process.poll() is None:
        if condition():
            return True
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)
    return False


def descendants(pid: int) -> set[int]:
    """Processes below ``pid``, whichever session they are in."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        parents[int(entry.parent.name)] = int(fields[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def kill(process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGKILL) -> set[int]:
    """Sends a signal and waits for the end; returns what had been running below."""
    below = descendants(process.pid)
    process.send_signal(number)
    process.wait(60)
    return below


def wait_dead(pids: set[int], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while any(map(alive, pids)):
        assert time.monotonic() < deadline, f"left behind: {pids}"
        time.sleep(0.05)
