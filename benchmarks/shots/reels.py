"""Shots of clips that others made, to be joined anew."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from worlds import HEIGHT, WIDTH, Picture, Rng


@dataclass
class Filmed:
    """A part of a clip that others made."""

    pictures: Sequence[NDArray[np.uint8]]
    first: int = 0
    zoom: float = 1.0
    mirrored: bool = False
    events: list[Any] = field(default_factory=list)

    def frame(self, index: int, seconds: float) -> Picture:
        """See :class:`Shot`. Past the end it runs backwards."""
        at = (self.first + index) % (2 * len(self.pictures))
        picture = self.pictures[min(at, 2 * len(self.pictures) - 1 - at)]
        if self.zoom > 1:
            matrix = np.array(
                [[self.zoom, 0, (1 - self.zoom) * WIDTH / 2], [0, self.zoom, (1 - self.zoom) * HEIGHT / 2]]
            )
            picture = cv2.warpAffine(picture, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)
        picture = picture[:, ::-1] if self.mirrored else picture
        for event in self.events:
            picture = event(index, picture)
        return picture


@dataclass(frozen=True)
class Reels:
    """Shots of clips that others made."""

    shots: Sequence[Sequence[NDArray[np.uint8]]]

    def rate(self, rng: Rng) -> float:
        """Frames per second of a clip."""
        return float(rng.choice([16, 24, 25]))

    def shot(self, rng: Rng) -> Filmed:
        """Any shot, from anywhere on."""
        pictures = self.shots[rng.integers(len(self.shots))]
        return Filmed(pictures, int(rng.integers(len(pictures))))

    def similar(self, rng: Rng, last: Any) -> Filmed:
        """The same shot elsewhere in it, closer or mirrored."""
        zoom, mirrored = [(rng.uniform(1.25, 1.7), last.mirrored), (last.zoom, not last.mirrored)][rng.integers(2)]
        return Filmed(last.pictures, int(rng.integers(len(last.pictures))), zoom, mirrored)

    def jump(self, rng: Rng, last: Any) -> Filmed:
        """The same shot a while later, a little closer."""
        later = last.first + int(rng.uniform(0.4, 0.6) * len(last.pictures))
        return Filmed(last.pictures, later, last.zoom * rng.uniform(1.06, 1.15), last.mirrored)

    def still(self, rng: Rng) -> Picture:
        """Any picture."""
        pictures = self.shots[rng.integers(len(self.shots))]
        return pictures[rng.integers(len(pictures))].astype(np.float32)


def load_reels(folder: Path) -> list[list[NDArray[np.uint8]]]:
    """The shots of a folder of labelled clips, cut to this shape; what is ambiguous is left out with its shot."""
    import av

    reels = []
    for name, entry in json.loads((folder / "labels.json").read_text(encoding="utf-8")).items():
        if "cuts" not in entry or not (folder / name).is_file():
            continue
        with av.open(str(folder / name)) as container:
            pictures = [_cut_to_shape(f.to_ndarray(format="rgb24")) for f in container.decode(video=0)]
        starts = [0, *(c["frame"] + 1 for c in entry["cuts"])]
        ends = [*(c.get("start", c["frame"]) - 1 for c in entry["cuts"]), len(pictures)]
        for start, end in zip(starts, ends, strict=True):
            doubtful = any(d["start"] < end and d["end"] >= start for d in entry.get("ambiguous") or [])
            if end - start >= 12 and not doubtful:
                reels.append(pictures[start:end])
    return reels


def _cut_to_shape(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    w, h = min(width, height * WIDTH // HEIGHT), min(height, width * HEIGHT // WIDTH)
    x, y = (width - w) // 2, (height - h) // 2
    part = np.ascontiguousarray(picture[y : y + h, x : x + w])
    return np.asarray(cv2.resize(part, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)
