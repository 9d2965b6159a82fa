"""Renders the example: one teaser by two make-believe models, with faults that the verdict should find.

Writes `OUT/model-a/teaser.mp4` and `OUT/model-b/teaser.mp4`, each with its brief beside it. Everything is drawn from
photographs (`cinejudge weights pull example-photos`), two spoken lines and tones made here, the same every time.
What is really in the clips stands in `truth.json`.

Run: python examples/make_example.py [OUT]
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt

from cinejudge import weights
from cinejudge.schema.errors import CinejudgeError

HERE = Path(__file__).parent
MATERIAL = HERE / "material"
FPS = 24
RATE = 48_000
SIZE = (640, 360)
SHARPENING = 1.5

Image = npt.NDArray[np.uint8]
Samples = npt.NDArray[np.float32]
Window = tuple[float, float, float]
"""Where the camera looks on a photograph: centre x, centre y and width, as shares of the photograph's width."""


@dataclass(frozen=True)
class Shot:
    """A photograph with a camera move over it."""

    photo: str
    frames: int
    start: Window
    end: Window
    dissolve: int = 0
    """Frames at the beginning that still show the shot before."""
    grade: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Factors of red, green and blue."""
    frozen: tuple[int, int] | None = None
    """Frames, from the shot's beginning, that repeat the first of them."""
    title: str = ""


@dataclass(frozen=True)
class Film:
    """One model's clip."""

    shots: tuple[Shot, ...]
    line: str
    line_at: float
    """Seconds."""
    silence: tuple[float, float] | None = None
    """Seconds without any sound."""


ROCKET = Shot("rocket.jpg", 34, (0.50, 0.40, 0.96), (0.50, 0.36, 0.74))
ASTRONAUT = Shot("astronaut.png", 32, (0.50, 0.32, 0.98), (0.49, 0.31, 0.90))
HER_FACE = Shot("astronaut.png", 30, (0.46, 0.24, 0.60), (0.45, 0.23, 0.52))
COMMANDER = Shot("grace_hopper.jpg", 30, (0.51, 0.42, 0.78), (0.50, 0.44, 0.96))
STARS = Shot("hubble_deep_field.jpg", 56, (0.28, 0.40, 0.50), (0.70, 0.44, 0.50), dissolve=14)
COFFEE = Shot("coffee.png", 30, (0.48, 0.32, 0.96), (0.48, 0.30, 0.74))
TITLE = Shot(
    "hubble_deep_field.jpg", 40, (0.40, 0.55, 0.30), (0.46, 0.55, 0.30), grade=(0.3, 0.3, 0.3), title="FIRST LIGHT"
)

FILMS = {
    "model-a": Film(
        shots=(ROCKET, ASTRONAUT, HER_FACE, COMMANDER, STARS, replace(TITLE, title="FRIST LIGHT")),
        line="line.opus",
        line_at=5.4,
    ),
    "model-b": Film(
        shots=(
            ROCKET,
            ASTRONAUT,
            replace(HER_FACE, grade=(0.35, 0.70, 0.80)),
            COMMANDER,
            replace(STARS, frozen=(24, 56)),
            COFFEE,
            TITLE,
        ),
        line="wrong_line.opus",
        line_at=5.4,
        silence=(8.0, 9.5),
    ),
}


def make(out: Path, photo: Callable[[str], Image], size: tuple[int, int] = SIZE) -> list[Path]:
    """Renders both clips.

    Args:
        out: Folder to write into; made when absent.
        photo: Gives a photograph by file name, RGB.
        size: Width and height in pixels, both even.

    Returns:
        The clips' paths.
    """
    made = []
    for model, film in FILMS.items():
        folder = out / model
        folder.mkdir(parents=True, exist_ok=True)
        made.append(folder / "teaser.mp4")
        photos = {shot.photo: photo(shot.photo) for shot in film.shots}
        seconds = sum(shot.frames for shot in film.shots) / FPS
        write(made[-1], pictures(film, photos, size), sound(film, seconds), size)
        shutil.copyfile(MATERIAL / "teaser.yaml", folder / "teaser.yaml")
    return made


def pictures(film: Film, photos: Mapping[str, Image], size: tuple[int, int]) -> Iterator[Image]:
    """All frames of a film, RGB."""
    before: Image | None = None
    for shot in film.shots:
        for i in range(shot.frames):
            picture = draw(shot, photos[shot.photo], i, size)
            if i < shot.dissolve and before is not None:
                share = (i + 1) / (shot.dissolve + 1)
                picture = cv2.addWeighted(picture, share, before, 1 - share, 0)
            yield picture
        before = picture


