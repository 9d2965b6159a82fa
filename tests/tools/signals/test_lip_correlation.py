"""Mouths and voices that are made up, so that offset and kinship are known."""

from __future__ import annotations

import numpy as np
import pytest

from cinejudge.tools.signals import lip_correlation as lips
from cinejudge.tools.signals.lip_correlation import Mouth

LENGTH_S = 6.0


def syllables(seed: int) -> np.ndarray:
    """How far a mouth opens, 100 times a second: smooth bumps at the times of syllables; 0 to 1."""
    rng = np.random.default_rng(seed)
    times = np.arange(0, LENGTH_S, 0.01)
    starts = np.cumsum(rng.uniform(0.15, 0.45, 30))
    return np.asarray(np.max([rng.uniform(0.4, 1) * np.exp(-0.5 * ((times - s) / 0.06) ** 2) for s in starts], axis=0))


def voice(opening: np.ndarray, late_s: float = 0.0) -> np.ndarray:
    """Noise as loud as the mouth is open, float32 at 16 kHz."""
    times = np.arange(0, LENGTH_S, 1 / 16000)
    loud = np.interp(times - late_s, np.arange(len(opening)) / 100, opening)
    noise = np.random.default_rng(9).normal(0, 0.1, len(times))
    return np.asarray(noise * (loud + 0.01), np.float32)


def mouth(opening: np.ndarray, fps: float = 25.0, still: bool = False) -> Mouth:
    times = np.arange(0, LENGTH_S - 0.05, 1 / fps)
    at = np.interp(times, np.arange(len(opening)) / 100, opening) * (not still)
    noise = np.random.default_rng(3).normal(0, 0.03, (len(times), 2)) * (not still)
    motion = np.abs(np.gradient(at)) * fps
    return Mouth(times, at[:, None] + noise, motion)


def agree(seen: Mouth, heard: np.ndarray) -> lips.Agreement | None:
    return lips.agreement(seen, lips.envelope(heard), np.ones(len(seen.times), bool))


@pytest.mark.parametrize("late_s", [-0.4, -0.16, 0.0, 0.08, 0.4])
@pytest.mark.parametrize("fps", [16.0, 24.0, 30.0])
def test_a_late_voice_has_a_positive_lag(late_s: float, fps: float) -> None:
    opening = syllables(1)
    found = agree(mouth(opening, fps), voice(opening, late_s))
    assert found is not None
    assert found.lag_s == pytest.approx(late_s, abs=0.04)
    assert found.score > lips.CLEAR


def test_another_voice_agrees_less() -> None:
    own = [agree(mouth(syllables(s)), voice(syllables(s))) for s in range(20)]
    other = [agree(mouth(syllables(s)), voice(syllables(s + 100))) for s in range(20)]
    scores = [[a.score for a in each if a is not None] for each in (own, other)]
    assert min(scores[0]) > max(scores[1])
    assert min(scores[0]) > lips.CLEAR
    assert np.mean(np.array(scores[1]) >= lips.CLEAR) <= 0.2


def test_only_what_counts_is_compared() -> None:
    first, second = syllables(1), syllables(2)
    half = len(first) // 2
    opening = np.concatenate([first[:half], second[half:]])  # from 3 s on the mouth says something else
    seen = mouth(opening)
    loudness = lips.envelope(voice(first))
    before, after = (lips.agreement(seen, loudness, part) for part in (seen.times < 3, seen.times >= 3))
    assert before is not None and after is not None
    assert before.score > lips.CLEAR > after.score


def test_a_still_mouth_and_silence_tell_nothing() -> None:
    opening = syllables(1)
    assert agree(mouth(opening, still=True), voice(opening)) is None
    assert agree(mouth(opening), np.zeros(16000 * 6, np.float32)) is None


def test_too_few_samples_tell_nothing() -> None:
    seen = mouth(syllables(1))
    few = np.arange(len(seen.times)) < 20
    assert lips.agreement(seen, lips.envelope(voice(syllables(1))), few) is None


def test_loudness_of_the_recording_does_not_matter() -> None:
    heard = voice(syllables(1))
    assert lips.envelope(heard) == pytest.approx(lips.envelope(heard * np.float32(0.05)), abs=1e-3)
