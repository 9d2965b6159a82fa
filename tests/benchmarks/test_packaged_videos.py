"""Videos that packages ship: found by their content, cut to the frame, with their labels."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from tests.videos import make_video, pan

sys.path.append(str(Path(__file__).parents[2] / "benchmarks" / "shots"))

import packaged

LISTED: dict[str, dict[str, dict[str, Any]]] = json.loads(packaged.LIST.read_text(encoding="utf-8"))


def entry(path: Path, **rest: Any) -> dict[str, Any]:
    content = path.read_bytes()
    known = {"package": "npm some@1.0", "path": "demo/film.mp4", "bytes": len(content)}
    return {**known, "sha256": hashlib.sha256(content).hexdigest(), "cuts": [], "ambiguous": [], **rest}


def pictures(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as video:
        return [frame.to_ndarray(format="rgb24").astype(int) for frame in video.decode(video=0)]


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    unpacked = tmp_path / "packages" / "some" / "demo"
    unpacked.mkdir(parents=True)
    video = make_video(unpacked / "film.mp4", pan(40))
    whole, piece = entry(video), entry(video, frames=[10, 25], cuts=[{"frame": 5, "type": "hard"}])
    moving = cv2.Animation()
    moving.frames = [np.full((41, 60, 4), (0, 0, 20 * i, 255), np.uint8) for i in range(12)]
    moving.durations = np.array([60, 70] * 6)
    cv2.imwriteanimation(str(unpacked / "moving.webp"), moving)
    listed = {
        "films": {"whole.mp4": whole, "piece.mp4": piece, "gone.mp4": whole | {"sha256": "0" * 64}},
        "generated": {"moving.mp4": entry(unpacked / "moving.webp")},
    }
    monkeypatch.setattr(packaged, "LIST", tmp_path / "packaged.json")
    packaged.LIST.write_text(json.dumps(listed))
    missing = packaged.lay_out(tmp_path / "packages", tmp_path / "out")
    assert missing == ["films/gone.mp4 (npm some@1.0, demo/film.mp4)"]
    return tmp_path / "out"


def test_what_is_there_is_laid_out_with_its_labels(out: Path) -> None:
    labels = json.loads((out / "films" / "labels.json").read_text())
    assert list(labels) == ["whole.mp4", "piece.mp4"]
    assert labels["piece.mp4"]["cuts"] == [{"frame": 5, "type": "hard"}]
    assert [labels[name]["n_frames"] for name in labels] == [40, 15]
    assert labels["piece.mp4"]["kind"] == "film"
    video = out.parent / "packages" / "some" / "demo" / "film.mp4"
    assert (out / "films" / "whole.mp4").read_bytes() == video.read_bytes()


def test_a_piece_is_cut_to_the_frame(out: Path) -> None:
    shown, kept = pictures(out / "films" / "whole.mp4"), pictures(out / "films" / "piece.mp4")
    assert len(kept) == 15
    nearest = [min(range(40), key=lambda i: abs(shown[i] - picture).mean()) for picture in (kept[0], kept[-1])]
    assert nearest == [10, 24]


def test_an_animated_picture_becomes_a_video(out: Path) -> None:
    label = json.loads((out / "generated" / "labels.json").read_text())["moving.mp4"]
    assert (label["kind"], label["n_frames"]) == ("generated", 12)
    assert label["fps"] == pytest.approx(1000 / 65, rel=1e-3)
    shown = pictures(out / "generated" / "moving.mp4")
    assert shown[0].shape == (40, 60, 3)
    assert [round(picture[..., 0].mean() / 20) for picture in shown] == list(range(12))


@pytest.mark.parametrize(("part", "name"), [(part, name) for part, videos in LISTED.items() for name in videos])
def test_labels_are_in_order_and_say_all(part: str, name: str) -> None:
    video = LISTED[part][name]
    assert video["package"].split()[0] in ("npm", "pip", "deb") and len(video["sha256"]) == 64
    frames = [c["frame"] for c in video["cuts"]]
    assert frames == sorted(set(frames)) and all(f > 0 for f in frames)
    for cut in video["cuts"]:
        assert cut["type"] == "hard" or 0 < cut["start"] < cut["frame"]
    assert all(a["start"] <= a["end"] for a in video["ambiguous"])


def test_nothing_unseen_is_learned_from() -> None:
    seen = {video["sha256"] for part in ("films", "generated") for video in LISTED[part].values()}
    assert not seen & {video["sha256"] for video in LISTED["unseen"].values()}
