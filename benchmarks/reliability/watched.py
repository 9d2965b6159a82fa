"""`cinejudge run`, offline, with its time, its memory and its exit code."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tests.reliability.harness import descendants

_PR_SET_CHILD_SUBREAPER = 36
"""What a child leaves behind becomes ours."""


@dataclass(frozen=True)
class Watched:
    """How a run went."""

    code: int
    wall_s: float
    cpu_s: float
    """Of the judge and its decoders, user and system."""
    judge_mb: float
    """Peak of the memory that is the judge's own."""
    mapped_mb: float
    """Peak of the pages of files that it had mapped beside, which the system takes back when it needs them."""
    decoder_mb: float
    """Peak of all decoders at work and the server that they are forked from; what they share counts for each."""
    stderr: str


def empty_cache(folder: Path) -> Path:
    """A cache with the weights of this machine and nothing else."""
    from cinejudge.weights import weights_dir

    folder.mkdir(parents=True)
    (folder / "weights").symlink_to(weights_dir())
    return folder


def run(videos: Path, out: Path, cache: Path, *, jobs: int = 1, until: Callable[[], bool] | None = None) -> Watched:
    """Judges; presses Ctrl-C once ``until`` is true."""
    command = [sys.executable, "-m", "cinejudge", "run", str(videos), "--out", str(out), "--jobs", str(jobs)]
    environ = os.environ | {"CINEJUDGE_CACHE_DIR": str(cache), "PYTHONPATH": str(ROOT / "src")}
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    spent, start = _spent(), time.perf_counter()
    log = out.with_suffix(".log")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # not ignored by what is started, even in the background
    with log.open("wb") as errors:
        process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=errors)
    peaks = {"judge": 0.0, "mapped": 0.0, "decoder": 0.0}
    below: set[int] = set()
    watcher = threading.Thread(target=_watch, args=(process, peaks, below, until))
    watcher.start()
    code = process.wait()
    wall = time.perf_counter() - start
    watcher.join()
    for pid in below:  # an interrupted judge does not wait for its server, whose time counts all the same
        with suppress(ChildProcessError):
            os.waitpid(pid, 0)
    return Watched(code, wall, _spent() - spent, *peaks.values(), log.read_text(encoding="utf-8"))


def _watch(
    process: subprocess.Popen[bytes], peaks: dict[str, float], below: set[int], until: Callable[[], bool] | None
) -> None:
    while process.poll() is None:
        own, mapped = _resident(process.pid)
        now_below = descendants(process.pid)
        below |= now_below
        decoders = sum(sum(_resident(pid)) for pid in now_below)
        for name, now in (("judge", own), ("mapped", mapped), ("decoder", decoders)):
            peaks[name] = max(peaks[name], now)
        if until and until():
            process.send_signal(signal.SIGINT)
            until = None
        time.sleep(0.1)  # a decoder of a short video is gone within half a second


def _resident(pid: int) -> tuple[float, float]:
    """Resident memory in MB: of its own, and of files."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0, 0.0
    known = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith("Rss")}
    return int(known.get("RssAnon", 0)) / 1e3, int(known.get("RssFile", 0)) / 1e3


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
