"""Peak memory against length: python benchmarks/reliability/length.py [SECONDS]...

A rendered video of each length (320×180, 24 frames a second, a cut every 5 s, sound) is judged offline by
`cinejudge run` with the default weights, each in a process with a cache of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

import numpy as np

from tests.reliability.harness import descendants
from tests.videos import Picture, make_video, texture, tone


def pictures(seconds: int) -> Iterator[Picture]:
    scenes = [texture(180, 420, seed) for seed in range(12)]
    for index in range(seconds * 24):
        place = index % 120 // 2
        yield np.ascontiguousarray(scenes[index // 120 % 12][:, place : place + 320])


def resident(pid: int) -> float:
    """Resident memory in MB."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def watch(process: subprocess.Popen[bytes], peaks: dict[str, float]) -> None:
    while process.poll() is None:
        peaks["judge"] = max(peaks["judge"], resident(process.pid))
        peaks["decoder"] = max(peaks["decoder"], *(resident(pid) for pid in descendants(process.pid)), 0.0)
        time.sleep(0.1)


def main() -> None:
    from cinejudge.weights import weights_dir

    print("| length (s) | wall (s) | peak of the judge (MB) | peak of the decoder (MB) |\n|---|---|---|---|")
    for seconds in [int(text) for text in sys.argv[1:]] or [10, 60, 600]:
        with tempfile.TemporaryDirectory() as name:
            video = make_video(Path(name) / "long.mp4", pictures(seconds), audio=tone(seconds))
            cache = Path(name) / "cache"
            cache.mkdir()
            (cache / "weights").symlink_to(weights_dir())
            command = [sys.executable, "-m", "cinejudge", "run", str(video), "--out", f"{name}/traces"]
            environ = os.environ | {"CINEJUDGE_CACHE_DIR": str(cache), "PYTHONPATH": str(ROOT / "src")}
            start = time.perf_counter()
            process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            peaks = {"judge": 0.0, "decoder": 0.0}
            watcher = threading.Thread(target=watch, args=(process, peaks))
            watcher.start()
            code = process.wait()
            watcher.join()
            assert code == 0, f"exit code {code}"
            wall = time.perf_counter() - start
            print(f"| {seconds} | {wall:.0f} | {peaks['judge']:.0f} | {peaks['decoder']:.0f} |", flush=True)


if __name__ == "__main__":
    main()
