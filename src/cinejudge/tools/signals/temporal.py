"""What goes wrong with pictures over time: flicker, freezes, exposure jumps, black frames, loss of sharpness.

All functions look at one shot, so no cut can pass for a fault. Positions count from the shot's first frame.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cinejudge.tools.signals.waveform import spans_of

Series = NDArray[Any]

FLICKER_FRAMES = 8
"""Fewer frames do not tell a flicker from a movement."""
FREEZE_S = 0.25
MOVING = 0.0006
"""Motion of a picture that moves at all: a quiet talking head has 0.002, a title card 0.0002."""
BESIDE = 6
"""Moving frames looked at on either side of a freeze."""
BLACK_LEVEL = 0.03
BLACK_SHARE = 0.98
JUMP = 0.04
JUMP_SIDE = 4
"""Frames either side of a jump whose medians are compared."""
JUMP_LIKENESS = 0.8
SOFT = 0.5
SOFT_FRAMES = 3


class Run(NamedTuple):
    """Frames ``start`` to ``end`` (exclusive)."""

    start: int
    end: int


class Jump(NamedTuple):
    """A sudden lasting change of exposure."""

    at: int
    """First frame of the new exposure."""
    size: float
    """Change of mean brightness, 0 to 1."""


def high_pass(brightness: Series) -> NDArray[np.float64]:
    """Each frame's brightness less the mean of its two neighbours; 0 at both ends; [n].

    A steady rise (a pan towards a window, a fade) gives 0; brightness that alternates by ±a gives ±2a.
    """
    b = np.asarray(brightness, np.float64)
    out = np.zeros(len(b))
    out[1:-1] = b[1:-1] - (b[:-2] + b[2:]) / 2
    return out


def flicker(brightness: Series) -> float | None:
    """Amplitude of frame-to-frame alternation as a share of the mean brightness; None under 8 frames.

    ``mean(|high_pass|, its largest tenth left out) / 2 / mean(brightness)``: 0.04 for brightness that alternates by
    ±4 %. Leaving out the largest tenth keeps single jumps and flashes, which are named by themselves, out of it.
    """
    if len(brightness) < FLICKER_FRAMES:
        return None
    residual = np.sort(np.abs(high_pass(brightness))[1:-1])
    kept = residual[: len(residual) - len(residual) // 10]
    return float(kept.mean() / 2 / max(float(np.mean(brightness)), 0.02))


def freezes(repeats: Series, fps: float) -> list[Run]:
    """Runs in which the picture stands still for 0.25 s or more and at least three frames.

    Args:
        repeats: Above 0.5 where a frame repeats the one before; [n].
        fps: Frames per second.
    """
    starts, ends = spans_of(np.asarray(repeats) > 0.5)
    # The frame that is repeated belongs to the freeze.
    runs = [Run(max(0, int(start) - 1), int(end)) for start, end in zip(starts, ends, strict=True)]
    return [run for run in runs if run.end - run.start >= max(3.0, FREEZE_S * fps)]


def still_around(run: Run, repeats: Series, movement: Series) -> bool:
    """Whether the picture hardly moves before or after a freeze: then it is a still or a title card, not a fault.

    The medians of the motion of up to six frames that are no repeats, on each side, are looked at.

    Args:
        run: The freeze.
        repeats: Above 0.5 where a frame repeats the one before; [n].
        movement: As :func:`motion` gives it; [n].
    """
    live = np.asarray(repeats) <= 0.5
    live[:1] = False
    before = np.asarray(movement)[: run.start + 1][live[: run.start + 1]][-BESIDE:]
    after = np.asarray(movement)[run.end :][live[run.end :]][:BESIDE]
    sides = [float(np.median(side)) for side in (before, after) if len(side)]
    return not sides or min(sides) < MOVING


def repeated_share(repeats: Series, frozen: list[Run]) -> float:
    """Share of frames that repeat the one before, outside freezes, 0 to 1: 0.5 for animation on twos."""
    inside = np.zeros(len(repeats), bool)
    for run in frozen:
        inside[run.start : run.end] = True
    rest = ~inside
    rest[:1] = False
    return float((np.asarray(repeats)[rest] > 0.5).mean()) if rest.any() else 0.0


def black(brightness: Series, dark_share: Series) -> list[Run]:
    """Runs of black frames: mean luma at most 3 %, and 98 % of the pixels under 16/255."""
    starts, ends = spans_of((np.asarray(brightness) <= BLACK_LEVEL) & (np.asarray(dark_share) >= BLACK_SHARE))
    return [Run(int(start), int(end)) for start, end in zip(starts, ends, strict=True)]


def exposure_jumps(brightness: Series, luma: NDArray[np.uint8]) -> list[Jump]:
    """Lasting changes of brightness by 4 % of full scale or more from one frame to the next, the picture staying alike.

    The medians of up to four frames before and after are compared, so that a flash of one frame is none. Alike means
    that the two luma thumbnails correlate by 0.8 or more: else something moved or came in.

    Args:
        brightness: Mean luma of each frame, 0 to 1; [n].
        luma: Thumbnails, uint8 [n, h, w].
    """
    b = np.asarray(brightness, np.float64)
    steps = np.abs(np.diff(b))
    found: list[Jump] = []
    for t in np.flatnonzero(steps >= JUMP / 2) + 1:
        before, after = b[max(0, t - JUMP_SIDE) : t], b[t : t + JUMP_SIDE]
        size = float(np.median(after) - np.median(before))
        around = steps[max(0, t - 1 - JUMP_SIDE) : t - 1 + JUMP_SIDE + 1]
        if abs(size) < JUMP or steps[t - 1] < max(abs(size) / 2, float(around.max())):
            continue
        if len(after) >= 2 and _likeness(luma[t - 1], luma[t]) >= JUMP_LIKENESS:
            found.append(Jump(int(t), size))
    return found


def motion(luma: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Mean absolute luma difference to the frame before, less the median difference; 0 to 1, first frame 0; [n].

    Taking the median off leaves out what changes the whole picture at once, such as a flicker.
    """
    out = np.zeros(len(luma))
    for t in range(1, len(luma)):
        change = luma[t].astype(np.int16) - luma[t - 1]
        out[t] = np.abs(change - np.median(change)).mean() / 255
    return out


def soft_runs(sharpness: Series) -> list[Run]:
    """Runs of three frames or more whose sharpness falls under half of the shot's median."""
    values = np.asarray(sharpness)
    starts, ends = spans_of(values < SOFT * float(np.median(values)))
    return [Run(int(s), int(e)) for s, e in zip(starts, ends, strict=True) if e - s >= SOFT_FRAMES]


def _likeness(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    x, y = (v.astype(np.float64).ravel() - float(v.mean()) for v in (a, b))
    energy = float(np.sqrt((x @ x) * (y @ y)))
    if not energy:
        return float(x @ x == y @ y)
    return float(x @ y) / energy
