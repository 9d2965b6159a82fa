"""A folder of many clips, interrupted and moved: python benchmarks/reliability/many.py [COUNT] [--write]

COUNT clips of one second (160×90, sound), no two alike, are judged offline by `cinejudge run --jobs 4` with the default
weights and an empty cache. Ctrl-C is pressed half way and the same command given again; then all clips get other names
in another folder and are judged once more.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from benchmarks.page import Told
from benchmarks.reliability.watched import Watched, empty_cache, run
from tests.videos import make_video, pan, tone

JOBS = 4


def main() -> None:
    tell = Told()
    count = next((int(text) for text in sys.argv[1:] if text.isdigit()), 1000)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        videos, out, cache = place / "clips", place / "traces", empty_cache(place / "cache")
        videos.mkdir()
        for index in range(count):
            make_video(videos / f"clip-{index:04}.mp4", pan(24, 90, 160, seed=index), audio=tone(1, 200 + index))

        def half_done() -> bool:
            return len(list(out.glob("*/videos/*/verdict.json"))) >= count // 2

        tell("| | clips judged | exit code | wall (s) | processor (s) | own memory (MB) | made again |")
        tell("|---|---|---|---|---|---|---|")
        for what, until in (("interrupted half way", half_done), ("continued", None)):
            before = made(cache, out)
            went = run(videos, out, cache, jobs=JOBS, until=until)
            tell(row(what, out, went, again(before, made(cache, out))))
        moved = place / "moved"
        moved.mkdir()
        for index, path in enumerate(sorted(videos.iterdir())):
            path.rename(moved / f"{count - index:04} renamed.mp4")
        out = place / "traces-moved"
        before = made(cache, out)
        went = run(moved, out, cache, jobs=JOBS)
        tell(row("moved and renamed", out, went, again(before, made(cache, out))))
        size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
        report = next(out.glob("*/report.html")).stat().st_size
        tell(f"\nThe run folder takes {size / 1e6:.0f} MB, report.html {report / 1e6:.1f} MB.")
    tell.write("reliability/many", "reliability.md")


def made(*places: Path) -> dict[Path, int]:
    """Evidence, facts of files and verdicts on disk, with the times at which they were written."""
    kinds = ("evidence/*/*.json", "clips/*.json", "*/videos/*/verdict.json")
    return {path: path.stat().st_mtime_ns for place in places for kind in kinds for path in place.glob(kind)}


def again(before: dict[Path, int], after: dict[Path, int]) -> int:
    """How much of what was there was made once more."""
    return sum(after.get(path) != written for path, written in before.items())


def row(what: str, out: Path, went: Watched, twice: int) -> str:
    judged = len(list(out.glob("*/videos/*/verdict.json")))
    return f"| {what} | {judged} | {went.code} | {went.wall_s:.0f} | {went.cpu_s:.0f} | {went.judge_mb:.0f} | {twice} |"


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
