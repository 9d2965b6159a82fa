"""The example holds what its truth says: cuts, freeze, silence, title, line, and a brief that both clips miss."""

from __future__ import annotations

import importlib.util
import json
import sys
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest

from cinejudge.briefs import find_brief

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
TRUTH: dict[str, Any] = json.loads((EXAMPLES / "truth.json").read_text(encoding="utf-8"))
MODELS = tuple(TRUTH["clips"])
SMALL = (160, 90)
STILL = 0.2
"""Mean difference below which a frame repeats the one before; an encoder goes on refining a still picture a little."""


def _maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_example", EXAMPLES / "make_example.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


MAKER = _maker()


def _texture(name: str) -> npt.NDArray[np.uint8]:
    """Stands in for a photograph: soft blobs, another set and brightness for each name."""
    rng = np.random.default_rng(list(name.encode()))
    coarse = rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)
    return np.asarray(MAKER.cv2.resize(coarse, (512, 512), interpolation=MAKER.cv2.INTER_CUBIC))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("example")
    MAKER.make(out, _texture, SMALL)
    return out


def _differences(path: Path) -> npt.NDArray[np.float64]:
    """Mean absolute difference of each frame to the one before."""
    with av.open(str(path)) as file:
        frames = [frame.to_ndarray(format="gray").astype(np.float64) for frame in file.decode(video=0)]
    return np.array([0.0] + [np.abs(b - a).mean() for a, b in pairwise(frames)])


def _samples(path: Path) -> tuple[npt.NDArray[np.float32], int]:
    with av.open(str(path)) as file:
        parts = [frame.to_ndarray()[0] for frame in file.decode(audio=0)]
        return np.concatenate(parts), file.streams.audio[0].rate


@pytest.mark.parametrize("model", MODELS)
def test_hard_cuts_lie_where_the_truth_says_and_nowhere_else(made: Path, model: str) -> None:
    clip = TRUTH["clips"][model]
    change = _differences(made / model / "teaser.mp4")
    assert len(change) == clip["frames"]
    hard = [cut["frame"] for cut in clip["cuts"] if cut["type"] == "hard_cut"]
    assert sorted(np.argsort(change)[-len(hard) :].tolist()) == hard
    rest = np.delete(change, hard)
    assert min(change[hard]) > 2 * rest.max()


@pytest.mark.parametrize("model", MODELS)
def test_the_dissolve_changes_a_little_in_every_frame(made: Path, model: str) -> None:
    change = _differences(made / model / "teaser.mp4")
    dissolve = next(cut for cut in TRUTH["clips"][model]["cuts"] if cut["type"] == "dissolve")
    within = change[dissolve["start"] : dissolve["frame"] + 1]
    assert within.min() > 0.5
    assert within.max() < 4 * within.min() + 4


def test_only_model_b_freezes_and_where_the_truth_says(made: Path) -> None:
    fault = next(f for f in TRUTH["clips"]["model-b"]["faults"] if f["mode"] == "frozen picture")
    start, end = (round(s * TRUTH["fps"]) for s in fault["span"])
    still = {model: np.flatnonzero(_differences(made / model / "teaser.mp4")[1:] < STILL) + 1 for model in MODELS}
    assert still["model-b"].tolist() == list(range(start + 1, end))
    assert not still["model-a"].size


def test_only_model_b_falls_silent_and_where_the_truth_says(made: Path) -> None:
    fault = next(f for f in TRUTH["clips"]["model-b"]["faults"] if f["mode"] == "sound drops out")
    start, end = fault["span"]
    for model in MODELS:
        samples, rate = _samples(made / model / "teaser.mp4")
        window = rate // 10
        loud = np.sqrt(np.mean(samples[: samples.size // window * window].reshape(-1, window) ** 2, axis=1))
        silent = {i for i in range(1, len(loud) - 2) if loud[i] < 1e-4}
        inside = set(range(round(start * 10) + 1, round(end * 10) - 1))
        assert (
            (inside <= silent and not {i for i in silent if i < start * 10 - 1}) if model == "model-b" else not silent
        )


@pytest.mark.parametrize("model", MODELS)
def test_the_brief_lies_beside_the_clip_and_asks_for_what_the_truth_compares_with(made: Path, model: str) -> None:
    brief = find_brief(made / model / "teaser.mp4", None)
    assert brief
    clip = TRUTH["clips"][model]
    assert len(clip["specs"]) == len(clip["cuts"]) + 1 == len(clip["faces"])
    left_out = sorted(set(range(len(brief.shots))) - set(clip["specs"]))
    assert left_out == [fault["spec"] for fault in clip["faults"] if fault["mode"] == "missing shot"]
    title, line = brief.all_texts[0], brief.all_lines[0].text
    assert (title != clip["texts"][0]) == any(fault["mode"] == "misspelled title" for fault in clip["faults"])
    assert (line != clip["speech"][0]["text"]) == any(fault["mode"] == "wrong line" for fault in clip["faults"])


def test_rendering_again_gives_the_same_bytes(made: Path, tmp_path: Path) -> None:
    MAKER.make(tmp_path, _texture, SMALL)
    for model in MODELS:
        assert (tmp_path / model / "teaser.mp4").read_bytes() == (made / model / "teaser.mp4").read_bytes()


def test_without_photographs_one_line_says_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CINEJUDGE_CACHE_DIR", str(tmp_path / "empty"))
    monkeypatch.setattr(sys, "argv", ["make_example.py", str(tmp_path / "out")])
    assert MAKER.main() == 2
    told = capsys.readouterr().err
    assert "cinejudge weights pull" in told
    assert told.count("\n") == 1
