"""Synchformer behind the tool ``avsync``: names and sizes as published, front ends, loader, offsets and abstentions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cinejudge import weights
from cinejudge.media import Sound
from cinejudge.tools import avsync
from cinejudge.tools.contract import Abstain
from cinejudge.tools.models import desync, synchformer
from tests.tools.fakes import FakeFootage, clip, look

RATE = desync.RATE
SMALL = synchformer.Size(width=12, inner=16, heads=2, layers=1, last_heads=3, last_layers=1)
PUBLISHED = {
    "vfeat_extractor.cls_token": (1, 1, 768),
    "vfeat_extractor.pos_embed": (1, 197, 768),
    "vfeat_extractor.temp_embed": (1, 8, 768),
    "vfeat_extractor.patch_embed.proj.weight": (768, 3, 16, 16),
    "vfeat_extractor.patch_embed_3d.proj.weight": (768, 3, 2, 16, 16),
    "vfeat_extractor.blocks.11.timeattn.qkv.weight": (2304, 768),
    "vfeat_extractor.blocks.11.norm3.bias": (768,),
    "vfeat_extractor.blocks.0.mlp.fc1.weight": (3072, 768),
    "vfeat_extractor.norm.weight": (768,),
    "vfeat_extractor.spatial_attn_agg.cls_token": (1, 1, 768),
    "vfeat_extractor.spatial_attn_agg.self_attn.in_proj_weight": (2304, 768),
    "afeat_extractor.ast.embeddings.position_embeddings": (1, 74, 768),
    "afeat_extractor.ast.embeddings.patch_embeddings.projection.weight": (768, 1, 16, 16),
    "afeat_extractor.ast.encoder.layer.11.attention.attention.query.bias": (768,),
    "afeat_extractor.ast.encoder.layer.11.attention.output.dense.weight": (768, 768),
    "afeat_extractor.ast.encoder.layer.0.intermediate.dense.weight": (3072, 768),
    "afeat_extractor.ast.layernorm.weight": (768,),
    "afeat_extractor.freq_attn_agg.linear2.weight": (768, 3072),
    "vproj.weight": (768, 768),
    "transformer.pos_emb_cfg.pos_emb": (1, 198, 768),
    "transformer.blocks.2.attn.proj.bias": (768,),
    "transformer.blocks.2.mlp.2.weight": (768, 3072),
    "transformer.off_head.weight": (21, 768),
}
"""Names and shapes as the published code gives them."""


def noise(seconds: float) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, round(RATE * seconds)).astype(np.float32)


class Unmeasured(FakeFootage):
    """Nothing but pictures and their times is asked here."""

    def __post_init__(self) -> None:
        count, height, width = self.pictures.shape[:3]
        self.clip = clip(count, self.fps, width=width, height=height)
        self.times = np.arange(count) / self.fps


def film(seconds: float, sound: np.ndarray | None = None, fps: float = 25.0) -> Any:
    count = round(fps * seconds)
    pictures = np.random.default_rng(1).integers(0, 256, (count, 28, 40, 3), np.uint8)
    heard = noise(seconds) if sound is None else sound
    return Unmeasured(pictures, fps, Sound(heard[:, None], RATE))


@pytest.fixture
def network() -> synchformer.Synchformer:
    torch.manual_seed(0)
    made = synchformer.Synchformer(SMALL).eval()
    for part in made.parameters():
        torch.nn.init.normal_(part, std=0.3)
    return made


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cheap stand-ins of the two transformers that read pieces, so that only what is made of them is run."""
    monkeypatch.setattr(desync, "look", lambda footage, piece: torch.full((8, 12), piece / 20))
    monkeypatch.setattr(synchformer.Synchformer, "see", lambda self, seen: seen)
    monkeypatch.setattr(synchformer.Synchformer, "hear", lambda self, bands: bands[:, :6, :12])


@pytest.fixture
def saved(network: synchformer.Synchformer, tmp_path: Path) -> Path:
    path = tmp_path / "synchformer_state_dict.pth"
    torch.save(network.state_dict(), path)
    return path


