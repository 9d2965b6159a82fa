"""Tool ``active_speaker``: who speaks, with made-up mouths and scores; LR-ASD's names, sizes and arithmetic."""

from __future__ import annotations

import pickle
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cinejudge import weights
from cinejudge.tools import active_speaker
from cinejudge.tools.contract import Abstain
from cinejudge.tools.models import face_crops, lr_asd
from cinejudge.tools.models.mouth import MouthTrack
from cinejudge.tools.records.mouths import Args
from cinejudge.tools.records.speaking import Result
from cinejudge.tools.registry import get_tool
from cinejudge.tools.sampling.spoken_mouths import Scene
from tests.tools.signals.test_lip_correlation import LENGTH_S, voice
from tests.tools.talking_heads import FPS, FRAMES, TALKS, head, talking

RESTS = np.random.default_rng(0).uniform(0, 0.02, len(TALKS))


def run(*given: Any) -> Result:
    result = active_speaker._mouth_motion(talking(*given), Args())
    return Result.model_validate_json(result.model_dump_json())


def test_it_is_found_by_name_and_draws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert get_tool("active_speaker") is active_speaker.TOOL
    assert all(name in weights.catalog() for p in active_speaker.TOOL.providers for name in p.weights)
    look = talking(monkeypatch, tmp_path, [head(TALKS)], voice(TALKS))
    result = active_speaker._mouth_motion(look, Args())
    assert active_speaker.TOOL.draw is not None
    assert len(list(active_speaker.TOOL.draw(look.footage, result))) == len(result.speaking) == 2


def test_a_mouth_that_rests_is_told_from_one_that_speaks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    rests = np.random.default_rng(0).uniform(0, 0.02, len(TALKS))
    result = run(monkeypatch, tmp_path, [head(rests), head(TALKS, left=0.6)], voice(TALKS))
    assert {part.track for part in result.speaking} == {1}
    assert result.still == () and result.seen
    assert result.faces[0].overlap == 0 and result.faces[1].overlap > 0.9
    assert result.summary.startswith("of 5.6 s of speech: face 1 for 5.6 s; 2 readable faces")


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


def test_two_mouths_that_both_move_with_another_voice_are_not_given_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from tests.tools.signals.test_lip_correlation import syllables

    result = run(monkeypatch, tmp_path, [head(syllables(5)), head(syllables(6), left=0.6)], voice(TALKS))
    assert all(part.track is None and part.moving for part in result.speaking)


