"""Renders camera moves from photographs, lets the tool `camera` name them, and prints how often it is right.

Run: python benchmarks/camera.py [--write]   (--write puts the table into docs/perception.md)
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from page import write_section

from cinejudge import weights
from cinejudge.media import ArtifactStore, Footage
from cinejudge.schema import Shot
from cinejudge.tools import camera
from cinejudge.tools.contract import Abstain, Look

PHOTOS = ("coffee.png", "rocket.jpg", "hubble_deep_field.jpg")
"""Those without people or animals, which the tool leaves out as moving by themselves. Each is also laid on its side."""
SECONDS = 3.0
SPEEDS = {"slow": 0.35, "medium": 1.0, "fast": 3.0}
"""Factor on the rates of :data:`MOVES`."""

Velocity = tuple[complex, float, float]
"""Of the camera: picture widths per second (right and down), zoom rate per second (in is positive), degrees per second
(clockwise is positive)."""

MOVES: dict[str, Velocity] = {
    "pan_right": (0.1, 0, 0),
    "pan_left": (-0.1, 0, 0),
    "tilt_up": (-0.08j, 0, 0),
    "tilt_down": (0.08j, 0, 0),
    "push_in": (0, 0.1, 0),
    "pull_out": (0, -0.1, 0),
    "roll_clockwise": (0, 0, 6.0),
    "roll_counterclockwise": (0, 0, -6.0),
    "pan_right+tilt_up": (0.08 - 0.07j, 0, 0),
    "pan_left+tilt_down": (-0.08 + 0.07j, 0, 0),
    "pan_right+push_in": (0.1, 0.15, 0),
    "pan_left+pull_out": (-0.1, -0.15, 0),
    "tilt_up+pull_out": (-0.1j, -0.15, 0),
    "push_in+roll_clockwise": (0, 0.1, 6.0),
}
TRACKS: dict[str, Velocity] = {"track_right": (0.1, 0, 0), "track_left": (-0.1, 0, 0)}
"""The same as a pan, with something near that passes faster."""
SHAKES = {"handheld": 0.006, "handheld+push_in": 0.006, "handheld+pan_right": 0.006}
"""Deviation of the tremor in picture widths, 2.5 to 6 Hz."""
FORMATS = ((8, 18), (12, 28), (24, 18), (24, 36), (30, 28), (60, 28))
"""Frames per second and x264's constant rate factor."""


@dataclass(frozen=True)
class Case:
    """One clip to render."""

    truth: str
    speed: str
    photo: str
    on_its_side: bool
    fps: int
    crf: int
    world: str = "plain"
    """``plain``, ``subject`` (something moves through the picture), ``noise`` (grain and flickering light)."""
    size: tuple[int, int] = (640, 360)
    seed: int = 0


def cases() -> Iterator[Case]:
    """Every move at every speed, with frame rates, compressions, photographs and worlds in rotation."""
    photos = itertools.cycle(itertools.product((False, True), PHOTOS))
    formats, worlds = itertools.cycle(FORMATS), itertools.cycle(_worlds())
    sizes = itertools.cycle([(640, 360), (640, 360), (512, 512), (360, 640), (1280, 720)])
    seed = itertools.count()

    def case(truth: str, speed: str) -> Case:
        fps, crf = next(formats)
        on_its_side, photo = next(photos)
        return Case(truth, speed, photo, on_its_side, fps, crf, next(worlds), next(sizes), next(seed))

    for truth in (*MOVES, *TRACKS):
        for speed in SPEEDS:
            yield case(truth, speed)
            yield case(truth, speed)
    for truth in ("static", *SHAKES):
        for speed in ("slow", "medium", "fast"):
            yield from (case(truth, speed) for _ in range(4 if truth == "static" else 2))


def _worlds() -> tuple[str, ...]:
    return ("plain", "plain", "subject", "noise", "plain", "subject", "plain")


