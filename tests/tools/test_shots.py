"""Proposals: generous, each with every detector's word."""

from __future__ import annotations

import numpy as np
import pytest

from cinejudge.tools import shots
from cinejudge.tools.boundary_signals import black_runs, fades, levels
from cinejudge.tools.self_similarity import self_similarity
from tests.agent.segment.film import Film, mixed, scene


def propose(*parts: np.ndarray) -> shots.Result:
    return shots._propose(Film(*parts), with_network=False)  # type: ignore[arg-type]


def test_a_cut_is_proposed_by_several_detectors_with_their_signals() -> None:
    found = propose(scene(1, 40), scene(2, 40))
    (cut,) = [c for c in found.candidates if c.end_frame == 40 and c.type == "hard_cut"]
    assert {"pyscenedetect", "self_similarity"} <= set(cut.detectors)
    assert set(cut.signals) == {"content", "ratio", "novelty"}
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
    (black,) = found.black
    assert 28 <= black[0] <= 29 and 33 <= black[1] <= 35


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
    assert black_runs(levels(dark)) == [(0, 30)]
    assert fades(levels(dark)) == [(0, 30)]
