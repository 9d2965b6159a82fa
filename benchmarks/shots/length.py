"""Memory of `cinejudge shots` against length: python benchmarks/shots/length.py FOLDER [SECONDS]...

The clips of FOLDER, one after another and again, mirrored every other time, at 320×180 and 24 frames a second, make a
video of each length. Its shots are found offline with the default weights and an empty cache.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from benchmarks.reliability.length import FPS, film, scenes
from benchmarks.reliability.watched import empty_cache
from tests.reliability.harness import descendants
from tests.videos import make_video


def resident(pid: int) -> tuple[float, float]:
    """Megabytes in memory: of the process's own, and pages of files, which the system takes back when it needs them."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0, 0.0
    known = {line.split(":")[0]: int(line.split()[1]) / 1e3 for line in lines if line.startswith("Rss")}
    return known.get("RssAnon", 0.0), known.get("RssFile", 0.0)


def watch(process: subprocess.Popen[bytes], peaks: list[float]) -> None:
    """Notes the peaks of own memory, of mapped files, and of the decoder with the server that it is forked from."""
    while process.poll() is None:
        decoders = sum(sum(resident(pid)) for pid in descendants(process.pid))
        now = (*resident(process.pid), decoders)
        peaks[:] = [max(pair) for pair in zip(peaks, now, strict=True)]
        time.sleep(0.3)


def main() -> None:
    """Prints a row for each length."""
    with tempfile.TemporaryDirectory() as name:
        clips = scenes(Path(sys.argv[1]), Path(name) / "cache")
        print("| length (s) | shots | wall (s) | own memory (MB) | mapped files (MB) | decoder (MB) |")
        print("|---|---|---|---|---|---|")
        for seconds in [int(text) for text in sys.argv[2:]] or [10, 1800]:
            place = Path(name) / str(seconds)
            cache = empty_cache(place / "cache")
            make_video(place / "long.mp4", islice(film(clips), seconds * FPS), FPS)
            environ = os.environ | {"CINEJUDGE_CACHE_DIR": str(cache), "PYTHONPATH": str(ROOT / "src")}
            command = [sys.executable, "-m", "cinejudge", "shots", str(place / "long.mp4"), "--json"]
            start, peaks = time.perf_counter(), [0.0, 0.0, 0.0]
            with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE) as process:
                watcher = threading.Thread(target=watch, args=(process, peaks))
                watcher.start()
                told, _ = process.communicate()
                watcher.join()
            wall, shots = time.perf_counter() - start, len(json.loads(told)["shots"])
            print(f"| {seconds} | {shots} | {wall:.0f} | " + " | ".join(f"{p:.0f}" for p in peaks) + " |", flush=True)


if __name__ == "__main__":
    main()
