"""Films that packages ship: found by their content, cut to the frame, with their labels."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import av
import pytest

from tests.videos import make_video, pan

sys.path.append(str(Path(__file__).parents[2] / "benchmarks" / "shots"))

import packaged

LISTED: dict[str, dict[str, Any]] = json.loads(packaged.LIST.read_text(encoding="utf-8"))


def entry(path: Path, **rest: Any) -> dict[str, Any]:
    content = path.read_bytes()
    known = {"package": "npm some@1.0", "path": "demo/film.mp4", "bytes": len(content)}
    return {**known, "sha256": hashlib.sha256(content).hexdigest(), "cuts": [], "ambiguous": [], **rest}


def test_what_is_there_is_laid_out_and_what_is_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unpacked = tmp_path / "packages" / "some" / "demo"
    unpacked.mkdir(parents=True)
    video = make_video(unpacked / "film.mp4", pan(40))
    whole, piece = entry(video), entry(video, frames=[10, 25], cuts=[{"frame": 5, "type": "hard"}])
    listed = {"whole.mp4": whole, "piece.mp4": piece, "gone.mp4": whole | {"sha256": "0" * 64}}
    monkeypatch.setattr(packaged, "LIST", tmp_path / "packaged.json")
    packaged.LIST.write_text(json.dumps(listed))
    out = tmp_path / "out"
    assert packaged.lay_out(tmp_path / "packages", out) == ["gone.mp4"]
    labels = json.loads((out / "labels.json").read_text())
    assert list(labels) == ["whole.mp4", "piece.mp4"]
    assert labels["piece.mp4"]["cuts"] == [{"frame": 5, "type": "hard"}]
    assert (out / "whole.mp4").read_bytes() == video.read_bytes()
    with av.open(str(video)) as film, av.open(str(out / "piece.mp4")) as cut:
        shown = [f.to_ndarray(format="gray").astype(int) for f in film.decode(video=0)]
        kept = [f.to_ndarray(format="gray").astype(int) for f in cut.decode(video=0)]
    assert len(kept) == 15
    nearest = [min(range(40), key=lambda i: abs(shown[i] - picture).mean()) for picture in (kept[0], kept[-1])]
    assert nearest == [10, 24]


@pytest.mark.parametrize("name", LISTED)
def test_labels_are_in_order_and_say_all(name: str) -> None:
    film = LISTED[name]
    assert film["package"].split()[0] in ("npm", "pip", "deb") and len(film["sha256"]) == 64
    frames = [c["frame"] for c in film["cuts"]]
    assert frames == sorted(set(frames)) and all(f > 0 for f in frames)
    for cut in film["cuts"]:
        assert cut["type"] == "hard" or 0 < cut["start"] < cut["frame"]
    assert all(a["start"] <= a["end"] for a in film["ambiguous"])
