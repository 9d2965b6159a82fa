"""Short films with a brief, kept in layers so that a fault can be put into one of them alone: see `injected.py`.

`teaser` is drawn from photographs with a narrator's lines; the others are cut from the shared clips, with people who
speak: `studio` is filmed, `stage` and `cafe` come from two video models.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from damage import Pictures, Samples

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))
from make_example import RATE, SHARPENING, Image, Window, letter, level, photograph, spoken

WHOLE: Window = (0.5, 0.5, 1.0)
TITLE_S = 1.6
BED_DB = -46


@dataclass(frozen=True)
class Take:
    """One shot: a window that travels over moving pictures, or over one photograph."""

    source: Pictures
    """RGB, [n, height, width, 3]; one picture stands for all frames."""
    count: int
    start: Window
    """Centre x, centre y and width, each as a share of the source's width or height."""
    end: Window
    asked: dict[str, Any]
    """The brief's shot."""
    grade: tuple[float, float, float] = (1.0, 1.0, 1.0)
    title: str = ""


@dataclass(frozen=True)
class Film:
    """Pictures shot by shot, and the sound in layers as long as the pictures; mono at `RATE`."""

    name: str
    fps: int
    size: tuple[int, int]
    takes: tuple[Take, ...]
    speech: Samples
    bed: Samples
    brief: dict[str, Any]
    swap: tuple[int, Take]
    """Place of a shot of somebody seen before, and the shot that shows another face there."""
    jump: int
    """Place of a shot that plays in the scene of the one before."""
    push: int
    """Place of a shot in which the camera pushes in."""
    spare: int
    """Place of a shot without a line, or the one that is missed least."""
    line_s: tuple[float, float]
    """Seconds within one spoken line."""
    on_camera: bool
    music: Samples = field(default_factory=lambda: np.zeros(0, np.float32))

    @property
    def seconds(self) -> float:
        """Length of the pictures."""
        return sum(t.count for t in self.takes) / self.fps

    @property
    def whole_brief(self) -> dict[str, Any]:
        """What the film is meant to be, with the times of its shots as MSAVBench's prompts have them."""
        ends = np.cumsum([take.count for take in self.takes]) / self.fps
        spans = [
            {"start_s": float(b - t.count / self.fps), "end_s": float(b)} for t, b in zip(self.takes, ends, strict=True)
        ]
        shots = [{**take.asked, "span": span} for take, span in zip(self.takes, spans, strict=True)]
        return {"prompt": " ".join(t.asked["description"] for t in self.takes), **self.brief, "shots": shots}

    @property
    def sound(self) -> Samples:
        """All layers, [n, 1]."""
        track = self.speech + self.bed
        track[: self.music.size] += self.music
        return np.clip(track, -1, 1).astype(np.float32)[:, None]

    def pictures(self) -> Pictures:
        """All frames."""
        return np.stack([picture for take in self.takes for picture in _drawn(take, self.size)])


def _drawn(take: Take, size: tuple[int, int]) -> Iterator[Image]:
    still = len(take.source) == 1
    for i in range(take.count):
        source = take.source[0 if still else min(i, len(take.source) - 1)]
        t = i / max(1, take.count - 1)
        x, y, width = ((1 - t) * a + t * b for a, b in zip(take.start, take.end, strict=True))
        scale = width * source.shape[1] / size[0]
        left, top = x * source.shape[1] - scale * size[0] / 2, y * source.shape[0] - scale * size[1] / 2
        move = np.array([[scale, 0, left], [0, scale, top]], np.float32)
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        picture = cv2.warpAffine(source, move, size, flags=flags, borderMode=cv2.BORDER_REFLECT)
        if still:  # an enlarged photograph looks out of focus without
            picture = cv2.addWeighted(picture, 1 + SHARPENING, cv2.GaussianBlur(picture, (0, 0), 1.5), -SHARPENING, 0)
        graded = np.clip(picture * np.array(take.grade, np.float32), 0, 255).astype(np.uint8)
        if take.title:
            letter(graded, take.title)
        yield graded


