"""MuQ and Demucs behind the tool ``music``: names and sizes as published, front ends, loaders, and what they change."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from cinejudge import weights
from cinejudge.media import Sound
from cinejudge.tools import music
from cinejudge.tools.models import htdemucs, muq

from .melody import music as melody
from .test_sound_senses import MUSIC, RATE, classes, look, noise

__all__ = ["classes"]  # a fixture

STAT = {"melspec_2048_mean": 6.77, "melspec_2048_std": 18.4, "melspec_2048_cnt": 3}
SMALL = {
    "conv_dim": 4,
    "encoder_dim": 16,
    "encoder_depth": 2,
    "label_rate": 25,
    "is_flash": False,
    "stat": STAT,
    "w2v2_config": {"num_attention_heads": 2, "intermediate_size": 8, "conv_depthwise_kernel_size": 5},
}
PUBLISHED = {
    "conv.conv.0.conv1.weight": (512, 1, 3, 3),
    "conv.conv.0.bn3.running_mean": (512,),
    "conv.conv.1.conv3.weight": (512, 512, 3, 3),
    "conv.linear.weight": (1024, 16384),
    "conformer.layers.0.ffn1.intermediate_dense.weight": (4096, 1024),
    "conformer.layers.0.self_attn.linear_q.bias": (1024,),
    "conformer.layers.11.conv_module.pointwise_conv1.weight": (2048, 1024, 1),
    "conformer.layers.11.conv_module.depthwise_conv.weight": (1024, 1, 31),
    "conformer.layers.11.conv_module.batch_norm.running_var": (1024,),
    "conformer.layers.11.final_layer_norm.weight": (1024,),
    "conformer.layer_norm.weight": (1024,),
}
"""Names and shapes as the published code gives them."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    network = muq.MuQ(muq.Config.model_validate(SMALL))
    state = {f"model.{name}": tensor for name, tensor in network.state_dict().items()}
    state |= {"model.cls_token": torch.randn(16), "model.linear.weight": torch.randn(4, 16)}
    state |= {"model.rvq.quantizers.0.codebook.weight": torch.randn(2, 2)}
    here = tmp_path / "muq-large"
    here.mkdir()
    save_file(state, here / "model.safetensors")
    (here / "config.json").write_text(json.dumps(SMALL))
    return here


def test_names_and_shapes_are_those_of_the_published_model() -> None:
    with torch.device("meta"):
        state = muq.MuQ(muq.Config.model_validate({"stat": STAT, "w2v2_config": {}})).state_dict()
    assert {name: tuple(state[name].shape) for name in PUBLISHED} == PUBLISHED
    # What is not read of the file: the head (17 MB), an unused layer (34 MB), and the targets of the training.
    assert 0.94 < 4 * sum(t.numel() for t in state.values()) / 1_333_825_096 < 0.96


def test_the_parts_of_its_training_are_left_out_and_the_rest_must_fit(folder: Path) -> None:
    network = muq.load(folder, "cpu")
    found = muq.embed(network, noise(12).astype(np.float32))
    assert found.shape == (16,) and np.linalg.norm(found) == pytest.approx(1)
    muq.load.cache_clear()
    (folder / "config.json").write_text(json.dumps({**SMALL, "encoder_depth": 3}))
    with pytest.raises(RuntimeError, match="Missing key"):
        muq.load(folder, "cpu")


def test_a_configuration_of_another_kind_is_refused(folder: Path) -> None:
    (folder / "config.json").write_text(json.dumps({**SMALL, "label_rate": 50}))
    with pytest.raises(ValueError, match="label_rate"):
        muq.load(folder, "cpu")


def test_features_come_25_times_a_second_and_depend_on_order(folder: Path) -> None:
    network = muq.load(folder, "cpu")
    muq.load.cache_clear()
    bands = torch.from_numpy(muq.log_mel(noise(2).astype(np.float32)[:24_000]))[None]
    assert bands.shape == (1, 128, 100)
    with torch.inference_mode():
        found, turned = network(bands), network(bands.flip(2))
    assert found.shape == (1, 25, 16)
    assert not torch.allclose(found.mean(1), turned.mean(1), atol=1e-4)


def test_bands_of_a_tone_have_the_level_of_its_power() -> None:
    times = np.arange(24_000) / 24_000
    found = muq.log_mel((0.5 * np.sin(2 * np.pi * 3000 * times)).astype(np.float32))
    # A sine of amplitude a under a Hann window of n samples has the power (a n / 4)^2 in its bin and a quarter of it in
    # either neighbour; the bins lie close together beside the width of a band here, and two bands share each bin.
    whole = 10 * np.log10((10 ** (found[:, 50] / 10)).sum())
    assert whole == pytest.approx(10 * np.log10(1.5 * (0.5 * 2048 / 4) ** 2), abs=0.1)


SETTINGS = {
    "sources": ["drums", "bass", "other", "vocals"],
    "segment": {"_type": "fraction", "numerator": 39, "denominator": 5},
}


