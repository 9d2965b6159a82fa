"""Tool ``faces``: tracks, identities and abstention with replaced networks; the networks on photographs and clips."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from cinejudge import weights
from cinejudge.media import ArtifactStore, Footage
from cinejudge.schema import Shot
from cinejudge.tools import faces
from cinejudge.tools.contract import Abstain, Look
from cinejudge.tools.models import face_landmarker, face_measures, face_search
from cinejudge.tools.models.face_landmarker import Face
from cinejudge.tools.models.face_search import Sighting, without_duplicates
from cinejudge.tools.records.faces import Args, Result
from tests.tools.stand_in import make_look

PICTURE = np.full((400, 800, 3), 90, np.uint8)
ANNA, BEN = np.array([1, 0, 0], np.float32), np.array([0, 1, 0], np.float32)


def sighting(left: float, who: np.ndarray | None = None, side: float = 100, frontal: bool = True) -> Sighting:
    box = np.array([left, 50, left + side, 50 + side], np.float32)
    points = np.zeros((478, 3), np.float32)
    points[:, :2] = np.linspace(box[:2], box[2:], 478)
    return Sighting(box, 0.9, Face(1.0, points) if frontal else None, who)


@pytest.fixture(autouse=True)
def no_networks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "real" not in request.keywords:
        monkeypatch.setattr(face_measures, "head_pose", lambda face: (0.0, 0.0, 0.0))
        shapes = dict.fromkeys(face_landmarker.BLENDSHAPES, 0.0) | {"mouthSmileLeft": 0.8, "mouthSmileRight": 0.6}
        monkeypatch.setattr(face_measures, "blendshapes", lambda face: shapes)


def run(tmp_path: Path, shots: Sequence[tuple[int, int]], *answers: list[Sighting], same: float = 0.6) -> Result:
    """Runs the tool on stills; each answer is what the search finds in one frame."""
    left = list(answers)

    def search(pictures: Sequence[Any], device: str) -> list[list[Sighting]]:
        return [left.pop(0) for _ in pictures]

    return faces._run(make_look(PICTURE, tmp_path, shots), Args(), search, same, 0.05)


def test_one_person_over_two_shots(tmp_path: Path) -> None:
    result = run(tmp_path, [(0, 3), (3, 6)], *[[sighting(100, ANNA)]] * 3, *[[sighting(500, ANNA)]] * 3)
    assert [(t.shot, t.identity, len(t.samples)) for t in result.tracks] == [(0, 0, 3), (1, 0, 3)]
    assert [(i.tracks, i.shots, i.certain) for i in result.identities] == [((0, 1), (0, 1), True)]
    assert (result.people, result.at_once) == (1, 1)
    assert [(s.a, s.b, s.cosine, s.at_once) for s in result.similarities] == [(0, 1, 1.0, False)]
    assert result.tracks[0].stability == 1.0
    assert "1 people" in result.summary


def test_two_people_in_turn(tmp_path: Path) -> None:
    result = run(tmp_path, [(0, 3), (3, 6)], *[[sighting(100, ANNA)]] * 3, *[[sighting(100, BEN)]] * 3)
    assert [t.identity for t in result.tracks] == [0, 1]
    assert (result.people, result.at_once) == (2, 1)


def test_twins_seen_at_once_are_two(tmp_path: Path) -> None:
    result = run(tmp_path, [(0, 3)], *[[sighting(100, ANNA), sighting(500, ANNA)]] * 3)
    assert [t.identity for t in result.tracks] == [0, 1]
    assert result.similarities[0].at_once and result.people == result.at_once == 2
    assert all(i.certain for i in result.identities)


def test_a_close_call_is_told(tmp_path: Path) -> None:
    near = np.array([0.62, np.sqrt(1 - 0.62**2), 0], np.float32)
    result = run(tmp_path, [(0, 3), (3, 6)], *[[sighting(100, ANNA)]] * 3, *[[sighting(100, near)]] * 3)
    assert [i.certain for i in result.identities] == [False]


def test_a_face_that_changes_is_unstable(tmp_path: Path) -> None:
    result = run(tmp_path, [(0, 4)], *[[sighting(100, ANNA)]] * 3, [sighting(100, BEN)])
    assert result.tracks[0].stability == pytest.approx(1 / np.sqrt(10), abs=0.01)


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (sighting(100, ANNA, side=40), "smaller than 64 pixels"),
        (sighting(100, None, frontal=False), "seen only from the side"),
    ],
)
def test_identity_is_withheld_with_a_reason(tmp_path: Path, seen: Sighting, reason: str) -> None:
    result = run(tmp_path, [(0, 3)], *[[seen]] * 3)
    assert result.tracks[0].identity is None and result.tracks[0].no_identity == reason
    assert result.identities == () and result.people == 1


def test_identity_is_withheld_from_a_turned_head(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(face_measures, "head_pose", lambda face: (70.0, 0.0, 0.0))
    result = run(tmp_path, [(0, 3)], *[[sighting(100, ANNA)]] * 3)
    assert result.tracks[0].no_identity is not None and "turned away" in result.tracks[0].no_identity
    assert result.tracks[0].samples[0].gaze is None


def test_what_flashes_by_once_is_no_person(tmp_path: Path) -> None:
    result = run(tmp_path, [(0, 4)], [], [sighting(100, ANNA)], [], [])
    assert result.tracks == () and result.people == 0
    assert result.summary == "no face in 4 frames"


def test_samples_tell_mouth_and_expression(tmp_path: Path) -> None:
    (sample,) = run(tmp_path, [(0, 1)], [sighting(100, ANNA)]).tracks[0].samples
    assert sample.expression["smile"] == 0.7
    assert sample.mouth is not None and sample.gaze == (0.0, 0.0)
    assert sample.box == (0.125, 0.125, 0.25, 0.375)
    (small,) = run(tmp_path, [(0, 1)], [sighting(100, ANNA, side=40)]).tracks[0].samples
    assert small.expression == {} and small.gaze is None and small.mouth is not None


def test_a_crop_of_each_person_is_kept(tmp_path: Path) -> None:
    look = make_look(PICTURE, tmp_path, [(0, 1)])
    faces._run(look, Args(), lambda pictures, device: [[sighting(100, ANNA)] for _ in pictures], 0.6, 0.05)
    assert [a.caption for a in look.artifacts] == ["face track 0, person 0, at 0.00 s"]


def test_drawing_shows_who_and_the_mouth(tmp_path: Path) -> None:
    look = make_look(PICTURE, tmp_path, [(0, 2)])
    result = faces._run(look, Args(), lambda p, device: [[sighting(100, ANNA)] for _ in p], 0.6, 0.05)
    assert faces.TOOL.draw is not None
    drawn = list(faces.TOOL.draw(look.footage, result))
    assert len(drawn) == 2 and drawn[0][1].shape[0] > PICTURE.shape[0]


def test_tiny_pictures_are_left_alone(tmp_path: Path) -> None:
    look = make_look(PICTURE[:90], tmp_path, [(0, 2)])
    with pytest.raises(Abstain, match="smaller than 96"):
        faces._run(look, Args(), lambda pictures, device: [], 0.6, 0.05)


def test_the_same_face_twice_is_one() -> None:
    kept = without_duplicates([sighting(100, frontal=False), sighting(104, side=90), sighting(500)])
    assert [round(float(s.box[0])) for s in kept] == [104, 500]


def test_two_boxes_on_one_turned_head_are_one_face() -> None:
    """Boxes that were found on the head of a man in a hat who turns to the side: brow to mouth, and nose to chin."""
    upper = Sighting(np.array([381, 90, 444, 152], np.float32), 0.66, None)
    lower = Sighting(np.array([381, 124, 456, 198], np.float32), 0.72, None)
    assert without_duplicates([upper, lower]) == [lower]


def test_a_face_half_behind_another_stays_when_landmarks_are_sure_of_both() -> None:
    before, behind = sighting(100), sighting(150)
    assert without_duplicates([before, behind]) == [before, behind]
    assert without_duplicates([before, sighting(150, frontal=False)]) == [before]
    assert len(without_duplicates([before, sighting(170, frontal=False)])) == 2  # cheek to cheek


def test_insightface_is_called_as_its_package_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in of the package's interface: SCRFD gives boxes, scores and five points, ArcFace 512 numbers."""
    from cinejudge.tools.models import arcface

    class Detector:
        def prepare(self, ctx_id: int, input_size: tuple[int, int], det_thresh: float) -> None:
            assert (ctx_id, input_size, det_thresh) == (-1, (640, 640), 0.5)

        def detect(self, bgr: Any) -> tuple[Any, Any]:
            five = np.array([[130, 90], [170, 90], [150, 110], [135, 130], [165, 130]], np.float32)
            return np.array([[100, 50, 200, 150, 0.8]], np.float32), five[None]

    class Recogniser:
        def prepare(self, ctx_id: int) -> None:
            assert ctx_id == -1

        def get_feat(self, crop: Any) -> Any:
            assert crop.shape == (112, 112, 3)
            return np.full((1, 512), 3.0, np.float32)

    zoo, utils = ModuleType("insightface.model_zoo"), ModuleType("insightface.utils")
    files = {"det_10g.onnx": Detector, "w600k_r50.onnx": Recogniser}
    zoo.get_model = lambda path, providers: files[path]()  # type: ignore[attr-defined]
    align = ModuleType("insightface.utils.face_align")
    align.norm_crop = lambda img, landmark: np.zeros((112, 112, 3), np.uint8)  # type: ignore[attr-defined]
    utils.face_align = align  # type: ignore[attr-defined]
    for name, module in {"insightface": ModuleType("insightface"), zoo.__name__: zoo, utils.__name__: utils}.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(arcface.weights, "path", lambda pack, file: file)
    monkeypatch.setattr(face_landmarker, "landmarks", lambda rgb, box, eyes: sighting(100).face)
    arcface._models.cache_clear()
    result = faces._insightface(make_look(PICTURE, tmp_path, [(0, 2)]), Args())
    assert result.people == 1 and result.threshold == arcface.SAME
    assert result.tracks[0].identity == 0 and result.tracks[0].score == 0.8


