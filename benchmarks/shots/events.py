"""What happens suddenly inside a shot and is easily taken for a cut."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from joins import melt
from reels import Reels
from worlds import HEIGHT, WIDTH, Photographs, Picture, Rng

Event = Callable[[int, Picture], Picture]
"""From the frame's index in its shot and its picture to the picture that is shown."""


def make_tail(rng: Rng) -> Callable[[Picture], Picture]:
    """What befalls the last frames of a file."""
    how = rng.choice(["grey", "shift", "dark"])
    if how == "grey":
        return lambda p: 0.5 * p + 0.5 * p.mean()
    if how == "dark":
        return lambda p: 0.3 * p
    return lambda p: np.roll(p, (9, 23), axis=(0, 1))


def make_event(kind: str, rng: Rng, source: Photographs | Reels, length: int, fps: float) -> Event:
    """Something sudden inside a shot that is no cut.

    Args:
        kind: Of the clip.
        rng: Where everything is drawn from.
        source: Gives pictures.
        length: Frames of the shot.
        fps: Frames per second.
    """
    at = int(length * rng.uniform(0.25, 0.75))
    if kind in ("flash", "flicker", "light"):
        return _light(kind, rng, at, length, fps)
    if kind in ("whip", "fast_zoom"):
        return _rush(kind, rng, at, max(3, round(rng.uniform(0.15, 0.5) * fps)))
    if kind == "crossing":
        return _crossing(rng, source.still(rng), at, max(3, round(rng.uniform(0.15, 0.6) * fps)))
    if kind == "title":
        return _title(rng, at)
    if kind == "pop":
        return _pop(rng, source.still(rng), at)
    if kind == "morph":
        return _morph(rng, source.still(rng), at, max(3, round(rng.uniform(0.2, 1.2) * fps)))
    if kind == "seams":
        return _seams(rng)
    if kind == "freeze":
        return _freeze(at, max(6, round(rng.uniform(0.24, 1.2) * fps)))
    return lambda i, p: p


def _light(kind: str, rng: Rng, at: int, length: int, fps: float) -> Event:
    """A flash, a flicker, or another light from one frame to the next."""
    lasting = max(1, round(rng.uniform(0.04, 0.2) * fps))
    if kind == "flash":
        strength = rng.uniform(60, 255)
        return lambda i, p: p + strength * (at <= i < at + lasting)
    if kind == "flicker":
        levels = rng.uniform(0.55, 1.25, length + 200)
        return lambda i, p: p * levels[i // 2]
    gain = rng.uniform(0.35, 0.7) * rng.uniform(0.8, 1.2, 3)
    return lambda i, p: p * gain if i >= at else p


def _freeze(at: int, lasting: int) -> Event:
    """The picture stands still for a while, and then goes on elsewhere."""
    kept: list[Picture] = []

    def freeze(i: int, p: Picture) -> Picture:
        if i == at:
            kept.append(p)
        return kept[0] if at <= i < at + lasting and kept else p

    return freeze


def _rush(kind: str, rng: Rng, at: int, lasting: int) -> Event:
    """A whip pan or a crash zoom that ends elsewhere in the same picture, blurred on the way."""
    distance = rng.choice([-1, 1]) * rng.uniform(0.7, 1.6) * WIDTH
    factor = rng.uniform(1.6, 2.6)

    def rush(i: int, p: Picture) -> Picture:
        share = float(np.clip((i - at) / lasting, 0, 1))
        share = share * share * (3 - 2 * share)
        moving = 0 < share < 1
        if kind == "whip":
            wide = np.concatenate([p, p[:, ::-1], p], axis=1)
            offset = int(WIDTH + (share * distance)) % (2 * WIDTH)
            out = np.ascontiguousarray(wide[:, offset : offset + WIDTH])
            if moving:
                width = max(1, int(abs(distance) / lasting))
                out = cv2.blur(out, (width, 1))
            return out
        zoom = 1 + (factor - 1) * share
        matrix = np.array([[zoom, 0, (1 - zoom) * WIDTH / 2], [0, zoom, (1 - zoom) * HEIGHT / 2]])
        return cv2.warpAffine(p, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)

    return rush


def _crossing(rng: Rng, photo: Picture, at: int, lasting: int) -> Event:
    size = (int(rng.uniform(0.5, 1.4) * WIDTH), HEIGHT)
    thing = cv2.GaussianBlur(cv2.resize(photo, size), (0, 0), 4) * rng.uniform(0.2, 0.9)
    right = rng.random() < 0.5

    def cross(i: int, p: Picture) -> Picture:
        share = (i - at) / lasting
        if not 0 <= share <= 1:
            return p
        x = int(-size[0] + share * (WIDTH + size[0]))
        x = WIDTH - size[0] - x if right else x
        out = p.copy()
        left, end = max(0, x), min(WIDTH, x + size[0])
        if end > left:
            out[:, left:end] = thing[:, left - x : end - x]
        return out

    return cross


def _pop(rng: Rng, photo: Picture, at: int) -> Event:
    """Something is there from one frame to the next, as video models let things appear; nothing else changes."""
    height, width = int(rng.uniform(0.2, 0.5) * HEIGHT), int(rng.uniform(0.1, 0.3) * WIDTH)
    thing = cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA)
    x, y = int(rng.uniform(0, WIDTH - width)), int(rng.uniform(0, HEIGHT - height))

    def pop(i: int, p: Picture) -> Picture:
        if i >= at:
            p = p.copy()
            p[y : y + height, x : x + width] = thing
        return p

    return pop


