"""Each signal answers to its own fault, more the stronger it is, and stays put for the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import pytest

from cinejudge.media.measure import SIGNALS, Meter, Picture, at_lines, reduce

Fault = Callable[[np.ndarray], np.ndarray]


def scene(seed: int = 0, height: int = 360, width: int = 640) -> np.ndarray:
    """A picture like a photograph's: soft shading, objects with edges, some texture, flat parts."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    picture = np.stack([90 + 60 * x / width, 100 + 40 * y / height, 120 - 40 * x / width], axis=-1)
    for _ in range(25):
        centre = (int(random.integers(width)), int(random.integers(height)))
        colour = [int(c) for c in random.integers(50, 200, 3)]
        cv2.circle(picture, centre, int(random.integers(10, 60)), colour, -1)
    grass = cv2.GaussianBlur(random.normal(0, 25, (height // 3, width, 1)), (0, 0), 0.8)[..., None]
    picture[-(height // 3) :] += grass
    return cv2.GaussianBlur(picture, (0, 0), 0.7).clip(0, 255).astype(np.uint8)


def seen(rgb: np.ndarray) -> Picture:
    luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(luma, (128, 72), interpolation=cv2.INTER_AREA)
    reduced = reduce(luma)
    thumb = cv2.resize(rgb, (48, 27), interpolation=cv2.INTER_AREA)
    return Picture(luma, 0, 255, reduced, at_lines(reduced), thumb, small)


def measure(pictures: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    meter = Meter()
    table = np.asarray([meter.measure(seen(p)) for p in pictures])
    return {name: table[:, i] for i, name in enumerate(SIGNALS)}


def level(name: str, fault: Fault) -> float:
    return float(np.mean([measure([fault(scene(seed))])[name][0] for seed in range(3)]))


def blur(sigma: float) -> Fault:
    return lambda p: cv2.GaussianBlur(p, (0, 0), sigma)


def noise(sigma: float) -> Fault:
    grain = np.random.default_rng(9).normal(0, sigma, (360, 640, 1))
    return lambda p: (p + grain).clip(0, 255).astype(np.uint8)


def blocks(quality: int) -> Fault:
    return lambda p: cv2.imdecode(cv2.imencode(".jpg", p, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)


def gain(factor: float) -> Fault:
    return lambda p: (p * factor).clip(0, 255).astype(np.uint8)


def cast(red: float, green: float, blue: float) -> Fault:
    return lambda p: (p * np.array([1 + red, 1 + green, 1 + blue])).clip(0, 255).astype(np.uint8)


def grey(share: float) -> Fault:
    return lambda p: (p * (1 - share) + p.mean(axis=2, keepdims=True) * share).astype(np.uint8)


GRADED: dict[tuple[str, int], list[Fault]] = {
    ("sharpness", -1): [blur(0.6), blur(1.0), blur(1.6), blur(2.5), blur(4.0)],
    ("noise", 1): [noise(1), noise(2), noise(4), noise(8), noise(16)],
    ("blockiness", 1): [blocks(50), blocks(30), blocks(15), blocks(8)],
    ("brightness", 1): [gain(1.05), gain(1.15), gain(1.3)],
    ("contrast", 1): [gain(1.05), gain(1.15), gain(1.3)],
    ("bright_share", 1): [gain(1.4), gain(1.7), gain(2.2)],
    ("dark_share", 1): [gain(0.2), gain(0.12), gain(0.09)],
    ("temperature", 1): [cast(0.05, 0, -0.05), cast(0.1, 0, -0.1), cast(0.2, 0, -0.2)],
    ("tint", 1): [cast(-0.05, 0.05, -0.05), cast(-0.1, 0.1, -0.1), cast(-0.2, 0.2, -0.2)],
    ("saturation", -1): [grey(0.2), grey(0.5), grey(1.0)],
}


@pytest.mark.parametrize(("name", "sign"), GRADED, ids=lambda v: str(v))
def test_a_signal_follows_the_strength_of_its_fault(name: str, sign: int) -> None:
    levels = [level(name, fault) for fault in [lambda p: p, *GRADED[name, sign]]]
    steps = np.diff(levels) * sign
    assert (steps > 0).all(), levels


def test_noise_is_told_in_its_own_unit() -> None:
    flat = np.full((360, 640, 3), 128, np.uint8)
    for sigma in (1.5, 4, 12):
        assert measure([noise(sigma)(flat)])["noise"][0] * 255 == pytest.approx(sigma, rel=0.12)


UNMOVED: dict[str, list[Fault]] = {
    "sharpness": [gain(0.7), gain(1.15), cast(0.2, 0, -0.2), noise(4), noise(10), blocks(15)],
    "noise": [gain(0.8), cast(0.2, 0, -0.2), blur(1.5), blocks(15)],
    "blockiness": [gain(0.7), gain(1.2), cast(0.2, 0, -0.2), blur(1.5), noise(8)],
    "brightness": [blur(3), noise(8), blocks(15)],
    "contrast": [blur(1.5), noise(8), blocks(15)],
    "saturation": [gain(0.7), gain(1.15), blur(3), noise(8)],
    "temperature": [gain(0.7), gain(1.15), blur(3), noise(8), blocks(15)],
    "tint": [gain(0.7), gain(1.15), blur(3), noise(8), blocks(15)],
}
FULL = {
    "sharpness": (-1, blur(1.6)),
    "noise": (1, noise(8)),
    "blockiness": (1, blocks(15)),
    "brightness": (1, gain(1.3)),
    "contrast": (1, gain(1.3)),
    "saturation": (-1, grey(0.5)),
    "temperature": (1, cast(0.1, 0, -0.1)),
    "tint": (1, cast(-0.1, 0.1, -0.1)),
}


@pytest.mark.parametrize("name", UNMOVED)
def test_a_signal_stays_put_for_the_faults_of_others(name: str) -> None:
    clean = level(name, lambda p: p)
    own = abs(level(name, FULL[name][1]) - clean)
    for fault in UNMOVED[name]:
        assert abs(level(name, fault) - clean) < 0.25 * own


def test_difference_and_repeats() -> None:
    first, second = scene(0), scene(1)
    coded = (first.astype(int) + (np.random.default_rng(0).random((360, 640, 1)) < 0.03)).astype(np.uint8)
    jump = gain(1.2)(first)
    rows = measure([first, first, coded, second, jump])
    assert rows["exact_repeat"].tolist() == [0, 1, 1, 0, 0]
    assert rows["difference"][0] == rows["difference"][1] == 0
    assert rows["difference"][3] > 10 * rows["difference"][2]


def test_a_small_movement_in_a_still_picture_is_no_repeat() -> None:
    first = scene(0)
    second = first.copy()
    second[100:106, 200:206] = 255 - second[100:106, 200:206]
    assert measure([first, second])["exact_repeat"].tolist() == [0, 0]


def test_flat_pictures_have_no_faults() -> None:
    for value in (0, 128, 255):
        flat = measure([np.full((360, 640, 3), value, np.uint8)] * 2)
        assert flat["brightness"] == pytest.approx(value / 255)
        for name in ("contrast", "saturation", "temperature", "tint", "sharpness", "noise", "blockiness", "difference"):
            assert flat[name] == pytest.approx(0, abs=1e-6), name
        assert flat["dark_share"][0] == (value < 16)
        assert flat["bright_share"][0] == (value >= 250)


@pytest.mark.parametrize("size", [(2, 2), (3, 500), (17, 16), (31, 33), (500, 3), (90, 161), (2160, 3840)])
def test_any_size_is_measured(size: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    pictures = [random.integers(0, 256, (*size, 3)).astype(np.uint8) for _ in range(2)]
    assert all(np.isfinite(values).all() for values in measure(pictures).values())


def test_limited_range_reads_as_full_range_does() -> None:
    rgb = scene(0)
    full = seen(rgb)
    luma = np.round(16 + full.luma.astype(float) * 219 / 255).astype(np.uint8)
    reduced = reduce(luma)
    limited = Picture(luma, 16, 235, reduced, at_lines(reduced), full.thumb, full.small)
    a, b = (dict(zip(SIGNALS, Meter().measure(p), strict=True)) for p in (full, limited))
    for name in SIGNALS:
        assert a[name] == pytest.approx(b[name], rel=0.1, abs=0.005), name
