"""Tool ``objects``: what becomes of detections; and, with the real network, what photographs show."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from cinejudge import weights
from cinejudge.schema.errors import ToolError
from cinejudge.tools import objects
from cinejudge.tools.contract import Abstain
from cinejudge.tools.models.coco import COCO
from cinejudge.tools.models.nanodet import Detections
from cinejudge.tools.objects import Args
from tests.tools.stand_in import make_look

PICTURE = np.zeros((120, 160, 3), np.uint8)
LEFT, RIGHT = (0.1, 0.1, 0.3, 0.9), (0.6, 0.1, 0.8, 0.9)


def seen(*things: tuple[str, tuple[float, float, float, float]]) -> Detections:
    return Detections(
        np.array([box for _, box in things], np.float32).reshape(-1, 4),
        np.full(len(things), 0.5, np.float32),
        np.array([COCO.index(name) for name, _ in things], np.int64),
    )


def detector(*answers: Detections) -> Any:
    """Gives these answers, one for each picture, in order."""
    left = list(answers)
    return lambda pictures, **_: [left.pop(0) for _ in pictures]


def test_people_are_counted_and_followed_within_each_shot(tmp_path: Path) -> None:
    look = make_look(PICTURE, tmp_path, [(0, 3), (3, 6)])
    both, one = seen(("person", LEFT), ("person", RIGHT)), seen(("person", LEFT))
    result = objects._run(look, Args(), detector(both, both, one, one, one, one))
    assert [(c.shot, c.most, c.typical) for c in result.counts] == [(0, 2, 2), (1, 1, 1)]
    assert [(t.id, t.shot, t.samples) for t in result.tracks] == [(0, 0, 3), (1, 0, 2), (2, 1, 3)]
    assert result.most("person") == 2 and result.most("dog") == 0
    assert "2 person" in result.summary


def test_what_shows_up_once_does_not_count(tmp_path: Path) -> None:
    look = make_look(PICTURE, tmp_path, [(0, 4)])
    empty = seen()
    result = objects._run(look, Args(), detector(empty, seen(("dog", LEFT)), empty, empty))
    assert result.counts == () and result.tracks == ()
    assert result.summary.startswith("nothing")


def test_a_shot_of_one_frame_is_taken_as_it_is(tmp_path: Path) -> None:
    look = make_look(PICTURE, tmp_path, [(0, 1)])
    result = objects._run(look, Args(), detector(seen(("dog", LEFT))))
    assert result.most("dog") == 1


def test_things_of_different_classes_are_never_one_track(tmp_path: Path) -> None:
    look = make_look(PICTURE, tmp_path, [(0, 4)])
    dog, horse = seen(("dog", LEFT)), seen(("horse", LEFT))
    result = objects._run(look, Args(), detector(dog, horse, dog, horse))
    assert {(t.name, t.samples) for t in result.tracks} == {("dog", 2), ("horse", 2)}


def test_only_the_wanted_span_is_looked_at(tmp_path: Path) -> None:
    look = make_look(PICTURE, tmp_path, [(0, 8), (8, 16)])
    result = objects._run(look, Args(shots=(1,), start_s=3.0), detector(*[seen()] * 4))
    assert [f.frame for f in result.frames] == [12, 13, 14, 15]
    with pytest.raises(ToolError, match="no shot 7; there are shots 0 to 1"):
        objects._run(look, Args(shots=(7,)), detector())
    with pytest.raises(ToolError, match="no picture"):
        objects._run(look, Args(shots=(0,), start_s=3.0), detector())


def test_classes_are_those_of_coco() -> None:
    assert Args(classes=("person",)).classes == ("person",)
    with pytest.raises(ValidationError, match="not a COCO class: dragon"):
        Args(classes=("dragon",))


def test_tiny_pictures_are_left_alone(tmp_path: Path) -> None:
    look = make_look(np.zeros((64, 300, 3), np.uint8), tmp_path, [(0, 2)])
    with pytest.raises(Abstain, match="smaller than 96"):
        objects._run(look, Args(), detector())


def test_drawing_marks_the_boxes(tmp_path: Path) -> None:
    look = make_look(PICTURE, tmp_path, [(0, 1)])
    result = objects._run(look, Args(), detector(seen(("dog", LEFT))))
    assert objects.TOOL.draw is not None
    ((caption, picture),) = objects.TOOL.draw(look.footage, result)
    assert caption == "0.00 s" and picture.any() and not PICTURE.any()


def test_ultralytics_is_called_as_its_package_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in of the package's documented interface: BGR arrays in, results with boxes out."""
    from cinejudge.tools.models import ultralytics_yolo

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
            xyxyn = np.array([[0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1]], np.float32).view(Tensor)
            conf, cls = np.array([0.4, 0.9], np.float32).view(Tensor), np.array([16.0, 0.0], np.float32).view(Tensor)
            return [SimpleNamespace(boxes=SimpleNamespace(xyxyn=xyxyn, conf=conf, cls=cls)) for _ in source]

    package = ModuleType("ultralytics")
    package.YOLO = YOLO  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ultralytics", package)
    monkeypatch.setattr(ultralytics_yolo.weights, "path", lambda *_: "weights.pt")
    ultralytics_yolo._model.cache_clear()
    red = np.zeros((96, 96, 3), np.uint8)
    red[..., 0] = 255
    result = objects._ultralytics(make_look(red, tmp_path, [(0, 2)]), Args(classes=("person", "dog")))
    assert [o.name for o in result.frames[0].objects] == ["person", "dog"]
    assert calls == [
        {"first": [0, 0, 255], "pictures": 2, "conf": 0.35, "classes": [0, 16], "device": "cpu", "verbose": False}
    ]


@pytest.mark.real
@pytest.mark.parametrize(
    ("photo", "name", "where"),
    [
        ("astronaut.png", "person", (0.05, 0.0, 0.95, 1.0)),
        ("grace_hopper.jpg", "person", (0.0, 0.05, 1.0, 1.0)),
        ("chelsea.png", "cat", (0.1, 0.0, 1.0, 1.0)),
    ],
)
def test_photographs_show_what_they_show(photo: str, name: str, where: tuple[float, ...]) -> None:
    from cinejudge.tools.models import nanodet
    from cinejudge.tools.models.boxes import iou

    (found,) = nanodet.detect([_photo(photo)])
    assert COCO[found.classes[0]] == name
    assert iou(found.boxes[:1], np.array([where], np.float32))[0, 0] > 0.5


@pytest.mark.real
def test_a_batch_answers_like_single_pictures() -> None:
    from cinejudge.tools.models import nanodet

    photos = [_photo("astronaut.png"), _photo("chelsea.png")]
    together = nanodet.detect(photos)
    for found, photo in zip(together, photos, strict=True):
        (alone,) = nanodet.detect([photo])
        assert np.allclose(found.boxes, alone.boxes, atol=1e-4)
        assert found.classes.tolist() == alone.classes.tolist()


def _photo(name: str) -> Any:
    import cv2

    if not weights.present("example-photos") or not weights.present("human-models"):
        pytest.skip("weights missing: cinejudge weights pull")
    return cv2.cvtColor(cv2.imread(str(weights.path("example-photos", name))), cv2.COLOR_BGR2RGB)
