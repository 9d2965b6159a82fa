"""Time and memory against length: python benchmarks/reliability/length.py CLIPS [SECONDS]... [--write]

The clips of the folder CLIPS, one after another and again, mirrored every other time, at 320×180 and 24 frames a
second with their sound, make a video of each length. It is judged offline by `cinejudge run` with the default weights
and an empty cache.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator
from itertools import count, cycle, islice
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

import numpy as np

from benchmarks.page import Told
from benchmarks.reliability.watched import empty_cache, run
from cinejudge.media import Footage, find_videos
from tests.videos import Picture, make_video

FPS, RATE = 24, 16_000


def scenes(folder: Path, cache: Path) -> list[tuple[list[Picture], np.ndarray]]:
    """Pictures and sound of each clip; silence where it has none."""
    found = []
    for path in find_videos([folder]):
        with Footage(path, cache=cache) as footage:
            frames = int(footage.clip.duration_s * FPS)
            wanted = [footage.frame_at(index / FPS) for index in range(frames)]
            pictures = [_reduced(rgb) for _, rgb in footage.frames(wanted)]
            sound = np.zeros(frames * RATE // FPS, np.float32)
            if footage.sound is not None:
                heard = footage.sound.mono(RATE)[: len(sound)]
                sound[: len(heard)] = heard
        found.append((pictures, sound))
    return found


def _reduced(rgb: Picture) -> Picture:
    import cv2

    return np.asarray(cv2.resize(rgb, (320, 180), interpolation=cv2.INTER_AREA), np.uint8)


def film(clips: list[tuple[list[Picture], np.ndarray]]) -> Iterator[Picture]:
    for turn in count():
        for pictures, _ in clips:
            yield from (picture if turn % 2 == 0 else picture[:, ::-1] for picture in pictures)


def main() -> None:
    tell = Told()
    given = [text for text in sys.argv[1:] if text != "--write"]
    with tempfile.TemporaryDirectory() as name:
        clips = scenes(Path(given[0]), Path(name) / "cache")
        tell("| length (s) | shots | wall (s) | processor (s) | own memory (MB) | mapped files (MB) | decoder (MB) |")
        tell("|---|---|---|---|---|---|---|")
        for seconds in [int(text) for text in given[1:]] or [10, 60, 600, 3600]:
            place = Path(name) / str(seconds)
            cache = empty_cache(place / "cache")
            sound = np.fromiter(cycle(np.concatenate([s for _, s in clips])), np.float32, seconds * RATE)
            make_video(place / "long.mp4", islice(film(clips), seconds * FPS), FPS, sound, RATE)
            went = run(place / "long.mp4", place / "traces", cache)
            assert went.code == 0, went.stderr
            (shots,) = re.findall(r": (\d+) shots?,", went.stderr)
            tell(
                f"| {seconds} | {shots} | {went.wall_s:.0f} | {went.cpu_s:.0f} "
                f"| {went.judge_mb:.0f} | {went.mapped_mb:.0f} | {went.decoder_mb:.0f} |"
            )
    tell.write("reliability/length", "reliability.md")


if __name__ == "__main__":
    main()
