"""Sudden motions and sounds at known times."""

from __future__ import annotations

import numpy as np
import pytest

from cinejudge.tools.signals import events
from cinejudge.tools.signals.events import Event

LENGTH_S = 9.0
BLOWS = (0.8, 1.9, 2.4, 4.1, 5.6, 6.2, 7.7)


def motion(blows: tuple[float, ...], fps: float = 24.0) -> tuple[np.ndarray, np.ndarray]:
    """Steady motion, a burst at each blow that dies away; and the times of the frames."""
    times = np.arange(0, LENGTH_S, 1 / fps)
    noise = np.random.default_rng(0).uniform(0.009, 0.011, len(times))
    bursts = [0.05 * np.exp(-np.maximum(times - b, 0) / 0.15) * (times >= b) for b in blows]
    return noise + np.sum(bursts, axis=0), times


def sounds(late_s: float, blows: tuple[float, ...] = BLOWS) -> list[Event]:
    return [Event(b + late_s, 1.0) for b in blows]


@pytest.mark.parametrize("late_s", [-0.5, -0.1, 0.0, 0.2, 0.7])
def test_the_offset_is_found(late_s: float) -> None:
    change, times = motion(BLOWS)
    seen = events.motion_events(change, times, [(0, len(times))])
    found = events.fit(seen, sounds(late_s), LENGTH_S)
    assert found is not None
    assert found.lag_s == pytest.approx(late_s, abs=0.04)
    assert found.chance <= events.CHANCE


def test_unrelated_sounds_fit_at_random() -> None:
    change, times = motion(BLOWS)
    seen = events.motion_events(change, times, [(0, len(times))])
    rng = np.random.default_rng(5)
    chances = []
    for _ in range(10):
        found = events.fit(seen, [Event(float(t), 1.0) for t in np.sort(rng.uniform(0, LENGTH_S, 7))], LENGTH_S)
        assert found is not None
        chances.append(found.chance)
    assert np.median(chances) > 0.1
    assert sum(c <= events.CHANCE for c in chances) <= 1


def test_a_cut_is_no_event() -> None:
    change, times = motion(())
    change[100] = 0.4
    assert events.motion_events(change, times, [(0, len(times))])
    assert not events.motion_events(change, times, [(0, 100), (100, len(times))])


def test_two_events_are_too_few() -> None:
    assert events.fit([Event(1, 1), Event(2, 1)], sounds(0.0), LENGTH_S) is None
    assert events.fit([Event(b, 1) for b in BLOWS], [Event(1, 1)], LENGTH_S) is None


def test_steady_motion_has_no_events() -> None:
    change, times = motion(())
    assert events.motion_events(change, times, [(0, len(times))]) == []
