"""A clip without a file, for tests of tools whose networks are replaced."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from cinejudge.media import ArtifactStore
from cinejudge.schema import Shot
from cinejudge.tools.contract import Look


class StillFootage:
    """So many frames of one picture, with the part of Footage's interface that tools use."""

    def __init__(self, picture: Any, frames: int, fps: float = 4.0) -> None:
        self.picture = picture
        height, width = picture.shape[:2]
        self.clip = SimpleNamespace(frames=frames, fps=fps, width=width, height=height, duration_s=frames / fps)
        self.times = np.arange(frames) / fps

    def frame_at(self, seconds: float) -> int:
        return int(np.clip(seconds * self.clip.fps, 0, self.clip.frames - 1))

    def sample(self, start: int, end: int, *, fps: float) -> list[int]:
        step = max(1, round(self.clip.fps / fps))
        return list(range(start, end, step))

    def frames(self, indices: Sequence[int], *, max_side: int | None = None) -> Iterator[tuple[int, Any]]:
        return ((i, self.picture) for i in indices)

    def frame(self, index: int, *, max_side: int | None = None) -> Any:
        return self.picture


def make_look(picture: Any, tmp_path: Path, shots: Sequence[tuple[int, int]], fps: float = 4.0) -> Look:
    """A look at stills cut into shots of these frames."""
    footage = StillFootage(picture, shots[-1][1], fps)
    known = tuple(
        Shot(index=i, start_frame=a, end_frame=b, start_s=a / fps, end_s=b / fps, transition_in=None)
        for i, (a, b) in enumerate(shots)
    )
    return Look(footage, known, ArtifactStore(tmp_path / "artifacts"))  # type: ignore[arg-type]
