"""The words of a network, from its ``tokenizer.json``: data, of which the ``tokenizers`` package runs nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer


def read(folder: Path) -> Tokenizer:
    """The tokenizer of a weights folder, without its own cutting and filling.

    A mark that somebody writes into a text is words like any other.
    """
    from tokenizers import Tokenizer

    words = Tokenizer.from_file(str(folder / "tokenizer.json"))
    words.no_truncation()
    words.no_padding()
    words.encode_special_tokens = True
    return words


def mark(words: Tokenizer, name: str) -> int:
    """The number of a mark.

    Raises:
        ValueError: these words have no such mark.
    """
    number = words.token_to_id(name)
    if number is None:
        raise ValueError(f"tokenizer.json has no {name}")
    return int(number)