class TestDemucs:
    @pytest.fixture
    def package(self, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
        """A stand-in of the package's interface: a network, and the function that applies it in pieces."""
        asked: list[Any] = []

        class HTDemucs(torch.nn.Module):
            def __init__(self, **settings: Any) -> None:
                super().__init__()
                asked.append(settings)
                self.sources = settings["sources"]
                self.shares = torch.nn.Parameter(torch.zeros(4))

        def apply_model(network: HTDemucs, mix: torch.Tensor, **how: Any) -> torch.Tensor:
            asked.append({"mix": mix, **how})
            return mix[:, None] * network.shares[None, :, None, None]

        for name, content in (("htdemucs", {"HTDemucs": HTDemucs}), ("apply", {"apply_model": apply_model})):
            module = ModuleType(f"demucs.{name}")
            module.__dict__.update(content)
            monkeypatch.setitem(sys.modules, f"demucs.{name}", module)
        monkeypatch.setitem(sys.modules, "demucs", ModuleType("demucs"))
        return asked

    def save(self, path: Path, klass: str = "demucs.htdemucs.HTDemucs") -> Path:
        said = {"klass": klass, "args": "[]", "kwargs": json.dumps(SETTINGS)}
        save_file({"shares": torch.tensor([0.1, 0.2, 0.3, 0.4])}, path, said)
        return path

    def test_voices_are_taken_out_and_the_level_is_kept(self, package: list[Any], tmp_path: Path) -> None:
        network = htdemucs.load(self.save(tmp_path / "955717e8.safetensors"), "cpu")
        htdemucs.load.cache_clear()
        assert float(package[0]["segment"]) == 7.8
        samples = np.stack([noise(1, 0.1, 1), noise(1, 0.1, 2)], axis=1).astype(np.float32)
        rest = htdemucs.without_voices(network, Sound(samples, 44_100))
        assert package[1]["shifts"] == 0 and package[1]["overlap"] == 0.25 and package[1]["mix"].shape[:2] == (1, 2)
        assert package[1]["mix"].mean(1).std() == pytest.approx(1, abs=1e-3)
        assert rest.rate == 44_100 and rest.samples.shape == samples.shape
        offset = samples.mean() * 0.4  # the mean is put back in full
        assert rest.samples == pytest.approx(0.6 * samples + offset, abs=1e-4)

    def test_one_channel_becomes_two(self, package: list[Any], tmp_path: Path) -> None:
        network = htdemucs.load(self.save(tmp_path / "955717e8.safetensors"), "cpu")
        htdemucs.load.cache_clear()
        rest = htdemucs.without_voices(network, Sound(noise(1).astype(np.float32)[:, None], RATE))
        assert rest.samples.shape == (44_100, 2)

    def test_a_file_of_another_network_is_refused(self, package: list[Any], tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="holds no Hybrid Transformer Demucs"):
            htdemucs.load(self.save(tmp_path / "other.safetensors", "os.system"), "cpu")


def test_a_small_network_of_the_real_package_is_loaded_and_run(tmp_path: Path) -> None:
    package = pytest.importorskip("demucs.htdemucs", reason="the extra `music` is not installed")
    settings = {**SETTINGS, "channels": 8, "t_layers": 1, "t_heads": 2, "bottom_channels": 0}
    torch.manual_seed(0)
    network = package.HTDemucs(**{name: htdemucs._plain(value) for name, value in settings.items()})
    said = {"klass": "demucs.htdemucs.HTDemucs", "args": "[]", "kwargs": json.dumps(settings)}
    path = tmp_path / "955717e8.safetensors"
    save_file(network.state_dict(), path, said)
    loaded = htdemucs.load(path, "cpu")
    htdemucs.load.cache_clear()
    rest = htdemucs.without_voices(loaded, Sound(noise(2, 0.1).astype(np.float32)[:, None], RATE))
    assert rest.samples.shape == (2 * 44_100, 2) and np.isfinite(rest.samples).all()


def test_the_tool_compares_by_muq_what_demucs_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, classes: Any, folder: Path
) -> None:
    classes((12, MUSIC))
    network = muq.load(folder, "cpu")
    muq.load.cache_clear()
    monkeypatch.setattr(muq, "load", lambda path, device: network)
    monkeypatch.setattr(htdemucs, "load", lambda path, device: None)
    heard: list[float] = []
    monkeypatch.setattr(htdemucs, "without_voices", lambda net, sound: heard.append(sound.duration_s) or sound)
    found = music.TOOL.providers[0].run(look(tmp_path, melody(120, 10, "pluck"), 5.0), music.Args())
    own = music.TOOL.providers[-1].run(look(tmp_path, melody(120, 10, "pluck"), 5.0), music.Args())
    assert heard == [10.0]
    assert (found.bpm, found.joins[0].tempo, found.joins[0].beat) == (own.bpm, own.joins[0].tempo, own.joins[0].beat)
    assert 0 <= found.joins[0].embedding <= 1 and found.joins[0].embedding != own.joins[0].embedding


@pytest.mark.real
def test_the_published_weights_load() -> None:
    if not weights.present("muq-large"):
        pytest.skip("weights of MuQ are not present")
    assert muq.load(weights.path("muq-large"), "cpu")
