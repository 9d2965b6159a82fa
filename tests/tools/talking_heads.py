"""Made-up mouths that open and close, put before tools in place of followed ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cinejudge.media import Sound
from cinejudge.tools.contract import Look
from cinejudge.tools.models import mouth, whisper
from cinejudge.tools.models.mouth import MouthTrack
from tests.tools.signals.test_lip_correlation import LENGTH_S, syllables
from tests.tools.stand_in import make_look

PICTURE = np.full((200, 300, 3), 90, np.uint8)
FPS = 25.0
FRAMES = round(LENGTH_S * FPS)
TALKS = syllables(1)


def head(opening: Any, side_px: float = 120.0, yaw: float | None = 5.0, left: float = 0.2) -> MouthTrack:
    """A mouth that opens so; the opening is in tenths of the distance between the eyes."""
    track = MouthTrack(0, side_px=side_px, yaw=yaw)
    noise = np.random.default_rng(2).normal(0, 0.002, (FRAMES, 5))
    for frame in range(FRAMES):
        at = float(np.interp(frame / FPS, np.arange(len(opening)) / 100, opening)) * 0.1
        track.frames.append(frame)
        track.times.append(frame / FPS)
        track.shapes.append(tuple(at + noise[frame]))
        track.patches.append(np.full((32, 32), 100 * at, np.float32) + np.eye(32, dtype=np.float32) * 40)
        track.boxes.append((left, 0.3, left + 0.3, 0.7))
    return track


def talking(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    heads: Sequence[MouthTrack],
    sound: Any,
    spoken: Sequence[tuple[float, float]] = ((0.2, LENGTH_S - 0.2),),
) -> Look:
    """A clip with these heads and this sound, in which somebody speaks at these times."""
    monkeypatch.setattr(whisper, "speech_spans", lambda samples: list(spoken))
    monkeypatch.setattr(mouth, "mouths", lambda *_: list(heads))
    look = make_look(PICTURE, tmp_path, [(0, FRAMES)], FPS)
    look.footage.sound = None if sound is None else Sound(sound[:, None], 16000)  # type: ignore[misc]
    return look
