"""Tool ``pose``: people, points and abstention with replaced networks; the networks on photographs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cinejudge import weights
from cinejudge.tools import pose
from cinejudge.tools.contract import Abstain
from cinejudge.tools.models import blazepose, pose_search
from cinejudge.tools.models.pose_search import Figure, match
from cinejudge.tools.records.pose import Args, Result
from tests.tools.stand_in import make_look

PICTURE = np.full((400, 800, 3), 90, np.uint8)


def figure(left: float, *, yaw: float = 0.0, unsure: bool = False, hand: bool = False) -> Figure:
    box = np.array([left, 50, left + 200, 350], np.float32)
    if unsure:
        return Figure(box, 0.8)
    points = {
        "nose": np.array([left + 100, 80, 1.0], np.float32),
        "left_wrist": np.array([left + 150, 200, 0.2], np.float32),
    }
    hands = {"left": np.full((21, 2), left + 150, np.float32)} if hand else {}
    return Figure(box, 0.8, points, hands, yaw)


def run(tmp_path: Path, shots: Sequence[tuple[int, int]], *answers: list[Figure]) -> Result:
    """Runs the tool on stills; each answer is what the search finds in one frame."""
    left = list(answers)

    def search(pictures: Sequence[Any], device: str) -> list[list[Figure]]:
        return [left.pop(0) for _ in pictures]

    return pose._run(make_look(PICTURE, tmp_path, shots), Args(fps=4), search)


def test_two_people_are_followed_over_a_shot(tmp_path: Path) -> None:
    result = run(tmp_path, [(0, 3)], *[[figure(50, hand=True), figure(500, yaw=80)]] * 3)
    assert [(p.id, p.shot, p.seen, p.posed, p.facing) for p in result.people] == [
        (0, 0, 3, 3, "camera"),
        (1, 0, 3, 3, "right"),
    ]
    assert result.people[0].shows == ("nose",)  # the wrist is told, but as hidden
    assert result.people[0].hands == {"left": 3} and result.people[1].hands == {}
    sample = result.people[0].samples[0]
    assert sample.box == (0.0625, 0.125, 0.3125, 0.875)
    assert sample.points["nose"] == (0.1875, 0.2, 1.0)
    assert "faces camera, 1 points, hands left" in result.summary


def test_people_of_every_shot_have_numbers_of_their_own(tmp_path: Path) -> None:
    result = run(tmp_path, [(0, 3), (3, 6)], *[[figure(50)]] * 6)
    assert [(p.id, p.shot) for p in result.people] == [(0, 0), (1, 1)]


def test_who_shows_up_once_does_not_count(tmp_path: Path) -> None:
    result = run(tmp_path, [(0, 4)], [], [figure(50)], [], [])
    assert result.people == () and result.summary == "nobody in 4 frames"


def test_an_unsure_pose_has_no_points_and_only_such_abstain(tmp_path: Path) -> None:
    result = run(tmp_path, [(0, 3)], [figure(50)], [figure(50, unsure=True)], [figure(50)])
    (person,) = result.people
    assert (person.seen, person.posed) == (3, 2)
    with pytest.raises(Abstain, match="1 people are seen, but too small"):
        run(tmp_path, [(0, 3)], *[[figure(50, unsure=True)]] * 3)


def test_tiny_pictures_are_left_alone(tmp_path: Path) -> None:
    with pytest.raises(Abstain, match="smaller than 96"):
        pose._run(make_look(PICTURE[:90], tmp_path, [(0, 2)]), Args(), lambda *_: [])


@pytest.mark.parametrize(
    ("yaws", "where"),
    [((10, -20, 5), "camera"), ((170, -175, 179), "away"), ((80, 100), "right"), ((-60, -90), "left"), ((), None)],
)
def test_which_way_a_body_faces(yaws: Sequence[float], where: str | None) -> None:
    assert pose.facing(yaws) == where


def test_pictures_of_skeletons_are_kept_from_every_shot(tmp_path: Path) -> None:
    look = make_look(PICTURE, tmp_path, [(0, 8), (8, 10)])

    def search(pictures: Sequence[Any], device: str) -> list[list[Figure]]:
        return [[figure(50)] for _ in pictures]

    pose._run(look, Args(fps=4), search)
    assert len(look.artifacts) == pose.SHOWN
    assert {a.frame is not None and a.frame >= 8 for a in look.artifacts} == {True, False}


def test_drawing_shows_bones(tmp_path: Path) -> None:
    look = make_look(PICTURE, tmp_path, [(0, 1)])
    full = figure(50, hand=True)
    points = {name: np.array([150, 60 + 8 * i, 1.0], np.float32) for i, name in enumerate(blazepose.POINTS)}
    result = pose._run(look, Args(), lambda p, d: [[Figure(full.box, 0.8, points, full.hands, 0.0)] for _ in p])
    assert pose.TOOL.draw is not None
    ((caption, picture),) = pose.TOOL.draw(look.footage, result)
    assert caption == "0.00 s" and (picture[:, 145:155] != PICTURE[:, 145:155]).any(axis=2).sum() > 200


def test_heads_go_to_the_people_they_belong_to() -> None:
    """Two people stand close: the surer head must not be given to both, nor a head outside a box to anyone."""
    boxes = np.array([[100, 100, 300, 500], [220, 110, 440, 500]], np.float32)
    heads = np.array([[300, 120, 350, 170], [180, 110, 220, 150], [600, 100, 640, 140]], np.float32)
    assert match(boxes, heads) == [1, 0]
    assert match(boxes, heads[2:]) == [None, None]
    assert match(boxes, np.zeros((0, 4), np.float32)) == [None, None]


def test_the_mirror_swaps_left_and_right() -> None:
    names = [blazepose.POINTS[i] for i in blazepose._OTHER_SIDE]
    assert names[0] == "nose" and names[blazepose.POINTS.index("left_wrist")] == "right_wrist"
    assert names[blazepose.POINTS.index("mouth_left")] == "mouth_right"
    assert sorted(blazepose._OTHER_SIDE) == list(range(33))


def test_points_that_the_mirror_puts_elsewhere_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    places = np.stack([np.linspace(20, 180, 33), np.linspace(20, 180, 33)], axis=1).astype(np.float32)
    spread = np.zeros(33, np.float32)
    spread[:10] = 0.2
    body = blazepose.Body(places, np.ones(33, np.float32), spread, 400.0, 0.0)
    proposed = blazepose.Proposals(*(np.zeros((1, n), np.float32) for n in (4, 2, 2)))
    monkeypatch.setattr(blazepose, "body", lambda *_: body)
    monkeypatch.setattr(pose_search, "_hands", lambda *_: {})
    picture, box = np.zeros((200, 200, 3), np.uint8), np.array([0, 0, 200, 200], np.float32)
    kept = pose_search._figure(picture, box, 0.9, proposed, 0)
    assert set(kept.points) == set(blazepose.POINTS[10:])
    spread[:20] = 0.2
    assert pose_search._figure(picture, box, 0.9, proposed, 0).points == {}
    assert pose_search._figure(picture, box, 0.9, proposed, None).points == {}


def test_ultralytics_is_called_as_its_package_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in of the package's documented interface: BGR arrays in, boxes and keypoints out."""
    from cinejudge.tools.models import ultralytics_pose

    calls: list[dict[str, Any]] = []

    class Tensor(np.ndarray[Any, Any]):
        def cpu(self) -> Any:
            return self

        def numpy(self) -> Any:
            return np.asarray(self)

    class YOLO:
        def __init__(self, path: str) -> None:
            assert path == "weights.pt"

        def predict(self, source: list[Any], **settings: Any) -> list[Any]:
            calls.append({"first": source[0][0, 0].tolist(), "pictures": len(source), **settings})
            xyxy = np.array([[10, 10, 40, 90], [50, 5, 95, 95]], np.float32).view(Tensor)
            data = np.full((2, 17, 3), 0.9, np.float32).view(Tensor)
            data[1, 0], data[1, 9, 2] = [70, 20, 0.8], 0.1
            boxes = SimpleNamespace(xyxy=xyxy, conf=np.array([0.9, 0.4], np.float32).view(Tensor))
            return [
                SimpleNamespace(boxes=boxes, keypoints=SimpleNamespace(data=data)),
                SimpleNamespace(boxes=SimpleNamespace(xyxy=xyxy[:0], conf=boxes.conf[:0]), keypoints=None),
            ]

    package = ModuleType("ultralytics")
    package.YOLO = YOLO  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ultralytics", package)
    monkeypatch.setattr(ultralytics_pose.weights, "path", lambda *_: "weights.pt")
    ultralytics_pose._model.cache_clear()
    red = np.zeros((100, 100, 3), np.uint8)
    red[..., 0] = 255
    largest, smaller = ultralytics_pose.search([red, red], "cpu")[0]
    ultralytics_pose._model.cache_clear()
    assert largest.box.tolist() == [50, 5, 95, 95] and smaller.score == pytest.approx(0.9)
    assert largest.points["nose"].tolist() == pytest.approx([70, 20, 0.8]) and "left_wrist" not in largest.points
    assert calls == [{"first": [0, 0, 255], "pictures": 2, "conf": 0.35, "device": "cpu", "verbose": False}]