def test_faces_are_followed_once_for_all_tools(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from cinejudge.tools import lipsync
    from cinejudge.tools.models import mouth

    look = talking(monkeypatch, tmp_path, [head(TALKS)], voice(TALKS))
    times: list[int] = []
    monkeypatch.setattr(mouth, "mouths", lambda *_: times.append(1) or [head(TALKS)])
    active_speaker._mouth_motion(look, Args())
    lipsync._mouth_correlation(look, Args())
    assert times == [1]


@pytest.mark.parametrize(("heads", "sound", "why"), [([], True, "no face"), ([head(TALKS)], False, "no sound")])
def test_nothing_to_tell(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, heads: list[MouthTrack], sound: bool, why: str
) -> None:
    with pytest.raises(Abstain, match=why):
        run(monkeypatch, tmp_path, heads, voice(TALKS) if sound else None)


def test_a_small_face_is_out_of_range(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(Abstain, match="smaller than 64"):
        run(monkeypatch, tmp_path, [head(TALKS, side_px=50.0)], voice(TALKS))


# --- LR-ASD ---

TIMES = np.arange(FRAMES) / FPS


def by_scores(*values: Any, spoken: tuple[tuple[float, float], ...] = ((0.0, 4.0),)) -> list[tuple[Any, ...]]:
    tracks = tuple(head(TALKS, left=0.3 * n) for n in range(len(values)))
    scene = Scene(None, tracks, voice(TALKS), spoken, 1.0)  # type: ignore[arg-type]
    scores = {n: active_speaker.Scores(TIMES, np.broadcast_to(v, TIMES.shape)) for n, v in enumerate(values)}
    return [(p.start_s, p.end_s, p.track, p.decided) for p in active_speaker.by_scores(scene, scores)]


def test_the_voice_goes_to_the_face_with_the_highest_positive_score() -> None:
    first = np.where(TIMES < 2, 1.5, -2.0)
    assert by_scores(first, -first) == [(0, 2, 0, True), (2, 4, 1, True)]
    assert by_scores(1.0, 2.0) == [(0, 4, 1, True)]


def test_where_no_score_is_positive_nobody_seen_speaks() -> None:
    assert by_scores(-1.0, -0.5) == [(0, 4, None, True)]


def test_where_a_score_is_positive_now_and_then_it_is_unclear() -> None:
    flickers = np.where(np.arange(FRAMES) % 10 < 4, 1.0, -1.0)
    assert by_scores(flickers) == [(0, 4, None, False)]


def test_speech_without_a_score_is_left_out() -> None:
    assert by_scores(1.0, spoken=((0.0, 1.0), (20.0, 22.0))) == [(0, 1, 0, True)]


PUBLISHED = {
    "model.visualEncoder.block1.s_1.weight": (16, 1, 1, 5, 5),
    "model.visualEncoder.block1.s_2.weight": (32, 16, 1, 3, 3),
    "model.visualEncoder.block3.t_2.weight": (128, 128, 3, 1, 1),
    "model.visualEncoder.block3.t_norm_2.running_var": (128,),
    "model.audioEncoder.block1.m_1.weight": (16, 1, 5, 1),
    "model.audioEncoder.block2.t_1.weight": (64, 64, 1, 5),
    "model.fusion.attention.weight": (256, 256, 1),
    "model.fusion.bn.weight": (256,),
    "model.detector.gru_forward.weight_ih_l0": (192, 256),
    "model.detector.gru_backward.weight_hh_l0": (192, 64),
    "model.detector.attention.attention.weight": (128, 128, 1),
    "lossAV.FC.weight": (2, 128),
    "lossV.FC.bias": (2,),
}
"""Names and shapes as the published code gives them."""


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    network = lr_asd.LrAsd()
    path = tmp_path_factory.mktemp("weights") / "finetuning_TalkSet.model"
    torch.save(network.state_dict(), path)
    return path


def test_names_and_shapes_are_those_of_the_published_model(checkpoint: Path) -> None:
    state = lr_asd.LrAsd().state_dict()
    assert {name: tuple(state[name].shape) for name in PUBLISHED} == PUBLISHED
    assert len(state) == 168
    assert checkpoint.stat().st_size == pytest.approx(3_426_337, rel=0.02)  # the size of the published file
    learned = sum(p.numel() for p in lr_asd.LrAsd().model.parameters())
    assert learned == 836_640  # the paper's 0.84 million


def test_there_is_one_score_for_each_picture_that_has_sound(checkpoint: Path) -> None:
    network = lr_asd.load(checkpoint, "cpu")
    rng = np.random.default_rng(0)
    faces = rng.integers(0, 255, (5, 224, 224, 3), dtype=np.uint8)
    assert lr_asd.scores(network, faces, rng.normal(size=(200, 13)).astype(np.float32)).shape == (5,)
    assert lr_asd.scores(network, faces, rng.normal(size=(15, 13)).astype(np.float32)).shape == (3,)
    assert lr_asd.scores(network, faces, np.zeros((3, 13), np.float32)).shape == (0,)


def test_scores_are_the_mean_over_pieces_and_neighbours() -> None:
    """A network that tells the length of the piece it is given."""

    class Length(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one = torch.nn.Parameter(torch.ones(1))

        def forward(self, cepstra: torch.Tensor, pictures: torch.Tensor) -> torch.Tensor:
            assert cepstra.shape[1] == 4 * pictures.shape[1] and pictures.shape[2:] == (112, 112)
            return torch.full(pictures.shape[:2], float(pictures.shape[1]))

    faces, cepstra = np.zeros((150, 224, 224, 3), np.uint8), np.zeros((600, 13), np.float32)
    found = lr_asd.scores(Length(), faces, cepstra)  # type: ignore[arg-type]
    pieces = [25, 25, 25, 50, 50, 50, 75, 75, 100, 125, 150]  # at the start; each of its own length
    assert found[0] == pytest.approx(sum(pieces) / 11)
    assert found[-1] == pytest.approx((sum(pieces) - 100 + 50 - 125 + 25) / 11)  # what is left over is shorter


def test_a_file_that_holds_more_than_tensors_is_refused(tmp_path: Path) -> None:
    torch.save({"model": Path}, tmp_path / "evil.model")
    with pytest.raises(pickle.UnpicklingError):
        lr_asd.load(tmp_path / "evil.model", "cpu")


def test_the_tool_puts_followed_faces_to_the_network(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, checkpoint: Path
) -> None:
    """The whole way with random weights: pictures and cepstra arrive, and every word has an answer."""
    brief = head(TALKS)
    for values in (brief.times, brief.frames, brief.shapes, brief.patches, brief.boxes):
        del values[40:]
    look = talking(monkeypatch, tmp_path, [brief], voice(TALKS), ((0.2, 1.4),))
    monkeypatch.setattr(weights, "path", lambda name: checkpoint)
    monkeypatch.setattr(lr_asd, "LENGTHS_S", Counter((6,)))
    seen: list[tuple[int, ...]] = []
    scores = lr_asd.scores
    monkeypatch.setattr(lr_asd, "scores", lambda n, f, c: seen.append((*f.shape, *c.shape)) or scores(n, f, c))
    result = active_speaker._lr_asd(look, Args())
    assert seen == [(40, face_crops.SIDE, face_crops.SIDE, 3, round(LENGTH_S * 100) - 2, 13)]
    assert sum(p.end_s - p.start_s for p in result.speaking) == pytest.approx(1.2, abs=0.01)


@pytest.mark.real
def test_the_published_weights_load() -> None:
    if not weights.present("lr-asd"):
        pytest.skip("weights of LR-ASD are not present")
    assert lr_asd.load(weights.path("lr-asd"), "cpu")
