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
from cinejudge.tools.models import aesthetic, brisque, musiq
from cinejudge.tools.records.ratings import RatedArgs, Ratings, draw, rate_shots

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


# --- MUSIQ ---

WIDTH, GRID = 64, 10


@pytest.fixture
def musiq_file(tmp_path: Path) -> Path:
    """A small random MUSIQ of two layers."""
    torch.manual_seed(0)
    state = {
        "conv_root.weight": torch.randn(64, 3, 7, 7),
        "block1.conv1.weight": torch.randn(64, 64, 1, 1),
        "block1.conv2.weight": torch.randn(64, 64, 3, 3),
        "block1.conv3.weight": torch.randn(256, 64, 1, 1),
        "block1.conv_proj.weight": torch.randn(256, 64, 1, 1),
        "transformer_encoder.cls": torch.randn(1, 1, WIDTH),
        "transformer_encoder.posembed_input.position_emb": torch.randn(1, GRID**2, WIDTH),
        "transformer_encoder.scaleembed_input.scale_emb": torch.randn(3, WIDTH),
    }
    norms = {"gn_root": 64, "block1.gn1": 64, "block1.gn2": 64, "block1.gn3": 256, "block1.gn_proj": 256}
    linear = {"embedding": (WIDTH, 256 * 64), "head": (1, WIDTH)}
    norms["transformer_encoder.encoder_norm"] = WIDTH
    for block in (f"transformer_encoder.transformer.encoderblock_{i}" for i in range(2)):
        norms |= {f"{block}.norm1": WIDTH, f"{block}.norm2": WIDTH}
        linear |= {f"{block}.attention.{part}": (WIDTH, WIDTH) for part in ("query", "key", "value", "out")}
        linear |= {f"{block}.mlp.fc1": (96, WIDTH), f"{block}.mlp.fc2": (WIDTH, 96)}
    for name, size in norms.items():
        state |= {f"{name}.weight": torch.rand(size), f"{name}.bias": torch.randn(size)}
    for name, (out, into) in linear.items():
        state |= {f"{name}.weight": torch.randn(out, into) / into**0.5, f"{name}.bias": torch.randn(out)}
    torch.save(state, tmp_path / "musiq.pth")
    return tmp_path / "musiq.pth"


def test_a_layer_is_a_plain_one_with_norms_first(musiq_file: Path) -> None:
    network = musiq.Musiq(musiq_file, "cpu")
    name, s = "transformer_encoder.transformer.encoderblock_1", network._state
    layer = torch.nn.TransformerEncoderLayer(
        WIDTH, 1, 96, dropout=0, activation="gelu", layer_norm_eps=1e-6, batch_first=True, norm_first=True
    ).eval()
    attention = {
        f"self_attn.in_proj_{part}": torch.cat([s[f"{name}.attention.{n}.{part}"] for n in ("query", "key", "value")])
        for part in ("weight", "bias")
    }
    renamed = {"self_attn.out_proj": "attention.out", "linear1": "mlp.fc1", "linear2": "mlp.fc2"}
    renamed |= {"norm1": "norm1", "norm2": "norm2"}
    rest = {f"{a}.{part}": s[f"{name}.{b}.{part}"] for a, b in renamed.items() for part in ("weight", "bias")}
    layer.load_state_dict(attention | rest)
    x = torch.randn(1, 9, WIDTH)
    with torch.inference_mode():
        assert torch.allclose(network._block(x, name), layer(x), atol=1e-4)


def test_a_patch_goes_through_standardised_convolutions(musiq_file: Path) -> None:
    network = musiq.Musiq(musiq_file, "cpu")

    def conv(x: Any, name: str, stride: int = 1) -> Any:
        weight = network._state[f"{name}.weight"]
        flat = weight.flatten(1)
        plain = ((flat - flat.mean(1, keepdim=True)) / (flat.std(1, keepdim=True) + 1e-5)).view_as(weight)
        return torch.nn.functional.conv2d(x, plain, stride=stride)

    def norm(x: Any, name: str, epsilon: float = 1e-4) -> Any:
        made = torch.nn.GroupNorm(32, x.shape[1], epsilon)
        made.load_state_dict({part: network._state[f"{name}.{part}"] for part in ("weight", "bias")})
        return made(x)

    x = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        y = norm(conv(torch.nn.ZeroPad2d((2, 3, 2, 3))(x), "conv_root", 2), "gn_root", 1e-6).relu()
        y = torch.nn.MaxPool2d(3, 2)(torch.nn.ZeroPad2d((0, 1, 0, 1))(y))
        z = norm(conv(y, "block1.conv1"), "block1.gn1").relu()
        z = norm(conv(torch.nn.ZeroPad2d(1)(z), "block1.conv2"), "block1.gn2").relu()
        z = norm(conv(z, "block1.conv3"), "block1.gn3") + norm(conv(y, "block1.conv_proj"), "block1.gn_proj")
        expected = z.relu().permute(0, 2, 3, 1).reshape(2, -1)
        assert torch.allclose(network._patch_features(x), expected, atol=1e-4)


def test_patches_of_three_sizes_know_their_places(musiq_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = musiq.Musiq(musiq_file, "cpu")
    seen: list[tuple[int, ...]] = []
    tokens = network._tokens

    def noted(picture: Any, size: int) -> Any:
        found = tokens(picture, size)
        seen.append((*picture.shape[2:], size, len(found)))
        return found

    monkeypatch.setattr(network, "_tokens", noted)
    score = network.score(np.random.default_rng(0).integers(0, 255, (300, 640, 3), np.uint8))
    assert np.isfinite(score)
    assert seen == [(105, 224, 0, 4 * 7), (180, 384, 1, 6 * 12), (300, 640, 2, 10 * 20)]
    assert musiq._spread(10, 20).tolist() == [i // 2 for i in range(20)]
    assert musiq._spread(10, 4).tolist() == [0, 2, 5, 7]


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
