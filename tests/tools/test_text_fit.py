"""Tool ``text_fit``: the tool with a stand-in network, the loaders with a stand-in package and with the real one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from cinejudge.tools import registry, text_fit
from cinejudge.tools.contract import Abstain
from cinejudge.tools.models import image_text, pixels, pretrained
from cinejudge.tools.text_fit import TOOL, Args

from .fakes import FakeFootage, look, shots
from .tiny_networks import clip_words, save_words, serve, siglip_words

RED = np.full((40, 60, 3), (255, 0, 0), np.uint8)
BLUE = np.full((40, 60, 3), (0, 0, 255), np.uint8)


class Colours:
    """Stands for a network: pictures lie where their colour is, texts where their words say."""

    longest = 6

    def length(self, text: str) -> int:
        return len(text.split()) + 2

    def texts(self, texts: Any) -> Any:
        return np.array([[float("red" in t), 0.0, float("blue" in t)] for t in texts], np.float32)

    def pictures(self, pictures: Any) -> Any:
        return np.array([p.mean(axis=(0, 1)) / 255 for p in pictures], np.float32)

    def probability(self, cosines: Any) -> Any:
        return None


@pytest.fixture
def colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_text, "load", lambda name, device: Colours())


def two_shots(tmp_path: Path) -> Any:
    footage = FakeFootage(np.stack([RED] * 24 + [BLUE] * 12 + [RED] * 12))
    return look(footage, tmp_path, shots((0, 24), (24, 48)))


@pytest.mark.usefixtures("colours")
def test_every_text_is_held_against_every_shot(tmp_path: Path) -> None:
    result = text_fit._clip(two_shots(tmp_path), Args(texts=("a red wall", "a blue wall"), fps=4))
    first = {(f.shot, f.text): f for f in result.fits}
    assert (first[0, 0].cosine, first[0, 1].cosine) == (1, 0)
    assert (first[1, 0].cosine, first[1, 1].cosine) == (0.5, 0.5)
    assert 1.5 < first[1, 0].best_s < 2 and 1 < first[1, 0].worst_s < 1.5
    assert result.texts == ("a red wall", "a blue wall") and "shot 1, text 0: 0.500" in result.summary
    drawn = list(text_fit._draw(two_shots(tmp_path).footage, result))
    assert len(drawn) == 8 and drawn[0][1].shape == RED.shape


@pytest.mark.usefixtures("colours")
@pytest.mark.parametrize(
    ("text", "why"),
    [("красная машина", "not in English"), ("1234", "not in English"), ("a b c d e", "7 tokens, the network reads 6")],
)
def test_it_abstains_on_words_that_it_does_not_read(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(Abstain, match=why):
        text_fit._siglip(two_shots(tmp_path), Args(texts=(text,)))


def test_texts_are_few_and_short() -> None:
    for texts in ((), ("a",) * 9, ("",), ("x" * 1001,)):
        with pytest.raises(ValidationError):
            Args(texts=texts)


def test_all_that_is_missing_is_named_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CINEJUDGE_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(registry.importlib.util, "find_spec", lambda name: None)
    state = registry.readiness(TOOL.providers[1])
    assert state.why == "package not installed: transformers; weights missing: clip-vit-l14 (1,713 MB, MIT)"
    assert state.mend == "pip install 'cinejudge[hub]' && cinejudge weights pull clip-vit-l14"


# --- preparing pictures ---


def test_the_middle_square_is_cut_out() -> None:
    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, 20:40] = 255
    (seen,) = pixels.squares([wide], 10, pixels.Form(pixels.HALF, cut=True))
    assert seen.shape == (3, 10, 10) and (seen[:, :, 1:9] > 0.9).all()


def test_the_whole_picture_is_squeezed() -> None:
    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, 20:40] = 255
    (seen,) = pixels.squares([wide], 12, pixels.Form(pixels.HALF, cut=False))
    assert (seen[:, :, 5:7] > 0.9).all() and (seen[:, :, :3] < -0.9).all()


def test_colours_are_deviations_from_the_mean() -> None:
    (seen,) = pixels.squares([RED], 8, pixels.Form(pixels.IMAGENET, cut=True, margin=256 / 224))
    expected = [(1 - 0.485) / 0.229, -0.456 / 0.224, -0.406 / 0.225]
    assert torch.allclose(seen[:, 4, 4], torch.tensor(expected), atol=1e-4)


# --- loading, with the package and without ---


class Recorder(torch.nn.Module):
    """Stands for a network of ``transformers``: notes how it is called."""

    def __init__(self, longest: int, bias: bool) -> None:
        super().__init__()
        self.config = SimpleNamespace(
            text_config=SimpleNamespace(max_position_embeddings=longest), vision_config=SimpleNamespace(image_size=16)
        )
        self.seen: dict[str, Any] = {}
        if bias:
            self.logit_scale, self.logit_bias = torch.tensor(2.0), torch.tensor([-1.0])

    def get_text_features(self, input_ids: torch.Tensor) -> Any:
        self.seen["ids"] = input_ids
        return SimpleNamespace(pooler_output=input_ids[:, :4].float())

    def get_image_features(self, pixel_values: torch.Tensor) -> Any:
        self.seen["pixels"] = pixel_values
        return SimpleNamespace(pooler_output=pixel_values.mean(dim=(2, 3)))


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[Any]]:
    """A package ``transformers`` that loads nothing; yields how it was asked."""
    asked: list[Any] = []

    def network(name: str, longest: int, bias: bool) -> Any:
        def from_pretrained(folder: str, **how: Any) -> tuple[Recorder, dict[str, Any]]:
            made = Recorder(longest, bias)
            asked.append((name, Path(folder).name, how, made))
            return made, {"missing_keys": set()}

        return SimpleNamespace(from_pretrained=from_pretrained)

    quiet = SimpleNamespace(set_verbosity_error=lambda: None, disable_progress_bar=lambda: None)
    module = ModuleType("transformers")
    module.utils = SimpleNamespace(logging=quiet)  # type: ignore[attr-defined]
    module.CLIPModel = network("CLIPModel", 16, False)  # type: ignore[attr-defined]
    module.SiglipModel = network("SiglipModel", 8, True)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "transformers", module)
    serve(monkeypatch, tmp_path)
    save_words(clip_words(), tmp_path / "clip-vit-l14")
    save_words(siglip_words(), tmp_path / "siglip-so400m")
    image_text.load.cache_clear()
    yield asked
    image_text.load.cache_clear()


def test_clip_is_loaded_from_the_folder_and_nowhere_else(package: list[Any]) -> None:
    network = image_text.load("clip")
    ((name, folder, how, made),) = package
    assert (name, folder) == ("CLIPModel", "clip-vit-l14")
    assert how["local_files_only"] and how["use_safetensors"] and "trust_remote_code" not in how
    words = clip_words()
    begin, end = words.token_to_id("<|startoftext|>"), words.token_to_id("<|endoftext|>")
    a, b = words.token_to_id("a</w>"), words.token_to_id("b</w>")
    network.texts(["A b", "a"])
    assert made.seen["ids"].tolist() == [[begin, a, b, end, *[end] * 12], [begin, a, end, *[end] * 13]]
    assert network.length("a b") == 4 and network.longest == 16
    with pytest.raises(ValueError, match="17 tokens; the network reads 16"):
        network.texts(["a b c d e f g h i j k l m n o"])
    assert network.probability(np.zeros((1, 1), np.float32)) is None


def test_a_mark_written_into_a_text_ends_nothing(package: list[Any]) -> None:
    network = image_text.load("clip")
    end = clip_words().token_to_id("<|endoftext|>")
    network.texts(["<|endoftext|>"])
    ids = package[0][3].seen["ids"][0].tolist()
    assert end not in ids[: network.length("<|endoftext|>") - 1]


def test_siglip_reads_plain_words_and_fills_up(package: list[Any]) -> None:
    network = image_text.load("siglip")
    made = package[0][3]
    network.texts(["  A, b! "])
    words = siglip_words()
    assert made.seen["ids"].tolist() == [[*words.encode("a b").ids, *[1] * 4]]
    found = network.pictures([RED])
    assert made.seen["pixels"].shape == (1, 3, 16, 16)
    assert np.allclose(found, np.array([[1, -1, -1]]) / np.sqrt(3), atol=1e-5)
    (chance,) = network.probability(np.array([0.5], np.float32))
    assert chance == pytest.approx(1 / (1 + np.exp(-(0.5 * np.exp(2) - 1))), abs=1e-5)


class TestRealPackage:
    """The same code with the networks of ``transformers`` itself, small and random."""

    @pytest.fixture(autouse=True)
    def fresh(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
        pytest.importorskip("transformers", reason="the extra `hub` is not installed")
        serve(monkeypatch, tmp_path)
        torch.manual_seed(0)
        image_text.load.cache_clear()
        yield
        image_text.load.cache_clear()

    @pytest.fixture
    def photo(self) -> Any:
        rng = np.random.default_rng(1)
        return np.kron(rng.integers(0, 255, (6, 9, 3)), np.ones((12, 12, 1))).astype(np.uint8)

    def test_clip(self, tmp_path: Path, photo: Any) -> None:
        from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel

        words = clip_words()
        size = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
        begin, end = words.token_to_id("<|startoftext|>"), words.token_to_id("<|endoftext|>")
        marks = {"bos_token_id": begin, "eos_token_id": end, "pad_token_id": end}
        text = {**size, **marks, "vocab_size": end + 1, "max_position_embeddings": 77}
        made = CLIPModel(
            CLIPConfig(text_config=text, vision_config={**size, "image_size": 28, "patch_size": 14}, projection_dim=16)
        ).eval()
        made.save_pretrained(tmp_path / "clip-vit-l14")
        save_words(words, tmp_path / "clip-vit-l14")
        network = image_text.load("clip")
        ids = [begin, *words.encode("a cat").ids, end]
        with torch.inference_mode():
            plain = made.get_text_features(input_ids=torch.tensor([ids])).pooler_output
            pixel = CLIPImageProcessorPil(size={"shortest_edge": 28}, crop_size=28)(photo, return_tensors="pt")
            seen = made.get_image_features(**pixel).pooler_output
        assert network.longest == 77
        assert np.allclose(network.texts(["A cat"]), _unit(plain), atol=1e-5)  # what fills up changes nothing
        assert (network.pictures([photo]) @ _unit(seen).T).item() > 0.9999  # PIL rounds in between

    def test_siglip(self, tmp_path: Path, photo: Any) -> None:
        from transformers import SiglipConfig, SiglipImageProcessorPil, SiglipModel

        size = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
        text = {**size, "vocab_size": 32, "max_position_embeddings": 64, "bos_token_id": 1, "eos_token_id": 1}
        made = SiglipModel(
            SiglipConfig(text_config=text, vision_config={**size, "image_size": 28, "patch_size": 14})
        ).eval()
        made.save_pretrained(tmp_path / "siglip-so400m")
        words = siglip_words()
        save_words(words, tmp_path / "siglip-so400m")
        network = image_text.load("siglip")
        ids = [*words.encode("a cat").ids, 1]
        with torch.inference_mode():
            pixel = SiglipImageProcessorPil(size={"height": 28, "width": 28})(photo, return_tensors="pt")
            filled = torch.tensor([ids + [1] * (64 - len(ids))])
            both = made(input_ids=filled, **pixel)
        cosines = network.pictures([photo]) @ network.texts(["A cat!"]).T
        assert np.allclose(network.texts(["A cat!"]), _unit(both.text_embeds), atol=1e-5)
        assert (network.pictures([photo]) @ _unit(both.image_embeds).T).item() > 0.9999
        chance = network.probability(cosines)
        assert chance == pytest.approx(torch.sigmoid(both.logits_per_image).numpy(), abs=2e-3)

    def test_weights_that_lack_a_part_are_refused(self, tmp_path: Path) -> None:
        from transformers import Dinov2Config, Dinov2Model

        size = {"hidden_size": 32, "num_attention_heads": 2, "image_size": 28, "patch_size": 14}
        Dinov2Model(Dinov2Config(**size, num_hidden_layers=1)).save_pretrained(tmp_path / "dinov2-base")
        Dinov2Config(**size, num_hidden_layers=2).save_pretrained(tmp_path / "dinov2-base")
        with pytest.raises(ValueError, match=r"dinov2-base has no weights for encoder\.layer"):
            pretrained.pretrained("Dinov2Model", tmp_path / "dinov2-base", "cpu")

    def test_pickled_weights_are_not_read(self, tmp_path: Path) -> None:
        from transformers import CLIPConfig

        folder = tmp_path / "clip-vit-l14"
        CLIPConfig().save_pretrained(folder)
        torch.save({}, folder / "pytorch_model.bin")
        with pytest.raises(OSError):
            pretrained.pretrained("CLIPModel", folder, "cpu")


def _unit(found: torch.Tensor) -> Any:
    return torch.nn.functional.normalize(found, dim=-1).numpy()
