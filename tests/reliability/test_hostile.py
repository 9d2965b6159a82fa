"""A folder of files that try something, judged through the command: the good clip is, nothing else happens."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import pytest

from tests.reliability.harness import ROOT
from tests.reliability.hostile_files import good, make_hostile

MAX_S = 240
MAX_MB = 4_000
MAX_DISK = 300_000_000


@dataclass(frozen=True)
class Place:
    """A folder of hostile files, what lies beside it, and a port that listens."""

    root: Path
    listener: socket.socket

    @property
    def videos(self) -> Path:
        return self.root / "videos"

    def run(self, *before: str) -> tuple[int, list[dict[str, Any]], str]:
        """Exit code, JSON lines of stdout, stderr."""
        command = [*before, sys.executable, "-m", "cinejudge", "run", str(self.videos), "--json"]
        environ = os.environ | {
            "CINEJUDGE_CACHE_DIR": str(self.root / "cache"),
            "CINEJUDGE_OUT": str(self.root / "traces"),
            "PYTHONPATH": str(ROOT / "src"),
            "HOME": str(self.root / "home"),
            "TMPDIR": str(self.root / "tmp"),
        }
        done = subprocess.run(command, env=environ, capture_output=True, timeout=MAX_S * 3, cwd=self.root / "tmp")
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return done.returncode, lines, done.stderr.decode(errors="replace")

    def called(self) -> bool:
        """Whether anybody has called the port."""
        try:
            self.listener.accept()[0].close()
        except BlockingIOError:
            return False
        return True


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    for name in ("videos", "home", "tmp", "outside"):
        (tmp_path / name).mkdir()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        canary = good(tmp_path / "outside" / "canary.mp4", seed=9)
        make_hostile(tmp_path / "videos", canary, listener.getsockname()[1])
        good(tmp_path / "videos" / "good.mp4")
        yield Place(tmp_path, listener)


def check(place: Place, code: int, lines: list[dict[str, Any]]) -> None:
    files = [p for p in place.videos.iterdir() if not p.is_dir() and p.name != "device.mp4"]  # a link that leads out
    *results, end = lines
    assert code == 1
    assert Path(end["folder"]).is_relative_to(place.root / "traces")
    assert len(results) == len(files)
    verdicts = {r["verdict"]["clip"]["name"]: r["verdict"] for r in results if "verdict" in r}
    failures = [r["failure"] for r in results if "failure" in r]
    assert "good.mp4" in verdicts
    assert verdicts["good.mp4"]["status"] == "complete"
    for failure in failures:
        assert failure["error"] == "MediaError", failure
        assert failure["message"].isprintable()
        assert len(failure["message"]) < 500
        assert failure["seconds"] < 60
    refused = " ".join(failure["message"] for failure in failures)
    for name in (
        "concat-script",
        "playlist",
        "session",
        "external-track",
        "many-streams",
        "endless",
        "pipe",
        "loop-a",
        "8-exa",
    ):
        assert name in refused, f"{name} was not refused"
    assert not place.called(), "a file made the decoder call out"
    assert not list(place.root.rglob("pwned"))
    assert list((place.root / "tmp").iterdir()) == []
    written = [p for name in ("traces", "cache") for p in (place.root / name).rglob("*") if p.is_file()]
    assert sum(p.stat().st_size for p in written) < MAX_DISK


def test_the_good_clip_is_judged_and_the_rest_ends_in_a_line(place: Place) -> None:
    start = time.monotonic()
    code, lines, _ = place.run()
    check(place, code, lines)
    assert time.monotonic() - start < MAX_S
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024 < MAX_MB


def test_the_external_track_would_lead_out_if_it_were_followed(place: Place) -> None:
    def pictures(**options: str) -> int:
        with av.open(str(place.videos / "external-track.mov"), options=options) as container:
            return sum(1 for _ in container.decode(video=0))

    assert pictures(enable_drefs="1", use_absolute_path="1") == 24
    assert pictures() == 0


@pytest.mark.real
def test_the_shared_ones_too(place: Place, hostile_dir: Path) -> None:
    for path in hostile_dir.iterdir():
        if path.suffix != ".md":
            shutil.copy(path, place.videos / path.name)
    code, lines, _ = place.run()
    check(place, code, lines)


@pytest.mark.real
@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace on this machine")
def test_nothing_outside_is_opened_or_called(place: Place) -> None:
    """What the system calls say: no file is written but under cache and out, no canary read, nobody called."""
    log = place.root / "calls"
    code, lines, _ = place.run("strace", "-f", "-qq", "-y", "-e", "trace=open,openat,openat2,connect", "-o", str(log))
    check(place, code, lines)
    calls = log.read_text(encoding="utf-8", errors="replace").splitlines()
    assert not [call for call in calls if "AF_INET" in call]
    opened = [(call, found[1]) for call in calls if (found := re.search(r'open(?:at2?)?\([^"]*"([^"]*)"', call))]
    assert len(opened) > 1000
    outside = [call for call, path in opened if "/outside/" in path]
    assert outside == []
    ours = (str(place.root / "cache"), str(place.root / "traces"), "/dev/", "/proc/", "/tmp/pymp-")
    written = [path for call, path in opened if re.search(r"O_(WRONLY|RDWR|CREAT)", call) and "ENOENT" not in call]
    strange = {path for path in written if path.startswith("/") and not path.startswith(ours)}
    assert {path for path in strange if "__pycache__" not in path} == set()
