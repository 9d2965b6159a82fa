"""Tool ``grounding``: what becomes of boxes and words, and the network small and random with the real package."""

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

from cinejudge.tools import grounding
from cinejudge.tools.grounding import Args
from cinejudge.tools.models import grounding_dino

from .stand_in import make_look
from .tiny_networks import bert_words, save_words, serve

PICTURE = np.zeros((120, 160, 3), np.uint8)


@pytest.fixture
def words() -> Any:
    """BERT's tokens, with the marks where BERT has them: the network knows these by number."""
    return bert_words("cat", "red", "umbrella", "hand")


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: Any) -> Iterator[Path]:
    serve(monkeypatch, tmp_path)
    save_words(words, tmp_path / "grounding-dino-tiny")
    grounding_dino._loaded.cache_clear()
    yield tmp_path / "grounding-dino-tiny"
    grounding_dino._loaded.cache_clear()


def test_names_stand_in_one_line_between_full_stops(words: Any) -> None:
    asked = grounding_dino.prompt(words, ["Red umbrella", "cat"])
    told = [words.id_to_token(i) for i in asked.ids]
    assert told == ["[CLS]", "red", "umbrella", ".", "cat", ".", "[SEP]"]
    assert [told[span] for span in asked.spans] == [["red", "umbrella"], ["cat"]]


def test_a_box_belongs_to_its_likeliest_word() -> None:
    chances = torch.zeros(4, 7)
    chances[0, 2], chances[0, 4] = 0.6, 0.5  # umbrella, a little cat
    chances[1, 4] = 0.9  # cat
    chances[2, 4] = 0.8  # the same cat
    chances[3, 1] = 0.3  # too little
    boxes = torch.tensor([[0.5, 0.5, 0.2, 0.4], [0.2, 0.2, 0.2, 0.2], [0.21, 0.2, 0.2, 0.2], [0.9, 0.9, 0.4, 0.4]])
    found = grounding_dino._detections(chances, boxes, [slice(1, 3), slice(4, 5)], 0.35)
    assert found.classes.tolist() == [1, 0] and found.scores.tolist() == pytest.approx([0.9, 0.6])
    assert np.allclose(found.boxes, [[0.1, 0.1, 0.3, 0.3], [0.4, 0.3, 0.6, 0.7]])


def test_nothing_found_is_no_fault() -> None:
    found = grounding_dino._detections(torch.zeros(3, 4), torch.rand(3, 4), [slice(1, 2)], 0.35)
    assert found.boxes.shape == (0, 4) and len(found.scores) == len(found.classes) == 0


def test_terms_are_names_and_no_sentences() -> None:
    assert Args(terms=(" A Man's left-hand ",)).terms == ("a man's left-hand",)
    for terms in ((), ("a cat. a dog",), ("[SEP]",), ("",), ("x" * 61,), ("a",) * 11):
        with pytest.raises(ValidationError):
            Args(terms=terms)


def test_the_network_is_asked_and_its_boxes_are_followed(
    monkeypatch: pytest.MonkeyPatch, folder: Path, tmp_path: Path
) -> None:
    asked: dict[str, Any] = {}

    def network(**given: Any) -> Any:
        asked.update(given)
        logits = torch.full((1, 2, 256), -10.0)
        logits[0, 0, 4] = 2.0
        return SimpleNamespace(logits=logits, pred_boxes=torch.tensor([[[0.5, 0.5, 0.5, 0.5], [0.1, 0.1, 0.1, 0.1]]]))

    stand_in = torch.nn.Module()
    stand_in.forward = network  # type: ignore[method-assign]
    stand_in.config = SimpleNamespace(max_text_len=256)  # type: ignore[assignment]
    module = ModuleType("transformers")
    quiet = SimpleNamespace(set_verbosity_error=lambda: None, disable_progress_bar=lambda: None)
    module.utils = SimpleNamespace(logging=quiet)  # type: ignore[attr-defined]
    loader = SimpleNamespace(from_pretrained=lambda *_, **how: (stand_in, {"missing_keys": set()}))
    module.GroundingDinoForObjectDetection = loader  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "transformers", module)
    look = make_look(PICTURE, tmp_path, [(0, 8)])
    result = grounding._grounding_dino(look, Args(terms=("red umbrella", "cat", "cat"), fps=2))
    assert [(t.name, t.samples, t.score) for t in result.tracks] == [("cat", 4, 0.881)]
    assert result.frames[0].objects[0].box == (0.25, 0.25, 0.75, 0.75) and result.most("cat") == 1
    assert asked["pixel_values"].shape == (1, 3, 800, 1067) and asked["pixel_mask"].shape == (1, 800, 1067)
    assert asked["input_ids"].shape == asked["attention_mask"].shape == (1, 7)
    drawn = list(grounding.TOOL.draw(look.footage, result))  # type: ignore[misc]
    assert len(drawn) == 4 and drawn[0][1].any()


def test_too_many_words_are_refused(monkeypatch: pytest.MonkeyPatch, words: Any) -> None:
    network = SimpleNamespace(config=SimpleNamespace(max_text_len=6))
    monkeypatch.setattr(grounding_dino, "_loaded", lambda device: (network, words))
    with pytest.raises(ValueError, match="7 tokens; the network reads 6"):
        grounding_dino.detect([PICTURE], ["red umbrella", "cat"])


def test_the_real_package(folder: Path, words: Any) -> None:
    transformers = pytest.importorskip("transformers", reason="the extra `hub` is not installed")
    torch.manual_seed(0)
    text = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
    backbone = transformers.SwinConfig(
        image_size=64, embed_dim=16, depths=[1, 1, 1, 1], num_heads=[1, 1, 1, 1], window_size=4, out_indices=[2, 3, 4]
    )
    config = transformers.GroundingDinoConfig(
        backbone_config=backbone,
        text_config=transformers.BertConfig(**text, vocab_size=1100),
        d_model=32,
        encoder_layers=1,
        decoder_layers=2,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        num_queries=20,
    )
    made = transformers.GroundingDinoForObjectDetection(config).eval()
    made.save_pretrained(folder)
    photo = np.kron(np.random.default_rng(1).integers(0, 255, (6, 9, 3)), np.ones((12, 12, 1))).astype(np.uint8)
    (found,) = grounding_dino.detect([photo], ["red umbrella", "cat"], threshold=0.0)
    asked = grounding_dino.prompt(words, ["red umbrella", "cat"])
    processor = transformers.GroundingDinoImageProcessorPil()
    with torch.inference_mode():
        answer = made(**processor(photo, return_tensors="pt"), input_ids=torch.tensor([asked.ids]))
    likeliest = answer.logits[0].sigmoid()[:, [1, 2, 4]].max()
    assert len(found.boxes) and set(found.classes.tolist()) <= {0, 1}
    assert found.scores[0] == pytest.approx(likeliest.item(), abs=2e-3)
