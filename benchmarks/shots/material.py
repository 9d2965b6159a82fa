"""Clips with known shots: every kind of transition, and everything that is easily taken for one.

    python benchmarks/shots/material.py OUT [--split train|held-out] [--each N] [--first N]

Writes ``OUT/*.mp4`` and ``OUT/labels.json`` in the form of the labelled clips: ``cuts[].frame`` is the first clean
frame of a new shot, ``start`` the first frame with a trace of it. The two splits share no photograph and no seed. The
photographs are those inside scikit-image's wheel (``skimage/data``): ``pip download --no-deps scikit-image==0.26.0``.
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
from worlds import HEIGHT, WIDTH, Picture, Seen, jump, make_camera, make_place, similar_camera

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
class Join:
    """How one shot gives way to the next."""

    kind: str
    frames: int = 0
    """Frames that show a trace of both; 0 for a hard cut."""
    mix: Callable[[Picture, Picture, float], Picture] | None = None
    labelled: str = "hard"


@dataclass
class Script:
    """A clip before it is rendered."""

    shots: list[Seen]
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


def dissolve(a: Picture, b: Picture, t: float) -> Picture:
    """A straight mixture."""
    return (1 - t) * a + t * b


def through(colour: float) -> Callable[[Picture, Picture, float], Picture]:
    """Out to a colour and in again."""
    return lambda a, b, t: a + (colour - a) * min(1, 2.2 * t) if t < 0.5 else b + (colour - b) * min(1, 2.2 * (1 - t))


def wipe(angle: float, softness: float) -> Callable[[Picture, Picture, float], Picture]:
    """A line that moves across."""
    yy, xx = np.mgrid[0 : 1 : HEIGHT * 1j, 0 : 1 : WIDTH * 1j]
    along = np.cos(angle) * (xx - 0.5) + np.sin(angle) * (yy - 0.5)
    along = (along - along.min()) / np.ptp(along)

    def mix(a: Picture, b: Picture, t: float) -> Picture:
        mask = np.clip((t * (1 + softness) - along) / max(softness, 1e-3), 0, 1)[..., None]
        return (a * (1 - mask) + b * mask).astype(np.float32)

    return mix


def push(a: Picture, b: Picture, t: float) -> Picture:
    """The new picture pushes the old one out."""
    edge = int(t * WIDTH)
    return np.concatenate([a[:, edge:], b[:, :edge]], axis=1)


def melt(a: Picture, b: Picture, t: float) -> Picture:
    """The old picture is torn into the new one, as video models do in a frame or two."""
    rng = np.random.default_rng(int(a.mean() * 1000))
    coarse = rng.normal(0, 14, (2, 4, 6)).astype(np.float32)
    dx, dy = (cv2.resize(c, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC) for c in coarse)
    yy, xx = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    old = cv2.remap(a, xx + t * dx, yy + t * dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    new = cv2.remap(b, xx - (1 - t) * dx, yy - (1 - t) * dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return (1 - t) * old + t * new


def black(rng: np.random.Generator) -> Callable[[Picture, Picture, float], Picture]:
    """A black picture, not quite 0."""
    level = rng.uniform(0, 12)
    return lambda a, b, t: np.full_like(a, level)


Rng = np.random.Generator
HARD = ("cut", "similar", "jump", "blended", "melted")
GRADUAL = ("dissolve", "similar_dissolve", "fade", "wipe", "push", "black")
TRAPS = ("flash", "flicker", "whip", "crossing", "title", "light", "freeze", "tail", "fast_zoom", "pop", "calm")
FORMS = ("short", "vfr", "repeats", "many")
KINDS = (*HARD, *GRADUAL, *TRAPS, *FORMS)


def write_script(kind: str, rng: Rng, photos: Sequence[Picture]) -> Script:
    """A clip of the given kind, drawn from ``rng``."""
    fps = float(rng.choice([8, 12, 16, 24, 25, 30, 50, 60], p=[0.08, 0.08, 0.2, 0.25, 0.17, 0.1, 0.05, 0.07]))
    count = int(rng.integers(4, 8)) if kind == "many" else int(rng.integers(2, 5))
    if kind in TRAPS:
        count = int(rng.choice([1, 2], p=[0.6, 0.4]))
    shots = [Seen(make_place(rng, photos), make_camera(rng))]
    for _ in range(count - 1):
        last = shots[-1]
        alike = kind in ("similar", "similar_dissolve") or rng.random() < 0.25
        if kind == "jump":
            shots.append(jump(rng, last, photos))
        elif alike:
            shots.append(_similar(last, rng))
        else:
            shots.append(Seen(make_place(rng, photos), make_camera(rng)))
    low, high = (0.35, 0.9) if kind == "many" else (0.7, 2.2)
    lengths = [max(5, round(rng.uniform(low, high) * fps)) for _ in shots]
    if kind == "short":
        for i in range(1, count):
            lengths[i] = int(rng.integers(2, 6)) if rng.random() < 0.6 else lengths[i]
        lengths[-1] = max(lengths[-1], 6)
    joins = [_join(kind, rng, fps) for _ in range(count - 1)]
    script = Script(shots, lengths, joins, fps, crf=int(rng.choice([18, 23, 30, 36])))
    if kind in TRAPS:
        shots[0].events.append(_event(kind, rng, photos, lengths[0], fps))
    if kind == "tail":
        script.last = _tail(rng)
    if kind == "repeats":
        script.repeat = int(rng.choice([2, 3]))
    if kind == "vfr":
        script.jitter = True
    return script


def _similar(last: Seen, rng: Rng) -> Seen:
    """Another shot of the same place that a person tells apart at once."""
    old = cv2.GaussianBlur(last.frame(0, 0.0), (0, 0), 2)
    best, most = last, -1.0
    for _ in range(12):
        shot = Seen(last.place, similar_camera(rng, last.camera), rng.uniform(0, 3))
        new = cv2.GaussianBlur(shot.frame(0, 0.0), (0, 0), 2)
        differs = float(np.abs((new - new.mean()) - (old - old.mean())).mean())
        if differs > most:
            best, most = shot, differs
        if most > 14:
            break
    return best


def _join(kind: str, rng: Rng, fps: float) -> Join:
    long = max(3, round(rng.uniform(0.2, 1.3) * fps))
    if kind == "blended" or (kind in ("similar", "cut") and rng.random() < 0.15):
        return Join("hard", 1, dissolve)
    if kind == "melted":
        return Join("hard", int(rng.integers(1, 3)), melt)
    if kind in ("dissolve", "similar_dissolve"):
        return Join("dissolve", long, dissolve, "gradual")
    if kind == "fade":
        return Join("fade", max(4, long), through(float(rng.choice([0, 0, 0, 255]))), "gradual")
    if kind == "wipe":
        return Join("wipe", long, wipe(rng.uniform(0, 2 * np.pi), rng.choice([0.02, 0.15])), "gradual")
    if kind == "push":
        return Join("wipe", long, push, "gradual")
    if kind == "black":
        return Join("cut-to-black", max(2, round(rng.uniform(0.08, 0.6) * fps)), black(rng), "gradual")
    return Join("hard")


def _tail(rng: Rng) -> Callable[[Picture], Picture]:
    how = rng.choice(["grey", "shift", "dark"])
    if how == "grey":
        return lambda p: 0.5 * p + 0.5 * p.mean()
    if how == "dark":
        return lambda p: 0.3 * p
    return lambda p: np.roll(p, (9, 23), axis=(0, 1))


def _event(
    kind: str, rng: Rng, photos: Sequence[Picture], length: int, fps: float
) -> Callable[[int, Picture], Picture]:
    """Something sudden inside a shot that is no cut."""
    at = int(length * rng.uniform(0.25, 0.75))
    lasting = max(1, round(rng.uniform(0.04, 0.2) * fps))
    if kind == "flash":
        strength = rng.uniform(60, 255)
        return lambda i, p: p + strength * (at <= i < at + lasting)
    if kind == "flicker":
        levels = rng.uniform(0.55, 1.25, length + 200)
        return lambda i, p: p * levels[i // 2]
    if kind == "light":
        gain = rng.uniform(0.35, 0.7) * rng.uniform(0.8, 1.2, 3)
        return lambda i, p: p * gain if i >= at else p
    if kind in ("whip", "fast_zoom"):
        return _rush(kind, rng, at, max(3, round(rng.uniform(0.15, 0.5) * fps)))
    if kind == "crossing":
        return _crossing(rng, photos, at, max(3, round(rng.uniform(0.15, 0.6) * fps)))
    if kind == "title":
        return _title(rng, at)
    if kind == "pop":
        return _pop(rng, photos, at)
    if kind == "freeze":
        kept: list[Picture] = []

        def freeze(i: int, p: Picture) -> Picture:
            if i == at:
                kept.append(p)
            return kept[0] if at <= i < at + 6 * lasting and kept else p

        return freeze
    return lambda i, p: p


def _rush(kind: str, rng: Rng, at: int, lasting: int) -> Callable[[int, Picture], Picture]:
    """A whip pan or a crash zoom that ends elsewhere in the same picture, blurred on the way."""
    distance = rng.choice([-1, 1]) * rng.uniform(0.7, 1.6) * WIDTH
    factor = rng.uniform(1.6, 2.6)

    def rush(i: int, p: Picture) -> Picture:
        share = float(np.clip((i - at) / lasting, 0, 1))
        share = share * share * (3 - 2 * share)
        moving = 0 < share < 1
        if kind == "whip":
            wide = np.concatenate([p, p[:, ::-1], p], axis=1)
            offset = int(WIDTH + (share * distance)) % (2 * WIDTH)
            out = np.ascontiguousarray(wide[:, offset : offset + WIDTH])
            if moving:
                width = max(1, int(abs(distance) / lasting))
                out = cv2.blur(out, (width, 1))
            return out
        zoom = 1 + (factor - 1) * share
        matrix = np.array([[zoom, 0, (1 - zoom) * WIDTH / 2], [0, zoom, (1 - zoom) * HEIGHT / 2]])
        return cv2.warpAffine(p, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)

    return rush


def _crossing(rng: Rng, photos: Sequence[Picture], at: int, lasting: int) -> Callable[[int, Picture], Picture]:
    size = (int(rng.uniform(0.5, 1.4) * WIDTH), HEIGHT)
    thing = cv2.GaussianBlur(cv2.resize(photos[rng.integers(len(photos))], size), (0, 0), 4) * rng.uniform(0.2, 0.9)
    right = rng.random() < 0.5

    def cross(i: int, p: Picture) -> Picture:
        share = (i - at) / lasting
        if not 0 <= share <= 1:
            return p
        x = int(-size[0] + share * (WIDTH + size[0]))
        x = WIDTH - size[0] - x if right else x
        out = p.copy()
        left, end = max(0, x), min(WIDTH, x + size[0])
        if end > left:
            out[:, left:end] = thing[:, left - x : end - x]
        return out

    return cross


def _pop(rng: Rng, photos: Sequence[Picture], at: int) -> Callable[[int, Picture], Picture]:
    """Something is there from one frame to the next, as video models let things appear; nothing else changes."""
    height, width = int(rng.uniform(0.2, 0.5) * HEIGHT), int(rng.uniform(0.1, 0.3) * WIDTH)
    thing = cv2.resize(photos[rng.integers(len(photos))], (width, height), interpolation=cv2.INTER_AREA)
    x, y = int(rng.uniform(0, WIDTH - width)), int(rng.uniform(0, HEIGHT - height))

    def pop(i: int, p: Picture) -> Picture:
        if i >= at:
            p = p.copy()
            p[y : y + height, x : x + width] = thing
        return p

    return pop


def _title(rng: Rng, at: int) -> Callable[[int, Picture], Picture]:
    word = "".join(rng.choice(list("AEHKLMNORSTUVXY"), rng.integers(4, 12)))
    scale, thick = rng.uniform(0.9, 2.0), int(rng.integers(2, 6))
    colour = rng.uniform(120, 255, 3).tolist()
    where = (int(rng.uniform(5, 60)), int(rng.uniform(60, 150)))
    panel = rng.random() < 0.3

    def title(i: int, p: Picture) -> Picture:
        if i < at:
            return p
        out = np.clip(p, 0, 255).astype(np.uint8)
        if panel:
            out[HEIGHT // 2 :] //= 4
        return cv2.putText(out, word, where, cv2.FONT_HERSHEY_DUPLEX, scale, colour, thick, cv2.LINE_AA).astype(
            np.float32
        )

    return title


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


def make(out: Path, split: str, numbers: range, photos: Path, kinds: Sequence[str] = KINDS) -> None:
    """Writes the clips of these numbers of every kind, and their labels."""
    out.mkdir(parents=True, exist_ok=True)
    pictures = load_photos(photos, split)
    labels = {}
    for kind in kinds:
        for number in numbers:
            name = f"{kind}_{number:03d}.mp4"
            rng = np.random.default_rng(zlib.crc32(f"{split}/{name}".encode()))
            script = write_script(kind, rng, pictures)
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
    parser.add_argument("--photos", type=Path, required=True)
    given = parser.parse_args()
    make(given.out, given.split, range(given.first, given.first + given.each), given.photos, given.kinds)
