"""Tool ``camera``: what it says of a shot, and where it says nothing."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cinejudge.schema.errors import ToolError
from cinejudge.tools import camera
from cinejudge.tools.camera import Args
from cinejudge.tools.contract import Abstain
from cinejudge.tools.models import nanodet

from .fakes import FakeFootage, look, scene, shots


def plain(footage: Any, folder: Path, *spans: tuple[int, int], **args: Any) -> camera.Result:
    return camera._run(look(footage, folder, shots(*spans)), Args(**args), without_persons=False)


def test_each_shot_is_told_by_itself(tmp_path: Path) -> None:
    still = np.repeat(scene(1, seed=2), 24, axis=0)
    footage = FakeFootage(np.concatenate([scene(24, speed=1.5), still]))
    result = plain(footage, tmp_path, (0, 24), (24, 48))
    assert [s.labels for s in result.shots] == [("pan_right",), ("static",)]
    assert result.shots[0].moves[0].rate == pytest.approx(1.5 * 24 / 320, rel=0.1)
    assert result.summary == "shot 0: pan right; shot 1: static"
    assert plain(footage, tmp_path, (0, 24), (24, 48), shots=(1,)).shots[0].shot == 1


def test_shots_that_show_nothing_say_why(tmp_path: Path) -> None:
    blank = np.full((24, 180, 320, 3), 40, np.uint8)
    result = plain(FakeFootage(np.concatenate([scene(24), blank])), tmp_path, (0, 22), (22, 24), (24, 48))
    assert [s.labels for s in result.shots] == [("pan_right",), (), ()]
    assert "2 frames" in (result.shots[1].reason or "") and "texture" in (result.shots[2].reason or "")
    with pytest.raises(Abstain, match="texture"):
        plain(FakeFootage(blank), tmp_path, (0, 24))


def test_a_person_who_fills_the_picture_hides_the_camera(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    person = nanodet.Detections(np.array([[0, 0, 1, 1]], np.float32), np.ones(1, np.float32), np.zeros(1, np.int64))
    monkeypatch.setattr(nanodet, "detect", lambda pictures, **_: [person for _ in pictures])
    with pytest.raises(Abstain, match="people"):
        camera._run_with_persons(look(FakeFootage(scene(24)), tmp_path, shots((0, 24))), Args())


def test_only_people_and_animals_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def detect(pictures: Any, **given: Any) -> list[nanodet.Detections]:
        asked.update(given)
        nothing = np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64)
        return [nanodet.Detections(*nothing) for _ in pictures]

    monkeypatch.setattr(nanodet, "detect", detect)
    result = camera._run_with_persons(look(FakeFootage(scene(24)), tmp_path, shots((0, 24))), Args())
    assert result.shots[0].labels == ("pan_right",)
    names = {nanodet.COCO[i] for i in asked["classes"]}
    assert {"person", "dog", "horse"} <= names and "car" not in names


@pytest.mark.parametrize("args", [{"shots": (5,)}])
def test_a_shot_that_is_not_there_is_refused(tmp_path: Path, args: dict[str, Any]) -> None:
    with pytest.raises(ToolError, match="no shot 5"):
        plain(FakeFootage(scene(12)), tmp_path, (0, 12), **args)
    with pytest.raises(ToolError, match="not known yet"):
        camera._run(look(FakeFootage(scene(12)), tmp_path), Args(), without_persons=False)


def test_the_roughness_of_a_fast_move_is_not_called_hand_held() -> None:
    part = SimpleNamespace(start_s=0, end_s=2, moves=(1,))
    move = camera.CameraMove(kind="pan_left", rate=0.5, unit="widths/s", way=1.0)
    assert camera._labels((move,), (part,), 0.6) == ("pan_left",)  # type: ignore[arg-type]
    assert camera._labels((move,), (part,), 1.2) == ("pan_left", "handheld")  # type: ignore[arg-type]
    assert camera._labels((), (part,), 0.3) == ("handheld",)  # type: ignore[arg-type]


def test_what_is_drawn_shows_every_stretch(tmp_path: Path) -> None:
    footage = FakeFootage(scene(24))
    result = plain(footage, tmp_path, (0, 24))
    drawn = list(camera._draw(footage, result))  # type: ignore[arg-type]
    assert len(drawn) == 3
    assert any((picture != footage.pictures[i]).any() for i, (_, picture) in enumerate(drawn))


@pytest.mark.real
def test_a_studio_camera_stands_and_a_stage_camera_follows(clips_dir: Path, tmp_path: Path) -> None:
    from cinejudge.media import Footage

    found = {}
    for name in ("ovi_multiperson_cafe.mp4", "universe1_speech_18.mp4"):
        with Footage(clips_dir / name, cache=tmp_path) as footage:
            seen = look(footage, tmp_path, shots((0, footage.clip.frames), fps=footage.clip.fps))
            found[name] = camera.TOOL.providers[0].run(seen, Args()).shots[0].labels
    assert found == {"ovi_multiperson_cafe.mp4": ("static",), "universe1_speech_18.mp4": ("pan_right",)}
