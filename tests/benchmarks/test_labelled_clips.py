"""The whole way on labelled clips of several generators, with the real weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cinejudge import weights
from cinejudge.agent.segment import SignalInspector, segment
from cinejudge.media import ArtifactStore, Footage, FramePlan
from cinejudge.tools.perception import Perception

pytestmark = pytest.mark.real

CLIPS = (
    "shotadapter_2-shots_2.mp4",
    "shotadapter_3-shots_4.mp4",
    "shotadapter_4-shots_1.mp4",
    "universe1_speech_08.mp4",
    "ovi_ti2av_8.mp4",
)


@pytest.mark.parametrize("name", CLIPS)
async def test_every_labelled_cut_is_found_and_no_other(name: str, clips_dir: Path, tmp_path: Path) -> None:
    if not weights.present("transnetv2"):
        pytest.skip("weights missing: transnetv2")
    label = json.loads((clips_dir / "labels.json").read_text())[name]
    with Footage(clips_dir / name, cache=tmp_path, plan=FramePlan(pictures=False, sound=False)) as footage:
        perception = Perception(footage, ArtifactStore(tmp_path / "artifacts"), tmp_path / "evidence")
        found = await segment(perception, None, SignalInspector())
        assert footage.clip.frames == label["n_frames"]
    starts = [s.start_frame for s in found.shots[1:]]
    assert len(starts) == len(label["cuts"])
    assert all(abs(a - c["frame"]) <= 2 for a, c in zip(starts, label["cuts"], strict=True))
    assert found.shots[-1].end_frame == label["n_frames"]