# --- with the real networks ---


def _need(*names: str) -> None:
    absent = [name for name in names if not weights.present(name)]
    if absent:
        pytest.skip(f"weights missing: cinejudge weights pull {' '.join(absent)}")


def _photo(name: str) -> Any:
    import cv2

    _need("example-photos", "human-models", "face-landmarker")
    return cv2.cvtColor(cv2.imread(str(weights.path("example-photos", name))), cv2.COLOR_BGR2RGB)


def _only_face(rgb: Any) -> Face:
    ((found,),) = face_search.search([rgb], "cpu")
    assert found.face is not None
    return found.face


@pytest.mark.real
def test_a_smiling_woman_who_looks_at_us() -> None:
    face = _only_face(_photo("astronaut.png"))
    assert face.presence > 0.99
    assert np.abs(face.box - [179, 66, 273, 171]).max() < 15
    yaw, pitch, roll = face_landmarker.head_pose(face)
    assert abs(yaw) < 10 and abs(pitch) < 20 and abs(roll) < 10
    shapes = face_landmarker.blendshapes(face)
    assert min(shapes["mouthSmileLeft"], shapes["mouthSmileRight"]) > 0.6
    assert max(shapes["eyeBlinkLeft"], shapes["eyeBlinkRight"]) < 0.4


