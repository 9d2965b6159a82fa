"""Evidence for and against a boundary."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from cinejudge.tools.boundaries import Args, Measured, Place
from tests.agent.segment.film import Film, mixed, scene


async def measure(film: Film, start: int, end: int | None = None) -> Measured:
    place = Place(start=start, end=start if end is None else end, first=0, last=len(film.luma))
    (found,) = film.result(await film.look("boundaries", places=(place,))).places
    return found


async def test_a_cut_stands_out_and_a_pan_does_not() -> None:
    cut = await measure(Film(scene(1, 40), scene(2, 40)), 40)
    pan = await measure(Film(scene(1, 80, speed=4.0)), 40)
    for name in ("residual_jump", "structure_jump", "lost_jump", "edges", "colours_across", "returns"):
        assert cut.measures[name] > pan.measures[name] + 0.05, name


async def test_what_returns_after_a_flash_is_seen() -> None:
    film = scene(1, 80)
    film[40] += 150
    flash = await measure(Film(film), 40)
    cut = await measure(Film(scene(1, 40), scene(2, 40)), 40)
    assert flash.measures["returns"] < 0.2 < 0.5 < cut.measures["returns"]


async def test_what_passed_the_lens_uncovers_what_was_there() -> None:
    film = scene(1, 80)
    for k in range(12):  # something as wide as the picture comes in from the left and leaves to the right
        left = -128 + 22 * k
        film[34 + k, :, max(0, left) : max(0, left + 128)] = 20
    passing = await measure(Film(film), 40)
    cut = await measure(Film(scene(1, 40), scene(2, 40)), 40)
    assert passing.measures["returns_later"] < 0.25 < 0.6 < cut.measures["returns_later"]


async def test_a_whip_pan_goes_on_and_a_cut_within_the_place_does_not() -> None:
    whip = await measure(Film(scene(3, 30, speed=12)[:20]), 10)
    assert whip.measures["goes_on"] > 0.8
    still = scene(3, 80, speed=0.2)
    aside = await measure(Film(still[:40], np.roll(still[40:], 25, axis=2)), 40)
    assert aside.measures["goes_on"] < 0.2


async def test_what_stands_beside_a_title_goes_on() -> None:
    film = scene(1, 80)
    film[40:, 20:50, 10:70] = 235
    title = await measure(Film(film), 40)
    assert 0.5 < title.measures["goes_on"] < 0.9


async def test_nothing_to_follow_is_no_break() -> None:
    grey = np.full((20, 72, 128, 3), 90, np.float32)
    assert (await measure(Film(grey), 10)).measures["goes_on"] == 1.0


async def test_a_mixture_is_told_from_a_wipe_and_from_black() -> None:
    a, b = scene(1, 20, speed=0.1), scene(2, 20, speed=0.1)
    wiped = a.copy()
    for k in range(20):
        wiped[k, :, : 6 * (k + 1)] = b[k, :, : 6 * (k + 1)]
    black = np.zeros((20, 72, 128, 3), np.float32)
    before, after = scene(1, 30, speed=0.1), scene(2, 30, speed=0.1)
    kinds = [(await measure(Film(before, x, after), 30, 50)).kind for x in (mixed(a, b), wiped, black)]
    assert kinds == ["dissolve", "wipe", "cut_to_black"]


async def test_a_blended_frame_is_stepped_over() -> None:
    a, b = scene(1, 40, speed=0), scene(2, 40, speed=0)
    film = Film(a, 0.4 * a[:1] + 0.6 * b[:1], b)
    for asked in (40, 41):
        found = await measure(film, asked)
        assert (found.start, found.end, found.kind) == (40, 41, "hard_cut")
        assert found.end_s == pytest.approx(41 / 24, abs=1e-3)


async def test_what_follows_long_after_a_transition_is_no_part_of_it() -> None:
    a, black = scene(1, 50, speed=0.1), np.zeros((40, 72, 128, 3), np.float32)
    film = Film(a[:40], mixed(a[40:], black[:10]), black)
    film.thumbs[70:, 5:8, 10:20] = 255  # a title, twenty frames after the dissolve to black
    found = await measure(film, 40, 71)
    assert found.start == 40 and 48 <= found.end <= 51
    late = await measure(Film(black, mixed(black[:10], a[:10]), a), 5, 50)
    assert 38 <= late.start <= 41 and late.end == 50
    whole = await measure(film, 40, 50)
    assert (whole.start, whole.end) == (40, 50)


@pytest.mark.parametrize("asked", [(24, 58), (34, 46), (30, 44), (26, 50)])
async def test_a_dissolve_is_found_where_it_is_however_it_was_proposed(asked: tuple[int, int]) -> None:
    a, b = scene(1, 50, speed=0.1), scene(2, 60, speed=0.1)
    film = Film(a[:30], mixed(a[30:], b[:20]), b[20:])
    found = await measure(film, *asked)
    assert abs(found.start - 30) <= 1 and abs(found.end - 50) <= 1


async def test_what_is_no_mixture_stays_as_it_was_proposed() -> None:
    a, b = scene(1, 40, speed=0.1), scene(2, 40, speed=0.1)
    fade = np.concatenate([mixed(a[30:], np.zeros_like(a[:10])), mixed(np.zeros_like(b[:10]), b[:10])])
    film = Film(a[:30], fade, b[10:])
    found = await measure(film, 29, 51)
    assert (found.start, found.end, found.kind) == (29, 51, "fade")
    pan = await measure(Film(scene(1, 80, speed=4.0)), 30, 50)
    assert (pan.start, pan.end) == (30, 50)


async def test_a_swung_camera_smears_the_picture_and_a_dissolve_does_not() -> None:
    a, b = scene(1, 40, speed=0.1), scene(2, 40, speed=0.1)
    swung = np.stack([cv2.blur(p, (60, 1)) for p in scene(3, 12, speed=12)])
    whip = await measure(Film(a, swung, b), 40, 52)
    dissolve = await measure(Film(a[:30], mixed(a[30:], b[:10]), b[10:]), 30, 40)
    assert whip.measures["smear"] > dissolve.measures["smear"] + 0.3
    assert whip.measures["smear_rise"] > 0.3 > 0.1 > dissolve.measures["smear_rise"]


async def test_a_shot_that_begins_black_is_not_taken_for_a_moment_of_black() -> None:
    black = np.zeros((10, 72, 128, 3), np.float32)
    film = Film(scene(1, 30), black, scene(2, 30))
    assert (await measure(film, 40)).start == 30
    place = Place(start=40, end=40, first=29, last=70)
    (found,) = film.result(await film.look("boundaries", places=(place,))).places
    assert (found.start, found.end) == (40, 40)


async def test_words_that_appear_on_black_do_not_end_it() -> None:
    film = Film(scene(1, 30), np.zeros((40, 72, 128, 3), np.float32))
    assert not film.thumbs[30:].any()
    film.thumbs[42:, 12:14, 10:38] = 255  # a title, twelve frames after the cut to black
    found = await measure(film, 30)
    assert (found.start, found.end, found.kind) == (30, 30, "hard_cut")


async def test_places_at_the_ends_of_the_film() -> None:
    film = Film(scene(1, 30))
    for start, end in ((1, 1), (29, 29), (1, 29)):
        found = await measure(film, start, end)
        assert all(np.isfinite(v) for v in found.measures.values())


@pytest.mark.parametrize("place", [{"start": 0, "end": 3}, {"start": 4, "end": -1}])
def test_a_boundary_needs_a_frame_before_it(place: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        Args.model_validate({"places": [place | {"first": 0, "last": 9}]})