def render(case: Case) -> Iterator[NDArray[np.uint8]]:
    """The frames of a case, RGB."""
    random = np.random.default_rng(case.seed)
    photo = _photo(case.photo)
    if case.on_its_side:
        photo = np.ascontiguousarray(photo.swapaxes(0, 1))
    count = round(SECONDS * case.fps)
    velocity, shake = _velocity(case)
    tremor = _tremor(random, count, case.fps) * shake
    subject = _photo("grace_hopper.jpg")
    start = complex(*random.uniform(-0.15, 0.15, 2))
    # The view is so wide that the photograph is about one and a half times as wide; mirrored, it goes on for ever.
    view = photo.shape[1] * 0.7
    way, zoom, roll = start, -velocity[1] * SECONDS / 2, 0.0
    flicker = 1.0
    for index in range(count):
        turn = np.exp(1j * np.deg2rad(roll))
        picture = _seen(photo, way + tremor[index] * turn / np.exp(zoom), zoom, turn, view, case.size)
        if case.truth in TRACKS:
            _near(picture, subject, way - start)
        if case.world == "subject":
            _pass_by(picture, subject, index / count, case.seed)
        if case.world == "noise":
            flicker = 0.9 * flicker + 0.1 * random.uniform(0.85, 1.15)
            grain = random.normal(0, 6, picture.shape)
            picture = np.clip(picture * flicker + grain, 0, 255).astype(np.uint8)
        yield picture
        step = 1 / case.fps
        way += velocity[0] * turn / np.exp(zoom) * step
        zoom += velocity[1] * step
        roll += velocity[2] * step


def _velocity(case: Case) -> tuple[Velocity, float]:
    speed = SPEEDS[case.speed]
    if case.truth == "static":
        return (0, 0, 0), 0.0
    moves = [m for m in case.truth.split("+") if m != "handheld"]
    shake = SHAKES.get(case.truth, 0.0) * {"slow": 0.7, "medium": 1.0, "fast": 2.0}[case.speed]
    if shake:
        speed = 1.0
    if not moves:
        return (0, 0, 0), shake
    shift, zoom, roll = (MOVES | TRACKS)["+".join(moves)]
    return (shift * speed, zoom * speed, roll * speed), shake


def _tremor(random: np.random.Generator, count: int, fps: int) -> NDArray[np.complex128]:
    """Unit deviation along each axis on average, between 2.5 and 6 Hz (or what the frame rate carries)."""
    times = np.arange(count) / fps
    waves = np.zeros(count, complex)
    for _ in range(6):
        hertz = random.uniform(2.5, min(6.0, 0.4 * fps))
        waves += np.exp(2j * np.pi * (hertz * times + random.uniform())) * np.exp(2j * np.pi * random.uniform())
    return waves / np.sqrt(np.mean(np.abs(waves) ** 2))


def _photo(name: str) -> NDArray[np.uint8]:
    picture = cv2.imread(str(weights.path("example-photos", name)), cv2.IMREAD_COLOR_RGB)
    return np.asarray(picture, dtype=np.uint8)


def _seen(
    photo: NDArray[np.uint8], centre: complex, zoom: float, turn: complex, view: float, size: tuple[int, int]
) -> NDArray[np.uint8]:
    """What the camera sees: ``centre`` in view widths from the photograph's middle, turned and zoomed."""
    width, height = size
    scale = view / width / np.exp(zoom)
    a = turn * scale
    middle = complex(photo.shape[1] / 2, photo.shape[0] / 2) + centre * view
    corner = middle - a * complex(width / 2, height / 2)
    matrix = np.array([[a.real, -a.imag, corner.real], [a.imag, a.real, corner.imag]])
    seen = cv2.warpAffine(
        photo, matrix, size, flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT_101
    )
    return np.asarray(seen, dtype=np.uint8)


def _near(picture: NDArray[np.uint8], thing: NDArray[np.uint8], moved: complex) -> None:
    """Posts that stand before the scene and pass 2.2 times as fast."""
    height, width = picture.shape[:2]
    post_width = round(width * 0.09)
    post = cv2.resize(thing, (post_width, height), interpolation=cv2.INTER_AREA)
    for place in np.arange(-12, 13) * 0.37:
        x = round((0.5 + place - 2.2 * moved.real) * width)
        x0, x1 = max(x, 0), min(x + post_width, width)
        if x1 > x0:
            picture[:, x0:x1] = post[:, x0 - x : x1 - x]