def clip(path: Path, first: int = 0, last: int | None = None) -> Pictures:
    """Frames of a video, RGB."""
    with av.open(str(path)) as file:
        return np.stack([f.to_ndarray(format="rgb24") for f in file.decode(video=0)][first:last])


def _laid(seconds: float, *parts: tuple[float, Samples]) -> Samples:
    """Sounds laid at their seconds into silence."""
    track = np.zeros(round(seconds * RATE), np.float32)
    for at, samples in parts:
        start = round(at * RATE)
        length = min(samples.size, track.size - start)
        track[start : start + length] += samples[:length]
    return track


def _bed(seconds: float) -> Samples:
    """A quiet room: pink noise."""
    white = np.fft.rfft(np.random.default_rng(7).standard_normal(round(seconds * RATE)))
    pitch = np.fft.rfftfreq(round(seconds * RATE), 1 / RATE)
    return level(np.fft.irfft(white / np.sqrt(np.maximum(pitch, 20)), round(seconds * RATE)), BED_DB).astype(np.float32)


def _card(fps: int, text: str, size: tuple[int, int]) -> Take:
    random = np.random.default_rng(5)
    dark = (random.random((size[1], size[0], 1)) ** 400 * 160 + 14).repeat(3, axis=2).astype(np.uint8)
    asked = {"description": "The title in white letters.", "transition": "hard cut", "texts": [text]}
    return Take(cv2.GaussianBlur(dark, (0, 0), 0.8)[None], round(TITLE_S * fps), WHOLE, WHOLE, asked, title=text)


def _cup(fps: int) -> Take:
    """A shot without people and words, which may go missing without taking anything else along."""
    asked = {"description": "A cup of coffee on a wooden table.", "scene": "a wooden table", "scale": "close-up",
             "camera_motion": "push in", "transition": "hard cut", "subjects": ["cup of coffee"]}  # fmt: skip
    return Take(photograph("coffee.png")[None], round(1.25 * fps), (0.48, 0.48, 0.96), (0.48, 0.45, 0.74), asked)


def teaser(_: Path) -> Film:
    """Eight shots from photographs: two people, each in two shots; a narrator."""
    fps, size = 24, (640, 360)
    names = ("rocket.jpg", "astronaut.png", "grace_hopper.jpg", "hubble_deep_field.jpg")
    rocket, astronaut, officer, stars = (photograph(name)[None] for name in names)
    portrait, office = "a portrait studio with a flag and a model of a shuttle", "an office with a flag"
    her = {"scene": portrait, "subjects": ["astronaut"], "transition": "hard cut", "camera_motion": "push in"}
    his = {"scene": office, "subjects": ["commander"], "transition": "hard cut"}
    takes = (
        Take(
            rocket, 40, (0.50, 0.56, 0.96), (0.50, 0.52, 0.70),
            {"description": "A rocket on its pad.", "scene": "a launch pad at dusk", "scale": "long shot",
             "camera_motion": "push in", "lines": [{"speaker": "Narrator", "text": "We launch at first light."}]},
        ),
        Take(
            astronaut, 36, (0.50, 0.32, 0.98), (0.49, 0.30, 0.80),
            {"description": "The astronaut smiles in her orange suit.", "scale": "medium close-up", **her},
        ),
        Take(
            astronaut, 32, (0.45, 0.22, 0.60), (0.45, 0.21, 0.48),
            {"description": "Nearer, the face of the astronaut.", "scale": "close-up", **her},
        ),
        Take(
            officer, 32, (0.50, 0.36, 0.98), (0.50, 0.36, 0.84),
            {"description": "Her commander in a dark uniform.", "scale": "medium close-up",
             "camera_motion": "push in", **his},
        ),
        Take(
            officer, 30, (0.50, 0.34, 0.56), (0.50, 0.35, 0.70),
            {"description": "Nearer, the commander's face.", "scale": "close-up", "camera_motion": "pull out", **his},
        ),
        Take(
            stars, 56, (0.28, 0.46, 0.50), (0.70, 0.50, 0.50),
            {"description": "Galaxies in deep space.", "scene": "deep space", "scale": "extreme long shot",
             "camera_motion": "pan", "transition": "hard cut",
             "lines": [{"speaker": "Narrator", "text": "The mission has been cancelled."}]},
        ),
        _cup(fps),
        _card(fps, "FIRST LIGHT", size),
    )  # fmt: skip
    seconds = sum(t.count for t in takes) / fps
    lines = [level(spoken(name), -20).astype(np.float32) for name in ("line.opus", "wrong_line.opus")]
    return Film(
        name="teaser", fps=fps, size=size, takes=takes,
        speech=_laid(seconds, (0.15, lines[0]), (7.2, lines[1])), bed=_bed(seconds),
        brief={"genre": "advertising", "style": "photo-realistic", "persons": 2, "sounds": ["a low hum"]},
        swap=(2, Take(officer, 32, (0.50, 0.35, 0.66), (0.50, 0.35, 0.56), takes[2].asked)),
        jump=2, push=1, spare=6, line_s=(7.6, 8.3), on_camera=False,
    )  # fmt: skip


