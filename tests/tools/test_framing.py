"""Tool ``framing``: from heads to shot scale, and what it says when nobody is seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cinejudge import weights
from cinejudge.schema.errors import ToolError
from cinejudge.tools import framing
from cinejudge.tools.contract import Abstain
from cinejudge.tools.framing import HEADS, SCALES, Args, place_of

from .fakes import FakeFootage, look, shots


def test_places_follow_the_scales_and_grow_with_distance() -> None:
    assert [round(place_of(heads)) for heads in HEADS] == list(range(len(SCALES)))
    places = [place_of(heads) for heads in np.geomspace(0.3, 50, 60)]
    assert places == sorted(places) and (places[0], places[-1]) == (0, 6)


def test_the_largest_face_counts_before_any_figure() -> None:
    near, far = np.array([0.1, 0.1, 0.4, 0.7]), np.array([0.7, 0.2, 0.75, 0.3])
    found = framing._largest_face([(far, 0.75), (near, 0.75)])
    assert found and found[1] == "face" and found[2] == pytest.approx(0.75 / 0.6)
    assert framing._largest_face([]) is None


@pytest.mark.parametrize(
    ("box", "told"),
    [((0.4, 0.1, 0.6, 0.9), True), ((0.4, 0.1, 0.6, 1.0), False), ((0.1, 0.1, 0.9, 0.9), False)],
    ids=["standing", "cut at the feet", "lying or seated"],
)
def test_a_figure_counts_only_whole_and_standing(box: Any, told: bool) -> None:
    found = framing._largest_figure(np.array([box], np.float32), 16 / 9)
    assert (found is not None) == told
    if found:
        assert SCALES[round(place_of(found[2]))] == "long"


def test_shots_that_are_not_known_are_refused(tmp_path: Path) -> None:
    footage = FakeFootage(np.zeros((2, 32, 32, 3), np.uint8))
    with pytest.raises(ToolError, match="not known yet"):
        framing._run(look(footage, tmp_path), Args())
    with pytest.raises(ToolError, match="no shot 3"):
        framing._run(look(footage, tmp_path, shots((0, 2))), Args(shots=(3,)))


@pytest.mark.real
def test_a_portrait_is_close_and_a_cup_tells_nothing(tmp_path: Path) -> None:
    import cv2

    if not (weights.present("example-photos") and weights.present("human-models")):
        pytest.skip("weights missing: cinejudge weights pull")

    def told(name: str) -> framing.Result:
        photo = cv2.imread(str(weights.path("example-photos", name)), cv2.IMREAD_COLOR_RGB)
        footage = FakeFootage(np.stack([photo] * 3))
        return framing._run(look(footage, tmp_path, shots((0, 3))), Args())

    (shot,) = told("grace_hopper.jpg").shots
    assert shot.scale in ("close_up", "medium_close_up") and shot.confidence == 1
    with pytest.raises(Abstain, match="no face"):
        told("coffee.png")
