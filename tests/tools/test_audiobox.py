"""Audiobox-Aesthetics and WavLM: names and sizes as published, arithmetic on small random networks, the tool around."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from cinejudge import weights
from cinejudge.tools import audio_quality
from cinejudge.tools.contract import Abstain
from cinejudge.tools.models import audiobox, wavlm

from . import fakes
from .test_sound_senses import RATE, look, noise

SMALL = wavlm.Size(channels=8, width=32, inner=16, heads=2, layers=3)
CONFIG = {
    "proj_num_layer": 2,
    "proj_ln": True,
    "nth_layer": 4,
    "precision": "32",
    "target_transform": {axis: {"mean": 5.0 + i, "std": 1.5} for i, axis in enumerate(audiobox.AXES)},
}
PUBLISHED = {
    "wavlm_model.mask_emb": (768,),
    "wavlm_model.feature_extractor.conv_layers.0.0.weight": (512, 1, 10),
    "wavlm_model.feature_extractor.conv_layers.0.2.weight": (512,),
    "wavlm_model.feature_extractor.conv_layers.6.0.weight": (512, 512, 2),
    "wavlm_model.post_extract_proj.weight": (768, 512),
    "wavlm_model.layer_norm.weight": (512,),
    "wavlm_model.encoder.pos_conv.0.weight_g": (1, 1, 128),
    "wavlm_model.encoder.pos_conv.0.weight_v": (768, 48, 128),
    "wavlm_model.encoder.layers.0.self_attn.relative_attention_bias.weight": (320, 12),
    "wavlm_model.encoder.layers.11.self_attn.grep_a": (1, 12, 1, 1),
    "wavlm_model.encoder.layers.11.self_attn.grep_linear.weight": (8, 64),
    "wavlm_model.encoder.layers.11.self_attn.q_proj.weight": (768, 768),
    "wavlm_model.encoder.layers.11.fc1.weight": (3072, 768),
    "wavlm_model.encoder.layers.11.final_layer_norm.bias": (768,),
    "layer_weights.CE": (13,),
    "proj_layer.PQ.0.weight": (1, 768),
}
"""Names and shapes as the published code gives them."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    network = audiobox.Audiobox(audiobox.Config.model_validate(CONFIG), SMALL)
    here = tmp_path / "audiobox"
    here.mkdir()
    save_file({k: v + 0.05 * torch.randn_like(v) for k, v in network.state_dict().items()}, here / "model.safetensors")
    (here / "config.json").write_text(json.dumps(CONFIG))
    return here


def test_names_and_shapes_are_those_of_the_published_model() -> None:
    with torch.device("meta"):
        scales = {axis: audiobox.Scale(mean=0, std=1) for axis in audiobox.AXES}
        state = audiobox.Audiobox(audiobox.Config(target_transform=scales), wavlm.Size()).state_dict()
    assert {name: tuple(state[name].shape) for name in PUBLISHED} == PUBLISHED
    encoder = sum(v.numel() for k, v in state.items() if k.startswith("wavlm_model."))
    assert encoder == 94_381_936  # WavLM Base without its training heads


def test_sound_is_rated_on_the_scale_of_the_configuration(folder: Path) -> None:
    network = audiobox.load(folder, "cpu", SMALL)
    found = audiobox.rate(network, noise(3).astype(np.float32))
    assert found == audiobox.rate(network, noise(3).astype(np.float32))
    silent = {f"proj_layer.{axis}.3.{part}" for axis in audiobox.AXES for part in ("weight", "bias")}
    network.load_state_dict({k: torch.zeros_like(v) if k in silent else v for k, v in network.state_dict().items()})
    means = audiobox.rate(network, noise(3).astype(np.float32))
    assert means == pytest.approx((5.0, 6.0, 7.0, 8.0))  # heads that say nothing leave the means
    audiobox.load.cache_clear()


def test_frames_that_only_fill_up_change_nothing(folder: Path) -> None:
    network = audiobox.load(folder, "cpu", SMALL)
    torch.manual_seed(1)
    features, there = torch.randn(1, 60, SMALL.width), torch.arange(60)[None] < 40
    other = torch.where(there[..., None], features, torch.randn_like(features))
    with torch.inference_mode():
        found, again = (network.wavlm_model.encoder(x, there)[-1][:, :40] for x in (features, other))
        without = network.wavlm_model.encoder(features, torch.ones_like(there))[-1][:, :40]
    assert torch.equal(found, again)
    assert not torch.allclose(found, without, atol=1e-3)


def test_so_many_frames_hold_sound(folder: Path) -> None:
    network = audiobox.load(folder, "cpu", SMALL)
    with torch.inference_mode():
        layers, there = network.wavlm_model(torch.zeros(1, 10 * RATE), torch.arange(10 * RATE)[None] < 2 * RATE)
    assert len(layers) == 4 and layers[0].shape == (1, 499, SMALL.width)
    assert there.sum() == 100


def test_long_sound_is_the_mean_of_its_windows_by_their_length(folder: Path) -> None:
    network = audiobox.load(folder, "cpu", SMALL)
    first, second = noise(10, seed=1).astype(np.float32), noise(5, seed=2, level=0.3).astype(np.float32)
    whole = audiobox.rate(network, np.concatenate([first, second]))
    parts = audiobox.rate(network, first), audiobox.rate(network, second)
    assert whole == pytest.approx([(2 * a + b) / 3 for a, b in zip(*parts, strict=True)], abs=1e-4)


def test_weights_of_another_network_are_refused(folder: Path) -> None:
    with pytest.raises(RuntimeError, match="size mismatch"):
        audiobox.load(folder, "cpu", SMALL._replace(width=48))


class TestTool:
    @pytest.fixture(autouse=True)
    def small(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        network = audiobox.load(folder, "cpu", SMALL)
        monkeypatch.setattr(weights, "path", lambda name: Path(name))
        monkeypatch.setattr(audiobox, "load", lambda path, device: network)

    def run(self, at: fakes.Look) -> audio_quality.Result:
        found = audio_quality.TOOL.providers[0].run(at, audio_quality.Args())
        return audio_quality.Result.model_validate_json(found.model_dump_json())

    def test_clip_and_shots_are_rated_without_any_speech(self, tmp_path: Path) -> None:
        found = self.run(look(tmp_path, noise(8), 4.0))
        assert found.clip is not None and found.clip.overall is None and found.clip.complexity is not None
        assert [q.shot for q in found.shots] == [0, 1]
        assert found.summary.startswith("production quality ")

    def test_a_silent_shot_is_not_rated(self, tmp_path: Path) -> None:
        found = self.run(look(tmp_path, np.concatenate([noise(4), np.zeros(4 * RATE)]), 4.0))
        assert [q.shot for q in found.shots] == [0]

    def test_silence_is_not_rated_at_all(self, tmp_path: Path) -> None:
        with pytest.raises(Abstain, match="-60 dBFS"):
            self.run(look(tmp_path, np.zeros(4 * RATE)))

    def test_without_sound_it_abstains(self, tmp_path: Path) -> None:
        with pytest.raises(Abstain, match="no sound"):
            self.run(look(tmp_path, None))


@pytest.mark.real
def test_the_published_weights_load() -> None:
    if not weights.present("audiobox-aesthetics"):
        pytest.skip("weights of Audiobox-Aesthetics are not present")
    network = audiobox.load(weights.path("audiobox-aesthetics"), "cpu")
    clean, noisy = (audiobox.rate(network, noise(5, level).astype(np.float32)) for level in (0.01, 0.5))
    assert all(1 <= value <= 10 for value in (*clean, *noisy))
