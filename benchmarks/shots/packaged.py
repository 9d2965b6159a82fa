"""Films that packages ship, with their cuts labelled: python benchmarks/shots/packaged.py PACKAGES OUT

Real footage moves as no made clip does: hands, water, crowds, hand-held cameras. Each film of ``packaged.json`` is
looked for below ``PACKAGES``, a folder of unpacked packages, by its content; what is found is laid in ``OUT`` with
``OUT/labels.json`` in the form of the labelled clips, and what is missing is named with its package. The films belong
to their makers; none of them is in this project.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av

LIST = Path(__file__).with_name("packaged.json")


def lay_out(packages: Path, out: Path) -> list[str]:
    """Copies or cuts each film that is there and writes the labels; returns the names of those that are missing."""
    films: dict[str, dict[str, Any]] = json.loads(LIST.read_text(encoding="utf-8"))
    sizes = {film["bytes"] for film in films.values()}
    there = {
        hashlib.sha256(path.read_bytes()).hexdigest(): path
        for path in sorted(packages.rglob("*"))
        if path.is_file() and path.stat().st_size in sizes
    }
    out.mkdir(parents=True, exist_ok=True)
    labels, missing = {}, []
    for name, film in films.items():
        if (path := there.get(film["sha256"])) is None:
            missing.append(name)
            continue
        if "frames" in film:
            cut(path, out / name, *film["frames"])
        else:
            shutil.copyfile(path, out / name)
        labels[name] = {"kind": "film", "cuts": film["cuts"], "ambiguous": film["ambiguous"]}
    (out / "labels.json").write_text(json.dumps(labels, indent=1) + "\n", encoding="utf-8")
    return missing


def cut(source: Path, target: Path, first: int, last: int) -> None:
    """Writes the frames from ``first`` to ``last`` (exclusive), without sound and next to no loss."""
    with av.open(str(source)) as film, av.open(str(target), "w") as piece:
        video = film.streams.video[0]
        rate = Fraction(video.average_rate or 25)
        stream = piece.add_stream("libx264", rate=rate, options={"crf": "16", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = video.width, video.height, "yuv420p"
        for number, frame in enumerate(islice(film.decode(video), first, last)):
            frame.pts, frame.time_base = number, 1 / rate
            frame.pict_type = av.video.frame.PictureType.NONE
            piece.mux(stream.encode(frame))
        piece.mux(stream.encode(None))


def main() -> None:
    """Reads the command line."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    missing = lay_out(Path(sys.argv[1]), Path(sys.argv[2]))
    films = json.loads(LIST.read_text(encoding="utf-8"))
    for name in missing:
        print(f"missing: {name} ({films[name]['package']}, {films[name]['path']})")
    print(f"{len(films) - len(missing)} of {len(films)} films are in {sys.argv[2]}")


if __name__ == "__main__":
    main()
