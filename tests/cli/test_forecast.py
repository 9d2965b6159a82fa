"""How long a run will still take, by what is done."""

from __future__ import annotations

import pytest

from cinejudge.cli.forecast import Forecast
from cinejudge.judging import Progress


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


def _judged(forecast: Forecast, place: int, total: int) -> None:
    for stage in ("open", "segment", "perceive", "plan", "judge", "verdict", "done"):
        forecast.note(Progress("clip", stage, place=place, total=total))


def test_nothing_is_foretold_before_anything_is_done(clock: _Clock) -> None:
    forecast = Forecast(clock)
    forecast.note(Progress("clip", "open", total=10, place=1))
    clock.now = 30
    assert forecast.left_s is None and forecast.words == ""


def test_clips_that_are_done_tell_the_pace(clock: _Clock) -> None:
    forecast = Forecast(clock)
    for place in range(1, 101):
        clock.now = place * 2.0
        _judged(forecast, place, 1000)
    assert forecast.left_s == pytest.approx(1800)
    assert forecast.words == "about 30 min left"


def test_what_an_earlier_attempt_judged_does_not_count_as_pace(clock: _Clock) -> None:
    forecast = Forecast(clock)
    for place in range(1, 501):  # found done
        for stage in ("open", "done"):
            forecast.note(Progress("clip", stage, place=place, total=1000))
    assert forecast.left_s is None
    for place in range(501, 601):
        clock.now += 3.0
        _judged(forecast, place, 1000)
    assert forecast.left_s == pytest.approx(3 * 400)


def test_the_stages_of_one_long_video_tell_too(clock: _Clock) -> None:
    forecast = Forecast(clock)
    reached = []
    for stage, after_s in (("open", 0), ("segment", 60), ("evidence", 400), ("perceive", 60), *[("evidence", 200)] * 9):
        clock.now += after_s
        forecast.note(Progress("clip", stage, place=1, total=1))
        reached.append(forecast.reached)
    assert reached == sorted(reached) and 0.4 < reached[-1] < 0.7
    assert forecast.words.startswith("about ") and forecast.words.endswith(" min left")
    _judged(forecast, 1, 1)
    assert forecast.words == ""
