"""The loop on films made in memory: detectors without weights, measures, corrections, shots."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from cinejudge.agent.segment import SignalInspector, segment
from cinejudge.schema import Brief, Segmentation, ShotSpec
from cinejudge.schema.errors import ToolError
from tests.agent.segment.film import Film, mixed, scene


async def shots_of(*parts: np.ndarray, brief: Brief | None = None, fps: float = 24.0) -> Segmentation:
    return await segment(Film(*parts, fps=fps), brief, SignalInspector())  # type: ignore[arg-type]


def starts(found: Segmentation) -> list[int]:
    return [s.start_frame for s in found.shots[1:]]


async def test_one_shot_stays_one_shot() -> None:
    found = await shots_of(scene(1, 60))
    assert starts(found) == []
    (shot,) = found.shots
    assert (shot.start_frame, shot.end_frame, shot.start_s, shot.end_s) == (0, 60, 0.0, 2.5)
    assert shot.transition_in is None


async def test_a_hard_cut_is_found_to_the_frame_with_its_history() -> None:
    found = await shots_of(scene(1, 40), scene(2, 40))
    assert starts(found) == [40]
    shot = found.shots[1]
    assert shot.transition_in is not None and shot.transition_in.type == "hard_cut"
    assert shot.start_s == pytest.approx(40 / 24, abs=1e-3)
    assert [c.action for c in shot.history][:2] == ["propose", "keep"]
    assert all(c.evidence and c.reason for c in shot.history)
    assert shot.history[1].measures["probability"] > 0.5


async def test_the_frame_that_blends_two_shots_belongs_to_neither() -> None:
    a, b = scene(1, 40), scene(2, 40)
    found = await shots_of(a, (0.5 * a[-1:] + 0.5 * b[:1]), b)
    assert starts(found) == [41]
    assert found.shots[0].end_frame == 40
    assert found.shots[1].transition_in is not None and found.shots[1].transition_in.type == "hard_cut"


async def test_a_flash_is_no_cut_and_the_reason_is_kept() -> None:
    film = scene(1, 80)
    film[40:42] += 150
    found = await shots_of(film)
    assert starts(found) == []
    assert any(c.action == "merge" and 38 <= c.frame <= 43 for c in found.corrections)


async def test_a_long_flash_is_no_shot() -> None:
    film = scene(1, 90)
    film[40:47] += 220
    found = await shots_of(film)
    assert starts(found) == []


async def test_a_bright_shot_between_two_others_is_one() -> None:
    found = await shots_of(scene(1, 40), np.clip(scene(2, 9) + 90, 0, 255), scene(3, 40))
    assert starts(found) == [40, 49]


async def test_a_dissolve_is_one_boundary_with_its_span() -> None:
    a, b = scene(1, 56), scene(2, 56)
    found = await shots_of(a[:40], mixed(a[40:], b[:16]), b[16:])
    (start,) = starts(found)
    transition = found.shots[1].transition_in
    assert transition is not None and transition.type == "dissolve"
    assert 40 <= transition.start_frame < 48 < transition.end_frame <= 58
    assert start == transition.end_frame


async def test_black_between_two_shots_is_one_transition() -> None:
    found = await shots_of(scene(1, 40), np.zeros((6, 72, 128, 3), np.float32), scene(2, 40))
    assert len(found.shots) == 2
    assert 38 <= starts(found)[0] <= 48


async def test_the_second_round_looks_again() -> None:
    film = Film(scene(1, 40), scene(2, 40))
    found = await segment(film, None, SignalInspector())  # type: ignore[arg-type]
    assert found.rounds == 2
    assert film.looked[0] == "shots" and film.looked.count("boundaries") >= 1


async def test_a_brief_never_makes_a_boundary() -> None:
    brief = Brief(shots=(ShotSpec(index=0), ShotSpec(index=1), ShotSpec(index=2)))
    found = await shots_of(scene(1, 60), brief=brief)
    assert len(found.shots) == 1
    assert found.expected == 3
    assert found.completion == pytest.approx(1 / 3)
    assert found.notes


@pytest.mark.parametrize("frames", [1, 2, 3])
async def test_the_shortest_clips(frames: int) -> None:
    found = await shots_of(scene(1, frames))
    assert len(found.shots) == 1
    assert found.shots[0].end_frame == frames


async def test_without_a_detector_it_says_so() -> None:
    class Blind:
        async def look(self, name: str) -> SimpleNamespace:
            return SimpleNamespace(found=False, reason="package not installed: scenedetect")

    with pytest.raises(ToolError, match="package not installed"):
        await segment(Blind(), None, SignalInspector())  # type: ignore[arg-type]
