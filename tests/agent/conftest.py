"""A small clip with known content, a private cache without weights, and one way to judge it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cinejudge.evaluation import RunResult, run
from cinejudge.settings import resolve
from tests.videos import make_video, texture, tone

Judge = Callable[..., RunResult]

BRIEF = """Shot 1 [0-1 s]: Wide shot of a stone wall. Static camera.
Shot 2 [1-2 s]: Close-up of a carpet. Title card "HELLO WORLD".
Shot 3 [2-3 s]: A tower at night.
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own: no weights, no evidence from elsewhere."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("CINEJUDGE_CACHE_DIR", str(folder))
    return folder


def two_shots(path: Path, *, seeds: tuple[int, int] = (1, 2)) -> Path:
    """Two shots of a second each with a hard cut at frame 24, and a tone."""
    pictures = [texture(seed=seeds[i // 24]) for i in range(48)]
    moving = [np.roll(p, (i % 24) // 4, axis=1) for i, p in enumerate(pictures)]
    return make_video(path, moving, fps=24, audio=tone(2.0))


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """The two shots, with a brief of three beside them."""
    folder = tmp_path / "videos"
    folder.mkdir()
    (folder / "clip.txt").write_text(BRIEF, encoding="utf-8")
    return two_shots(folder / "clip.mp4")


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    """Judges files and folders into one place."""

    def go(*paths: Path, **options: Any) -> RunResult:
        return asyncio.run(run(list(paths), resolve({"out": tmp_path / "traces", **options}, environ={})))

    return go
