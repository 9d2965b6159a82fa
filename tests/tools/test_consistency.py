"""Tool ``consistency``: the paper's cosines, with descriptions made up; and its networks, small and random."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from cinejudge.schema.errors import ToolError
from cinejudge.tools import consistency
from cinejudge.tools.consistency import Args
from cinejudge.tools.contract import Abstain
from cinejudge.tools.models import csd, descriptors, dinov2, image_text, pixels
from cinejudge.tools.models.descriptors import Descriptors

from .fakes import FakeFootage, look, shots
from .tiny_networks import serve

X, Y = np.array([[1.0, 0.0]], np.float32), np.array([[0.0, 1.0]], np.float32)
NONE = np.empty((0, 0), np.float32)
PHOTO = np.kron(np.random.default_rng(1).integers(0, 255, (6, 9, 3)), np.ones((12, 12, 1))).astype(np.uint8)


@pytest.fixture
def described(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Gives these descriptions, each for the three pictures of one shot, then one for each reference."""

    def give(*answers: Descriptors) -> None:
        left = list(answers)

        def describe(pictures: Any, device: str) -> Iterator[Descriptors]:
            found = left.pop(0)
            return (found for _ in pictures)

        monkeypatch.setattr(descriptors, "describe", describe)

    return give


def seen(tmp_path: Path, count: int) -> Any:
    footage = FakeFootage(np.zeros((6 * count, 32, 32, 3), np.uint8))
    return look(footage, tmp_path, shots(*((6 * i, 6 * i + 6) for i in range(count))))


def test_cosines_of_every_pair(tmp_path: Path, described: Any) -> None:
    described(Descriptors(X, X, X), Descriptors(np.concatenate([Y, X]), Y, -X), Descriptors(Y, NONE, Y))
    result = consistency._run(seen(tmp_path, 3), Args())
    first = result.pair(1, 0)
    assert first is not None and (first.subject, first.background, first.style) == (1, 0, -1)
    last = result.pair(0, 2)
    assert last is not None and (last.subject, last.background, last.style) == (0, None, 0)
    assert "shots 0 and 1: subject 1.00, background 0.00, style -1.00" in result.summary


def test_a_reference_is_looked_for_in_each_shot(tmp_path: Path, described: Any) -> None:
    at = seen(tmp_path, 2)
    name = at.store.put_image(np.full((32, 32, 3), 99, np.uint8), "reference").sha256
    described(Descriptors(X, X, X), Descriptors(NONE, X, X), Descriptors(X, X, X))
    result = consistency._run(at, Args(references=(name,)))
    assert [(m.shot, m.subject) for m in result.matches] == [(0, 1.0), (1, None)]


def test_what_cannot_be_compared(tmp_path: Path) -> None:
    with pytest.raises(Abstain, match="one shot alone"):
        consistency._run(seen(tmp_path, 1), Args())
    with pytest.raises(ToolError, match="no artifact"):
        consistency._run(seen(tmp_path, 1), Args(references=("0" * 64,)))


def test_people_are_erased_and_blank_pictures_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    boxes = {"half": np.array([[0, 0, 0.5, 1]], np.float32), "all": np.array([[0, 0, 1, 1]], np.float32)}
    given: list[Any] = []

    class Network:
        def pictures(self, pictures: Any) -> Any:
            given.extend(pictures)
            return X

    monkeypatch.setattr(image_text, "load", lambda name, device: Network())
    monkeypatch.setattr(csd, "load", lambda device: Network())
    monkeypatch.setattr(dinov2, "describe", lambda crops, device: X)
    monkeypatch.setattr(descriptors, "located", lambda rgb, device: (boxes["half"], [rgb]))
    (found,) = descriptors.describe([PHOTO])
    nothing = np.round(np.array(pixels.CLIP[0]) * 255)
    assert (given[0][:, :54] == nothing).all() and (given[0][:, 54:] == PHOTO[:, 54:]).all()
    assert (given[1] == PHOTO).all() and len(found.subject) == len(found.background) == len(found.style) == 1
    monkeypatch.setattr(descriptors, "located", lambda rgb, device: (boxes["all"], []))
    (found,) = descriptors.describe([PHOTO])
    assert len(found.background) == len(found.subject) == 0 and len(found.style) == 1
    monkeypatch.setattr(descriptors, "located", lambda rgb, device: (boxes["half"][:0], []))
    (found,) = descriptors.describe([np.full_like(PHOTO, 9)])
    assert not any(map(len, found))


