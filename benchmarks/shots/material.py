"""Clips with known shots: every kind of transition, and everything that is easily taken for one.

    python benchmarks/shots/material.py OUT --photos FOLDER [--split train|held-out] [--each N] [--first N]
    python benchmarks/shots/material.py OUT --clips FOLDER [--each N] [--first N]

Writes ``OUT/*.mp4`` and ``OUT/labels.json`` in the form of the labelled clips: ``cuts[].frame`` is the first clean
frame of a new shot, ``start`` the first frame with a trace of it. The two splits share no photograph and no seed. The
photographs are those inside scikit-image's wheel (``skimage/data``): ``pip download --no-deps scikit-image==0.26.0``.
With ``--clips`` the shots are those of a folder of labelled clips, joined anew.
"""

from __future__ import annotations

import argparse
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from events import make_event, make_tail
from joins import Join, make_join
from reels import Reels, load_reels
from worlds import HEIGHT, WIDTH, Photographs, Picture, Rng, Shot, make_card

PHOTOS = {
    "train": (
        "astronaut.png",
        "coffee.png",
        "motorcycle_left.png",
        "hubble_deep_field.jpg",
        "brick.png",
        "coins.png",
        "ihc.png",
        "moon.png",
    ),
    "held-out": ("chelsea.png", "rocket.jpg", "camera.png", "retina.jpg", "grass.png", "gravel.png", "page.png"),
}


@dataclass
class Script:
    """A clip before it is rendered."""

    shots: list[Shot]
    lengths: list[int]
    """Frames of each shot, without the transitions."""
    joins: list[Join]
    fps: float
    repeat: int = 1
    """Each picture is shown so often (a slower film in a faster file)."""
    jitter: bool = False
    """Variable frame rate."""
    last: Callable[[Picture], Picture] | None = None
    """What happens to the last frame or two of the file."""
    crf: int = 23
    cuts: list[dict[str, Any]] = field(default_factory=list)

    def frames(self) -> Iterator[Picture]:
        """Renders; fills ``cuts`` on the way."""
        index = 0
        lead = [0] * len(self.shots)
        for i, (shot, length) in enumerate(zip(self.shots, self.lengths, strict=True)):
            for k in range(length):
                yield shot.frame(lead[i] + k, (lead[i] + k) / self.fps)
                index += 1
            if i + 1 == len(self.shots):
                return
            join, following = self.joins[i], self.shots[i + 1]
            start = index
            for k in range(join.frames):
                share = (k + 1) / (join.frames + 1)
                at = lead[i] + length + k
                assert join.mix is not None
                yield join.mix(shot.frame(at, at / self.fps), following.frame(k, k / self.fps), share)
                index += 1
            lead[i + 1] = join.frames
            cut: dict[str, Any] = {"frame": index, "type": join.labelled, "kind": join.kind}
            if join.labelled != "hard":
                cut["start"] = start
            self.cuts.append(cut)


HARD = ("cut", "similar", "jump", "blended", "melted")
GRADUAL = ("dissolve", "similar_dissolve", "fade", "wipe", "push", "black")
TRAPS = (
    *("flash", "flicker", "whip", "crossing", "title", "light", "freeze", "tail", "fast_zoom", "pop", "calm"),
    *("morph", "seams"),
)
FORMS = ("short", "vfr", "repeats", "many", "card")
KINDS = (*HARD, *GRADUAL, *TRAPS, *FORMS)


def write_script(kind: str, rng: Rng, source: Photographs | Reels) -> Script:
    """A clip of the given kind, drawn from ``rng``."""
    fps = source.rate(rng)
    count = int(rng.integers(4, 8)) if kind == "many" else int(rng.integers(2, 5))
    if kind in TRAPS:
        count = int(rng.choice([1, 2], p=[0.6, 0.4]))
    shots: list[Shot] = [source.shot(rng)]
    for _ in range(count - 1):
        last = shots[-1]
        alike = kind in ("similar", "similar_dissolve") or rng.random() < 0.25
        if kind == "jump":
            shots.append(source.jump(rng, last))
        elif alike:
            shots.append(_similar(last, rng, source))
        else:
            shots.append(source.shot(rng))
    if kind == "card":
        shots[1::2] = [make_card(rng) for _ in shots[1::2]]
    low, high = (0.35, 0.9) if kind == "many" else (0.7, 2.2)
    lengths = [max(5, round(rng.uniform(low, high) * fps)) for _ in shots]
    if kind == "short":
        for i in range(1, count):
            lengths[i] = int(rng.integers(2, 6)) if rng.random() < 0.6 else lengths[i]
        lengths[-1] = max(lengths[-1], 6)
    joins = [make_join(kind, rng, fps) for _ in range(count - 1)]
    script = Script(shots, lengths, joins, fps, crf=int(rng.choice([18, 23, 30, 36])))
    if kind in TRAPS:
        shots[0].events.append(make_event(kind, rng, source, lengths[0], fps))
    if kind == "tail":
        script.last = make_tail(rng)
    if kind == "repeats":
        script.repeat = int(rng.choice([2, 3]))
    if kind == "vfr":
        script.jitter = True
    return script


