"""Tool ``sound_fit`` with a stand-in network, CLAP's front end, and a small CLAP of the real package."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from cinejudge import weights
from cinejudge.schema.errors import ToolError
from cinejudge.tools import registry, sound_fit
from cinejudge.tools.contract import Abstain
from cinejudge.tools.models import clap, pretrained
from cinejudge.tools.signals import mel
from cinejudge.tools.sound_fit import TOOL, Args, Result

from .test_sound_senses import RATE, look, noise
from .tiny_networks import LETTERS, save_words, serve


class Loudness:
    """Stands for a network: sounds lie where their level is, texts where their words say."""

    slope = 10.0

    def length(self, text: str) -> int:
        return len(text.split()) + 2

    def texts(self, texts: Any) -> Any:
        return np.array([[float("loud" in t), float("soft" in t)] for t in texts], np.float32)

    def sound(self, samples: Any) -> Any:
        size = clap.WINDOW_S * clap.RATE
        parts = [samples[i : i + size] for i in range(0, len(samples), size)]
        return np.array([[1.0, 0.0] if np.abs(p).max() > 0.5 else [0.0, 1.0] for p in parts], np.float32)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clap, "load", lambda device: Loudness())


def run(at: Any, **args: Any) -> Result:
    return Result.model_validate_json(TOOL.providers[0].run(at, Args(**args)).model_dump_json())


TEXTS = ("a loud bang", "a soft hiss")


@pytest.mark.usefixtures("network")
class TestTool:
    def test_every_text_is_held_against_every_shot(self, tmp_path: Path) -> None:
        at = look(tmp_path, np.concatenate([noise(4, 0.4), noise(4, 0.01)]), 4.0)
        found = {(f.shot, f.text): f for f in run(at, texts=TEXTS).fits}
        assert (found[0, 0].cosine, found[1, 0].cosine, found[1, 1].cosine) == (1, 0, 1)
        assert found[0, 0].share == pytest.approx(1 / (1 + np.exp(-10)), abs=1e-4)
        assert run(at, texts=TEXTS, shots=(1,)).summary == "cosines: shot 1, text 0: 0.000; shot 1, text 1: 1.000"

    def test_long_sound_counts_by_its_length(self, tmp_path: Path) -> None:
        at = look(tmp_path, np.concatenate([noise(10, 0.4), noise(5, 0.01)]))
        assert run(at, texts=TEXTS).fits[0].cosine == pytest.approx(2 / 3, abs=0.01)

    def test_a_silent_shot_is_left_out_and_silence_is_out_of_range(self, tmp_path: Path) -> None:
        found = run(look(tmp_path, np.concatenate([noise(4, 0.4), np.zeros(4 * RATE)]), 4.0), texts=TEXTS)
        assert found.silent == (1,) and {f.shot for f in found.fits} == {0}
        with pytest.raises(Abstain, match="-60 dBFS"):
            run(look(tmp_path, np.zeros(4 * RATE)), texts=TEXTS)

    def test_without_sound_it_abstains(self, tmp_path: Path) -> None:
        with pytest.raises(Abstain, match="no sound"):
            run(look(tmp_path, None), texts=TEXTS)

    @pytest.mark.parametrize(("text", "why"), [("собака лает", "not in English"), ("dog " * 80, "82 tokens")])
    def test_it_abstains_on_words_that_it_does_not_read(self, tmp_path: Path, text: str, why: str) -> None:
        with pytest.raises(Abstain, match=why):
            run(look(tmp_path, noise(4)), texts=(text,))

    def test_an_unknown_shot_is_a_wrong_request(self, tmp_path: Path) -> None:
        with pytest.raises(ToolError, match="no shot 3"):
            run(look(tmp_path, noise(4)), texts=TEXTS, shots=(3,))


def test_texts_are_few_and_it_names_its_weights() -> None:
    for texts in ((), ("a",) * 17, ("",)):
        with pytest.raises(ValidationError):
            Args(texts=texts)
    assert registry.get_tool("sound_fit") is TOOL
    assert all(name in weights.catalog() for name in TOOL.providers[0].weights)


def test_bands_of_a_tone_lie_where_its_pitch_is_and_short_sound_is_repeated() -> None:
    times = np.arange(3 * clap.RATE) / clap.RATE
    tone = (0.5 * np.sin(2 * np.pi * 1000 * times)).astype(np.float32)
    found = clap.log_mel(tone)
    assert found.shape == (1001, 64)
    # Three repetitions fill 9 s of the 10; what is left over is silence.
    assert (found[2:895].argmax(axis=1) == found[100].argmax()).all() and (found[905:] == -100).all()
    edges = mel.slaney_edges(64, 50, 14_000)
    band = int(found[100].argmax())
    assert edges[band] < 1000 < edges[band + 2]


def clap_words() -> Any:
    """RoBERTa's kind of tokens, one for each letter."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    names = ["<s>", "<pad>", "</s>", "<unk>", "Ġ", *LETTERS]
    words = Tokenizer(models.BPE({name: i for i, name in enumerate(names)}, [], unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    words.add_special_tokens(["<s>", "<pad>", "</s>"])
    return words


def test_the_package_is_asked_for_data_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in of the package's interface: texts with their mask, sound as bands, weights from one folder."""
    asked: list[dict[str, Any]] = []

    class ClapModel:
        logit_scale_a = torch.tensor(2.0)

        @classmethod
        def from_pretrained(cls, folder: str, **options: Any) -> Any:
            asked.append({"folder": Path(folder).name, **options})
            return cls(), {"missing_keys": options.pop("missing", [])}

        def to(self, device: str) -> ClapModel:
            return self

        def eval(self) -> ClapModel:
            return self

        def named_parameters(self) -> list[Any]:
            return []

        def get_text_features(self, input_ids: Any, attention_mask: Any) -> Any:
            asked.append({"ids": input_ids.tolist(), "mask": attention_mask.tolist()})
            return SimpleNamespace(pooler_output=torch.ones(len(input_ids), 2))

        def get_audio_features(self, input_features: Any) -> Any:
            asked.append({"bands": tuple(input_features.shape)})
            return SimpleNamespace(pooler_output=torch.ones(len(input_features), 2))

    quiet = SimpleNamespace(set_verbosity_error=lambda: None, disable_progress_bar=lambda: None)
    package = ModuleType("transformers")
    package.ClapModel, package.utils = ClapModel, SimpleNamespace(logging=quiet)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "transformers", package)
    save_words(clap_words(), tmp_path / "clap-htsat-unfused")
    serve(monkeypatch, tmp_path)
    clap.load.cache_clear()
    network = clap.load("cpu")
    clap.load.cache_clear()
    assert asked[0] == {
        "folder": "clap-htsat-unfused",
        "local_files_only": True,
        "use_safetensors": False,
        "weights_only": True,
        "output_loading_info": True,
        "dtype": torch.float32,
    }
    assert network.texts(["ab", "a"]).shape == (2, 2) and network.length("ab") == 4
    assert asked[1] == {"ids": [[0, 5, 6, 2], [0, 5, 2, 1]], "mask": [[1, 1, 1, 1], [1, 1, 1, 0]]}
    assert network.sound(np.ones(12 * clap.RATE, np.float32)).shape == (2, 2)
    assert asked[2] == {"bands": (2, 1, 1001, 64)}
    assert network.length("</s>") > 3  # a mark in a text is only letters
    assert network.slope == pytest.approx(np.exp(2))


class TestWithThePackage:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        transformers = pytest.importorskip("transformers")
        torch.manual_seed(0)
        words = {"vocab_size": 40, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
        text = {**words, "intermediate_size": 16, "projection_dim": 8, "pad_token_id": 1}
        audio = {"depths": [1, 1], "num_attention_heads": [2, 2], "patch_embeds_hidden_size": 8, "hidden_size": 16}
        audio |= {"window_size": 8, "spec_size": 256, "projection_dim": 8, "num_classes": 3}
        config = transformers.ClapConfig(text_config=text, audio_config=audio, projection_dim=8)
        network = transformers.ClapModel(config)
        here = tmp_path / "clap-htsat-unfused"
        save_words(clap_words(), here)
        config.save_pretrained(here)
        torch.save(network.state_dict(), here / "pytorch_model.bin")
        return here

    def test_a_small_network_in_the_published_layout_is_loaded_and_run(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        serve(monkeypatch, folder.parent)
        clap.load.cache_clear()
        network = clap.load("cpu")
        clap.load.cache_clear()
        texts, sounds = network.texts(["abc", "xyzxyz"]), network.sound(noise(2).astype(np.float32))
        assert texts.shape == (2, 8) and sounds.shape == (1, 8)
        for vectors in (texts, sounds):
            assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
        alone = network.texts(["abc"])
        assert alone[0] == pytest.approx(texts[0], abs=1e-5)  # what fills up is not read

    def test_weights_that_lack_a_part_are_refused(self, folder: Path) -> None:
        state = torch.load(folder / "pytorch_model.bin", weights_only=True)
        torch.save({k: v for k, v in state.items() if "audio_projection" not in k}, folder / "pytorch_model.bin")
        with pytest.raises(ValueError, match="no weights for audio_projection"):
            pretrained.pretrained("ClapModel", folder, "cpu", safetensors=False)

    def test_bands_are_those_of_the_package(self) -> None:
        transformers = pytest.importorskip("transformers")
        published = {"frequency_min": 50, "frequency_max": 14_000, "truncation": "rand_trunc", "padding": "repeatpad"}
        extractor = transformers.ClapFeatureExtractor(**published)
        for seconds in (0.7, 3, 10):
            samples = noise(seconds * 3).astype(np.float32)[: round(seconds * clap.RATE)]
            wanted = extractor(samples, sampling_rate=clap.RATE, return_tensors="np")["input_features"][0, 0]
            assert clap.log_mel(samples) == pytest.approx(wanted, abs=2e-3)


@pytest.mark.real
def test_the_published_weights_load() -> None:
    pytest.importorskip("transformers")
    if not weights.present("clap-htsat-unfused"):
        pytest.skip("weights of CLAP are not present")
    network = clap.load("cpu")
    times = np.arange(5 * clap.RATE) / clap.RATE
    tone = (0.3 * np.sin(2 * np.pi * 440 * times)).astype(np.float32)
    cosines = network.sound(tone) @ network.texts(["a steady beep", "a crowd of people talking"]).T
    assert cosines[0, 0] > cosines[0, 1]


def test_parts_without_shots_are_the_whole_clip(tmp_path: Path) -> None:
    at = look(tmp_path, noise(4))
    without = type(at)(at.footage, (), at.store)
    assert sound_fit._parts(without, (), 4.0) == [(None, 0.0, 4.0)]
