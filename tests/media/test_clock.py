from __future__ import annotations

from math import nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cinejudge.media.clock import settle


def test_regular() -> None:
    clock = settle([3 + i / 30 for i in range(60)], 30.0)
    assert clock.times == pytest.approx(np.arange(60) / 30)
    assert (clock.fps, clock.variable, clock.notes) == (30.0, False, ())
    assert clock.duration_s == pytest.approx(2.0)


def test_rounding_to_milliseconds_is_no_variable_rate() -> None:
    clock = settle([round(i / 23.976, 3) for i in range(240)], 23.976)
    assert (clock.fps, clock.variable) == (23.976, False)


def test_a_stated_rate_that_is_wrong_is_not_believed() -> None:
    assert settle([i / 12 for i in range(24)], 25.0).fps == pytest.approx(12)


def test_variable() -> None:
    clock = settle([0, 0.04, 0.08, 0.2, 0.24], 25.0)
    assert clock.variable
    assert clock.fps == pytest.approx(4 / 0.24)


def test_missing_stamps_are_filled_and_told() -> None:
    clock = settle([0.0, nan, 0.08, nan], 25.0)
    assert clock.times == pytest.approx([0, 0.04, 0.08, 0.12])
    assert "frames without a time stamp, placed at 25 per second: 2" in clock.notes[0]
    assert settle([nan] * 5, 10.0).times == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])


def test_stamps_that_run_backwards_are_held() -> None:
    clock = settle([0, 0.1, 0.05, 0.2, 0.3], 10.0)
    assert clock.times == pytest.approx([0, 0.1, 0.1, 0.2, 0.3])
    assert "run backwards: 1" in clock.notes[0]


def test_useless_stamps_are_replaced() -> None:
    clock = settle([5.0] * 10, 10.0)
    assert clock.times == pytest.approx(np.arange(10) / 10)
    assert "unusable" in clock.notes[-1]


def test_a_single_frame_lasts_one_interval() -> None:
    assert settle([7.0], 25.0).duration_s == pytest.approx(0.04)
    assert settle([nan], 25.0).times.tolist() == [0]


@given(
    st.lists(st.one_of(st.just(nan), st.floats(-1e6, 1e6)), min_size=1, max_size=40),
    st.sampled_from([0.1, 8, 24, 25, 29.97, 60, 1000]),
)
def test_whatever_the_stamps_the_clock_runs_forward_from_zero(stamps: list[float], nominal: float) -> None:
    clock = settle(stamps, nominal)
    assert len(clock.times) == len(stamps)
    assert clock.times[0] == 0
    assert (np.diff(clock.times) >= 0).all()
    assert np.isfinite(clock.times).all()
    assert clock.fps > 0
    assert clock.duration_s > clock.times[-1]
