"""Turns the time stamps of a file into a clock that can be relied on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Clock:
    """When each frame is shown."""

    times: NDArray[np.float64]
    """Seconds from the first frame, non-decreasing, [N]."""
    fps: float
    """Frames per second on average."""
    variable: bool
    """Whether the intervals differ by more than rounding."""
    notes: tuple[str, ...]

    @property
    def duration_s(self) -> float:
        """From the first frame until the last has been shown as long as is usual."""
        return float(self.times[-1]) + 1 / self.fps


def settle(stamps: Sequence[float], nominal: float) -> Clock:
    """Makes a clock of raw presentation times.

    Args:
        stamps: Seconds per frame in display order, NaN where the file has none; at least one.
        nominal: The frame rate that the container states.
    """
    raw = np.asarray(stamps, dtype=np.float64)
    notes = []
    missing = int(np.isnan(raw).sum())
    if missing:
        raw = _fill(raw, nominal)
        notes.append(f"frames without a time stamp, placed at {nominal:g} per second: {missing}")
    back = int((np.diff(raw) < 0).sum())
    times = np.maximum.accumulate(raw) - raw[0]
    if back:
        notes.append(f"time stamps that run backwards: {back}")
    if len(times) > 2 and (np.diff(times) <= 0).mean() > 0.5:
        times = np.arange(len(times)) / nominal
        notes.append(f"time stamps are unusable: frames placed at {nominal:g} per second")
    if len(times) < 2 or times[-1] <= 0:
        return Clock(times, nominal, False, tuple(notes))
    fps = (len(times) - 1) / float(times[-1])
    if abs(nominal / fps - 1) < 0.01:
        fps = nominal  # the container rounds its time stamps, to milliseconds in Matroska
    return Clock(times, fps, _varies(np.diff(times)), tuple(notes))


def _fill(raw: NDArray[np.float64], nominal: float) -> NDArray[np.float64]:
    filled = raw.copy()
    last = -1 / nominal
    for index, stamp in enumerate(raw):
        last = last + 1 / nominal if np.isnan(stamp) else float(stamp)
        filled[index] = last
    return filled


def _varies(intervals: NDArray[np.float64]) -> bool:
    usual = float(np.median(intervals))
    return bool((np.abs(intervals - usual) > 0.1 * usual + 0.002).any())
