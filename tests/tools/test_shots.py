"""Proposals: generous, each with every detector's word."""

from __future__ import annotations

import numpy as np
import pytest

from cinejudge.tools import shots
from cinejudge.tools.cutting.self_similarity import self_similarity, sides
from cinejudge.tools.cutting.signals import fades, levels, runs
from tests.agent.segment.film import Film, mixed, scene


def propose(*parts: np.ndarray) -> shots.Result:
    return shots.propose(Film(*parts), None)  # type: ignore[arg-type]


def test_a_cut_is_proposed_by_several_detectors_with_their_signals() -> None:
    found = propose(scene(1, 40), scene(2, 40))
    (cut,) = [c for c in found.candidates if c.end_frame == 40 and c.type == "hard_cut"]
    assert {"pyscenedetect", "self_similarity"} <= set(cut.detectors)
    assert set(cut.signals) == {"content", "ratio", "novelty", "apart", "contrast"}
    assert found.alone["pyscenedetect_content"] == (40,)


def test_a_dissolve_is_proposed_as_a_stretch() -> None:
    a, b = scene(1, 56), scene(2, 56)
    found = propose(a[:40], mixed(a[40:], b[:16]), b[16:])
    spans = [(c.start_frame, c.end_frame) for c in found.candidates if c.end_frame - c.start_frame > 3]
    assert any(min(end, 56) - max(start, 40) > 0.6 * (max(end, 56) - min(start, 40)) for start, end in spans)


def test_a_fade_through_black_is_one_stretch_and_the_black_is_told() -> None:
    a, b = scene(1, 30), scene(2, 30)
    down, up = np.linspace(0.9, 0.1, 9)[:, None, None, None], np.linspace(0.1, 0.9, 9)[:, None, None, None]
    film = a[:20], a[20:29] * down, np.zeros((4, 72, 128, 3), np.float32), b[:9] * up, b[9:]
    found = propose(*film)
    fade = next(c for c in found.candidates if c.type == "fade")
    assert abs(fade.start_frame - 20) <= 2 and abs(fade.end_frame - 42) <= 2
    (black,) = found.plain
    assert 28 <= black[0] <= 29 and 33 <= black[1] <= 35


def faded(film: np.ndarray, first: float, last: float) -> np.ndarray:
    return film * np.linspace(first, last, len(film))[:, None, None, None]


@pytest.mark.parametrize("length", [30, 60])
def test_a_slow_way_through_black_is_not_told_in_halves(length: int) -> None:
    a, b = scene(1, 60 + length), scene(2, 60 + length)
    found = propose(a[:60], faded(a[60:], 1, 0), np.zeros((5, 72, 128, 3), np.float32), faded(b[:length], 0, 1), b[60:])
    end = 60 + 2 * length + 5
    slow = [(c.start_frame, c.end_frame) for c in found.candidates if c.end_frame - c.start_frame > 1]
    within = [span for span in slow if span[0] >= 60 and span[1] <= end]
    assert len(within) == 1 and within[0][0] <= 63 and within[0][1] >= end - 3


def test_a_file_that_begins_or_ends_with_a_fade_holds_no_change_within_it() -> None:
    a, black = scene(1, 90), np.zeros((8, 72, 128, 3), np.float32)
    found = propose(black, faded(a[:30], 0, 1), a[30:60], faded(a[60:], 1, 0), black)
    assert not [c for c in found.candidates if c.start_frame < c.end_frame and (c.end_frame < 38 or c.start_frame > 70)]


def test_words_on_black_are_black_still() -> None:
    card = np.zeros((40, 72, 128, 3), np.float32)
    card[8:, 30:40, 30:90] = 230
    light = levels(np.clip(np.concatenate([scene(1, 60), card]), 0, 255).astype(np.uint8))
    assert light.empty[60:].all() and not light.empty[:60].any()
    assert light.through(59, 68) == 0.0


def test_nothing_is_proposed_where_nothing_moves() -> None:
    still = np.repeat(scene(1, 1), 60, axis=0)
    assert propose(still).candidates == ()
    assert propose(np.zeros((60, 72, 128, 3), np.float32)).candidates == ()


@pytest.mark.parametrize("frames", [1, 2, 3, 13])
def test_short_clips(frames: int) -> None:
    found = propose(scene(1, frames))
    assert found.frames == frames
    assert all(0 < c.start_frame <= c.end_frame < frames for c in found.candidates)


def test_a_long_clip_is_worked_on_in_pieces_that_agree() -> None:
    film = Film(*(scene(seed, 90) for seed in range(16)))
    whole = self_similarity(film.thumbs, 48)
    cuts = [90 * i for i in range(1, 16)]
    peaks = np.argsort(-whole.novelty)[:15]
    assert sorted(peaks.tolist()) == cuts
    assert (whole.novelty[1:] > 0).all()
    late = self_similarity(film.thumbs[700:], 48)
    assert np.allclose(late.novelty[20:600], whole.novelty[720:1300], atol=1e-4)


def test_black_reaches_to_the_ends() -> None:
    dark = np.zeros((30, 27, 48, 3), np.uint8)
    assert runs(levels(dark).plain) == [(0, 30)]
    assert fades(levels(dark)) == [(0, 30)]
    assert runs(levels(255 - dark).plain) == [(0, 30)]


def test_sides_tell_a_dissolve_from_a_pan() -> None:
    a, b = scene(1, 56, speed=0.1), scene(2, 56, speed=0.1)
    dissolve = sides(Film(a[:40], mixed(a[40:], b[:16]), b[16:]).thumbs, 40, 56)
    pan = sides(Film(scene(1, 96, speed=1.5)).thumbs, 40, 56)
    assert dissolve["mixture"] > 0.9 > 0.2 > pan["mixture"]
    assert dissolve["straight"] > 0.9 > 0.6 > pan["straight"]
    assert dissolve["contrast"] > 2 * pan["contrast"]
    still = sides(np.zeros((20, 27, 48, 3), np.uint8), 10, 10)
    assert still == {"apart": 0.0, "contrast": 0.0}


class Asked:
    """A network that is silent and notes where it was asked."""

    def __init__(self) -> None:
        self.where: list[tuple[int, int]] = []

    def predict(self, frames: np.ndarray, where: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
        self.where = list(where)
        out = np.full((2, len(frames)), np.nan, np.float32)
        for start, end in where:
            out[:, start:end] = 0.001
        return out[0], out[1]


def test_the_network_is_asked_only_around_what_may_be_a_boundary() -> None:
    network = Asked()
    found = shots.propose(Film(scene(1, 150), scene(2, 150)), network)  # type: ignore[arg-type]
    ((start, end),) = network.where
    assert 150 - 70 < start < 150 < end < 150 + 70
    (cut,) = (c for c in found.candidates if c.start_frame == c.end_frame == 150)
    assert "network" in cut.signals
    network = Asked()
    shots.propose(Film(scene(1, 150, speed=0.2)), network)  # type: ignore[arg-type]
    assert network.where == []
