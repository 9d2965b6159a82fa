"""Videos that packages ship, with their cuts labelled: python benchmarks/shots/packaged.py PACKAGES OUT

Real footage moves as no made clip does: hands, water, crowds, hand-held cameras; and what video models make moves as no
footage does. Each video of ``packaged.json`` is looked for below ``PACKAGES``, a folder of unpacked packages, by its
content; what is found is laid in a folder of its part, ``OUT/films``, ``OUT/generated`` or ``OUT/unseen``, with
``labels.json`` in the form of the labelled clips, and what is missing is named with its package. The videos belong to
their makers; none of them is in this project.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

LIST = Path(__file__).with_name("packaged.json")
"""By part: ``films`` and ``generated``, which the scores are learned from, and ``unseen``, which they are not."""


def lay_out(packages: Path, out: Path) -> list[str]:
    """Copies, cuts or turns each video that is there into a file and writes the labels of each part.

    Returns:
        What is missing, each with its package and its path there.
    """
    listed: dict[str, dict[str, dict[str, Any]]] = json.loads(LIST.read_text(encoding="utf-8"))
    sizes = {video["bytes"] for part in listed.values() for video in part.values()}
    there = {
        hashlib.sha256(path.read_bytes()).hexdigest(): path
        for path in sorted(packages.rglob("*"))
        if path.is_file() and path.stat().st_size in sizes
    }
    missing = []
    for part, videos in listed.items():
        (out / part).mkdir(parents=True, exist_ok=True)
        labels = {}
        for name, video in videos.items():
            if (path := there.get(video["sha256"])) is None:
                missing.append(f"{part}/{name} ({video['package']}, {video['path']})")
                continue
            lay(path, out / part / name, video.get("frames"))
            frames, fps = length(out / part / name)
            known = {"cuts": video["cuts"], "ambiguous": video["ambiguous"], "n_frames": frames, "fps": fps}
            labels[name] = {"kind": part.removesuffix("s"), **known}
        (out / part / "labels.json").write_text(json.dumps(labels, indent=1) + "\n", encoding="utf-8")
    return missing


def lay(source: Path, target: Path, frames: tuple[int, int] | None) -> None:
    """Copies a video, or writes the frames from the first to the last (exclusive); animated pictures become a video."""
    if source.suffix == ".webp":
        write(target, *animation(source))
    elif frames is None:
        shutil.copyfile(source, target)
    else:
        with av.open(str(source)) as film:
            video = film.streams.video[0]
            pictures = (frame.to_ndarray(format="rgb24") for frame in islice(film.decode(video), *frames))
            write(target, Fraction(video.average_rate or 25), pictures)


def animation(path: Path) -> tuple[Fraction, Iterator[NDArray[np.uint8]]]:
    """Frames a second, and the pictures, RGB ``[height, width, 3]``; all are shown for equally long."""
    read, moving = cv2.imreadanimation(str(path))
    if not read:
        raise ValueError(f"{path} cannot be read as an animated picture")
    seconds = float(np.mean(moving.durations)) / 1000
    pictures = (np.ascontiguousarray(picture[..., 2::-1]) for picture in moving.frames)
    return Fraction(1 / seconds).limit_denominator(100), pictures


def write(target: Path, rate: Fraction, pictures: Iterable[NDArray[np.uint8]]) -> None:
    """Writes pictures as H.264, without sound and next to no loss."""
    with av.open(str(target), "w") as film:
        stream = film.add_stream("libx264", rate=rate, options={"crf": "14", "preset": "veryfast"})
        stream.pix_fmt = "yuv420p"
        for number, picture in enumerate(pictures):
            height, width = (side - side % 2 for side in picture.shape[:2])
            if number == 0:
                stream.height, stream.width = height, width
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture[:height, :width]), format="rgb24")
            frame.pts, frame.time_base = number, 1 / rate
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))


def length(path: Path) -> tuple[int, float]:
    """How many frames a video has, and how many a second."""
    with av.open(str(path)) as film:
        video = film.streams.video[0]
        return sum(1 for packet in film.demux(video) if packet.size), float(video.average_rate or 25)


def main() -> None:
    """Reads the command line."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    missing = lay_out(Path(sys.argv[1]), Path(sys.argv[2]))
    for line in missing:
        print(f"missing: {line}")
    count = sum(map(len, json.loads(LIST.read_text(encoding="utf-8")).values()))
    print(f"{count - len(missing)} of {count} videos are in {sys.argv[2]}")


if __name__ == "__main__":
    main()
