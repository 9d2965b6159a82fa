"""How one shot gives way to the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from worlds import HEIGHT, WIDTH, Picture, Rng


@dataclass
class Join:
    """How one shot gives way to the next."""

    kind: str
    frames: int = 0
    """Frames that show a trace of both; 0 for a hard cut."""
    mix: Callable[[Picture, Picture, float], Picture] | None = None
    labelled: str = "hard"


def dissolve(a: Picture, b: Picture, t: float) -> Picture:
    """A straight mixture."""
    return (1 - t) * a + t * b


def through(colour: float) -> Callable[[Picture, Picture, float], Picture]:
    """Out to a colour and in again."""
    return lambda a, b, t: a + (colour - a) * min(1, 2.2 * t) if t < 0.5 else b + (colour - b) * min(1, 2.2 * (1 - t))


def wipe(angle: float, softness: float) -> Callable[[Picture, Picture, float], Picture]:
    """A line that moves across."""
    yy, xx = np.mgrid[0 : 1 : HEIGHT * 1j, 0 : 1 : WIDTH * 1j]
    along = np.cos(angle) * (xx - 0.5) + np.sin(angle) * (yy - 0.5)
    along = (along - along.min()) / np.ptp(along)

    def mix(a: Picture, b: Picture, t: float) -> Picture:
        mask = np.clip((t * (1 + softness) - along) / max(softness, 1e-3), 0, 1)[..., None]
        return (a * (1 - mask) + b * mask).astype(np.float32)

    return mix


def push(a: Picture, b: Picture, t: float) -> Picture:
    """The new picture pushes the old one out."""
    edge = int(t * WIDTH)
    return np.concatenate([a[:, edge:], b[:, :edge]], axis=1)


def melt(a: Picture, b: Picture, t: float) -> Picture:
    """The old picture is torn into the new one, as video models do in a few frames."""
    rng = np.random.default_rng(int(a.mean() * 1000))
    coarse = rng.normal(0, 14, (2, 4, 6)).astype(np.float32)
    dx, dy = (cv2.resize(c, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC) for c in coarse)
    yy, xx = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    old = cv2.remap(a, xx + t * dx, yy + t * dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    new = cv2.remap(b, xx - (1 - t) * dx, yy - (1 - t) * dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return (1 - t) * old + t * new


def black(rng: np.random.Generator) -> Callable[[Picture, Picture, float], Picture]:
    """A black picture, not quite 0."""
    level = rng.uniform(0, 12)
    return lambda a, b, t: np.full_like(a, level)


def make_join(kind: str, rng: Rng, fps: float) -> Join:
    """A join for a clip of that kind."""
    if kind == "card":
        kind = str(rng.choice(["cut", "dissolve", "wipe", "push"]))
    long = max(3, round(rng.uniform(0.2, 1.3) * fps))
    if kind == "blended" or (kind in ("similar", "cut") and rng.random() < 0.15):
        return Join("hard", 1, dissolve)
    if kind == "melted":
        frames = int(rng.integers(1, 5))
        return Join("hard" if frames < 3 else "dissolve", frames, melt, "hard" if frames < 3 else "gradual")
    if kind in ("dissolve", "similar_dissolve"):
        return Join("dissolve", long, dissolve, "gradual")
    if kind == "fade":
        return Join("fade", max(4, long), through(float(rng.choice([0, 0, 0, 255]))), "gradual")
    if kind == "wipe":
        return Join("wipe", long, wipe(rng.uniform(0, 2 * np.pi), rng.choice([0.02, 0.15])), "gradual")
    if kind == "push":
        return Join("wipe", long, push, "gradual")
    if kind == "black":
        return Join("cut-to-black", max(2, round(rng.uniform(0.08, 0.6) * fps)), black(rng), "gradual")
    return Join("hard")