def studio(clips: Path) -> Film:
    """Two filmed men, the first in a wide and in a close shot; all say their line into the camera."""
    fps, size = 25, (540, 432)
    first, second = clips / "grid_lbax4n.mpg", clips / "grid_pwij3p.mpg"
    one, two = clip(first), clip(second)
    said, also = "Lay blue at x four now.", "Place white in j three please."
    his = {"scene": "a studio with a plain green wall", "subjects": ["young man with glasses"]}
    takes = (
        Take(
            one, 75, WHOLE, (0.5, 0.52, 0.78),
            {"description": "A young man with glasses speaks.", "scale": "medium close-up", "camera_motion": "push in",
             "lines": [{"speaker": "Young man", "text": said}], **his},
        ),
        Take(
            one, 75, (0.5, 0.5, 0.56), (0.5, 0.5, 0.56),
            {"description": "His face; he says it again.", "scale": "close-up", "camera_motion": "static",
             "transition": "hard cut", "lines": [{"speaker": "Young man", "text": said}], **his},
        ),
        Take(
            two, 75, WHOLE, WHOLE,
            {"description": "An older man answers.", "scene": "a studio with a bright blue wall",
             "scale": "medium close-up", "camera_motion": "static", "transition": "hard cut",
             "subjects": ["older man"], "lines": [{"speaker": "Older man", "text": also}]},
        ),
        _cup(fps),
        _card(fps, "SECOND TAKE", size),
    )  # fmt: skip
    seconds = sum(t.count for t in takes) / fps
    voice, answer = (level(spoken(str(path)), -22).astype(np.float32) for path in (first, second))
    other = Take(two, 75, (0.5, 0.5, 0.56), (0.5, 0.5, 0.56), takes[1].asked)
    return Film(
        name="studio", fps=fps, size=size, takes=takes,
        speech=_laid(seconds, (0, voice), (3, voice), (6, answer)), bed=_bed(seconds),
        brief={"style": "photo-realistic", "persons": 2, "sounds": ["a quiet room"]},
        swap=(1, other), jump=1, push=0, spare=3, line_s=(6.9, 7.6), on_camera=True,
    )  # fmt: skip


