"""Networks of the published kinds, small and with random weights, saved as the hub's files are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cinejudge import weights

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def serve(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Makes the weights folder a folder of tests, NAME/FILE below it."""
    monkeypatch.setattr(weights, "path", lambda name, file=None: folder / name / file if file else folder / name)


def clip_words() -> Any:
    """CLIP's kind of tokens, one for each letter."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

    known = LETTERS + "<|>"
    names = [*known, *(f"{letter}</w>" for letter in known), "<|startoftext|>", "<|endoftext|>"]
    words = Tokenizer(
        models.BPE({name: i for i, name in enumerate(names)}, [], end_of_word_suffix="</w>", unk_token="<|endoftext|>")
    )
    words.normalizer = normalizers.Lowercase()
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.decoder = decoders.ByteLevel()
    words.add_special_tokens(["<|startoftext|>", "<|endoftext|>"])
    return words


def siglip_words() -> Any:
    """SigLIP's kind of tokens: pieces with a mark for the space before."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    names = ["<unk>", "</s>", "▁", *LETTERS]
    words = Tokenizer(models.Unigram([(name, -1.0) for name in names], unk_id=0))
    words.pre_tokenizer = pre_tokenizers.Metaspace()
    words.add_special_tokens(["</s>"])
    return words


def bert_words(*names: str) -> Any:
    """BERT's kind of tokens: these words, a full stop, and the marks, these by the numbers that BERT has for them."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    marks = {"[PAD]": 0, "[UNK]": 100, "[CLS]": 101, "[SEP]": 102, ".": 1012}
    vocabulary = {**{f"[unused{i}]": i for i in range(1013)}, **{name: 1013 + i for i, name in enumerate(names)}}
    kept = {name: i for name, i in vocabulary.items() if i not in marks.values()}
    words = Tokenizer(models.WordPiece({**kept, **marks}, unk_token="[UNK]"))
    words.normalizer = normalizers.Lowercase()
    words.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    words.add_special_tokens(["[PAD]", "[CLS]", "[SEP]"])
    return words


def save_words(words: Any, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    words.save(str(folder / "tokenizer.json"))
