"""Films made in memory: what the segmentation sees of a clip, and senses that look at it without a file."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cinejudge.schema import Clip, Evidence, content_hash
from cinejudge.tools import boundaries, shots
from cinejudge.tools.contract import Tool

FPS = 24.0
TOOLS: dict[str, tuple[Tool[Any, Any], int]] = {"shots": (shots.TOOL, 1), "boundaries": (boundaries.TOOL, 0)}
"""Tool and place of the provider that needs no weights."""


def scene(seed: int, frames: int, *, speed: float = 0.6) -> NDArray[np.float32]:
    """A shot of ``frames`` pictures, 72x128 RGB: a textured place under a camera that moves to the right."""
    rng = np.random.default_rng(seed)
    wide = np.zeros((72, 512, 3), np.float32)
    for cells in (4, 8, 16, 32):
        grid = rng.normal(0, 1, (cells, 4 * cells, 3)).astype(np.float32)
        wide += cv2.resize(grid, (512, 72), interpolation=cv2.INTER_CUBIC) / cells**0.4
    wide = np.clip(rng.uniform(70, 180, 3) + 45 * wide, 0, 255)
    shift = (np.float32([[1, 0, -(20 + speed * t)], [0, 1, 0]]) for t in range(frames))
    return np.stack([cv2.warpAffine(wide, m, (128, 72), borderMode=cv2.BORDER_REFLECT) for m in shift])


def mixed(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """A dissolve between two stretches of equal length."""
    share = (np.arange(1, len(a) + 1) / (len(a) + 1))[:, None, None, None]
    return np.asarray((1 - share) * a + share * b, np.float32)


class Film:
    """Footage and senses in one: tools run at once, on arrays."""

    def __init__(self, *parts: NDArray[np.float32], fps: float = FPS) -> None:
        """Joins parts of ``[n, 72, 128, 3]``."""
        pictures = np.clip(np.concatenate(parts), 0, 255).astype(np.uint8)
        self.luma = np.stack([cv2.cvtColor(p, cv2.COLOR_RGB2GRAY) for p in pictures])
        self.thumbs = np.stack([cv2.resize(p, (48, 27), interpolation=cv2.INTER_AREA) for p in pictures])
        self.pictures = pictures
        self.times = np.arange(len(pictures)) / fps
        self.clip = Clip(
            id="0" * 16,
            sha256="0" * 64,
            name="film.mp4",
            size_bytes=1,
            container="mp4",
            video_codec="h264",
            width=128,
            height=72,
            rotation=0,
            fps=fps,
            frames=len(pictures),
            duration_s=len(pictures) / fps,
            variable_frame_rate=False,
            audio_codec=None,
            sample_rate=None,
            channels=None,
        )
        self.looked: list[str] = []
        self.shots: tuple[Any, ...] = ()
        self.store = Store()

    @property
    def footage(self) -> Any:
        """Itself: it has what the tools read."""
        return self

    def frames(self, indices: list[int], *, max_side: int | None = None) -> Any:
        """Pictures by index."""
        return ((i, self.pictures[i]) for i in indices)

    async def look(self, name: str, **args: Any) -> Evidence:
        """Runs the provider that needs no weights."""
        self.looked.append(name)
        tool, place = TOOLS[name]
        checked = tool.args.model_validate(args)
        look: Any = SimpleNamespace(footage=self, shots=(), store=self.store, device="cpu", artifacts=[])
        found = tool.providers[place].run(look, checked)
        plain = checked.model_dump(mode="json")
        return Evidence(
            id=f"ev_{content_hash([name, plain])[:12]}",
            tool=name,
            provider="test",
            version="1",
            fidelity="own",
            args=plain,
            status="found",
            data=found.model_dump(mode="json"),
        )

    def result(self, evidence: Evidence) -> Any:
        """The typed result."""
        return TOOLS[evidence.tool][0].result.model_validate(evidence.data)


class Store:
    """Keeps what was put."""

    def __init__(self) -> None:
        """Empty."""
        self.captions: list[str] = []

    def put_image(self, rgb: NDArray[np.uint8], caption: str, **_: Any) -> Any:
        """Counts pictures by caption."""
        from cinejudge.schema import Artifact

        self.captions.append(caption)
        digest = content_hash([caption, len(self.captions)])
        height, width = rgb.shape[:2]
        return Artifact(sha256=digest, media_type="image/jpeg", caption=caption, width=width, height=height)
