"""How far written or spoken words are from what they should be: character and word error rates.

Two normalisations are offered, because they answer different questions:

- ``strict`` asks whether the text is exactly as wanted: Unicode NFC, runs of white space count as one space, ends
  trimmed. Case, punctuation and spacing count.
- ``lenient`` asks whether the same letters and words are there: Unicode NFKC, case folded; for characters only
  letters and digits remain (no spaces); for words punctuation is dropped (an apostrophe inside a word is dropped
  without splitting it) and whole numbers are spelt out in English, so that ``87`` equals ``eighty-seven`` and ``X4``
  equals ``x four``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

Norm = Literal["strict", "lenient"]

# fmt: off
_ONES = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
# fmt: on
_MOST_DIGITS = 6
_TOKEN = re.compile(r"\d+|[^\W\d_]+")
_APOSTROPHES = str.maketrans("", "", "'’‘`")


def edit_distance(reference: Sequence[str], other: Sequence[str]) -> int:
    """Levenshtein distance: the fewest insertions, deletions and substitutions that turn one into the other."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(reference, start=1):
        diagonal, row[0] = row[0], i
        for j, b in enumerate(other, start=1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (a != b))
    return row[-1]


def normal_characters(text: str, norm: Norm) -> str:
    """The text as characters are compared."""
    if norm == "strict":
        return " ".join(unicodedata.normalize("NFC", text).split())
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def normal_words(text: str, norm: Norm) -> list[str]:
    """The text as words are compared."""
    if norm == "strict":
        return normal_characters(text, "strict").split()
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_APOSTROPHES)
    return [word for found in _TOKEN.findall(plain) for word in _spelt(found)]


def character_error_rate(reference: str, text: str, norm: Norm = "lenient") -> float:
    """CER: edit distance in characters over the reference's length; 0 is perfect, above 1 is possible.

    Raises:
        ValueError: nothing is left of the reference after normalisation.
    """
    return _rate(normal_characters(reference, norm), normal_characters(text, norm))


def word_error_rate(reference: str, text: str, norm: Norm = "lenient") -> float:
    """WER: edit distance in words over the reference's number of words; 0 is perfect, above 1 is possible.

    Raises:
        ValueError: nothing is left of the reference after normalisation.
    """
    return _rate(normal_words(reference, norm), normal_words(text, norm))


def similarity(a: str, b: str) -> float:
    """1 for the same letters and digits, 0 for nothing in common: 1 - edit distance / length of the longer one."""
    a, b = normal_characters(a, "lenient"), normal_characters(b, "lenient")
    longest = max(len(a), len(b))
    return 1.0 if not longest else 1 - edit_distance(a, b) / longest


class Closest(NamedTuple):
    """The candidate that comes closest to a reference."""

    text: str
    lenient: float
    """CER by letters and digits."""
    strict: float
    """CER by every character."""


def closest(reference: str, candidates: Iterable[str]) -> Closest | None:
    """The candidate with the lowest lenient CER, then the lowest strict one; None where there is no candidate."""
    scored = [
        Closest(c, character_error_rate(reference, c), character_error_rate(reference, c, "strict")) for c in candidates
    ]
    return min(scored, key=lambda c: (c.lenient, c.strict), default=None)


def _rate(reference: Sequence[str], other: Sequence[str]) -> float:
    if not reference:
        raise ValueError("an error rate needs a reference with at least one letter or digit")
    return edit_distance(reference, other) / len(reference)


def _spelt(word: str) -> list[str]:
    whole_number = word.isascii() and word.isdigit() and len(word) <= _MOST_DIGITS and str(int(word)) == word
    return _number(int(word)) if whole_number else [word]


def _number(n: int) -> list[str]:
    if n < 20:
        return [_ONES[n]]
    if n < 100:
        return [_TENS[n // 10 - 2], *([_ONES[n % 10]] if n % 10 else [])]
    base, name = (100, "hundred") if n < 1000 else (1000, "thousand")
    return [*_number(n // base), name, *(_number(n % base) if n % base else [])]