# --- CSD ---


class Block(nn.Module):
    """A block of CLIP's tower, with PyTorch's own attention."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.attn = nn.MultiheadAttention(width, width // csd.HEAD, batch_first=True)
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mlp = nn.ModuleDict({"c_fc": nn.Linear(width, 4 * width), "c_proj": nn.Linear(4 * width, width)})

    def forward(self, x: Any) -> Any:
        y = self.ln_1(x)
        x = x + self.attn(y, y, y, need_weights=False)[0]
        y = self.mlp["c_fc"](self.ln_2(x))
        return x + self.mlp["c_proj"](y * torch.sigmoid(1.702 * y))


class Tower(nn.Module):
    """CLIP's tower as its authors name its parts."""

    def __init__(self, width: int, layers: int, patches: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 14, 14, bias=False)
        self.class_embedding = nn.Parameter(torch.randn(width))
        self.positional_embedding = nn.Parameter(torch.randn(patches + 1, width))
        self.ln_pre, self.ln_post = nn.LayerNorm(width), nn.LayerNorm(width)
        self.transformer = nn.ModuleDict({"resblocks": nn.ModuleList(Block(width) for _ in range(layers))})
        for norm in self.modules():
            if isinstance(norm, nn.LayerNorm):
                nn.init.normal_(norm.weight)
                nn.init.normal_(norm.bias)

    def forward(self, x: Any) -> Any:
        x = self.conv1(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.class_embedding.expand(len(x), 1, -1), x], dim=1) + self.positional_embedding
        x = self.ln_pre(x)
        for block in self.transformer["resblocks"]:  # type: ignore[union-attr]
            x = block(x)
        return self.ln_post(x[:, 0])


def test_csd_is_clips_tower_with_a_matrix_for_style(tmp_path: Path) -> None:
    torch.manual_seed(0)
    tower, style = Tower(128, 2, 4).eval(), torch.randn(128, 16)
    state = {f"module.backbone.{name}": tensor for name, tensor in tower.state_dict().items()}
    state |= {"module.last_layer_style": style, "module.last_layer_content": style * 0}
    kept = {"model_state_dict": state, "args": argparse.Namespace(lr=1), "loss": np.float64(2), "epoch": np.int64(3)}
    torch.save(kept, tmp_path / "pytorch_model.bin")
    found = csd.CSD(tmp_path / "pytorch_model.bin", "cpu").pictures([PHOTO, PHOTO[:, ::-1]])
    batch = pixels.squares([PHOTO, PHOTO[:, ::-1]], 28, pixels.Form(pixels.CLIP, cut=True))
    with torch.inference_mode():
        expected = nn.functional.normalize(tower(batch) @ style, dim=-1).numpy()
    assert found.shape == (2, 16) and np.allclose(found, expected, atol=1e-5)
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


class Evil:
    def __reduce__(self) -> Any:
        return print, ("run",)


def test_code_in_a_checkpoint_is_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save({"model_state_dict": {}, "args": Evil()}, tmp_path / "pytorch_model.bin")
    with pytest.raises(Exception, match=r"(?i)weights.only"):
        csd.CSD(tmp_path / "pytorch_model.bin", "cpu")
    assert capsys.readouterr().out == ""


# --- DINOv2 ---


def test_dinov2_with_the_real_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers", reason="the extra `hub` is not installed")
    serve(monkeypatch, tmp_path)
    torch.manual_seed(0)
    made = transformers.Dinov2Model(
        transformers.Dinov2Config(
            hidden_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=56, patch_size=14
        )
    ).eval()
    made.save_pretrained(tmp_path / "dinov2-base")
    dinov2._network.cache_clear()
    found = dinov2.describe([PHOTO, PHOTO[::-1]])
    dinov2._network.cache_clear()
    processor = transformers.BitImageProcessorPil(
        size={"shortest_edge": 256},
        crop_size={"height": 224, "width": 224},
        image_mean=pixels.IMAGENET[0],
        image_std=pixels.IMAGENET[1],
        resample=3,
    )
    with torch.inference_mode():
        seen = made(**processor([PHOTO, PHOTO[::-1]], return_tensors="pt")).pooler_output
    expected = nn.functional.normalize(seen, dim=-1).numpy()
    assert found.shape == (2, 32)
    assert (found * expected).sum(axis=1) == pytest.approx(1, abs=1e-4)
    assert not np.allclose(found[0], expected[1], atol=1e-3)
