"""Made worlds: places with things in them and a light on them, seen by a moving camera. All from one seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

Rng = np.random.Generator

Picture = NDArray[np.float32]
"""``[H, W, 3]`` RGB, 0 to 255."""

WIDTH, HEIGHT = 320, 180
_CANVAS = (2 * WIDTH, 2 * HEIGHT)


class Shot(Protocol):
    """A shot, rendered frame by frame."""

    events: list[Any]
    """Callables ``(frame index in the shot, picture) -> picture``."""

    def frame(self, index: int, seconds: float) -> Picture:
        """The picture at a time since the start of the shot."""
        ...


@dataclass(frozen=True)
class Thing:
    """Something in a place that moves on its own."""

    picture: Picture
    mask: NDArray[np.float32]
    at: NDArray[np.float64]
    """Canvas position at time 0."""
    velocity: NDArray[np.float64]
    """Canvas pixels per second."""
    sway: float
    phase: float


@dataclass(frozen=True)
class Place:
    """A background and the things in front of it."""

    background: Picture
    things: tuple[Thing, ...]


@dataclass(frozen=True)
class Camera:
    """How a shot looks at its place: a window on the canvas that moves, and how the light falls."""

    at: NDArray[np.float64]
    velocity: NDArray[np.float64]
    zoom: float
    zoom_rate: float
    shake: float
    mirrored: bool
    gain: NDArray[np.float64]
    gamma: float
    flicker: float
    wobble: float
    """Pixels of the slow warping that video models show."""
    noise: float
    seed: int


@dataclass
class Seen:
    """A shot: a place seen by a camera from ``offset_s`` on."""

    place: Place
    camera: Camera
    offset_s: float = 0.0
    events: list[Any] = field(default_factory=list)

    def frame(self, index: int, seconds: float) -> Picture:
        """See :class:`Shot`."""
        picture = _look(self.place, self.camera, self.offset_s + seconds)
        for event in self.events:
            picture = event(index, picture)
        return picture


@dataclass
class Card:
    """A plain card, with a word on it from some moment on."""

    colour: NDArray[np.float32]
    word: str
    at: tuple[int, int]
    since_s: float
    events: list[Any] = field(default_factory=list)

    def frame(self, index: int, seconds: float) -> Picture:
        """See :class:`Shot`."""
        drawn = np.ascontiguousarray(np.broadcast_to(self.colour, (HEIGHT, WIDTH, 3)), np.uint8)
        if seconds >= self.since_s:
            ink = (255 - self.colour).tolist()
            cv2.putText(drawn, self.word, self.at, cv2.FONT_HERSHEY_DUPLEX, 1.2, ink, 3, cv2.LINE_AA)
        picture = drawn.astype(np.float32)
        for event in self.events:
            picture = event(index, picture)
        return picture


def make_card(rng: Rng) -> Card:
    """Mostly black, as titles and ends of clips are."""
    colour = rng.uniform(0, 255, 3) if rng.random() < 0.2 else np.full(3, rng.choice([0, 0, 0, 6, 255]))
    word = "".join(rng.choice(list("AEHKLMNORSTUVXY"), rng.integers(4, 9))) if rng.random() < 0.6 else ""
    where = (int(rng.uniform(10, 90)), int(rng.uniform(60, 150)))
    return Card(colour.astype(np.float32), word, where, float(rng.choice([0.0, rng.uniform(0.2, 1.5)])))


@dataclass(frozen=True)
class Photographs:
    """Shots of made worlds."""

    photos: Sequence[Picture]

    def rate(self, rng: Rng) -> float:
        """Frames per second of a clip."""
        return float(rng.choice([8, 12, 16, 24, 25, 30, 50, 60], p=[0.08, 0.08, 0.2, 0.25, 0.17, 0.1, 0.05, 0.07]))

    def shot(self, rng: Rng) -> Seen:
        """Any shot."""
        return Seen(make_place(rng, self.photos), make_camera(rng))

    def similar(self, rng: Rng, last: Any) -> Seen:
        """Another shot of the same place."""
        return Seen(last.place, similar_camera(rng, last.camera), rng.uniform(0, 3))

    def jump(self, rng: Rng, last: Any) -> Seen:
        """The same place from almost the same spot a while later."""
        return jump(rng, last, self.photos)

    def still(self, rng: Rng) -> Picture:
        """Any picture."""
        return self.photos[rng.integers(len(self.photos))]


def make_place(rng: Rng, photos: Sequence[Picture]) -> Place:
    """A place from photographs or, one time in four, from nothing but noise and shapes."""
    for _ in range(8):
        background = _synthetic(rng) if rng.random() < 0.25 else _crop(rng, photos, _CANVAS)
        if cv2.resize(background, (16, 9), interpolation=cv2.INTER_AREA).std(axis=(0, 1)).max() > 18:
            break  # else too plain for a person to see a cut in it
    return Place(background, tuple(_thing(rng, photos) for _ in range(rng.integers(0, 4))))


def _thing(rng: Rng, photos: Sequence[Picture]) -> Thing:
    height = int(rng.uniform(0.15, 0.6) * HEIGHT)
    width = int(height * rng.uniform(0.5, 1.5))
    yy, xx = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    power = rng.uniform(2, 5)
    return Thing(
        _crop(rng, photos, (width, height)),
        np.clip((1.05 - (np.abs(xx) ** power + np.abs(yy) ** power)) * 6, 0, 1).astype(np.float32),
        np.array([rng.uniform(0.25, 0.75) * _CANVAS[0], rng.uniform(0.3, 0.7) * _CANVAS[1]]),
        rng.normal(0, 45, 2) * [1, 0.4],
        rng.uniform(0, 12),
        rng.uniform(0, 6),
    )


def jump(rng: Rng, seen: Seen, photos: Sequence[Picture]) -> Seen:
    """The same place from almost the same spot a while later: what stands in it has changed, the light a little."""
    camera = seen.camera
    nudge = rng.uniform(0.02, 0.08) * WIDTH / camera.zoom * rng.choice([-1, 1], 2) * [1, 0.4]
    new = replace(
        camera,
        at=camera.at + nudge,
        zoom=camera.zoom * rng.uniform(0.93, 1.08),
        gain=camera.gain * rng.uniform(0.8, 1.2) * rng.uniform(0.93, 1.07, 3),
        seed=int(rng.integers(1 << 30)),
    )
    stay = tuple(replace(t, at=t.at + rng.normal(0, 60, 2)) for t in seen.place.things if rng.random() < 0.7)
    others = tuple(_thing(rng, photos) for _ in range(rng.integers(1, 3)))
    return Seen(Place(seen.place.background, stay + others), new, rng.uniform(0, 3))


def make_camera(rng: Rng) -> Camera:
    """A camera for any place: mostly calm, at times fast."""
    speed = rng.choice([0, 8, 30, 90], p=[0.25, 0.35, 0.28, 0.12])
    angle = rng.uniform(0, 2 * np.pi)
    zoom = rng.uniform(0.75, 1.8)
    return Camera(
        at=np.array([rng.uniform(0.35, 0.65) * _CANVAS[0], rng.uniform(0.35, 0.65) * _CANVAS[1]]),
        velocity=speed * np.array([np.cos(angle), 0.5 * np.sin(angle)]),
        zoom=zoom,
        zoom_rate=rng.choice([0, 0.05, 0.2], p=[0.5, 0.35, 0.15]) * rng.choice([-1, 1]),
        shake=rng.choice([0, 0.6, 2.5], p=[0.5, 0.3, 0.2]),
        mirrored=False,
        gain=rng.uniform(0.75, 1.15) * rng.uniform(0.9, 1.1, 3),
        gamma=rng.uniform(0.75, 1.4),
        flicker=rng.choice([0, 0.01, 0.04], p=[0.6, 0.25, 0.15]),
        wobble=rng.choice([0, 2.0, 6.0], p=[0.5, 0.3, 0.2]),
        noise=rng.choice([0, 2.0, 6.0], p=[0.5, 0.35, 0.15]),
        seed=int(rng.integers(1 << 30)),
    )


def similar_camera(rng: Rng, camera: Camera) -> Camera:
    """Another shot of the same place: closer, further, to the side, mirrored or lit anew, but plainly another one."""
    how = rng.choice(["closer", "further", "aside", "mirrored", "relit_aside"])
    away = rng.choice([-1, 1]) * rng.uniform(0.18, 0.4) * WIDTH / camera.zoom
    new = replace(camera, seed=int(rng.integers(1 << 30)), velocity=rng.permutation(camera.velocity))
    if how == "closer":
        return replace(new, zoom=camera.zoom * rng.uniform(1.25, 1.9))
    if how == "further":
        return replace(new, zoom=camera.zoom / rng.uniform(1.25, 1.7))
    if how == "mirrored":
        return replace(new, mirrored=not camera.mirrored)
    new = replace(new, at=camera.at + np.array([away, rng.uniform(-0.1, 0.1) * HEIGHT]))
    if how == "relit_aside":
        return replace(new, gain=camera.gain * rng.uniform(0.7, 1.3, 3))
    return new


def _look(place: Place, camera: Camera, t: float) -> Picture:
    rng = np.random.default_rng(camera.seed + int(t * 1000))
    jitter = camera.shake * np.array([np.sin(7.3 * t + camera.seed), np.cos(9.1 * t)])
    x, y = camera.at + camera.velocity * t + jitter
    zoom = camera.zoom * float(np.exp(camera.zoom_rate * t))
    matrix = np.array([[zoom, 0, WIDTH / 2 - zoom * x], [0, zoom, HEIGHT / 2 - zoom * y]])
    picture = cv2.warpAffine(
        place.background, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    for thing in place.things:
        centre = thing.at + thing.velocity * t + thing.sway * np.array([np.sin(2 * t + thing.phase), np.cos(3 * t)])
        corner = centre - np.array(thing.mask.shape[::-1]) / 2
        own = matrix.copy()
        own[:, 2] += zoom * corner
        mask = cv2.warpAffine(thing.mask, own, (WIDTH, HEIGHT))[..., None]
        if mask.max() > 0:
            picture = picture * (1 - mask) + cv2.warpAffine(thing.picture, own, (WIDTH, HEIGHT)) * mask
    if camera.wobble:
        picture = _wobble(picture, camera, t)
    if camera.mirrored:
        picture = picture[:, ::-1]
    light = camera.gain * (1 + camera.flicker * rng.normal())
    picture = 255 * np.clip(picture / 255, 0, 1) ** camera.gamma * light
    if camera.noise:
        picture = picture + rng.normal(0, camera.noise, picture.shape)
    return np.clip(picture, 0, 255).astype(np.float32)


def _wobble(picture: Picture, camera: Camera, t: float) -> Picture:
    rng = np.random.default_rng(camera.seed)
    phase = rng.uniform(0, 6, (2, 4, 6))
    rate = rng.uniform(0.5, 4, (2, 4, 6))
    coarse = (camera.wobble * np.sin(phase + rate * t)).astype(np.float32)
    dx, dy = (cv2.resize(c, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC) for c in coarse)
    yy, xx = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    return cv2.remap(picture, xx + dx, yy + dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def _crop(rng: Rng, photos: Sequence[Picture], size: tuple[int, int]) -> Picture:
    photo = photos[rng.integers(len(photos))]
    height, width = photo.shape[:2]
    share = rng.uniform(0.35, 1.0)
    w = min(width, height * size[0] / size[1]) * share
    h = w * size[1] / size[0]
    x, y = rng.uniform(0, width - w), rng.uniform(0, height - h)
    crop = photo[int(y) : int(y + h) + 1, int(x) : int(x + w) + 1]
    if np.ptp(crop.mean(axis=(0, 1))) < 3:  # a grey photograph is given two colours
        dark, light = rng.uniform(0, 90, 3), rng.uniform(150, 255, 3)
        crop = dark + (light - dark) * crop / 255
    if rng.random() < 0.5:
        crop = crop[:, ::-1]
    return cv2.resize(np.ascontiguousarray(crop, dtype=np.float32), size, interpolation=cv2.INTER_AREA)


def _synthetic(rng: Rng) -> Picture:
    width, height = _CANVAS
    picture = np.zeros((height, width, 3), np.float32)
    for octave in range(2, 7):
        grid = rng.normal(0, 1, (2**octave, 2**octave, 3)).astype(np.float32)
        picture += cv2.resize(grid, _CANVAS, interpolation=cv2.INTER_CUBIC) / octave
    picture = 127 + 60 * picture * rng.uniform(0.5, 1.2, 3) + rng.uniform(-60, 60, 3)
    for _ in range(rng.integers(2, 14)):
        corner = rng.uniform([0, 0], [width, height]).astype(int)
        size = rng.uniform(20, 160, 2).astype(int)
        colour = rng.uniform(0, 255, 3).tolist()
        if rng.random() < 0.5:
            cv2.rectangle(picture, corner.tolist(), (corner + size).tolist(), colour, -1)
        else:
            cv2.ellipse(picture, corner.tolist(), size.tolist(), rng.uniform(0, 180), 0, 360, colour, -1)
    return np.clip(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.5, 3)), 0, 255)
