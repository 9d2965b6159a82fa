"""Tool ``lipsync``: standings, offsets and who speaks, with made-up mouths; the whole tool on studio recordings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cinejudge import weights
from cinejudge.media import ArtifactStore, Footage, Sound
from cinejudge.tools import lipsync
from cinejudge.tools.contract import Abstain, Look
from cinejudge.tools.lip_records import Args, Result
from cinejudge.tools.models import mouth, whisper
from cinejudge.tools.models.mouth import MouthTrack
from tests.tools.signals.test_lip_correlation import LENGTH_S, syllables, voice
from tests.tools.stand_in import make_look

PICTURE = np.full((200, 300, 3), 90, np.uint8)
FPS = 25.0
FRAMES = round(LENGTH_S * FPS)
TALKS = syllables(1)


def head(opening: Any, side_px: float = 120.0, yaw: float | None = 5.0, left: float = 0.2) -> MouthTrack:
    """A mouth that opens so; the opening is in tenths of the distance between the eyes."""
    track = MouthTrack(0, side_px=side_px, yaw=yaw)
    noise = np.random.default_rng(2).normal(0, 0.002, (FRAMES, 5))
    for frame in range(FRAMES):
        at = float(np.interp(frame / FPS, np.arange(len(opening)) / 100, opening)) * 0.1
        track.frames.append(frame)
        track.times.append(frame / FPS)
        track.shapes.append(tuple(at + noise[frame]))
        track.patches.append(np.full((32, 32), 100 * at, np.float32) + np.eye(32, dtype=np.float32) * 40)
        track.boxes.append((left, 0.3, left + 0.3, 0.7))
    return track


def run(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    heads: Sequence[MouthTrack],
    sound: Any,
    spoken: Sequence[tuple[float, float]] = ((0.2, LENGTH_S - 0.2),),
) -> Result:
    monkeypatch.setattr(whisper, "speech_spans", lambda samples: list(spoken))
    monkeypatch.setattr(mouth, "mouths", lambda *_: list(heads))
    look = make_look(PICTURE, tmp_path, [(0, FRAMES)], FPS)
    look.footage.sound = None if sound is None else Sound(sound[:, None], 16000)  # type: ignore[misc]
    return lipsync._mouth_correlation(look, Args())


@pytest.mark.parametrize("late_s", [-0.3, 0.0, 0.2])
def test_a_face_in_step_has_its_offset(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, late_s: float) -> None:
    result = run(monkeypatch, tmp_path, [head(TALKS)], voice(TALKS, late_s))
    assert result.faces[0].standing == "in_step" and result.sure
    assert result.offset_ms == pytest.approx(late_s * 1000, abs=40)
    assert result.faces[0].rating == pytest.approx(10 * lipsync.closeness(result.offset_ms or 0), abs=0.01)
    assert "belong together" in result.summary


def test_a_mouth_that_rests_is_told_from_one_that_speaks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    rests = np.random.default_rng(0).uniform(0, 0.02, len(TALKS))
    result = run(monkeypatch, tmp_path, [head(rests), head(TALKS, left=0.6)], voice(TALKS))
    assert result.faces[1].standing == "in_step"
    assert {part.track for part in result.speaking} == {1}
    assert result.still == () and result.seen
    assert (result.faces[0].moving_share or 0) < 0.1 < 0.9 < (result.faces[1].moving_share or 0)


def test_a_voice_over_leaves_the_mouths_still(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    rests = np.random.default_rng(0).uniform(0, 0.02, len(TALKS))
    result = run(monkeypatch, tmp_path, [head(rests)], voice(TALKS))
    still, seen = (sum(s.length_s for s in spans) for spans in (result.still, result.seen))
    assert still == pytest.approx(seen) and seen > 5
    assert all(p.track is None and p.decided and not p.moving for p in result.speaking)


def test_turns_go_to_the_face_that_takes_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    half = len(TALKS) // 2
    first, second = TALKS.copy(), TALKS.copy()
    first[half:], second[:half] = 0, 0
    middle = LENGTH_S / 2
    spoken = [(0.2, middle), (middle, LENGTH_S - 0.2)]
    result = run(monkeypatch, tmp_path, [head(first), head(second, left=0.6)], voice(TALKS), spoken)
    assert [p.track for p in result.speaking] == [0, 1]


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
        lipsync.compare_face(
            0,
            SimpleNamespace(),
            head(TALKS),
            voice(TALKS),
            [(0.2, end)],
            lambda *_: poor,  # type: ignore[arg-type]
        ).standing
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
        monkeypatch.setitem(footage.__dict__, "sound", Sound(late, own.rate))
        assert lipsync._mouth_correlation(look, Args()).offset_ms == pytest.approx(240, abs=80)
