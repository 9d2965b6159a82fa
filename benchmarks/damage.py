"""The faults that `faults.py` injects: what each does to pictures or sound, at four strengths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Pictures = NDArray[np.uint8]
Samples = NDArray[np.float32]

BEGIN = 0.6
"""Second at which freezes and silences begin."""


def gains(frames: Pictures, factors: NDArray[Any]) -> Pictures:
    """Each frame times its factor; [n] or [n, 3] for one per colour."""
    wide = factors.reshape(len(frames), 1, 1, -1)
    return np.stack([(f * g).round().clip(0, 255).astype(np.uint8) for f, g in zip(frames, wide, strict=True)])


def freeze(frames: Pictures, fps: float, seconds: float) -> Pictures:
    """One frame instead of those that follow it."""
    start, length = round(BEGIN * fps), round(seconds * fps)
    out = frames.copy()
    out[start : start + length] = frames[start]
    return out


def grain(frames: Pictures, sigma: float) -> Pictures:
    """Gaussian noise of that deviation in grey levels, new in each frame."""
    random = np.random.default_rng(0)
    return np.stack([(f + random.normal(0, sigma, (*f.shape[:2], 1))).clip(0, 255).astype(np.uint8) for f in frames])


def blocks(frames: Pictures, quality: int) -> Pictures:
    """JPEG and back."""
    coded = (cv2.imencode(".jpg", f, [cv2.IMWRITE_JPEG_QUALITY, quality])[1] for f in frames)
    return np.stack([cv2.imdecode(c, cv2.IMREAD_COLOR) for c in coded])


def drift(frames: Pictures, share: float) -> Pictures:
    """Red grows and blue fades evenly, by that share at the end."""
    ramp = np.linspace(0, share, len(frames))
    return gains(frames, np.stack([1 + ramp, np.ones_like(ramp), 1 - ramp], axis=1))


def jump(frames: Pictures, factor: float) -> Pictures:
    """Darker from the middle on."""
    return gains(frames, np.where(np.arange(len(frames)) < len(frames) // 2, 1.0, factor))


def silence(samples: Samples, rate: int, seconds: float) -> Samples:
    """Zeros instead of the sound."""
    out = samples.copy()
    out[round(BEGIN * rate) : round((BEGIN + seconds) * rate)] = 0
    return out


def hum(samples: Samples, rate: int, level: float) -> Samples:
    """50 Hz and six harmonics, the k-th k times as weak."""
    t = np.arange(len(samples)) / rate
    tone = sum(level / k * np.sin(2 * np.pi * 50 * k * t) for k in range(1, 8))
    return (samples + np.asarray(tone)[:, None]).clip(-1, 1).astype(np.float32)


PICTURE: dict[str, tuple[str, int, tuple[float, ...], Callable[[Pictures, float, float], Pictures]]] = {
    "flicker (share)": (
        "flicker",
        1,
        (0.01, 0.02, 0.04, 0.08),
        lambda f, _, s: gains(f, 1 + s * (-1.0) ** np.arange(len(f))),
    ),
    "freeze (s)": ("frozen_share", 1, (0.3, 0.6, 0.9, 1.2), freeze),
    "blur (sigma)": (
        "sharpness",
        -1,
        (0.8, 1.5, 2.5, 4.0),
        lambda f, _, s: np.stack([cv2.GaussianBlur(p, (0, 0), s) for p in f]),
    ),
    "noise (sigma)": ("noise", 1, (2, 4, 8, 16), lambda f, _, s: grain(f, s)),
    "blocks (JPEG quality)": ("blockiness", 1, (40, 25, 15, 8), lambda f, _, s: blocks(f, int(s))),
    "exposure jump (gain)": ("largest_jump", 1, (0.8, 0.7, 0.6, 0.5), lambda f, _, s: jump(f, s)),
    "colour drift (share)": ("colour change", 1, (0.05, 0.1, 0.2, 0.4), lambda f, _, s: drift(f, s)),
}
SOUND: dict[str, tuple[str, int, tuple[float, ...], Callable[[Samples, int, float], Samples]]] = {
    "silence (s)": ("silent_share", 1, (0.3, 0.6, 0.9, 1.2), silence),
    "clipping (gain)": ("clipped_share", 1, (3, 6, 12, 24), lambda x, _, s: (x * s).clip(-1, 1)),
    "hum (level)": ("hum prominence", 1, (0.001, 0.003, 0.01, 0.03), hum),
}
"""Own measure, the way it should go, strengths, and the damage."""
FAULTS = PICTURE | SOUND
