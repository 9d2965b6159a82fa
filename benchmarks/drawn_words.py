"""Draws words into photographs, films them, and prints how well the tool `ocr` reads them, and what it invents.

Run: python benchmarks/drawn_words.py [--write]   (--write puts the tables into docs/perception.md)

Words are made of letters at random, so that no dictionary helps; some have digits. They stand on a panel of the
photograph's colours, at several heights and contrasts, while the camera drifts slowly, encoded as H.264 at crf 28.
"""

from __future__ import annotations

import argparse
import string
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from page import write_section

from cinejudge import weights
from cinejudge.media import ArtifactStore, Footage
from cinejudge.tools import ocr
from cinejudge.tools.contract import Look
from cinejudge.tools.registry import choose
from cinejudge.tools.text.distance import closest

PHOTOS = ("astronaut.png", "camera.png", "chelsea.png", "coffee.png", "grace_hopper.jpg", "hubble_deep_field.jpg")
SIZE = (768, 432)
FPS, FRAMES = 12, 24
HEIGHTS = (9, 12, 16, 24, 40)
"""Of a capital letter, in pixels."""
CONTRASTS = (25, 60, 140)
"""Between letters and panel, in grey levels."""
FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX)
Picture = NDArray[np.uint8]


class Case(NamedTuple):
    """One word in one photograph."""

    text: str
    photo: str
    height: int
    contrast: int
    font: int


def cases(random: np.random.Generator) -> list[Case]:
    """Every height with every contrast, four times."""
    found = []
    for i, (height, contrast) in enumerate((h, c) for h in HEIGHTS for c in CONTRASTS for _ in range(4)):
        letters = string.ascii_uppercase if i % 2 else string.ascii_lowercase
        text = "".join(random.choice(list(letters), int(random.integers(3, 10))))
        if i % 4 == 3:
            text = "".join(random.choice(list(string.digits), int(random.integers(2, 5))))
        found.append(Case(text, PHOTOS[i % len(PHOTOS)], height, contrast, FONTS[i % len(FONTS)]))
    return found


def photo(name: str) -> Picture:
    """A photograph, RGB, cut and enlarged to fill the frame with a border to drift over."""
    rgb = cv2.imread(str(weights.path("example-photos", name)), cv2.IMREAD_COLOR_RGB)
    factor = max((SIZE[0] + 40) / rgb.shape[1], (SIZE[1] + 40) / rgb.shape[0])
    return np.asarray(cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC), np.uint8)


def draw(rgb: Picture, case: Case) -> None:
    """Letters that differ from their panel by the contrast, on the mean of what is there."""
    scale = cv2.getFontScaleFromHeight(case.font, case.height)
    thick = max(1, round(case.height / 10))
    (width, height), base = cv2.getTextSize(case.text, case.font, scale, thick)
    x, y = 60 + 7 * len(case.text), 300 - case.height
    part = rgb[y - height - base : y + 2 * base, x - base : x + width + base]
    part[:] = part.mean(axis=(0, 1))
    level = part[0, 0].astype(int)
    ink = level + (case.contrast if level.mean() < 128 else -case.contrast)
    cv2.putText(rgb, case.text, (x, y), case.font, scale, [int(v) for v in ink.clip(0, 255)], thick, cv2.LINE_AA)


def film(path: Path, rgb: Picture) -> None:
    """Two seconds of slow drift."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=Fraction(FPS))
        stream.width, stream.height = SIZE
        stream.pix_fmt, stream.options = "yuv420p", {"preset": "veryfast", "crf": "28"}
        for i in range(FRAMES):
            way = np.array([[1, 0, -0.4 * i], [0, 1, -0.25 * i]])
            seen = cv2.warpAffine(rgb, way, SIZE, flags=cv2.INTER_LINEAR)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(seen), format="rgb24")))
        out.mux(stream.encode())


def read(path: Path, folder: Path) -> ocr.Result:
    """What the provider that would run here reads."""
    provider, states = choose(ocr.TOOL)
    if provider is None:
        raise SystemExit("; ".join(f"{s.why}: {s.mend}" for s in states))
    with Footage(path, cache=folder) as footage:
        result: ocr.Result = provider.run(Look(footage, (), ArtifactStore(folder / "artifacts")), ocr.Args())
        return result


def rate(text: str, wordings: tuple[str, ...]) -> float:
    """Character error rate of the closest wording, at most 1."""
    best = closest(text, wordings)
    return min(1.0, best.lenient) if best else 1.0


def main() -> None:
    """Draws, films, reads, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/perception.md")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    sure: dict[tuple[int, int], list[float]] = {}
    any_reading: dict[tuple[int, int], list[float]] = {}
    false = doubtful = 0
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "clip.mp4"
        for photo_name in PHOTOS:
            film(path, photo(photo_name))
            result = read(path, Path(name))
            false, doubtful = false + len(result.lines), doubtful + len(result.doubtful)
        for case in cases(np.random.default_rng(given.seed)):
            rgb = photo(case.photo)
            draw(rgb, case)
            film(path, rgb)
            result = read(path, Path(name))
            key = (case.height, case.contrast)
            sure.setdefault(key, []).append(rate(case.text, result.wordings()))
            any_reading.setdefault(key, []).append(rate(case.text, result.wordings(doubtful=True)))
    lines = ["| height of capitals, px | " + " | ".join(f"contrast {c}" for c in CONTRASTS) + " |"]
    lines.append("|---" * (len(CONTRASTS) + 1) + "|")
    for height in HEIGHTS:
        cells = [f"{np.mean(sure[height, c]):.2f} ({np.mean(any_reading[height, c]):.2f})" for c in CONTRASTS]
        lines.append(f"| {height} | {' | '.join(cells)} |")
    every = [r for rates in sure.values() for r in rates]
    lines.append(
        f"\n{len(every)} words: mean CER {np.mean(every):.3f}, with doubtful lines "
        f"{np.mean([r for rates in any_reading.values() for r in rates]):.3f}. "
        f"{len(PHOTOS)} photographs without text: {false} lines, {doubtful} doubtful ones."
    )
    text = "\n".join(lines)
    print(text)
    if given.write:
        write_section("drawn_words", text)


if __name__ == "__main__":
    main()
