"""Tools ``picture_quality`` and ``aesthetics``: what becomes of ratings, the models, and BRISQUE on photographs."""

from __future__ import annotations

import pickle
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import gamma
from scipy.stats import gennorm

from cinejudge import weights
from cinejudge.tools.contract import Abstain
from cinejudge.tools.models import aesthetic, brisque
from cinejudge.tools.shot_ratings import RatedArgs, Ratings, draw, rate_shots

from .fakes import FakeFootage, look, scene, shots


def rated(at: Any, fps: float = 1.0) -> Ratings:
    """Rates by mean brightness, of which 255 is ruined."""
    args = RatedArgs(fps=fps)
    return rate_shots(at, args, "brightness", lambda rgb: float(rgb.mean()), lambda raw: 100 - raw / 2.55)


def test_the_median_and_the_worst_moment(tmp_path: Path) -> None:
    pictures = scene(48)
    pictures[30:36] = np.clip(pictures[30:36].astype(int) + 60, 0, 255).astype(np.uint8)
    result = rated(look(FakeFootage(pictures), tmp_path, shots((0, 24), (24, 48))), 6)
    assert [s.frames for s in result.shots] == [6, 6]
    first, second = result.shots
    assert first.rating == pytest.approx(100 - first.raw / 2.55, abs=0.1)
    assert second.worst < second.rating - 10 and 1.25 <= second.worst_s < 1.5
    assert f"worst {second.worst:.0f} at {second.worst_s:.2f} s" in result.summary
    ((label, drawn), *_) = draw(FakeFootage(pictures), result)
    assert label.endswith(" s") and drawn.shape == pictures[0].shape


def test_blank_pictures_are_left_out(tmp_path: Path) -> None:
    pictures = scene(48)
    pictures[:24] = 0
    result = rated(look(FakeFootage(pictures), tmp_path, shots((0, 24), (24, 48))))
    assert [s.shot for s in result.shots] == [1]
    with pytest.raises(Abstain, match="only blank"):
        rated(look(FakeFootage(pictures * 0), tmp_path, shots((0, 48))))
    with pytest.raises(Abstain, match="smaller than 128"):
        rated(look(FakeFootage(pictures[:, :100]), tmp_path, shots((0, 48))))


# --- BRISQUE ---


@pytest.mark.parametrize("shape", [0.8, 1.0, 2.0, 4.0])
def test_the_shape_of_a_distribution_is_found(shape: float) -> None:
    drawn = gennorm.rvs(shape, size=200_000, random_state=1)
    found, variance = brisque._symmetric(drawn)
    assert found == pytest.approx(shape, rel=0.05)
    assert variance == pytest.approx(gamma(3 / shape) / gamma(1 / shape), rel=0.05)


def test_both_sides_of_a_distribution_are_found() -> None:
    amounts = np.abs(np.random.default_rng(1).normal(size=200_000))
    left = np.random.default_rng(2).random(amounts.size) < 0.25  # an asymmetric Gaussian leans by its widths: 1 to 3
    shape, mean, low, high = brisque._lopsided(np.where(left, -amounts, 3 * amounts))
    assert shape == pytest.approx(2.0, rel=0.05)
    assert (low, high) == (pytest.approx(1, rel=0.05), pytest.approx(9, rel=0.05))
    assert mean == pytest.approx(2 * np.sqrt(2 / np.pi), rel=0.05)


def test_a_flat_picture_is_no_fault() -> None:
    found = list(brisque.features(np.full((64, 64), 80.0)))
    assert len(found) == 36 and np.isfinite(found).all()