@pytest.fixture
def served(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tool's own loading code, of a small file."""
    real = synchformer.load
    monkeypatch.setattr(weights, "path", lambda name: {"synchformer": saved}[name])
    monkeypatch.setattr(synchformer, "load", lambda path, device: real(path, device, SMALL))


def test_names_and_shapes_are_those_of_the_published_network() -> None:
    with torch.device("meta"):
        state = synchformer.Synchformer(synchformer.Size()).state_dict()
    assert {name: tuple(state[name].shape) for name in PUBLISHED} == PUBLISHED
    # The file holds nothing else: what is over is names and alignment.
    assert 0 < 950_058_171 - 4 * sum(t.numel() for t in state.values()) < 500 * len(state)


def test_weights_must_fit_to_the_last_name(saved: Path) -> None:
    state = torch.load(saved, weights_only=True)
    torch.save({k: v for k, v in state.items() if not k.startswith("vproj")}, saved)
    with pytest.raises(RuntimeError, match=r"vproj\.weight"):
        synchformer.load(saved, "cpu", SMALL)


def test_shapes_and_what_attention_may_not_mix(network: synchformer.Synchformer) -> None:
    pictures = torch.randn(2, 3, 16, 224, 224)
    bands = torch.randn(2, 66, 128)
    with torch.inference_mode():
        seen, heard = network.see(pictures), network.hear(bands)
        assert seen.shape == (2, 8, 12) and heard.shape == (2, 6, 12)
        assert torch.allclose(network.see(pictures[1:]), seen[1:], atol=1e-4)  # pieces do not see each other
        later = pictures.clone()
        later[:, :, 8:] = 0
        assert not torch.allclose(network.see(later)[:, 0], seen[:, 0], atol=1e-3)  # times of a piece do
        answers = network.compare(seen.repeat(7, 1, 1), heard.repeat(7, 1, 1))
    assert answers.shape == (21,) and answers.isfinite().all()


class TestFrontEnds:
    def test_a_tone_lies_in_its_band(self) -> None:
        sound = (0.5 * np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE)).astype(np.float32)
        found = desync.log_mel(sound, 0)
        assert found.shape == (66, 128)
        edges = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + 8000 / 700), 130) / 2595) - 1)
        band = int(found[30].argmax())
        assert edges[band] < 1000 < edges[band + 2]
        # A sine of amplitude a under a Hann window of n samples has the power (a n / 4)^2 at its own frequency.
        level = float(found[30].max()) * 2 * 4.5689974 - 4.2677393
        assert np.log(0.2 * (0.5 * 400 / 4) ** 2) < level < np.log(3 * (0.5 * 400 / 4) ** 2)

    def test_silence_and_the_moment_beyond_the_piece(self) -> None:
        found = desync.log_mel(np.zeros(RATE, np.float32), 0)
        assert found[:65] == pytest.approx((np.log(1e-6) + 4.2677393) / (2 * 4.5689974), abs=1e-6)
        assert found[65] == pytest.approx(4.2677393 / (2 * 4.5689974), abs=1e-6)

    def test_pieces_follow_each_other_by_half(self) -> None:
        sound = noise(2)
        assert desync.log_mel(sound, 2) == pytest.approx(desync.log_mel(sound[2 * 5120 :], 0))

    @pytest.mark.parametrize("fps", [12.5, 25.0, 50.0])
    def test_pictures_are_those_that_are_shown(self, fps: float) -> None:
        footage = film(2.0, fps=fps)
        found = desync.look(footage, 1)
        assert found.shape == (3, 16, 224, 224) and -1 <= float(found.min()) <= float(found.max()) <= 1
        assert footage.read == [int(turn / 25 * fps) for turn in range(8, 24)]


@pytest.mark.usefixtures("quick")
class TestOffsets:
    def test_first_and_last_seconds_are_asked(self, network: synchformer.Synchformer) -> None:
        found = desync.offsets(network, film(6.0), noise(6.0))
        assert [f.start_s for f in found] == [0.0, pytest.approx(0.96)]
        for each in found:
            assert any(abs(each.late_s - step) < 1e-9 for step in desync.GRID_S) and 1 / 21 <= each.likely <= 1

    def test_short_films_have_one_window_or_none(self, network: synchformer.Synchformer) -> None:
        assert len(desync.offsets(network, film(4.8), noise(4.8))) == 1
        assert desync.offsets(network, film(4.7), noise(4.7)) == []
        assert desync.offsets(network, film(6.0), noise(4.7)) == []

    def test_the_first_answer_is_sound_that_is_late(
        self, network: synchformer.Synchformer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """In its training an answer of -2 s is sound of what was shown 2 s ago."""
        monkeypatch.setattr(network, "compare", lambda seen, heard: torch.eye(21)[0] * 9)
        [found] = desync.offsets(network, film(4.8), noise(4.8))
        assert found.late_s == 2.0 and found.likely > 0.9


@pytest.mark.usefixtures("quick", "served")
class TestTool:
    def test_windows_and_their_means(self, tmp_path: Path) -> None:
        footage = film(6.0)
        found = avsync._synchformer(look(footage, tmp_path), avsync.Args())
        assert len(found.windows) == 2 and found.windows[1].end_s == pytest.approx(5.76)
        assert found.offset_s == pytest.approx(np.mean([w.offset_s for w in found.windows]))
        assert found.apart_s == pytest.approx(np.mean([abs(w.offset_s) for w in found.windows]))
        assert "from 1.0 s" in found.summary and not found.motions
        assert len(list(avsync._draw(footage, found))) == 2

    def test_it_abstains(self, tmp_path: Path) -> None:
        with pytest.raises(Abstain, match="louder than -60"):
            avsync._synchformer(look(film(6.0, np.zeros(6 * RATE, np.float32)), tmp_path), avsync.Args())
        with pytest.raises(Abstain, match=r"under 4\.8 s"):
            avsync._synchformer(look(film(4.0), tmp_path), avsync.Args())
        silent = film(6.0)
        silent.sound = None
        with pytest.raises(Abstain, match="no sound"):
            avsync._synchformer(look(silent, tmp_path), avsync.Args())


def test_it_comes_before_the_stand_in() -> None:
    assert [(p.name, p.fidelity) for p in avsync.TOOL.providers] == [
        ("synchformer", "paper"),
        ("event-correlation", "substitute"),
    ]


@pytest.mark.real
def test_the_published_weights_load() -> None:
    if not weights.present("synchformer"):
        pytest.skip("weights of Synchformer are not present")
    network = synchformer.load(weights.path("synchformer"), "cpu")
    assert len(desync.offsets(network, film(4.8), noise(4.8))) == 1