def _pass_by(picture: NDArray[np.uint8], thing: NDArray[np.uint8], share: float, seed: int) -> None:
    """Somebody in an oval, three fifths of the picture high, passes through, bobbing."""
    height, width = picture.shape[:2]
    h = round(min(height, width) * 0.6)
    w = round(h * thing.shape[1] / thing.shape[0])
    figure = cv2.resize(thing, (w, h), interpolation=cv2.INTER_AREA)
    mask = np.zeros((h, w), np.uint8)
    cv2.ellipse(mask, (w // 2, h // 2), (w // 2, h // 2), 0, 0, 360, 255, -1)
    along = share if seed % 2 else 1 - share
    x = round((0.1 + 0.5 * along) * width)
    y = round(height * (0.25 + 0.03 * np.sin(share * 20)))
    x1, y1 = min(x + w, width), min(y + h, height)
    inside = mask[: y1 - y, : x1 - x] > 0
    picture[y:y1, x:x1][inside] = figure[: y1 - y, : x1 - x][inside]


def encode(path: Path, case: Case) -> None:
    """Writes the case as H.264."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=Fraction(case.fps))
        stream.width, stream.height = case.size
        stream.pix_fmt = "yuv420p"
        stream.options = {"preset": "veryfast", "crf": str(case.crf)}
        for picture in render(case):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")))
        out.mux(stream.encode())


def judge(case: Case, folder: Path) -> tuple[str, float, float]:
    """What the tool says of a case, and the seconds that it took, without and with decoding."""
    path = folder / "case.mp4"
    encode(path, case)
    begun = time.perf_counter()
    with Footage(path, cache=folder) as footage:
        count = footage.clip.frames
        shot = Shot(
            index=0, start_frame=0, end_frame=count, start_s=0, end_s=footage.clip.duration_s, transition_in=None
        )
        look = Look(footage, (shot,), ArtifactStore(folder / "artifacts"))
        decoded = time.perf_counter()
        try:
            found = camera.TOOL.providers[0].run(look, camera.Args()).shots[0]
            said = "+".join(sorted(found.labels))
        except Abstain as why:
            said = f"abstained: {why}"
        done = time.perf_counter()
    path.unlink()
    return said, done - decoded, done - begun


def table(results: list[tuple[Case, str]]) -> str:
    """Right answers by move and speed, and by frame rate and world, as Markdown."""
    lines = ["| move | slow | medium | fast |", "|---|---|---|---|"]
    for truth in dict.fromkeys(case.truth for case, _ in results):
        cells = [_right([r for r in results if r[0].truth == truth and r[0].speed == speed]) for speed in SPEEDS]
        lines.append(f"| {truth.replace('_', ' ').replace('+', ' + ')} | {' | '.join(cells)} |")
    tracks = [r for r in results if r[0].truth in TRACKS]
    others = [r for r in results if r[0].truth not in TRACKS]
    lines.append(f"\n**Right: {_right(others)} ({_share(others):.1%}); tracks {_right(tracks)}.** By frame rate: ")
    lines[-1] += ", ".join(
        f"{fps} fps crf {crf} {_right([r for r in results if (r[0].fps, r[0].crf) == (fps, crf)])}"
        for fps, crf in FORMATS
    )
    worlds = {"plain": "nothing else", "subject": "a person walking through", "noise": "grain and flickering light"}
    lines[-1] += "; with " + ", ".join(
        f"{words} {_right([r for r in results if r[0].world == world])}" for world, words in worlds.items()
    )
    wrong = [f"{c.truth} {c.speed} at {c.fps} fps told as {said}" for c, said in results if not _is(c, said)]
    lines[-1] += "."
    if wrong:
        lines.append("\nWrong: " + "; ".join(wrong).replace("_", " ") + ".")
    return "\n".join(lines)


def _is(case: Case, said: str) -> bool:
    return said == "+".join(sorted(case.truth.split("+")))


def _share(results: list[tuple[Case, str]]) -> float:
    return sum(_is(*r) for r in results) / len(results)


def _right(results: list[tuple[Case, str]]) -> str:
    return f"{sum(_is(*r) for r in results)}/{len(results)}"


def main() -> None:
    """Renders, judges, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into docs/perception.md")
    parser.add_argument("--seed", type=int, default=0, help="other starting points, tremors and paths")
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    results, seconds = [], 0.0
    with tempfile.TemporaryDirectory() as name:
        for case in cases():
            case = replace(case, seed=case.seed + 1000 * chosen.seed)
            said, taken, _ = judge(case, Path(name))
            results.append((case, said))
            seconds += taken
            print("right" if _is(case, said) else "WRONG", case, "->", said, file=sys.stderr, flush=True)
    text = (
        f"{table(results)}\n\nSeconds per second of video, decoding left out: {seconds / SECONDS / len(results):.2f}."
    )
    print(text)
    if chosen.write:
        write_section("camera", text)


if __name__ == "__main__":
    main()
