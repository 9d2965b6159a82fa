"""The camera's path over rendered views of one wide texture, and the moves that it is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from cinejudge.tools.motion.moves import shake, stretches
from cinejudge.tools.motion.path import Path, track

from ...videos import texture

ASPECT = 16 / 9
WORLD = cv2.GaussianBlur(texture(900, 1600, seed=3)[..., 1], (0, 0), 4)
FPS = 12.0

View = Callable[[float], tuple[complex, float, float]]
"""Time to the camera's place in view widths, its zoom (log) and its roll in degrees."""


def film(view: View, seconds: float = 2.0, fps: float = FPS) -> tuple[Any, Any]:
    """Luma thumbnails of what a camera sees of the world, and their times."""
    times = np.arange(round(seconds * fps)) / fps
    frames = []
    for t in times:
        place, zoom, roll = view(float(t))
        a = np.exp(1j * np.deg2rad(roll)) * 4 / np.exp(zoom)  # 128 pixels see 512 of the world
        corner = complex(800, 450) + place * 512 - a * complex(64, 36)
        matrix = np.array([[a.real, -a.imag, corner.real], [a.imag, a.real, corner.imag]])
        frames.append(cv2.warpAffine(WORLD, matrix, (128, 72), flags=cv2.INTER_AREA | cv2.WARP_INVERSE_MAP))
    return np.stack(frames), times


def path_of(view: View, seconds: float = 2.0, fps: float = FPS) -> Path:
    return track(*film(view, seconds, fps), ASPECT)


def kinds(path: Path) -> list[set[str]]:
    return [{move.kind for move in part.moves} for part in stretches(path, ASPECT)]


@pytest.mark.parametrize(
    ("view", "wanted"),
    [
        (lambda t: (0, 0, 0), set()),
        (lambda t: (0.05 * t, 0, 0), {"pan_right"}),
        (lambda t: (-0.4 * t, 0, 0), {"pan_left"}),
        (lambda t: (-0.06j * t, 0, 0), {"tilt_up"}),
        (lambda t: (0.06j * t, 0, 0), {"tilt_down"}),
        (lambda t: (0, 0.08 * t, 0), {"push_in"}),
        (lambda t: (0, -0.08 * t, 0), {"pull_out"}),
        (lambda t: (0, 0, 5 * t), {"roll_clockwise"}),
        (lambda t: (0, 0, -5 * t), {"roll_counterclockwise"}),
        (lambda t: (0.08 * t - 0.06j * t, 0, 0), {"pan_right", "tilt_up"}),
        (lambda t: (0.1 * t, 0.12 * t, 0), {"pan_right", "push_in"}),
    ],
)
def test_each_move_is_named_with_its_direction(view: View, wanted: set[str]) -> None:
    assert kinds(path_of(view)) == [wanted]


@pytest.mark.parametrize("fps", [8.0, 30.0, 60.0])
def test_rates_are_those_of_the_camera_at_any_frame_rate(fps: float) -> None:
    (part,) = stretches(path_of(lambda t: (0.07 * t, 0, 0), 1.5, fps), ASPECT)
    assert part.moves[0].rate == pytest.approx(0.07, rel=0.05)
    (part,) = stretches(path_of(lambda t: (0, 0.1 * t, 0), 1.5, fps), ASPECT)
    assert part.moves[0].rate == pytest.approx(0.1, rel=0.05)


def test_a_zoom_towards_a_point_beside_the_middle_is_a_push_alone() -> None:
    # The point 0.3 widths to the right of the middle stays where it is.
    assert kinds(path_of(lambda t: (0.3 * (1 - np.exp(-0.1 * t)), 0.1 * t, 0))) == [{"push_in"}]


def test_two_moves_one_after_the_other_are_two_stretches() -> None:
    parts = stretches(path_of(lambda t: (0.15 * min(t, 1.5), 0, 0), 3.0), ASPECT)
    assert [[m.kind for m in p.moves] for p in parts] == [["pan_right"], []]
    assert parts[0].end_s == pytest.approx(1.5, abs=0.4)
    assert parts[0].start_s == 0 and parts[-1].end_s == pytest.approx(3 - 1 / FPS)


def test_shake_grows_with_the_tremor_and_is_no_pan() -> None:
    def trembling(amount: float) -> Path:
        return path_of(lambda t: (amount * np.sin(2 * np.pi * 4 * t), 0, 0), 2.0, 24.0)

    assert shake(trembling(0)) == pytest.approx(0, abs=0.02)
    # A sine of 1 % has a root mean square of 0.71 %; some of it passes as slow motion.
    assert shake(trembling(0.01)) == pytest.approx(0.68, abs=0.1)
    assert kinds(trembling(0.01)) == [set()]
    assert shake(path_of(lambda t: (0.1 * t, 0, 0))) == pytest.approx(0, abs=0.05)


def test_a_glimpse_or_a_slide_show_tells_no_shake() -> None:
    assert shake(path_of(lambda t: (0, 0, 0), 0.5)) is None
    assert shake(path_of(lambda t: (0, 0, 0), 4.0, 3.0)) is None


def test_something_that_walks_through_is_not_the_camera() -> None:
    frames, times = film(lambda t: (0, 0, 0))
    figure = texture(40, 24, seed=9)[..., 0]
    for i, frame in enumerate(frames):
        frame[20:60, 10 + 3 * i : 34 + 3 * i] = figure
    assert kinds(track(frames, times, ASPECT)) == [set()]


def test_what_moves_by_itself_can_be_left_out() -> None:
    """A figure that fills most of the picture outvotes the background unless it is told where it is."""
    frames, times = film(lambda t: (0, 0, 0))
    figure = texture(72, 220, seed=9)[..., 0]
    for i, frame in enumerate(frames):
        frame[:, 26:] = figure[:, 2 * i : 2 * i + 102]
    box = np.array([[0.2, 0, 1, 1]], np.float32)
    assert kinds(track(frames, times, ASPECT)) == [{"pan_right"}]
    assert kinds(track(frames, times, ASPECT, [box] * len(frames))) == [set()]


def test_things_that_pass_at_two_speeds_make_a_pan_a_track() -> None:
    frames, times = film(lambda t: (0.08 * t, 0, 0))
    post = texture(72, 16, seed=5)[..., 0]
    for t, frame in zip(times, frames, strict=True):
        for place in range(-128, 320, 50):
            x = round(place - 0.13 * t * 128)
            left, right = max(x, 0), min(x + 16, 128)
            if right > left:
                frame[:, left:right] = post[:, left - x : right - x]
    assert kinds(track(frames, times, ASPECT)) == [{"track_right"}]


def test_a_blank_wall_cannot_be_followed() -> None:
    frames = np.full((10, 72, 128), 90, np.uint8)
    assert not track(frames, np.arange(10) / 10, ASPECT).agreeing.any()


def test_a_path_goes_on_after_pictures_that_cannot_be_followed() -> None:
    frames, times = film(lambda t: (0.1 * t, 0, 0))
    frames[8:10] = 0
    path = track(frames, times, ASPECT)
    assert (path.agreeing == 0).sum() in (2, 3)
    assert kinds(path) == [{"pan_right"}]
