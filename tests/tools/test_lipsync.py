"""Tool ``lipsync``: standings and offsets with made-up mouths; the whole tool on studio recordings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cinejudge import weights
from cinejudge.media import ArtifactStore, Footage, Sound
from cinejudge.tools import lipsync
from cinejudge.tools.contract import Abstain, Look
from cinejudge.tools.records.lips import Result
from cinejudge.tools.records.mouths import Args
from cinejudge.tools.sampling.spoken_mouths import Scene
from tests.tools.signals.test_lip_correlation import voice
from tests.tools.talking_heads import TALKS, head, talking


def run(*given: Any) -> Result:
    return lipsync._mouth_correlation(talking(*given), Args())


@pytest.mark.parametrize("late_s", [-0.3, 0.0, 0.2])
def test_a_face_in_step_has_its_offset(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, late_s: float) -> None:
    result = run(monkeypatch, tmp_path, [head(TALKS)], voice(TALKS, late_s))
    assert result.faces[0].standing == "in_step" and result.sure
    assert result.offset_ms == pytest.approx(late_s * 1000, abs=40)
    assert result.faces[0].rating == pytest.approx(10 * lipsync.closeness(result.offset_ms or 0), abs=0.01)
    assert "belong together" in result.summary


@pytest.mark.parametrize(
    ("changes", "why"),
    [({"side_px": 50.0}, "smaller than 64"), ({"yaw": 60.0}, "turned"), ({"yaw": None}, "turned")],
)
def test_a_face_that_cannot_be_read_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(Abstain, match=why):
        run(monkeypatch, tmp_path, [replace(head(TALKS), **changes)], voice(TALKS))


def test_nothing_to_compare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(Abstain, match="no sound"):
        run(monkeypatch, tmp_path, [head(TALKS)], None)
    with pytest.raises(Abstain, match="speech"):
        run(monkeypatch, tmp_path, [head(TALKS)], voice(TALKS), [(1.0, 1.8)])
    with pytest.raises(Abstain, match="no face"):
        run(monkeypatch, tmp_path, [], voice(TALKS))


def test_little_speech_rules_nothing_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    poor = lipsync.Compared("out_of_step", 0.0, 1.0, 0.0)
    standings = [
        lipsync.compare_face(0, Scene(None, (head(TALKS),), voice(TALKS), ((0.2, end),), 1.0), lambda *_: poor).standing  # type: ignore[arg-type]
        for end in (1.8, 5.0)
    ]
    assert standings == ["unclear", "out_of_step"]


def test_closeness_falls_with_the_offset() -> None:
    assert [lipsync.closeness(ms) for ms in (0, -80, 240, 400, -900)] == pytest.approx([1, 1, 0.5, 0, 0])


@pytest.mark.real
@pytest.mark.parametrize("name", ["grid_lbax4n.mpg", "grid_pwij3p.mpg"])
def test_studio_recordings_are_in_time_and_a_shift_is_found(
    clips_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for needed in ("human-models", "face-landmarker"):
        if not weights.present(needed):
            pytest.skip(f"weights {needed} are not present")
    with Footage(clips_dir / name, cache=tmp_path) as footage:
        look = Look(footage, (), ArtifactStore(tmp_path / "artifacts"))
        result = lipsync._mouth_correlation(look, Args())
        assert result.faces[0].standing == "in_step"
        assert result.offset_ms == pytest.approx(0, abs=80)
        own = footage.sound
        assert own is not None
        late = np.concatenate([np.zeros((round(0.24 * own.rate), own.samples.shape[1]), np.float32), own.samples])
        monkeypatch.setattr(Footage, "sound", Sound(late, own.rate))
        assert lipsync._mouth_correlation(look, Args()).offset_ms == pytest.approx(240, abs=80)