def draw(shot: Shot, photo: Image, index: int, size: tuple[int, int]) -> Image:
    """One frame of a shot."""
    if shot.frozen and shot.frozen[0] <= index < shot.frozen[1]:
        index = shot.frozen[0]
    t = index / (shot.frames - 1)
    x, y, width = ((1 - t) * a + t * b for a, b in zip(shot.start, shot.end, strict=True))
    scale = width * photo.shape[1] / size[0]
    left, top = (x - width / 2) * photo.shape[1], y * photo.shape[1] - scale * size[1] / 2
    move = np.array([[scale, 0, left], [0, scale, top]], np.float32)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    picture = cv2.warpAffine(photo, move, size, flags=flags, borderMode=cv2.BORDER_REFLECT)
    # The photographs are small: enlarged, they would look out of focus without some sharpening.
    crisp = cv2.addWeighted(picture, 1 + SHARPENING, cv2.GaussianBlur(picture, (0, 0), 1.5), -SHARPENING, 0)
    graded = np.clip(crisp * np.array(shot.grade, np.float32), 0, 255).astype(np.uint8)
    if shot.title:
        letter(graded, shot.title)
    return graded


def letter(picture: Image, text: str) -> None:
    """Writes a title across the middle."""
    height, width = picture.shape[:2]
    scale, thickness = width / 320, max(1, width // 160)
    (wide, high), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, scale, thickness)
    place = ((width - wide) // 2, (height + high) // 2)
    cv2.putText(picture, text, place, cv2.FONT_HERSHEY_DUPLEX, scale, (255, 255, 255), thickness, cv2.LINE_AA)


def sound(film: Film, seconds: float) -> Samples:
    """The whole sound track, mono: a soft pad, the hum of a machine room, and the line in front of both."""
    t = np.arange(round(seconds * RATE)) / RATE
    swell = 0.75 + 0.25 * np.cos(2 * np.pi * 0.25 * t)
    pad = sum(np.sin(2 * np.pi * pitch * t) / (k + 1) for k, pitch in enumerate((220.0, 277.2, 329.6, 440.0)))
    noise = np.random.default_rng(7).standard_normal(t.size)
    hum = np.convolve(noise, np.hanning(96) / 48, mode="same") + 0.5 * np.sin(2 * np.pi * 100 * t)
    track = level(np.asarray(pad * swell), -34) + level(hum, -44)
    line = level(spoken(film.line), -20)
    start = round(film.line_at * RATE)
    track[start : start + line.size] += line
    if film.silence:
        track[round(film.silence[0] * RATE) : round(film.silence[1] * RATE)] = 0
    fade = np.minimum(1, np.minimum(t, seconds - t) / 0.05)
    # Whole steps of 16 bits: the last bits of a float may differ from machine to machine.
    return (np.round(track * fade * 32767) / 32767).astype(np.float32)


def level(samples: npt.NDArray[np.floating], decibels: float) -> npt.NDArray[np.float64]:
    """The samples at a loudness of so many decibels (RMS, relative to full scale)."""
    rms = float(np.sqrt(np.mean(np.square(samples))))
    return np.asarray(samples * (10 ** (decibels / 20) / rms), np.float64)


def spoken(name: str) -> Samples:
    """A spoken line, mono."""
    with av.open(str(MATERIAL / name)) as file:
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=RATE)
        parts = [out.to_ndarray()[0] for frame in file.decode(audio=0) for out in resampler.resample(frame)]
    return np.concatenate(parts)


def write(path: Path, frames: Iterator[Image], samples: Samples, size: tuple[int, int]) -> None:
    """Encodes H.264 and AAC into an MP4 that appears only when it is whole."""
    part = path.with_suffix(".part")
    with av.open(str(part), "w", format="mp4") as file:
        # A constant quantiser: with rate control, the encoder gave other bytes in a few of a hundred runs.
        options = {"qp": "22", "bf": "0", "threads": "1"}
        video = file.add_stream("libx264", rate=FPS, options=options)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        audio = file.add_stream("aac", rate=RATE, layout="mono")
        audio.bit_rate = 96_000
        for frame in frames:
            file.mux(video.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        file.mux(video.encode(None))
        for start in range(0, samples.size, 1024):
            block = av.AudioFrame.from_ndarray(samples[None, start : start + 1024], format="fltp", layout="mono")
            block.sample_rate, block.pts = RATE, start
            file.mux(audio.encode(block))
        file.mux(audio.encode(None))
    part.replace(path)


def photograph(name: str) -> Image:
    """A photograph of the catalogue, RGB."""
    picture = cv2.imread(str(weights.path("example-photos", name)), cv2.IMREAD_COLOR)
    if picture is None:
        raise OSError(f"{name}: not a readable picture")
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def main() -> int:
    """Renders into the folder given, or `examples/out`."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "out"
    try:
        for path in make(out, photograph):
            print(path)
    except CinejudgeError as error:
        print(f"make_example: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