def _machine(folder: Path, kind: str = "epsilon_svr") -> tuple[Path, Path]:
    ones, zeros = (" ".join(f"{i + 1}:{value}" for i in range(36)) for value in (1, 0))
    head = f"svm_type {kind}\nkernel_type rbf\ngamma 0.5\nnr_class 2\ntotal_sv 2\nrho -3\nSV\n"
    (folder / "svm.txt").write_text(f"{head}2 {ones}\n-1 {zeros}\n")
    (folder / "normalize.pickle").write_bytes(pickle.dumps({"min_": [0.0] * 36, "max_": [2.0] * 36}))
    return folder / "svm.txt", folder / "normalize.pickle"


def test_the_regression_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    regression = brisque.read(*_machine(tmp_path))
    assert regression.vectors.shape == (2, 36) and regression.weights.tolist() == [2, -1]
    assert (regression.gamma, regression.rho) == (0.5, -3)
    assert (regression.low == 0).all() and (regression.high == 2).all()
    monkeypatch.setattr(brisque, "features", lambda luma: iter([2.0] * 36))  # scaled to 1: on the first vector
    found = brisque.score(np.zeros((8, 8, 3), np.uint8), regression)
    assert found == pytest.approx(2 - np.exp(-0.5 * 36) + 3)
    with pytest.raises(ValueError, match="c_svc"):
        brisque.read(*_machine(tmp_path, "c_svc"))


class Evil:
    def __reduce__(self) -> Any:
        return print, ("run",)


def test_a_pickle_is_read_and_never_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    svm, ranges = _machine(tmp_path)
    ranges.write_bytes(pickle.dumps({"evil": Evil(), "min_": [0.0] * 36, "max_": [2.0] * 36}))
    assert (brisque.read(svm, ranges).high == 2).all()
    assert capsys.readouterr().out == ""


# --- LAION's predictor ---


def test_the_predictor_is_five_layers_on_clips_description(tmp_path: Path) -> None:
    torch.manual_seed(0)
    sizes = (768, 1024, 128, 64, 16, 1)
    linear = [torch.nn.Linear(a, b) for a, b in pairwise(sizes)]
    drops = [torch.nn.Dropout(0.5) for _ in range(3)]
    order = [linear[0], drops[0], linear[1], drops[1], linear[2], drops[2], linear[3], linear[4]]
    net = torch.nn.ModuleDict({"layers": torch.nn.Sequential(*order)}).eval()
    torch.save(net.state_dict(), tmp_path / "layers.pth")
    seen = np.random.default_rng(0).normal(size=(1, 768)).astype(np.float32)
    predictor = aesthetic.Predictor(SimpleNamespace(pictures=lambda pictures: seen), tmp_path / "layers.pth")  # type: ignore[arg-type]
    with torch.inference_mode():
        expected = net["layers"](torch.from_numpy(seen)).item()
    assert predictor.score(np.zeros((8, 8, 3), np.uint8)) == pytest.approx(expected, abs=1e-4)


@pytest.mark.real
class TestOnPhotographs:
    @pytest.fixture
    def photo(self) -> Any:
        import cv2

        if not (weights.present("brisque") and weights.present("example-photos")):
            pytest.skip("weights missing: cinejudge weights pull")
        return cv2.imread(str(weights.path("example-photos", "coffee.png")), cv2.IMREAD_COLOR_RGB)

    def test_damage_of_every_kind_rates_worse_the_stronger_it_is(self, photo: Any) -> None:
        import cv2

        regression = brisque.load()
        noise = np.random.default_rng(0).normal(size=photo.shape)
        damaged = {
            "blur": [cv2.GaussianBlur(photo, (0, 0), s) for s in (1, 2, 4)],
            "noise": [np.clip(photo + noise * s, 0, 255).astype(np.uint8) for s in (10, 20, 40)],
            "jpeg": [cv2.imdecode(cv2.imencode(".jpg", photo, [1, q])[1], 1) for q in (40, 20, 8)],
        }
        clean = brisque.score(photo, regression)
        assert clean < 20
        for kind, pictures in damaged.items():
            found = [clean, *(brisque.score(picture, regression) for picture in pictures)]
            assert found == sorted(found) and found[-1] > 55, (kind, found)
