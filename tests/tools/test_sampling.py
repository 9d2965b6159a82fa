"""How densely a clip is looked at, and that a long one costs no more than its bound."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from cinejudge.tools.sampling.stretches import MOST_FRAMES, SampledArgs, Stretch, some, stretches
from tests.tools.fakes import FakeFootage, shots


@dataclass
class _Long:
    """Footage of which only the clock is asked."""

    frames: int
    fps: float = 24.0

    @property
    def clip(self) -> Any:
        return SimpleNamespace(frames=self.frames, fps=self.fps, duration_s=self.frames / self.fps)

    def frame_at(self, seconds: float) -> int:
        return int(seconds * self.fps)

    sample = FakeFootage.sample


def _look(frames: int, *spans: tuple[int, int]) -> Any:
    return SimpleNamespace(footage=_Long(frames), shots=shots(*spans))


def test_a_short_clip_is_looked_at_as_densely_as_asked() -> None:
    (part,) = stretches(_look(240), SampledArgs(fps=4))
    assert len(part.frames) == 40 and part.step_s is None


def test_an_hour_is_looked_at_more_thinly_and_says_so() -> None:
    spans = [(start, start + 120) for start in range(0, 86_400, 120)]
    parts = stretches(_look(86_400, *spans), SampledArgs(fps=4))
    assert [part.shot for part in parts] == list(range(720))  # no shot is left out
    assert sum(len(part.frames) for part in parts) <= 1.3 * MOST_FRAMES
    assert parts[0].step_s == 1.5


def test_what_cannot_be_thinned_is_looked_at_in_some_shots_over_the_whole_clip() -> None:
    parts = [Stretch(i, tuple(range(i * 100, i * 100 + 100))) for i in range(20)]
    assert some(parts, 2000) == parts
    chosen = some(parts, 500)
    assert sum(len(part.frames) for part in chosen) <= 500
    assert chosen[0].shot is not None and chosen[0].shot < 5 and chosen[-1].shot is not None and chosen[-1].shot >= 15
    (single,) = some([Stretch(0, tuple(range(5000)))], 500)
    assert len(single.frames) == 500
