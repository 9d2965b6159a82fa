"""Which boundaries hold together."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from cinejudge.agent.segment.correct import LEAST_CUT, LEAST_GRADUAL, LEAST_HIDDEN, pooled, possible_shots, select
from cinejudge.agent.segment.propose import Suspect
from cinejudge.schema import Correction

FRAMES = 500


def suspect(start: int, end: int, score: float, *, weak: bool = False) -> Suspect:
    proposal = Correction(round=0, action="propose", frame=end, reason="", by="test")
    kind = "hard_cut" if start == end else "dissolve"
    return Suspect(start, end, kind, {}, weak=weak, proposal=proposal, score=score)


def chosen(*suspects: Suspect, plain: list[tuple[int, int]] | None = None, fps: float = 24.0) -> list[tuple[int, int]]:
    clip = SimpleNamespace(frames=FRAMES, fps=fps)
    is_shot = possible_shots(plain or [], clip)  # type: ignore[arg-type]
    return [(s.start, s.end) for s in select(suspects, is_shot, FRAMES)]


def test_nothing_from_nothing() -> None:
    assert chosen() == []


def test_a_boundary_needs_a_probability() -> None:
    assert chosen(suspect(10, 10, LEAST_CUT - 0.01)) == []
    assert chosen(suspect(10, 10, LEAST_CUT)) == [(10, 10)]


def test_a_place_that_the_detectors_hardly_believed_in_needs_more() -> None:
    doubtful = (LEAST_CUT + LEAST_HIDDEN) / 2
    assert chosen(suspect(40, 40, doubtful)) == [(40, 40)]
    assert chosen(suspect(40, 40, doubtful, weak=True)) == []
    assert chosen(suspect(40, 40, LEAST_HIDDEN, weak=True)) == [(40, 40)]


def test_a_gradual_transition_needs_more_than_a_cut() -> None:
    assert chosen(suspect(40, 50, (LEAST_CUT + LEAST_GRADUAL) / 2)) == []
    assert chosen(suspect(40, 50, LEAST_GRADUAL)) == [(40, 50)]


def test_of_two_readings_of_one_transition_the_likelier_stands() -> None:
    assert chosen(suspect(20, 30, 0.9), suspect(25, 25, 0.7)) == [(20, 30)]
    assert chosen(suspect(20, 30, 0.7), suspect(25, 25, 0.9)) == [(25, 25)]


def test_two_cuts_inside_outweigh_one_gradual_reading() -> None:
    assert chosen(suspect(20, 30, 0.9), suspect(20, 20, 0.85), suspect(30, 30, 0.85)) == [(20, 20), (30, 30)]


def test_a_shot_of_two_frames_stands_and_one_of_a_single_frame_does_not() -> None:
    assert chosen(suspect(10, 10, 0.9), suspect(12, 12, 0.9)) == [(10, 10), (12, 12)]
    assert chosen(suspect(10, 10, 0.8), suspect(11, 11, 0.9)) == [(11, 11)]


def test_two_parts_of_one_dissolve_are_one() -> None:
    assert chosen(suspect(20, 30, 0.9), suspect(36, 44, 0.8)) == [(20, 30)]
    assert chosen(suspect(20, 30, 0.9), suspect(41, 49, 0.8)) == [(20, 30), (41, 49)]
    assert chosen(suspect(20, 30, 0.9), suspect(36, 36, 0.8)) == [(20, 30), (36, 36)]


def test_what_changes_right_beside_a_gradual_transition_is_a_part_of_it() -> None:
    wipe = suspect(163, 167, 0.9)
    assert chosen(wipe, suspect(170, 170, 0.8)) == [(163, 167)]
    assert chosen(wipe, suspect(172, 172, 0.8)) == [(163, 167), (172, 172)]
    assert chosen(suspect(158, 160, 0.8), suspect(163, 163, 0.9)) == [(163, 163)]


def test_a_frame_or_two_at_the_end_of_the_file_are_no_shot() -> None:
    assert chosen(suspect(498, 498, 0.99)) == []
    assert chosen(suspect(400, 400, 0.6), suspect(499, 499, 0.99)) == [(400, 400)]
    assert chosen(suspect(497, 497, 0.6)) == [(497, 497)]


def test_a_moment_of_black_is_no_shot() -> None:
    cuts = suspect(10, 10, 0.9), suspect(14, 14, 0.8)
    assert chosen(*cuts, plain=[(10, 14)]) == [(10, 10)]
    assert chosen(*cuts, suspect(10, 14, 0.85), plain=[(10, 14)]) in ([(10, 10)], [(10, 14)])
    assert chosen(*cuts, plain=[(10, 11)]) == [(10, 10), (14, 14)]


def test_the_two_halves_of_a_fade_are_no_two_transitions() -> None:
    halves = suspect(57, 66, 0.9), suspect(78, 89, 0.9)
    assert chosen(*halves, suspect(57, 89, 0.92), plain=[(70, 76)]) == [(57, 89)]
    assert chosen(*halves, suspect(57, 89, 0.92)) == [(57, 66), (78, 89)]


def test_long_black_is_a_shot() -> None:
    cuts = suspect(10, 10, 0.9), suspect(40, 40, 0.8)
    assert chosen(*cuts, plain=[(10, 40)]) == [(10, 10), (40, 40)]


@pytest.mark.parametrize("count", [1, 40])
def test_order_does_not_matter(count: int) -> None:
    cuts = [suspect(10 * i, 10 * i, 0.6 + i / 100) for i in range(1, count + 1)]
    assert chosen(*cuts[::-1]) == [(c.start, c.end) for c in cuts]


def test_two_doubtful_readings_of_one_change_stand_for_it_together() -> None:
    readings = [suspect(20, 30, 0.4), suspect(25, 25, 0.35)]
    scores = {(s.start, s.end): s.score for s in pooled(readings)}
    assert scores[20, 30] == pytest.approx(1 - 0.6 * 0.65)
    assert scores[25, 25] == 0.35
    assert chosen(*pooled(readings)) == [(20, 30)]


def test_two_readings_of_one_sort_say_the_same_twice() -> None:
    assert max(s.score for s in pooled([suspect(20, 30, 0.4), suspect(21, 31, 0.4)])) == pytest.approx(0.4)
    assert max(s.score for s in pooled([suspect(20, 20, 0.4), suspect(60, 70, 0.4)])) == pytest.approx(0.4)
