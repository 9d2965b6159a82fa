"""Finds words that try to steer a reviewer: a deterministic detector for text from frames, speech, briefs and names.

It is tuned to stay silent on ordinary dialogue, titles and interface text. It guards nothing by itself: quoting does.
What it finds becomes a finding about the clip. The patterns stand in ``injection.yaml``.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal, get_args

Kind = Literal["overrides_instructions", "demands_score", "addresses_judge", "forges_structure", "hides_text"]

MAX_CHARS = 20_000
"""Text beyond this is not searched: no frame, line or file name holds as much."""

_INVISIBLE = re.compile(r"[\u00ad\u180e\u200b-\u200f\u2060-\u2064\ufeff\U000e0000-\U000e007f]")
_HIDDEN = re.compile(
    r"[\U000e0020-\U000e007e]{4}"  # tag characters, which spell ASCII that nobody sees
    r"|[\u202d\u202e]"  # overrides of the reading direction
    r"|(?:[\u200b\u2060\ufeff].?){6}",  # words broken up by zero-width characters
)
_LOOKALIKES = str.maketrans("аеорсухіѕјһԁԛԝαβεικνορτυχ", "aeopcyxisjhdqwabeikvoptux")
_DIGITS_AS_LETTERS = str.maketrans("0134@$", "oieaas")


@dataclass(frozen=True)
class Hit:
    """One attempt: its kind, and the words that show it (as normalised, 120 characters at most)."""

    kind: Kind
    excerpt: str


def find_injections(text: str) -> tuple[Hit, ...]:
    """The attempts found in ``text``, at most one per kind, in a fixed order.

    Letters of other scripts that look Latin, full-width forms, digits for letters, spaced letters, invisible
    characters and line breaks inside a sentence do not hide an attempt.
    """
    text = text[:MAX_CHARS]
    readings = _readings(text)
    hits = []
    for kind, patterns in _patterns().items():
        matches = (pattern.search(reading) for reading in readings for pattern in patterns)
        if match := next(filter(None, matches), None):
            hits.append(Hit(kind, match[0].strip()[:120]))
    if _HIDDEN.search(text):
        hits.append(Hit("hides_text", "invisible or direction-changing characters"))
    return tuple(hits)


def _readings(text: str) -> tuple[str, ...]:
    """The text in the ways in which it could be read: line by line, as one line, and with disguises undone."""
    spelled_by_tags = "".join(chr(ord(c) - 0xE0000) if 0xE0020 <= ord(c) <= 0xE007E else c for c in text)
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", spelled_by_tags)).casefold().replace("’", "'")
    one_line = re.sub(r"\s+", " ", plain)
    latin = one_line.translate(_LOOKALIKES)
    closed_up = re.sub(r"\b(?:\w[ .\-_*]){3,}\w\b", lambda m: re.sub(r"[ .\-_*]", "", m[0]), latin)
    return tuple(dict.fromkeys((plain, one_line, latin, closed_up, latin.translate(_DIGITS_AS_LETTERS))))


@cache
def _patterns() -> dict[Kind, tuple[re.Pattern[str], ...]]:
    import yaml

    file = resources.files("cinejudge.prompts") / "injection.yaml"
    data = yaml.safe_load(file.read_text(encoding="utf-8"))
    words: dict[str, str] = data["words"]

    def compiled(pattern: str) -> re.Pattern[str]:
        for name, expression in words.items():
            pattern = pattern.replace(f"<{name}>", f"(?:{expression})")
        return re.compile(pattern, re.VERBOSE | re.MULTILINE)

    kinds = (kind for kind in get_args(Kind) if kind in data["patterns"])
    return {kind: tuple(compiled(p) for p in data["patterns"][kind]) for kind in kinds}