@pytest.mark.real
@pytest.mark.parametrize("photo", ["chelsea.png", "coffee.png", "hubble_deep_field.jpg"])
def test_no_face_where_there_is_none(photo: str) -> None:
    assert face_search.search([_photo(photo)], "cpu") == [[]]


@pytest.mark.real
def test_head_roll_follows_the_picture() -> None:
    import cv2

    photo = _photo("grace_hopper.jpg")
    height, width = photo.shape[:2]
    straight = face_landmarker.head_pose(_only_face(photo))
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -20, 1)  # clockwise: towards the picture's right
    leaning = face_landmarker.head_pose(_only_face(cv2.warpAffine(photo, turn, (width, height))))
    assert leaning[2] - straight[2] == pytest.approx(20, abs=4)
    assert leaning[0] - straight[0] == pytest.approx(0, abs=8)


@pytest.mark.real
def test_mirroring_turns_yaw_round() -> None:
    photo = _photo("astronaut.png")
    yaw = face_landmarker.head_pose(_only_face(photo))[0]
    assert face_landmarker.head_pose(_only_face(np.ascontiguousarray(photo[:, ::-1])))[0] == pytest.approx(-yaw, abs=5)


@pytest.mark.real
def test_identity_holds_through_light_size_and_tilt_and_tells_people_apart() -> None:
    import cv2

    from cinejudge.tools.models.identity import SAME, embed

    def variants(photo: Any) -> list[Any]:
        height, width = photo.shape[:2]
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), 12, 1)
        dark = (photo * 0.6).astype(np.uint8)
        small = cv2.resize(photo, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA)
        return [photo, dark, small, cv2.warpAffine(photo, turn, (width, height)), cv2.GaussianBlur(photo, (0, 0), 1.2)]

    pictures = [*variants(_photo("astronaut.png")), *variants(_photo("grace_hopper.jpg"))]
    embeddings = embed([(p, _only_face(p)) for p in pictures])
    alike = embeddings @ embeddings.T
    assert min(alike[:5, :5].min(), alike[5:, 5:].min()) > SAME + 0.1
    assert alike[:5, 5:].max() < SAME - 0.1


@pytest.mark.real
def test_people_are_counted_right_in_most_labelled_clips(clips_dir: Path, tmp_path: Path) -> None:
    _need("human-models", "face-landmarker")
    labels = json.loads((clips_dir / "labels.json").read_text("utf-8"))
    labelled = {name: entry["faces"]["human"] for name, entry in labels.items() if entry.get("faces")}
    counted = {}
    for name in labelled:
        with Footage(clips_dir / name, cache=tmp_path / "cache") as footage:
            look = Look(footage, _shots(footage, labels[name]["cuts"]), ArtifactStore(tmp_path / "artifacts"))
            counted[name] = faces._face_landmarker(look, Args(fps=2)).people
    wrong = {name: (counted[name], labelled[name]) for name in labelled if counted[name] != labelled[name]}
    assert len(wrong) <= 0.2 * len(labelled), wrong


def _shots(footage: Footage, cuts: list[dict[str, Any]]) -> tuple[Shot, ...]:
    starts = [0, *(cut["frame"] for cut in cuts)]
    ends = [*(cut.get("start", cut["frame"]) for cut in cuts), footage.clip.frames]
    fps = footage.clip.fps
    return tuple(
        Shot(index=i, start_frame=a, end_frame=b, start_s=a / fps, end_s=b / fps, transition_in=None)
        for i, (a, b) in enumerate(zip(starts, ends, strict=True))
    )
