"""Stand-ins for footage and models, so that tools can be tested without decoding or weights."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from cinejudge.media import ArtifactStore, Sound
from cinejudge.media.measure import SIGNALS, Meter
from cinejudge.schema import Clip, Shot
from cinejudge.tools.contract import Look

from ..media.test_measure import seen

SHA = "ab" * 32


def clip(frames: int = 48, fps: float = 24.0, *, width: int = 320, height: int = 180, sha256: str = SHA) -> Clip:
    return Clip(
        id=sha256[:16],
        sha256=sha256,
        name="clip.mp4",
        size_bytes=1,
        container="mp4",
        video_codec="h264",
        width=width,
        height=height,
        rotation=0,
        fps=fps,
        frames=frames,
        duration_s=frames / fps,
        variable_frame_rate=False,
        audio_codec=None,
        sample_rate=None,
        channels=None,
    )


@dataclass
class FakeFootage:
    """Footage of pictures in memory, measured as the decoding pass measures them."""

    pictures: Any
    """uint8 [N, H, W, 3]."""
    fps: float = 24.0
    sound: Sound | None = None
    sha256: str = SHA
    read: list[int] = field(default_factory=list)
    """Frames that were asked for."""

    def __post_init__(self) -> None:
        count, height, width = self.pictures.shape[:3]
        self.clip = clip(count, self.fps, width=width, height=height, sha256=self.sha256)
        self.times = np.arange(count) / self.fps
        self.stored = np.arange(count, dtype=np.int32)
        measured = [seen(picture) for picture in self.pictures]
        self.luma = np.stack([picture.small for picture in measured])
        self.thumbs = np.stack([picture.thumb for picture in measured])
        meter = Meter()
        table = np.array([meter.measure(picture) for picture in measured], np.float32)
        self.signals = {name: table[:, i] for i, name in enumerate(SIGNALS)}

    def frame_at(self, seconds: float) -> int:
        return int(np.clip(np.searchsorted(self.times, seconds + 1e-6, side="right") - 1, 0, len(self.times) - 1))

    def sample(self, start: int, end: int, *, fps: float | None = None, count: int | None = None) -> list[int]:
        size = end - start
        count = min(size, count or (round(size / self.fps * fps) if fps else size))
        return [start + int((i + 0.5) * size / count) for i in range(count)]

    def frames(self, indices: Any, *, max_side: int | None = None) -> Any:
        for index in indices:
            self.read.append(int(index))
            yield int(index), self.pictures[index].copy()

    def frame(self, index: int, *, max_side: int | None = None) -> Any:
        return self.pictures[index].copy()


def shots(*spans: tuple[int, int], fps: float = 24.0) -> tuple[Shot, ...]:
    return tuple(
        Shot(index=i, start_frame=a, end_frame=b, start_s=a / fps, end_s=b / fps, transition_in=None)
        for i, (a, b) in enumerate(spans)
    )


def look(footage: Any, folder: Path, known: tuple[Shot, ...] = ()) -> Look:
    return Look(footage, known, ArtifactStore(folder))


def scene(count: int = 48, *, width: int = 320, height: int = 180, speed: float = 1.5, seed: int = 0) -> Any:
    """Pictures of a textured wall that the camera passes slowly: uint8 [count, height, width, 3]."""
    import cv2

    rng = np.random.default_rng(seed)
    wide = width + int(count * speed) + 8
    wall = cv2.GaussianBlur(rng.uniform(20, 235, (height, wide, 3)).astype(np.float32), (0, 0), 3)
    wall = (wall - wall.mean()) * 5 + 120
    wall = np.clip(wall, 20, 220)
    out = []
    for i in range(count):
        shift = np.float32([[1, 0, -i * speed], [0, 1, 0]])
        out.append(cv2.warpAffine(wall, shift, (wide, height), flags=cv2.INTER_LINEAR)[:, :width])
    return np.clip(np.stack(out), 0, 255).astype(np.uint8)