def _morph(rng: Rng, photo: Picture, at: int, lasting: int) -> Event:
    """A part of the picture melts into something else, as video models let people and things turn into others."""
    size = rng.uniform(0.2, 0.5, 2)
    centre = rng.uniform(size / 2, 1 - size / 2)
    yy, xx = np.mgrid[0 : 1 : HEIGHT * 1j, 0 : 1 : WIDTH * 1j]
    away = ((xx - centre[0]) / size[0] * 2) ** 4 + ((yy - centre[1]) / size[1] * 2) ** 4
    mask = np.clip((1.2 - away) * 3, 0, 1).astype(np.float32)[..., None]
    other = cv2.resize(photo, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)

    def morph(i: int, p: Picture) -> Picture:
        share = float(np.clip((i - at) / lasting, 0, 1))
        return p if share == 0 else p * (1 - mask) + melt(p, other, share) * mask

    return morph


def _seams(rng: Rng) -> Event:
    """Every few frames the whole picture gives a small start, where a video model joins its blocks of frames."""
    block, strength, seed = int(rng.choice([4, 8, 16])), rng.uniform(1, 4), int(rng.integers(1 << 30))
    yy, xx = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)

    def seams(i: int, p: Picture) -> Picture:
        mine = np.random.default_rng(seed + i // block)
        coarse = mine.normal(0, strength, (2, 4, 6)).astype(np.float32)
        dx, dy = (cv2.resize(c, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC) for c in coarse)
        moved = cv2.remap(p, xx + dx, yy + dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        return np.asarray(moved * (1 + 0.012 * strength * mine.normal(size=3)), np.float32)

    return seams


def _title(rng: Rng, at: int) -> Event:
    word = "".join(rng.choice(list("AEHKLMNORSTUVXY"), rng.integers(4, 12)))
    scale, thick = rng.uniform(0.9, 2.0), int(rng.integers(2, 6))
    colour = rng.uniform(120, 255, 3).tolist()
    where = (int(rng.uniform(5, 60)), int(rng.uniform(60, 150)))
    panel = rng.random() < 0.3

    def title(i: int, p: Picture) -> Picture:
        if i < at:
            return p
        out = np.clip(p, 0, 255).astype(np.uint8)
        if panel:
            out[HEIGHT // 2 :] //= 4
        return cv2.putText(out, word, where, cv2.FONT_HERSHEY_DUPLEX, scale, colour, thick, cv2.LINE_AA).astype(
            np.float32
        )

    return title