def stage(clips: Path) -> Film:
    """A generated speaker on a stage in two shots, and a man in a robe."""
    fps, size = 25, (640, 400)
    first, second = clips / "universe1_speech_08.mp4", clips / "universe1_speech_01.mp4"
    one, two = clip(first), clip(second)
    his = {"scene": "a stage with a blue background", "subjects": ["bald man in a beige blazer"]}
    takes = (
        Take(
            one[:62], 62, WHOLE, (0.46, 0.5, 0.72),
            {"description": "A bald man in a beige blazer speaks on a stage.", "scale": "medium shot",
             "camera_motion": "push in", **his},
        ),
        Take(
            one[62:], 63, (0.56, 0.36, 0.50), (0.56, 0.36, 0.50),
            {"description": "Nearer, he goes on.", "scale": "close-up", "transition": "hard cut", **his},
        ),
        Take(
            two, 125, WHOLE, WHOLE,
            {"description": "A man with long black hair in a light grey robe.", "scene": "a dimly lit wooden room",
             "scale": "close-up", "transition": "hard cut", "subjects": ["man in a robe"]},
        ),
        _cup(fps),
        _card(fps, "LISTEN NOW", size),
    )  # fmt: skip
    seconds = sum(t.count for t in takes) / fps
    voice, answer = (level(spoken(str(path)), -22).astype(np.float32) for path in (first, second))
    lines = (
        "And yet many people have the experience that when they speak, people don't listen to them. Why is that?",
        "I really have been looking for you for ten years.",
    )
    return Film(
        name="stage", fps=fps, size=size, takes=takes,
        speech=_laid(seconds, (0, voice), (5, answer)), bed=_bed(seconds),
        brief={"style": "photo-realistic", "persons": 2, "sounds": ["a quiet hall"],
               "lines": [{"text": line} for line in lines]},
        swap=(1, Take(two[:63], 63, (0.5, 0.5, 0.8), (0.5, 0.5, 0.8), takes[1].asked)),
        jump=1, push=0, spare=3, line_s=(1.3, 2.1), on_camera=True,
    )  # fmt: skip


def cafe(clips: Path) -> Film:
    """Kept aside while rules were worked on: a generated woman at a microphone in two shots, and two people."""
    fps, size = 24, (744, 384)
    first, second = clips / "ovi_ti2av_8.mp4", clips / "ovi_multiperson_cafe.mp4"
    one, two = clip(first, 0, 121), clip(second, 0, 121)
    hers = {"scene": "a pink wall behind a microphone", "subjects": ["woman with red lipstick"]}
    takes = (
        Take(
            one[:60], 60, WHOLE, (0.56, 0.45, 0.72),
            {"description": "A woman with red lipstick begins to speak at a microphone.",
             "scale": "medium close-up", "camera_motion": "push in", **hers},
        ),
        Take(
            one[60:], 61, (0.60, 0.38, 0.52), (0.60, 0.38, 0.52),
            {"description": "Her face as she goes on.", "scale": "close-up", "camera_motion": "static",
             "transition": "hard cut", **hers},
        ),
        Take(
            two, 121, WHOLE, WHOLE,
            {"description": "A man and a woman talk over cups at a counter.", "scene": "a cafe in the evening",
             "scale": "medium shot", "transition": "hard cut", "subjects": ["man", "woman in a coat"]},
        ),
        _cup(fps),
        _card(fps, "EXTRA FOAM", size),
    )  # fmt: skip
    seconds = sum(t.count for t in takes) / fps
    voice, answer = (level(spoken(str(path)), -22).astype(np.float32) for path in (first, second))
    lines = (
        "The truth is that it's actually a really sad tale.",
        "You always give me extra foam.",
        "That's how I bribe loyal customers.",
    )
    other = clip(clips / "humo_text_audio_1.mp4", 0, 61)
    return Film(
        name="cafe", fps=fps, size=size, takes=takes,
        speech=_laid(seconds, (0, voice[: round(5.04 * RATE)]), (5.04, answer)), bed=_bed(seconds),
        brief={"style": "photo-realistic", "persons": 3, "sounds": ["a quiet room"],
               "lines": [{"text": line} for line in lines]},
        swap=(1, Take(other, 61, (0.45, 0.35, 0.5), (0.45, 0.35, 0.5), takes[1].asked)),
        jump=1, push=0, spare=3, line_s=(5.9, 6.6), on_camera=True,
    )  # fmt: skip


FILMS = {"teaser": teaser, "studio": studio, "stage": stage, "cafe": cafe}