def _similar(last: Shot, rng: Rng, source: Photographs | Reels) -> Shot:
    """Another shot of the same place that a person tells apart at once."""
    old = cv2.GaussianBlur(last.frame(0, 0.0), (0, 0), 2)
    best, most = last, -1.0
    for _ in range(12):
        shot = source.similar(rng, last)
        new = cv2.GaussianBlur(shot.frame(0, 0.0), (0, 0), 2)
        differs = float(np.abs((new - new.mean()) - (old - old.mean())).mean())
        if differs > most:
            best, most = shot, differs
        if most > 14:
            break
    return best


def encode(path: Path, script: Script, rng: Rng) -> int:
    """Renders and writes an H.264 file; returns its number of frames."""
    import av

    pictures = list(script.frames())
    if script.last is not None:
        for k in range(1, int(rng.integers(1, 3)) + 1):
            pictures[-k] = script.last(pictures[-k])
    pictures = [p for p in pictures for _ in range(script.repeat)]
    for cut in script.cuts:
        for name in ("frame", "start"):
            if name in cut:
                cut[name] *= script.repeat
    fps = script.fps * script.repeat
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001))
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {"crf": str(script.crf), "preset": "veryfast"}
        stream.codec_context.time_base = Fraction(1, 1000)
        now = 0.0
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(np.clip(picture, 0, 255).astype(np.uint8), format="rgb24")
            frame.pts, frame.time_base = int(now * 1000), Fraction(1, 1000)
            now += (rng.uniform(0.6, 2.0) if script.jitter else 1.0) / fps
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return len(pictures)


def load_photos(folder: Path, split: str) -> list[Picture]:
    """The photographs of one split."""
    photos = []
    for name in PHOTOS[split]:
        photo = cv2.imread(str(folder / name), cv2.IMREAD_COLOR)
        if photo is None:
            raise FileNotFoundError(
                f"{folder / name}: not a picture; the photographs lie in scikit-image's skimage/data"
            )
        photos.append(photo[..., ::-1].astype(np.float32))
    return photos


def make(out: Path, seed: str, numbers: range, source: Photographs | Reels, kinds: Sequence[str] = KINDS) -> None:
    """Writes the clips of these numbers of every kind, and their labels."""
    out.mkdir(parents=True, exist_ok=True)
    labels = {}
    for kind in kinds:
        for number in numbers:
            name = f"{kind}_{number:03d}.mp4"
            rng = np.random.default_rng(zlib.crc32(f"{seed}/{name}".encode()))
            script = write_script(kind, rng, source)
            frames = encode(out / name, script, rng)
            labels[name] = {"fps": script.fps * script.repeat, "n_frames": frames, "kind": kind, "cuts": script.cuts}
    (out / "labels.json").write_text(json.dumps(labels, indent=1))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--split", choices=sorted(PHOTOS), default="held-out")
    parser.add_argument("--each", type=int, default=8)
    parser.add_argument("--first", type=int, default=0, help="number of the first clip of each kind")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    origin = parser.add_mutually_exclusive_group(required=True)
    origin.add_argument("--photos", type=Path)
    origin.add_argument("--clips", type=Path)
    given = parser.parse_args()
    numbers = range(given.first, given.first + given.each)
    if given.clips:
        make(given.out, "clips", numbers, Reels(load_reels(given.clips)), given.kinds)
    else:
        make(given.out, given.split, numbers, Photographs(load_photos(given.photos, given.split)), given.kinds)