@pytest.mark.real
def test_a_photograph_gives_its_pose_and_the_mirrored_one_the_mirrored() -> None:
    import cv2

    for needed in ("example-photos", "human-models", "blazepose", "hand-landmarks"):
        if not weights.present(needed):
            pytest.skip(f"weights missing: cinejudge weights pull {needed}")
    photo = cv2.imread(str(weights.path("example-photos", "astronaut.png")), cv2.IMREAD_COLOR_RGB)
    ((seen,), (mirrored,)) = pose_search.search([photo, np.ascontiguousarray(photo[:, ::-1])], "cpu")
    eye = (seen.points["left_eye"][:2] + seen.points["right_eye"][:2]) / 2
    assert np.linalg.norm(eye - [226, 110]) < 15
    assert seen.points["left_shoulder"][0] > 280 > 160 > seen.points["right_shoulder"][0]
    both = [n for n in seen.points if blazepose.twin(n) in mirrored.points]
    there = np.array([mirrored.points[blazepose.twin(n)][:2] for n in both])
    here = np.array([seen.points[n][:2] for n in both])
    there[:, 0] = photo.shape[1] - there[:, 0]
    assert len(both) >= 12 and np.median(np.linalg.norm(here - there, axis=1)) < 0.02 * photo.shape[0]
    assert seen.yaw is not None and mirrored.yaw is not None and abs(seen.yaw + mirrored.yaw) < 15
